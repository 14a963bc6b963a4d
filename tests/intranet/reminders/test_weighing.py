from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from intranet.reminders.composing import LISTED, compose
from intranet.reminders.weighing import Weight, weight_of, weightiest_first
from tests.intranet.reminders import factories

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def kinds(planted, urgent):
    """A duty, and one that cannot wait. What a test changes of them is gone with them."""
    planted.asks, planted.optional = True, False
    return planted, urgent


@pytest.mark.parametrize(
    ("declared", "weight"),
    [
        ({"tone": "danger"}, Weight.URGENT),
        ({"heeds_quiet_hours": False}, Weight.URGENT),
        ({}, Weight.DUTY),
        ({"optional": True}, Weight.ASKING),
        ({"asks": False}, Weight.TELLING),
        ({"asks": False, "optional": True}, Weight.TELLING),
        ({"asks": False, "tone": "danger"}, Weight.URGENT),
    ],
)
def test_the_weight_is_what_the_kind_declares(kinds, declared, weight):
    for name, value in declared.items():
        setattr(kinds[0], name, value)
    assert weight_of(kinds[0]) == weight


def test_a_kind_that_is_gone_tells_something():
    assert weight_of(None) == Weight.TELLING


def of_each(person, at):
    """Titles that say the order, written into the ledger in another one."""
    rows = [
        ("4th", "planted", 9 * DAY, HOUR),
        ("5th", "gone", HOUR, 3 * HOUR),
        ("2nd", "planted", 2 * DAY, HOUR),
        ("3rd", "planted", 9 * DAY, 2 * HOUR),
        ("1st", "planted-urgent", 20 * DAY, HOUR),
        ("0th", "gone", 19 * DAY, HOUR),  # its kind said that this one does not wait
    ]
    return [
        factories.released(
            recipient=person,
            at=at,
            title=title,
            kind=kind,
            not_after=at + ends,
            due_at=at - waited,
            at_any_hour=title == "0th",
        )
        for title, kind, ends, waited in rows
    ]


def test_a_digest_begins_with_what_weighs_most_in_both_its_parts(kinds, therapist, at):
    reminders = of_each(therapist, at)
    order = ["0th", "1st", "2nd", "3rd", "4th", "5th"]
    assert [reminder.title for reminder in weightiest_first(reminders)] == order
    message = message_from_bytes(bytes(compose(therapist, reminders, at).payload), policy=policy.default)
    for part in message.iter_parts():
        assert re.findall(r"\b\d(?:st|nd|rd|th)\b", part.get_content()) == order


def test_a_digest_that_cannot_list_all_leaves_out_what_weighs_least(kinds, therapist, at):
    kinds[0].asks = False
    many = [factories.released(recipient=therapist, at=at, title=f"told-{number}") for number in range(LISTED)]
    last = factories.released(recipient=therapist, at=at, title="cannot-wait", kind="planted-urgent")
    message = message_from_bytes(bytes(compose(therapist, [*many, last], at).payload), policy=policy.default)
    for part in message.iter_parts():
        assert "cannot-wait" in part.get_content()
        assert "told-48" in part.get_content()
        assert "told-49" not in part.get_content()

"""Opening and acknowledging, and who sees how far it has come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.roles import Role
from intranet.announcements.acknowledging import Progress, acknowledge, answers_for, may_see_receipts, note_opened
from intranet.announcements.models import Announcement, Receipt
from intranet.announcements.publishing import withdraw
from intranet.audit.models import Entry
from intranet.core.access import Forbidden, Refused
from tests import factories as people
from tests.intranet.announcements import factories


@pytest.fixture
def asking(mt_prospect, oakbrook, clinical_lead, therapist, therapist_oakbrook, floater, at) -> Announcement:
    """From the lead to the therapists of both clinics, who must acknowledge it within two days."""
    due = at.date() + timedelta(days=2)
    return factories.announcement(by=clinical_lead, at=at, to=[mt_prospect, oakbrook], due_on=due)


def receipts(news: Announcement) -> list[tuple[str, str]]:
    return list(news.receipts.order_by("pk").values_list("user__name", "kind"))


def progress(news: Announcement, viewer, at) -> Progress | None:
    found = answers_for([news], viewer, at.date())
    return Progress.of(found[news.pk]) if news.pk in found else None


def test_acknowledging_opens_too_and_counts_once(asking, therapist, at):
    first = acknowledge(asking, by=therapist, at=at)
    assert acknowledge(asking, by=therapist, at=at + timedelta(hours=1)) == first
    assert receipts(asking) == [("Avery Testwell", "opened"), ("Avery Testwell", "acknowledged")]
    assert [entry.actor for entry in Entry.objects.filter(verb="announcement.acknowledged")] == [therapist]


def test_opening_leaves_a_trace_of_recipients_only(asking, therapist, manager, at):
    for person in (therapist, therapist, manager):
        note_opened([asking], by=person, at=at)
    assert receipts(asking) == [("Avery Testwell", "opened")]


def test_nobody_acknowledges_what_does_not_ask_them(asking, assistant, clinical_lead, manager, mt_prospect, at):
    for person in (assistant, clinical_lead, manager):
        with pytest.raises(Forbidden, match="does not ask you"):
            acknowledge(asking, by=person, at=at)
    quiet = factories.announcement(by=manager, at=at, to=[mt_prospect], roles=[Role.ASSISTANT])
    with pytest.raises(Refused, match="asks for no acknowledgement"):
        acknowledge(quiet, by=assistant, at=at)
    assert not Receipt.objects.exists()


def test_late_is_better_than_never_but_withdrawn_is_gone(asking, therapist, floater, clinical_lead, at):
    much_later = at + timedelta(days=90)
    assert acknowledge(asking, by=therapist, at=much_later).at == much_later
    withdraw(asking, by=clinical_lead, at=at)
    with pytest.raises(Forbidden, match="does not ask you"):
        acknowledge(asking, by=floater, at=at)


def test_owed_until_acknowledged(asking, therapist, floater, assistant, at):
    acknowledge(asking, by=floater, at=at)
    owed = {person: list(Announcement.objects.owed_by(person, at)) for person in (therapist, floater, assistant)}
    assert owed == {therapist: [asking], floater: [], assistant: []}


def test_everybody_counts_once_in_the_whole_and_at_each_clinic(asking, clinical_lead, floater, therapist, oakbrook, at):
    acknowledge(asking, by=floater, at=at)
    note_opened([asking], by=therapist, at=at)
    assert progress(asking, clinical_lead, at) == Progress(people=3, opened=2, acknowledged=1)
    found = answers_for([asking], clinical_lead, at.date())[asking.pk]
    there = Progress.of(answer for answer in found if answer.clinic_id == oakbrook.pk)
    assert there == Progress(people=2, opened=1, acknowledged=1)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("therapist", None),
        ("assistant", None),
        ("front_desk", None),
        ("approver", None),
        ("manager", Progress(people=2, opened=1, acknowledged=1)),
        ("manager_oakbrook", Progress(people=2, opened=1, acknowledged=1)),
        ("clinical_lead", Progress(people=3, opened=1, acknowledged=1)),
        ("administrator", None),
    ],
)
def test_who_sees_how_far_it_has_come(request, asking, floater, at, who, expected):
    acknowledge(asking, by=floater, at=at)
    viewer = request.getfixturevalue(who)
    if who == "approver":  # one more therapist at Oakbrook Terrace, who sees nothing of it either way
        assert not may_see_receipts(asking, by=viewer)
        return
    assert progress(asking, viewer, at) == expected
    assert bool(may_see_receipts(asking, by=viewer)) is (expected is not None)


def test_an_administrator_sees_the_receipts_of_own_posts(mt_prospect, administrator, therapist, at):
    own = factories.announcement(by=administrator, at=at, to=[mt_prospect])
    assert progress(own, administrator, at) == Progress(people=1, opened=0, acknowledged=0)


def test_people_who_left_no_longer_count(asking, clinical_lead, therapist, at):
    acknowledge(asking, by=therapist, at=at)
    people.as_if_always(therapist.memberships.all(), period=(people.HIRED, at.date()))
    assert progress(asking, clinical_lead, at) == Progress(people=2, opened=0, acknowledged=0)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE announcements_receipt SET at = now()",
        "DELETE FROM announcements_receipt",
        "TRUNCATE announcements_receipt",
    ],
)
def test_receipts_are_insert_only(asking, therapist, at, statement: str):
    acknowledge(asking, by=therapist, at=at)
    with (
        pytest.raises(IntegrityError, match="Receipts are insert-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or TRUNCATE would fail for the rows of this very test
        cursor.execute(statement)
    assert Receipt.objects.count() == 2


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("announcement_to_acknowledge_has_a_due_date", {"due_at": None}),
        ("announcement_to_acknowledge_has_a_due_date", {"must_acknowledge": False}),
        ("announcement_ends_after_it_begins", {"expires_at": "published_at"}),
        ("announcement_withdrawal_says_by_whom", {"withdrawn_at": "published_at"}),
    ],
)
def test_the_database_refuses_what_makes_no_sense(asking, constraint: str, change: dict):
    values = {name: getattr(asking, value) if isinstance(value, str) else value for name, value in change.items()}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Announcement.objects.filter(pk=asking.pk).update(**values)


@pytest.mark.parametrize(
    ("constraint", "row"),
    [
        ("announcement_addresses_a_role_once", {"role": Role.THERAPIST}),
        ("announcement_addresses_working_roles", {"role": Role.ADMINISTRATOR}),
    ],
)
def test_the_database_refuses_a_doubtful_audience(asking, mt_prospect, constraint: str, row: dict):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        asking.audience.create(clinic=mt_prospect, **row)


def test_the_database_refuses_a_second_receipt(asking, therapist, at):
    acknowledge(asking, by=therapist, at=at)
    with pytest.raises(IntegrityError, match="announcement_receipt_is_given_once"), transaction.atomic():
        Receipt.objects.create(announcement=asking, user=therapist, kind=Receipt.Kind.OPENED, at=at)

"""When kinds remind is data: what an administrator changes moves what is planned, and repeats nothing that was sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import DateTimeField, F, QuerySet, Value

from accounts.models import User
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Refused
from intranet.reminders import lead_times, registry
from intranet.reminders.lead_times import change, fingerprint, offset_of, settings_of, steps_of
from intranet.reminders.models import Reminder, StepTime
from intranet.reminders.owing import still_true
from intranet.reminders.planning import plan
from intranet.reminders.registry import DAY, HOUR, Step, at_once
from tests.intranet.reminders.conftest import Planted

pytestmark = pytest.mark.django_db


class Laddered(Planted):
    """Two steps after a moment, one before another."""

    code = "laddered"
    label = "Laddered"
    steps = (
        at_once("now", "at once"),
        Step("first", "after it", 2 * DAY, DAY, 9 * DAY),
        Step("second", "after it", 5 * DAY, DAY, 9 * DAY, escalation=True),
        Step("ahead", "before it", 24 * HOUR, 2 * HOUR, 96 * HOUR, before=True, group="Ahead"),
        Step("last", "before it", 6 * HOUR, HOUR, 12 * HOUR, before=True, needed=True, group="Ahead"),
    )

    def __init__(self, since: datetime) -> None:
        super().__init__()
        self.since = since

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        return [
            User.objects.filter(name="Avery Testwell").annotate(
                recipient_id=F("pk"),
                subject_id=F("pk"),
                occasion=Value(code),
                due_at=Value(self.since + after, DateTimeField()),
                not_after=Value(self.since + 10 * DAY, DateTimeField()),
            )
            for code, after in steps_of(self)
        ]


@pytest.fixture
def kind(at: datetime, therapist: User):
    kind = Laddered(at)
    registry.register(kind)
    yield kind
    registry.unregister(kind.code)


def planned() -> dict[str, tuple[str, datetime]]:
    return {row.occasion: (row.state, row.due_at) for row in Reminder.objects.all()}


def test_without_a_change_they_come_as_declared(kind):
    assert steps_of(kind) == [("now", timedelta(0)), ("first", 2 * DAY), ("second", 5 * DAY)]
    assert steps_of(kind, "Ahead") == [("ahead", -24 * HOUR), ("last", -6 * HOUR)]
    assert [one.words for one in settings_of(kind)] == [
        "At once",
        "2 days after it",
        "5 days after it",
        "24 hours before it",
        "6 hours before it",
    ]


def test_a_change_moves_what_is_planned(kind, administrator, at):
    plan(at)
    change(kind, {"first": 3 * DAY}, by=administrator, at=at)
    counts = plan(at)
    assert (counts["followed"], counts["planned"], counts["cancelled"]) == (1, 0, 0)
    assert planned()["first"] == ("scheduled", at + 3 * DAY)
    assert offset_of(kind, "ahead") == -24 * HOUR
    assert [(row.step, row.amount, row.off, row.changed_by) for row in StepTime.objects.all()] == [
        ("first", 3 * DAY, False, administrator)
    ]


def test_what_was_sent_is_not_sent_again(kind, administrator, at, run_tick, mailbox):
    run_tick(at + 2 * DAY)
    sent = len(mailbox.taken)
    change(kind, {"first": 4 * DAY}, by=administrator, at=at + 2 * DAY)
    for later in range(2, 5):
        run_tick(at + later * DAY + HOUR)
    assert len(mailbox.taken) == sent == 2
    assert planned()["first"][0] == "released"


def test_what_is_switched_off_is_not_sent_and_can_be_put_back(kind, administrator, at):
    plan(at)
    change(kind, {"second": None}, by=administrator, at=at)
    plan(at)
    assert planned()["second"][0] == "cancelled"
    assert offset_of(kind, "second") is None
    change(kind, {}, by=administrator, at=at)
    plan(at)
    assert planned()["second"] == ("scheduled", at + 5 * DAY)
    assert not StepTime.objects.exists()


@pytest.mark.parametrize(
    ("amounts", "reasons"),
    [
        ({"last": None}, {"last": "This is the one that people are told by in any case. It cannot be switched off."}),
        ({"now": None}, {"now": "This is the one that people are told by in any case. It cannot be switched off."}),
        ({"now": DAY}, {"now": "This comes when it happens, and cannot be moved."}),
        ({"first": 10 * DAY}, {"first": "Between 1 and 9 days after it."}),
        ({"first": 36 * HOUR}, {"first": "Between 1 and 9 days after it."}),
        ({"last": timedelta(0)}, {"last": "Between 1 and 12 hours before it."}),
        (
            {"first": 5 * DAY},
            {"second": "This has to come later than the step before it, which comes 5 days after it."},
        ),
        (
            {"ahead": 5 * HOUR},
            {"last": "This has to come later than the step before it, which comes 5 hours before it."},
        ),
        ({"third": DAY}, {"third": "There is no step called “third”."}),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(kind, administrator, at, amounts, reasons):
    with pytest.raises(Refused) as refused:
        change(kind, amounts, by=administrator, at=at)
    assert {reason.field: reason.message for reason in refused.value.verdict.reasons} == reasons
    assert not StepTime.objects.exists()


def test_a_step_after_one_that_is_off_is_compared_with_the_one_before(kind, administrator, at):
    change(kind, {"first": None, "second": DAY}, by=administrator, at=at)
    assert steps_of(kind) == [("now", timedelta(0)), ("second", DAY)]


def test_nobody_overwrites_unseen_what_somebody_else_has_changed(kind, administrator, at):
    seen = fingerprint(kind)
    change(kind, {"first": 3 * DAY}, by=administrator, at=at, seen=seen)
    with pytest.raises(Conflict):
        change(kind, {"first": 4 * DAY}, by=administrator, at=at, seen=seen)
    assert offset_of(kind, "first") == 3 * DAY


def test_a_change_leaves_its_trace_and_no_change_leaves_none(kind, administrator, at):
    assert change(kind, {"first": 2 * DAY}, by=administrator, at=at) == []
    assert not Entry.objects.filter(verb="reminders.times_changed").exists()
    change(kind, {"first": None}, by=administrator, at=at)
    entry = Entry.objects.get(verb="reminders.times_changed")
    assert (entry.actor_name, entry.changes) == (
        administrator.name,
        {"kind": "Laddered", "first": {"before": "2 days after it", "after": "Switched off"}},
    )


def test_what_a_release_no_longer_allows_does_not_count(kind, administrator, at):
    StepTime.objects.create(kind="laddered", step="first", amount=30 * DAY, changed_by=administrator, changed_at=at)
    StepTime.objects.create(kind="laddered", step="last", off=True, changed_by=administrator, changed_at=at)
    StepTime.objects.create(kind="laddered", step="gone", amount=DAY, changed_by=administrator, changed_at=at)
    assert (offset_of(kind, "first"), offset_of(kind, "last")) == (2 * DAY, -6 * HOUR)


def test_a_plan_and_the_last_look_read_the_times_once(kind, planted, administrator, at, monkeypatch):
    """However many kinds ask, and each time anew: another process may have changed them since."""
    second = Laddered(at)
    second.code = "laddered too"  # type: ignore[misc]
    registry.register(second)
    reads: list[int] = []
    rows = lead_times._rows
    monkeypatch.setattr(lead_times, "_rows", lambda: reads.append(1) or rows())
    plan(at)
    assert len(reads) == 1
    reminders = list(Reminder.objects.filter(occasion="second"))
    assert len(still_true(reminders, at)) == 2
    assert len(reads) == 2
    change(kind, {"second": None}, by=administrator, at=at)
    reads.clear()
    assert still_true(reminders, at) == {row.pk for row in reminders if row.kind == "laddered too"}
    assert len(reads) == 1
    registry.unregister(second.code)


@pytest.mark.parametrize("fields", [{"off": True, "amount": DAY}, {"amount": None}, {"amount": -DAY}])
def test_the_database_refuses_what_is_neither_off_nor_a_time(administrator, at, fields):
    with pytest.raises(IntegrityError, match="step_is_off_or_has_a_time"), transaction.atomic():
        StepTime.objects.create(kind="laddered", step="first", changed_by=administrator, changed_at=at, **fields)


def test_a_step_has_one_time(administrator, at):
    row = {"kind": "laddered", "step": "first", "amount": DAY, "changed_by": administrator, "changed_at": at}
    StepTime.objects.create(**row)
    with pytest.raises(IntegrityError, match="step_has_one_time"), transaction.atomic():
        StepTime.objects.create(**row)

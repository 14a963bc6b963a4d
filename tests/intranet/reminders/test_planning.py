from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from accounts.models import User
from intranet.reminders import locks
from intranet.reminders.models import Delivery, DeliveryItem, Reminder
from intranet.reminders.planning import NotPlanned, plan
from tests.intranet.reminders import factories
from tests.intranet.reminders.conftest import HOUR

pytestmark = pytest.mark.django_db


def test_what_is_owed_is_written_down_once(planted, therapist, floater, at):
    planted.owe(therapist, due=at + HOUR)
    planted.owe(floater, due=at + 2 * HOUR)
    assert plan(at)["planned"] == 2
    assert plan(at)["planned"] == 0
    reminder = Reminder.objects.get(recipient=therapist)
    assert (reminder.kind, reminder.subject_type, reminder.subject_id, reminder.occasion, reminder.state) == (
        *("planted", "accounts.user", therapist.pk, "once", "scheduled"),
    )
    assert (reminder.due_at, reminder.not_after) == (at + HOUR, at + 49 * HOUR)


def test_the_same_thing_named_twice_is_owed_once_at_the_earlier_time(planted, therapist, at):
    planted.owe(therapist, due=at + 2 * HOUR)
    planted.owe(therapist, due=at + HOUR)
    assert plan(at)["planned"] == 1
    assert Reminder.objects.get().due_at == at + HOUR


def test_the_horizon_is_fourteen_days(planted, therapist, at):
    planted.owe(therapist, "near", due=at + timedelta(days=14))
    planted.owe(therapist, "far", due=at + timedelta(days=14, seconds=1))
    plan(at)
    assert [reminder.occasion for reminder in Reminder.objects.all()] == ["near"]
    plan(at + timedelta(seconds=1))
    assert Reminder.objects.count() == 2


def test_what_is_over_or_never_begins_is_not_planned(planted, therapist, at):
    planted.owe(therapist, "over", due=at - 2 * HOUR, until=at)
    planted.owe(therapist, "backwards", due=at + 2 * HOUR, until=at + HOUR)
    planted.owe(therapist, "late but worth it", due=at - 2 * HOUR, until=at + HOUR)
    plan(at)
    assert [reminder.occasion for reminder in Reminder.objects.all()] == ["late but worth it"]


def test_a_switched_off_account_is_owed_nothing(planted, therapist, floater, at):
    planted.owe(therapist, due=at)
    planted.owe(floater, due=at)
    User.objects.filter(pk=therapist.pk).update(is_active=False)
    plan(at)
    assert [reminder.recipient for reminder in Reminder.objects.all()] == [floater]


def test_moved_times_are_followed(planted, therapist, at):
    planted.owe(therapist, due=at + HOUR)
    plan(at)
    planted.forgive("once")
    planted.owe(therapist, due=at + 3 * HOUR)
    assert plan(at)["followed"] == 1
    assert plan(at)["followed"] == 0
    assert [row.due_at for row in Reminder.objects.all()] == [at + 3 * HOUR]


def test_what_is_no_longer_true_is_cancelled_and_comes_back_when_it_is(planted, therapist, at, states):
    planted.owe(therapist, due=at + HOUR)
    plan(at)
    planted.forgive("once")
    assert plan(at)["cancelled"] == 1
    assert [(row.state, row.reason) for row in Reminder.objects.all()] == [("cancelled", "No longer true.")]
    planted.owe(therapist, due=at + 2 * HOUR)
    plan(at)
    assert [(row.state, row.reason, row.due_at) for row in Reminder.objects.all()] == [("scheduled", "", at + 2 * HOUR)]


def test_somebody_switched_off_later_is_not_reminded(planted, therapist, at, states):
    planted.owe(therapist, due=at + HOUR)
    plan(at)
    User.objects.filter(pk=therapist.pk).update(is_active=False)
    plan(at)
    assert states() == {"once": "cancelled"}


def test_what_nobody_was_told_in_time_expires(planted, therapist, at, states):
    planted.owe(therapist, due=at, until=at + HOUR)
    plan(at)
    counts = plan(at + HOUR)
    assert (counts["expired"], states()) == (1, {"once": "expired"})
    assert Reminder.objects.get().reason == "Its time had passed."


def test_what_expired_and_was_put_off_is_planned_again(planted, therapist, at, states):
    planted.owe(therapist, due=at, until=at + HOUR)
    plan(at)
    plan(at + HOUR)
    planted.forgive("once")
    planted.owe(therapist, due=at + 2 * HOUR)
    plan(at + HOUR)
    assert states() == {"once": "scheduled"}


def test_a_mail_that_comes_too_late_does_not_leave(planted, therapist, at):
    late = factories.delivery(recipient=therapist, at=at, not_after=at + HOUR)
    doubtful = factories.delivery(recipient=therapist, at=at, not_after=at + HOUR, doubts=1)
    good = factories.delivery(recipient=therapist, at=at, not_after=at + 2 * HOUR)
    plan(at + HOUR)
    assert {mail.pk: (mail.state, mail.reason) for mail in Delivery.objects.all()} == {
        late.pk: ("expired", "Its time had passed."),
        doubtful.pk: ("doubt", "Its time had passed."),
        good.pk: ("pending", ""),
    }


def test_mail_for_somebody_switched_off_is_cancelled(therapist, floater, at):
    for person in (therapist, floater):
        factories.delivery(recipient=person, at=at)
    User.objects.filter(pk=therapist.pk).update(is_active=False)
    plan(at)
    assert {mail.recipient.pk: (mail.state, mail.reason) for mail in Delivery.objects.all()} == {
        therapist.pk: ("cancelled", "The account is switched off."),
        floater.pk: ("pending", ""),
    }


def test_what_is_done_settles_in_the_inbox(planted, therapist, at):
    planted.owe(therapist, "done", due=at)
    planted.owe(therapist, "open", due=at)
    for occasion in ("done", "open"):
        factories.released(recipient=therapist, at=at, occasion=occasion)
    planted.forgive("done")
    assert plan(at + HOUR)["settled"] == 1
    assert {row.occasion: row.settled_at for row in Reminder.objects.all()} == {"done": at + HOUR, "open": None}


def test_what_is_true_again_asks_again_and_gets_the_mail_that_was_stopped(planted, therapist, at):
    planted.owe(therapist, "stopped", due=at)
    planted.owe(therapist, "sent", due=at)
    rows = {
        occasion: factories.released(recipient=therapist, at=at, occasion=occasion, settled_at=at)
        for occasion in ("stopped", "sent")
    }
    factories.delivery(recipient=therapist, at=at, reminders=[rows["stopped"]], state="cancelled", reason="No.")
    factories.delivery(recipient=therapist, at=at, reminders=[rows["sent"]], state="sent", sent_at=at)
    assert plan(at + HOUR)["unsettled"] == 2
    assert {row.occasion: (row.settled_at, row.mail_due_at) for row in Reminder.objects.all()} == {
        "stopped": (None, at + HOUR),
        "sent": (None, None),
    }
    assert [item.reminder for item in DeliveryItem.objects.all()] == [rows["sent"]]


def test_a_kind_that_fails_stops_no_other(planted, urgent, therapist, at, states, monkeypatch, caplog):
    planted.owe(therapist, "fine", due=at)
    urgent.owe(therapist, "broken", due=at)
    monkeypatch.setattr(urgent, "owed", lambda at: [User.objects.extra(where=["no_such_column"])])
    with pytest.raises(NotPlanned, match="planted-urgent"):
        plan(at)
    assert states() == {"fine": "scheduled"}
    assert "planted-urgent could not be planned" in caplog.text


def test_a_kind_may_owe_nothing_at_all(planted, at):
    planted.owed = lambda at: [User.objects.none()]
    assert plan(at)["planned"] == 0


@pytest.mark.django_db(transaction=True)
def test_only_one_plans_at_a_time(planted, therapist, at):
    planted.owe(therapist, due=at)
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory"), parameters.pop("context")
    with psycopg.connect(**parameters) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s, 0)", [locks.PLANNING])
        assert plan(at) == {}
        assert Reminder.objects.count() == 0
    assert plan(at)["planned"] == 1

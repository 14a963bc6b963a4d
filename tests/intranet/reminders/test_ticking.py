from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ImproperlyConfigured

from intranet.celery import app as celery
from intranet.reminders import ticking
from intranet.reminders.models import Attempt, Delivery, Reminder, Run
from intranet.reminders.tasks import tick as task
from intranet.reminders.ticking import starting_at, tick
from tests import factories as people
from tests.races import results

pytestmark = pytest.mark.django_db
CHICAGO = ZoneInfo("America/Chicago")


def test_a_due_reminder_is_shown_and_mailed_once(planted, mailbox, run_tick, therapist, at):
    planted.owe(therapist, due=at)
    assert run_tick(at) == {"planned": 1, "released": 1, "mails": 1, "sent": 1}
    assert run_tick(at + timedelta(seconds=15)) == {}
    reminder = Reminder.objects.get()
    assert (reminder.state, reminder.title, reminder.mail_due_at) == ("released", "Planted: once", None)
    assert mailbox.subjects_for(therapist.email) == ["Planted: once"]
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.last_code, delivery.tries) == ("sent", 250, 0)
    assert bytes(delivery.payload) == mailbox.taken[0][1]
    assert [attempt.outcome for attempt in Attempt.objects.all()] == ["sent"]


def test_a_run_says_who_did_what_and_when(planted, mailbox, therapist, at):
    planted.owe(therapist, due=at)
    tick(at, "watchdog")
    run = Run.objects.get()
    assert (run.origin, run.error) == ("watchdog", "")
    assert run.counts == {"planned": 1, "released": 1, "mails": 1, "sent": 1}
    assert at <= run.started_at < run.ended_at < at + timedelta(minutes=1)


def test_the_doorbell_rings(planted, mailbox, therapist):
    """The task as the worker calls it, by the real clock; the horizon holds the reminder back until it is due."""
    planted.owe(therapist, due=datetime.now(CHICAGO) + timedelta(hours=1))
    task()
    assert [(run.origin, run.counts) for run in Run.objects.all()] == [("beat", {"planned": 1})]


def test_beat_rings_where_the_worker_listens():
    [(_, entry)] = celery.conf.beat_schedule.items()
    assert entry["task"] == task.name in celery.tasks
    assert celery.amqp.router.route({}, entry["task"])["queue"].name == "tick"
    assert (entry["schedule"], entry["options"]) == (15.0, {"expires": 30})


def test_what_fails_in_one_step_stops_no_other(planted, urgent, mailbox, therapist, at, caplog):
    planted.owe(therapist, due=at)
    urgent.owe(therapist, due=at)
    urgent.subject = "accounts.NoSuchModel"
    assert tick(at, "manual") == {"released": 1, "mails": 1, "sent": 1}
    run = Run.objects.get()
    assert run.error == "NotPlanned: planted-urgent"
    assert run.ended_at is not None
    assert "A step of the tick failed." in caplog.text


def test_a_pooled_connection_is_refused(settings, at):
    settings.DATABASES["default"]["OPTIONS"] = {"pool": True}
    try:
        with pytest.raises(ImproperlyConfigured, match="DATABASE_POOL=0"):
            tick(at, "manual")
    finally:
        settings.DATABASES["default"]["OPTIONS"] = {}
    assert Run.objects.count() == 0


def test_a_clock_goes_on_from_the_moment_that_it_was_given(at):
    clock = starting_at(at)
    first, second = clock(), clock()
    assert at <= first <= second < at + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        (datetime(2026, 3, 7, 20, 5, tzinfo=CHICAGO), datetime(2026, 3, 8, 7, 0, tzinfo=CHICAGO)),
        (datetime(2026, 10, 31, 20, 5, tzinfo=CHICAGO), datetime(2026, 11, 1, 7, 0, tzinfo=CHICAGO)),
    ],
    ids=["an hour is lost", "an hour is gained"],
)
def test_a_night_in_which_the_clock_is_changed(planted, mailbox, therapist, evening, morning):
    """A tick every half hour through the night: one mail, at seven by the new clock, and none before."""
    planted.owe(therapist, due=evening)
    sent_at = []
    moment = evening.astimezone(ZoneInfo("UTC"))
    while moment <= morning.astimezone(ZoneInfo("UTC")) + timedelta(hours=1):
        if tick(moment, "manual").get("sent"):
            sent_at.append(moment)
        moment = min(
            moment + timedelta(minutes=30), max(morning.astimezone(ZoneInfo("UTC")), moment + timedelta(minutes=5))
        )
    assert [moment.astimezone(CHICAGO) for moment in sent_at] == [morning]
    assert len(mailbox.taken) == 1


@pytest.mark.parametrize("jump", [timedelta(hours=2), timedelta(hours=-2)], ids=["forward", "back"])
def test_a_clock_that_jumps_loses_nothing_and_repeats_nothing(planted, mailbox, therapist, at, jump):
    planted.owe(therapist, "before", due=at)
    planted.owe(therapist, "after", due=at + timedelta(hours=1))
    tick(at, "manual")
    tick(at + jump, "manual")
    tick(at + timedelta(hours=1), "manual")
    assert mailbox.subjects_for(therapist.email) == ["Planted: after", "Planted: before"]


def test_a_switched_off_person_gets_nothing_more(planted, mailbox, therapist, floater, at):
    for person in (therapist, floater):
        planted.owe(person, due=at)
    mailbox.server.stop()
    tick(at, "manual")
    mailbox.server.start()
    therapist.is_active = False
    therapist.save()
    tick(at + timedelta(minutes=5), "manual")
    assert mailbox.addresses == [floater.email]
    assert Delivery.objects.get(recipient=therapist).state == "cancelled"


@pytest.mark.django_db(transaction=True)
def test_four_dispatchers_at_once_send_everything_once(planted, mailbox, mt_prospect, at):
    staff = [people.person(name=f"Person {number}") for number in range(30)]
    for person in staff:
        planted.owe(person, due=at, times=3)
    totals = sum((Counter(counts) for counts in results([lambda: tick(at, "manual")] * 4)), Counter())
    tick(at + timedelta(seconds=1), "manual")
    assert len(mailbox.seen) == len(mailbox.taken) == 90
    assert mailbox.addresses == sorted(person.email for person in staff for _ in range(3))
    assert len({message["Message-ID"] for message in mailbox.messages}) == 90
    assert set(Delivery.objects.values_list("state", "doubts")) == {("sent", 0)}
    assert totals["planned"] == 90


def test_the_run_names_no_values_that_the_database_minds(planted, mailbox, at, monkeypatch):
    def fails(at):
        raise ValueError("There is one already.\nDETAIL:  Key (email)=(somebody@clinic.example) exists.")

    monkeypatch.setattr(ticking, "plan", fails)
    tick(at, "manual")
    assert Run.objects.get().error == "ValueError: There is one already."

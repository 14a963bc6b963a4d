"""Taking over from the dead. A run dies by the end of its session, so the dead runs here have sessions of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from intranet.reminders import locks
from intranet.reminders.handing_over import claim, pass_fence
from intranet.reminders.models import Run
from intranet.reminders.reaping import reap
from intranet.reminders.runs import begin
from tests.intranet.reminders import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def reaper(at) -> Iterator[Run]:
    run = begin("manual", at)
    yield run
    locks.free_run(run.pk)


@pytest.fixture
def other(at) -> Iterator[Run]:
    """Another run, which is alive."""
    run = begin("manual", at)
    yield run
    locks.free_run(run.pk)


@pytest.fixture
def mails(planted, therapist, at):
    def make(number: int, **fields):
        found = []
        for index in range(number):
            planted.owe(therapist, f"thing {index}", due=at)
            reminder = factories.released(recipient=therapist, at=at, occasion=f"thing {index}")
            found.append(factories.delivery(recipient=therapist, at=at, reminders=[reminder], **fields))
        return found

    return make


def die(run: Run) -> None:
    locks.free_run(run.pk)


def facts(mail):
    mail.refresh_from_db()
    return mail.state, mail.run, mail.tries, mail.doubts, [attempt.outcome for attempt in mail.attempts.all()]


def test_what_was_only_claimed_goes_back(reaper, other, mails, at):
    [mail] = mails(1)
    claim(other, at)
    die(other)
    assert reap(reaper, at) == {"lost": 1, "reaped": 1}
    assert facts(mail) == ("pending", None, 0, 0, ["lost"])
    other.refresh_from_db()
    assert (other.ended_at, other.error) == (at, "The process died.")


def test_what_had_passed_the_fence_is_in_doubt_and_sent_again_at_once(reaper, other, mails, at):
    [mail] = mails(1)
    claim(other, at)
    pass_fence(mail, other, at)
    die(other)
    assert reap(reaper, at) == {"doubt": 1, "reaped": 1}
    assert facts(mail) == ("pending", None, 0, 1, ["doubt"])
    assert mail.not_before == at


def test_what_had_passed_the_fence_is_held_where_that_is_wanted(reaper, other, mails, at):
    [mail] = mails(1, on_doubt="hold")
    claim(other, at)
    pass_fence(mail, other, at)
    die(other)
    reap(reaper, at)
    assert facts(mail) == ("doubt", None, 0, 1, ["doubt"])
    assert mail.reason == "It may have arrived; it is not sent again."


def test_one_dead_dispatcher_makes_at_most_one_doubt(reaper, other, mails, at):
    every = mails(5)
    claim(other, at)
    pass_fence(every[0], other, at)
    die(other)
    assert reap(reaper, at) == {"doubt": 1, "lost": 4, "reaped": 1}


def test_a_run_that_lives_keeps_what_it_holds(reaper, mails, at):
    [mail] = mails(1)
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory"), parameters.pop("context")
    alive = Run.objects.create(origin="beat", host="elsewhere", pid=1, started_at=at - timedelta(hours=1))
    with psycopg.connect(**parameters) as session:
        session.execute("SELECT pg_advisory_lock(%s, %s)", [locks.RUNS, alive.pk])
        claim(alive, at)
        assert reap(reaper, at) == {}
        assert facts(mail) == ("claimed", alive, 0, 0, [""])
        session.execute("SELECT pg_advisory_unlock_all()")  # what PostgreSQL does when the session ends
    assert reap(reaper, at) == {"lost": 1, "reaped": 1}


def test_a_run_does_not_reap_itself(reaper, mails, at):
    [mail] = mails(1)
    claim(reaper, at)
    assert reap(reaper, at) == {}
    assert facts(mail)[0] == "claimed"


def test_what_a_run_left_lying_when_it_ended_is_found(reaper, other, mails, at):
    [mail] = mails(1)
    claim(other, at)
    Run.objects.filter(pk=other.pk).update(ended_at=at, error="A step failed.")
    die(other)
    assert reap(reaper, at) == {"lost": 1}
    assert facts(mail)[0] == "pending"
    other.refresh_from_db()
    assert other.error == "A step failed."


def test_old_runs_that_sent_nothing_are_forgotten(reaper, mails, at):
    old = at - timedelta(days=8)
    idle, busy = (Run.objects.create(origin="beat", host="here", pid=1, started_at=old, ended_at=old) for _ in range(2))
    recent = Run.objects.create(origin="beat", host="here", pid=1, started_at=at, ended_at=at - timedelta(days=6))
    [mail] = mails(1)
    mail.attempts.create(run=busy, claimed_at=old, ended_at=old, outcome="later")
    reap(reaper, at)
    assert set(Run.objects.all()) == {busy, recent, reaper}
    assert not Run.objects.filter(pk=idle.pk).exists()

"""The banner on every page when reminders are late: to whom, when, and at what cost."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intranet.reminders.models import Run
from intranet.reminders.watching import are_late
from tests.conftest import CAST
from tests.intranet.reminders import factories

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
TOLD = {"manager", "manager_oakbrook", "clinical_lead", "administrator"}


@pytest.fixture(autouse=True)
def _clock(at):
    with time_machine.travel(at, tick=False):
        yield


def ticked(at, **fields):
    values = {"origin": "beat", "host": "one", "pid": 7, "started_at": at, "ended_at": at}
    return Run.objects.create(**(values | fields))


@pytest.mark.parametrize(("ago", "late"), [(0, False), (90, False), (91, True)])
def test_the_last_tick_is_at_most_ninety_seconds_old(at, ago, late):
    ticked(at - ago * SECOND)
    assert are_late(at) is late


def test_ticks_that_fail_or_do_not_end_or_lie_in_the_future_do_not_count(at):
    ticked(at - 200 * SECOND)
    ticked(at, error="NotPlanned: shift")
    ticked(at, ended_at=None)
    ticked(at + 7200 * SECOND)
    assert are_late(at) is True


def test_not_while_the_machine_is_starting(therapist, at):
    factories.reminder(recipient=therapist, at=at - 1000 * SECOND)
    assert are_late(at) is False
    ticked(at - 90 * SECOND, ended_at=None)
    ticked(at - 60 * SECOND, error="NotPlanned: shift")
    assert are_late(at) is False
    assert are_late(at + SECOND) is True


@pytest.mark.parametrize(("ago", "late"), [(300, False), (301, True)])
@pytest.mark.parametrize("what", ["not shown", "not composed", "not sent", "put off"])
def test_nothing_that_is_due_waits_for_five_minutes(at, therapist, what, ago, late):
    ticked(at - 100 * SECOND)
    ticked(at)
    due = at - ago * SECOND
    match what:
        case "not shown":
            factories.reminder(recipient=therapist, at=due)
        case "not composed":
            factories.released(recipient=therapist, at=due, mail_due_at=due)
        case "not sent":
            factories.delivery(recipient=therapist, at=due, not_before=at)
        case "put off":
            factories.delivery(recipient=therapist, at=due - 3600 * SECOND, tries=1, not_before=due)
    assert are_late(at) is late


@pytest.mark.parametrize("who", CAST)
def test_whoever_answers_for_others_is_told_on_every_page(cast, who, sign_in, at):
    ticked(at - 100 * SECOND)
    browser = sign_in(cast[who])
    for path in ("/", "/inbox/", "/people/"):
        text = browser.get(path).content.decode()
        assert ("Reminders are late" in text) is (who in TOLD)
        assert ('href="/operations/">See what is wrong' in text) is (who == "administrator")


def test_nobody_is_told_while_all_is_well(cast, sign_in, at):
    ticked(at)
    assert "Reminders are late" not in sign_in(cast["administrator"]).get("/").content.decode()


def test_it_costs_one_question(at, therapist):
    ticked(at - 100 * SECOND)
    ticked(at)
    factories.reminder(recipient=therapist, at=at - 301 * SECOND)
    with CaptureQueriesContext(connection) as asked:
        assert are_late(at) is True
    assert len(asked) == 1

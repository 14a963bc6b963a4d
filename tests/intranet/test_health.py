from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from intranet import health
from intranet.core import migrated
from intranet.reminders.models import Reminder, Run
from tests.intranet.reminders import factories

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def now(monkeypatch):
    moment = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: moment)
    return moment


def ticked(ago: timedelta, now, **fields):
    started = now - ago
    return Run.objects.create(
        **({"origin": "beat", "host": "here", "pid": 1, "started_at": started, "ended_at": started} | fields)
    )


def ask(name: str):
    response = Client().get(f"/health/{name}")
    assert response["Content-Type"] == "application/json"
    assert "no-store" in response["Cache-Control"]
    return response.status_code, json.loads(response.content)


@pytest.mark.parametrize("name", ["live", "ready", "reminders"])
def test_probes_only_ask(name):
    assert Client().post(f"/health/{name}").status_code == 405
    assert Client().head(f"/health/{name}").status_code in {200, 503}


def test_alive_without_asking_anybody(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert ask("live") == (200, {"status": "ok"})


def test_ready():
    assert ask("ready") == (
        200,
        {"status": "ok", "checks": {"database": True, "migrations": True, "cache": True}, "broker": True},
    )


def test_ready_without_a_broker(settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    status, body = ask("ready")
    assert (status, body["status"], body["broker"]) == (200, "ok", False)


def test_not_ready_while_a_migration_is_missing(monkeypatch):
    monkeypatch.setattr(migrated, "_known", False)
    [newest] = MigrationLoader(connection).graph.leaf_nodes("reminders")
    MigrationRecorder(connection).record_unapplied(*newest)
    status, body = ask("ready")
    assert (status, body["status"], body["checks"]["migrations"]) == (503, "failing", False)
    MigrationRecorder(connection).record_applied(*newest)
    assert ask("ready")[0] == 200


def test_not_ready_without_the_cache_table():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cache RENAME TO elsewhere")
    status, body = ask("ready")
    assert (status, body["checks"]["cache"]) == (503, False)


def test_not_ready_and_silent_about_why_without_a_database(settings, monkeypatch):
    class Away:
        def cursor(self):
            raise connections["default"].Database.OperationalError("password=hunter2 host=10.0.0.1")

    monkeypatch.setattr(health, "connection", Away())
    response = Client().get("/health/ready")
    assert response.status_code == 503
    assert b"hunter2" not in response.content


@pytest.mark.parametrize(("ago", "status"), [(0, 200), (90, 200), (91, 503)])
def test_the_last_tick_is_at_most_ninety_seconds_old(now, ago, status):
    ticked(ago * SECOND, now)
    word = "ok" if status == 200 else "failing"
    assert ask("reminders") == (
        status,
        {"status": word, "tick_age_seconds": ago, "oldest_due_age_seconds": None},
    )


def test_no_tick_ever_is_failing():
    assert ask("reminders") == (
        503,
        {"status": "failing", "tick_age_seconds": None, "oldest_due_age_seconds": None},
    )


def test_ticks_that_fail_or_do_not_end_or_lie_in_the_future_do_not_count(now):
    ticked(200 * SECOND, now)
    ticked(10 * SECOND, now, error="NotPlanned: shift-tomorrow")
    ticked(10 * SECOND, now, ended_at=None)
    ticked(-7200 * SECOND, now)
    status, body = ask("reminders")
    assert (status, body["tick_age_seconds"]) == (503, 200)


@pytest.mark.parametrize(("ago", "status"), [(300, 200), (301, 503)])
@pytest.mark.parametrize("what", ["not shown", "not composed", "not sent"])
def test_nothing_that_is_due_waits_for_five_minutes(now, therapist, what, ago, status):
    ticked(SECOND, now)
    due = now - ago * SECOND
    match what:
        case "not shown":
            factories.reminder(recipient=therapist, at=due)
        case "not composed":
            factories.released(recipient=therapist, at=due, mail_due_at=due)
        case "not sent":
            factories.delivery(recipient=therapist, at=due, not_before=now)
    code, body = ask("reminders")
    assert (code, body["oldest_due_age_seconds"]) == (status, ago)


def test_what_waits_for_a_reason_is_not_late(now, therapist):
    ticked(SECOND, now)
    old = now - timedelta(hours=5)
    factories.reminder(recipient=therapist, at=now + SECOND, occasion="not yet due")
    factories.reminder(recipient=therapist, at=old, occasion="over", not_after=now)
    factories.released(recipient=therapist, at=old, mail_due_at=now + SECOND)
    factories.released(recipient=therapist, at=old, mail_due_at=old, settled_at=now)
    factories.delivery(recipient=therapist, at=old, tries=3, not_before=now + SECOND)
    factories.delivery(recipient=therapist, at=old, state="sent", sent_at=old)
    assert Reminder.objects.count() == 4
    assert ask("reminders")[1]["oldest_due_age_seconds"] is None


def test_nothing_about_people_is_told(now, therapist):
    ticked(SECOND, now)
    factories.released(recipient=therapist, at=now, title="canary")
    for name in ("live", "ready", "reminders"):
        text = json.dumps(ask(name)[1])
        assert not [word for word in ("canary", therapist.email, therapist.name, "postgres", "redis") if word in text]


def test_a_probe_before_the_first_beat_is_no_error_in_the_log(now, caplog):
    logger = logging.getLogger("django.request")
    caplog.handler.setLevel(logging.ERROR)
    ask("reminders")
    assert [record.name for record in caplog.records] == []
    ticked(200 * SECOND, now)
    ask("reminders")
    assert [record.name for record in caplog.records] == [logger.name]

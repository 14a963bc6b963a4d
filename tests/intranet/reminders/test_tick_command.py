from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings as product
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from intranet.reminders.management.commands.tick import Command
from intranet.reminders.models import Run

pytestmark = pytest.mark.django_db


def test_one_tick_by_hand_says_what_it_did(planted, mailbox, therapist, at, capsys):
    planted.owe(therapist, due=at)
    call_command("tick", at=at.isoformat())
    assert json.loads(capsys.readouterr().out) == {"planned": 1, "released": 1, "mails": 1, "sent": 1}
    assert Run.objects.get().origin == "manual"


@pytest.mark.parametrize("text", ["soon", "2026-11-25", "2026-11-25T07:00", "2026-13-25T07:00-06:00"])
def test_a_moment_that_is_none_is_refused(text):
    with pytest.raises(CommandError, match="is not a moment") as refused:
        call_command("tick", at=text)
    assert refused.value.returncode == 2
    assert Run.objects.count() == 0


def test_watching_another_time_is_refused(at):
    with pytest.raises(CommandError, match="real time"):
        call_command("tick", at=at.isoformat(), watch=60)


def test_a_pooled_connection_is_refused_loudly(settings):
    settings.DATABASES["default"]["OPTIONS"] = {"pool": True}
    try:
        with pytest.raises(CommandError, match="DATABASE_POOL=0"):
            call_command("tick")
    finally:
        settings.DATABASES["default"]["OPTIONS"] = {}


@pytest.fixture
def watchdog():
    command = Command()
    command.stop = type("Never", (), {"is_set": staticmethod(lambda: False)})
    return lambda at: command.look(at, timedelta(seconds=60))


@pytest.mark.parametrize(("ago", "acts"), [(0, False), (59, False), (61, True)])
def test_the_watchdog_acts_when_nobody_else_has(mailbox, watchdog, at, ago, acts):
    Run.objects.create(origin="beat", host="here", pid=1, started_at=at - timedelta(seconds=ago), ended_at=at)
    watchdog(at)
    assert Run.objects.filter(origin="watchdog").exists() is acts


def test_the_watchdog_acts_when_there_was_never_a_tick(mailbox, watchdog, at):
    watchdog(at)
    assert [run.origin for run in Run.objects.all()] == ["watchdog"]


def test_a_run_of_the_future_does_not_calm_the_watchdog(mailbox, watchdog, at):
    """The machine's clock has been set back by two hours."""
    ahead = at + timedelta(hours=2)
    Run.objects.create(origin="beat", host="here", pid=1, started_at=ahead, ended_at=ahead)
    watchdog(at)
    assert Run.objects.filter(origin="watchdog").exists()


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
def test_the_watchdog_works_without_a_broker_and_ends_cleanly(mailbox):
    """A process of its own, with the address of a broker where none is."""
    parameters = connection.get_connection_params()
    address = "postgresql://{user}:{password}@{host}:{port}/{dbname}".format(**parameters)
    environment = {
        **os.environ,
        "DATABASE_URL": address,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EMAIL_PORT": str(mailbox.port),
    }
    command = [sys.executable, "manage.py", "tick", "--watch", "2"]
    watchdog = subprocess.Popen(command, cwd=product.BASE_DIR, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 30
        while Run.objects.filter(origin="watchdog", ended_at__isnull=False).count() < 2 and time.monotonic() < until:
            time.sleep(0.1)
        watchdog.send_signal(signal.SIGTERM)
        _, errors = watchdog.communicate(timeout=20)
    finally:
        watchdog.kill()
    assert watchdog.returncode == 0, errors
    assert "Traceback" not in errors
    runs = list(Run.objects.filter(origin="watchdog").order_by("pk"))
    assert len(runs) >= 2
    assert {run.error for run in runs} == {""}
    assert runs[-1].ended_at <= timezone.now()

"""What the processes do with their lives: each function is the command of one, as `deploy` or `manage.py` would start it."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any

from intranet.dev.processes import end_with_parent


def live(log: str, sabotage: str, life: Callable[..., object], words: tuple[Any, ...]) -> None:
    """A group of its own, its own log, and then the life itself; it ends with the process that bore it."""
    os.setsid()
    end_with_parent(signal.SIGKILL)
    for number in (1, 2):
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    if sabotage:
        from tests.faults.planted.sabotage import DEEDS

        DEEDS[sabotage]()
    life(*words)


def celery(*words: str) -> None:
    from celery.bin.celery import main

    sys.argv = ["celery", "--app", "intranet.celery:app", *words]
    sys.exit(main())


def manage(*words: str) -> None:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *words])


def gunicorn(*words: str) -> None:
    from gunicorn.app.wsgiapp import run

    sys.argv = ["gunicorn", "intranet.wsgi:application", *words]
    run()


def ticks(orders: Connection) -> None:
    """A dispatcher whose clock the test sets: for each moment that it hears, `manage.py tick --at`; the counts go back."""
    from django.core.management import call_command
    from django.db import Error, connection

    from intranet.reminders.runs import RunLost

    while True:
        said = io.StringIO()
        try:
            call_command("tick", at=orders.recv(), stdout=said)
            orders.send(json.loads(said.getvalue()))
        except EOFError:
            return
        except (Error, RunLost) as error:  # the command would have ended so, and the next one begun anew
            sys.stderr.write(f"The tick ended with {error!r}.\n")
            orders.send(None)
        finally:
            connection.close()


def watch_through(first: datetime, last: datetime) -> None:
    """`manage.py tick --watch 60` through hours that take seconds: its clock moves when it waits, and only then."""
    from django.core.management import call_command

    from intranet.reminders import ticking
    from intranet.reminders.management.commands import tick

    now = first

    class Waiting(threading.Event):
        """Asked to stop when the last moment has come."""

        def wait(self, timeout: float | None = None) -> bool:
            nonlocal now
            now += timedelta(seconds=timeout or 0)
            if now >= last:
                self.set()
            return self.is_set()

    tick.threading = SimpleNamespace(Event=Waiting)
    tick.timezone = SimpleNamespace(now=lambda: now)
    ticking.time = SimpleNamespace(monotonic=lambda: now.timestamp())
    call_command("tick", watch=60)

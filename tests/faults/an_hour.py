"""`manage.py tick --watch 60` through hours that take seconds: its clock moves when it waits, and only then.

python -m tests.faults.an_hour 2026-11-25T10:00-06:00 2026-11-25T11:00-06:00
"""

from __future__ import annotations

import sys
import threading
from datetime import datetime, timedelta
from types import SimpleNamespace

import django


def main(first: datetime, last: datetime) -> None:
    django.setup()
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


if __name__ == "__main__":
    main(*map(datetime.fromisoformat, sys.argv[1:]))

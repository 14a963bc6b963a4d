"""A run: one process at work, alive for as long as its session holds its lock."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import transaction

from intranet.reminders import locks
from intranet.reminders.models import Run

Clock = Callable[[], datetime]


class RunLost(Exception):
    """This run's session has lost its lock, so another run may have taken its work over. It must not send anything more."""


@contextmanager
def running(origin: Run.Origin | str, clock: Clock) -> Iterator[Run]:
    """A run from its first to its last moment. What it did goes into `run.counts` and `run.error`."""
    locks.require_own_session()
    run = begin(origin, clock())
    try:
        yield run
        run.ended_at = clock()
        run.save(update_fields=["ended_at", "counts", "error"])
    finally:
        locks.free_run(run.pk)


@transaction.atomic
def begin(origin: Run.Origin | str, at: datetime) -> Run:
    """Nobody sees the run before it holds its lock; otherwise it could be taken for dead."""
    run = Run.objects.create(
        origin=origin, host=socket.gethostname(), pid=os.getpid(), started_at=at, version=settings.VERSION
    )
    locks.take_run(run.pk)
    return run

"""Ring the bell by hand, or watch that somebody does. Needs PostgreSQL and the mail server, no broker."""

from __future__ import annotations

import json
import logging
import signal
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, close_old_connections, connection
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from intranet.reminders import locks
from intranet.reminders.models import Run
from intranet.reminders.runs import RunLost
from intranet.reminders.ticking import tick

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Plan, release and send what is due. With --watch: look every few seconds, and act when nobody else has."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--watch", type=int, metavar="SECONDS", help="act whenever no tick has begun for so long")
        parser.add_argument("--at", metavar="ISO", help="as if it were this moment, for example 2026-11-25T07:00-06:00")

    def handle(self, *args: Any, watch: int | None, at: str | None, **options: Any) -> None:
        if watch is not None and at:
            raise CommandError("--watch goes with the real time; leave --at away.", returncode=2)
        try:
            locks.require_own_session()
        except ImproperlyConfigured as error:
            raise CommandError(str(error), returncode=2) from None
        start = moment(at)
        with asked_to_stop() as self.stop:
            if watch is None:
                counts = tick(start, Run.Origin.MANUAL, self.stop.is_set)
                self.stdout.write(json.dumps(counts, sort_keys=True))
            else:
                self.watch(timedelta(seconds=max(watch, 1)))

    def watch(self, patience: timedelta) -> None:
        """Until SIGTERM. A database that is away is asked again; nothing else can be done about it from here."""
        while not self.stop.wait(patience.total_seconds() / 10):
            close_old_connections()
            try:
                self.look(timezone.now(), patience)
            except (Error, RunLost):
                log.warning("The database does not answer, or has dropped this session.")
                connection.close()

    def look(self, at: datetime, patience: timedelta) -> None:
        """Tick if nobody has begun to for as long as `patience`."""
        # Runs of the future were there before the machine's clock was set back; they say nothing about now.
        if Run.objects.filter(started_at__range=(at - patience, at + patience)).exists():
            return
        log.warning("No tick has begun for %s seconds. Doing one.", int(patience.total_seconds()))
        tick(at, Run.Origin.WATCHDOG, self.stop.is_set)


@contextmanager
def asked_to_stop() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set: the mail in hand is finished, the rest is given back."""
    event = threading.Event()
    before = {number: signal.signal(number, lambda *_: event.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def moment(text: str | None) -> datetime:
    """The given moment, which must name its zone; now if none is given."""
    if text is None:
        return timezone.now()
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None or timezone.is_naive(at):
        raise CommandError(f"{text!r} is not a moment. For example: 2026-11-25T07:00-06:00", returncode=2)
    return at

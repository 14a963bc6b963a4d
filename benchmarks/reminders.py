"""How long a flood of reminders takes: planned, released into inboxes and mails, and sent; beside a bare SMTP loop.

`make bench` runs it. The loop hands the very same bytes to the very same server, one after the other on one connection:
less than that nobody can do who sends them one by one. What the ledger costs is the ratio to it.
"""

from __future__ import annotations

import logging
import smtplib
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from benchmarks.measuring import in_a_database_of_its_own

REMINDERS = 100_000
CROWD, HANDFUL = 10_000, 40
OWED = "owes a reminder"  # in `title`; whoever has it there is owed `each`


def measure() -> None:
    from django.conf import settings

    logging.getLogger("intranet.reminders").setLevel(logging.WARNING)
    with mail_server() as port:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", port, False
        flood(CROWD)
        flood(HANDFUL)


@contextmanager
def mail_server() -> Iterator[int]:
    """The port of a server in a process of its own, so that it does not take turns with the sender."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.mail_sink"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None  # noqa: S101
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def flood(people: int) -> None:
    """`REMINDERS` due at this moment for so many people, from nothing to the last mail."""
    from django.utils import timezone

    from accounts.models import User
    from intranet.reminders import registry
    from intranet.reminders.models import Delivery, Reminder
    from intranet.reminders.planning import plan
    from intranet.reminders.releasing import release
    from intranet.reminders.runs import running
    from intranet.reminders.sending import dispatch
    from intranet.reminders.ticking import never, starting_at, tick

    clear()
    User.objects.bulk_create(
        User(email=f"person{number}@clinic.example", name=f"Person {number}", title=OWED) for number in range(people)
    )
    kind = flooding(REMINDERS // people)
    registry._kinds.clear()
    registry.register(kind)
    at = timezone.now()

    taken = {"plan": timed(lambda: plan(at)), "release into inboxes and mails": timed(lambda: release(at))}
    mails = Delivery.objects.count()

    def send() -> None:
        clock = starting_at(at)
        while Delivery.objects.filter(state="pending").exists():
            with running("manual", clock) as run:
                dispatch(run, clock, never)

    taken["send"] = timed(send)
    taken["bare loop with the same bytes"] = timed(bare_loop)
    taken["a tick that finds nothing to do"] = timed(lambda: tick(at + timedelta(minutes=1), "manual"))

    states = Counter(Delivery.objects.values_list("state", flat=True))
    assert (Reminder.objects.filter(state="released").count(), states) == (REMINDERS, {"sent": mails}), states  # noqa: S101
    report(people, mails, taken)


def flooding(each: int) -> Any:
    """A kind of which everybody is owed `each`, by one query."""
    from django.db.models import CharField, DateTimeField, F, Func, IntegerField, QuerySet, Value
    from django.db.models.functions import Cast

    from accounts.models import User
    from intranet.reminders.registry import Kind, Message

    class Flood(Kind):
        code, label, subject = "flood", "Flood", "accounts.User"
        heeds_quiet_hours = False

        def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
            number = Func(Value(1), Value(each), function="generate_series", output_field=IntegerField())
            begun = at.replace(hour=0, minute=0, second=0, microsecond=0)
            return [
                User.objects.filter(title=OWED).annotate(
                    recipient_id=F("pk"),
                    subject_id=F("pk"),
                    occasion=Cast(number, CharField()),
                    due_at=Value(begun, DateTimeField()),
                    not_after=Value(begun + timedelta(days=3), DateTimeField()),
                )
            ]

        def write(self, subject: Any, recipient: Any, occasion: str, at: datetime) -> Message:
            return Message(
                f"Number {occasion}", ["There is work to do."], "/inbox/", "Do it", "You get this to measure."
            )

    return Flood()


def bare_loop() -> None:
    """The same messages over one connection, without a ledger."""
    from django.conf import settings

    from intranet.reminders.models import Delivery

    with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT) as server:
        for address, payload in Delivery.objects.values_list("address", "payload").iterator():
            server.sendmail("intranet@clinic.example", address, bytes(payload))


def clear() -> None:
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        call_command("flush", interactive=False, verbosity=0)
        cursor.execute("RESET session_replication_role")


def timed(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def report(people: int, mails: int, taken: dict[str, float]) -> None:
    bare = taken["bare loop with the same bytes"]
    print(f"{REMINDERS:,} reminders for {people:,} people: {mails:,} mails")
    for step, seconds in taken.items():
        print(f"  {step:<34}{seconds:>9.1f} s {seconds / bare:>8.1f} x the bare loop")


if __name__ == "__main__":
    in_a_database_of_its_own(measure)

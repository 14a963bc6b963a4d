from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import CharField, DateTimeField, F, QuerySet, Value

from accounts.models import User
from intranet.reminders.registry import Kind, Message, OnDoubt

EACH = 3  # reminders for each person: fewer than make a digest
OWED = "owes a reminder"  # in `title`; whoever has it there is owed
DUE = datetime(2026, 1, 1, tzinfo=UTC)
FOR_EVER = datetime(2100, 1, 1, tzinfo=UTC)


class Work(Kind):
    """Whoever is marked is owed `EACH` reminders, since long and for ever."""

    code = "fault-work"
    label = "Work"
    subject = "accounts.User"
    on_doubt = OnDoubt.RESEND
    heeds_quiet_hours = False

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        return [
            User.objects.filter(title=OWED).annotate(
                recipient_id=F("pk"),
                subject_id=F("pk"),
                occasion=Value(f"number {number}", CharField()),
                due_at=Value(DUE, DateTimeField()),
                not_after=Value(FOR_EVER, DateTimeField()),
            )
            for number in range(EACH)
        ]

    def write(self, subject: User, recipient: User, occasion: str, at: datetime) -> Message:
        return Message(
            title=f"Work {occasion}",
            paragraphs=["There is work to do. " * 40],
            path="/inbox/",
            action="Do it",
            why="You get this because a test wants it.",
        )

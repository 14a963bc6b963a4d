"""Kinds of reminders as different as the machinery can tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet

from accounts.models import User
from intranet.reminders.registry import Kind, Message, OnDoubt
from tests.faults.planted.models import Owed


class Work(Kind):
    """Whatever `planted_owed` holds of this sort. It does not wait for the morning, and is sent again when in doubt."""

    code = "fault-work"
    label = "Work"
    subject = "planted.Owed"
    on_doubt = OnDoubt.RESEND
    heeds_quiet_hours = False

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        return [Owed.objects.filter(sort=self.code).annotate(recipient_id=F("person_id"), subject_id=F("pk"))]

    def write(self, subject: Owed, recipient: User, occasion: str, at: datetime) -> Message:
        if subject.unwritable:
            raise LookupError(occasion)
        return Message(
            title=f"Work {subject}",
            paragraphs=["There is work to do. " * 20],
            path="/inbox/",
            action="Do it",
            why="You get this because a test wants it.",
        )


class Held(Work):
    """In doubt it is not sent again."""

    code = "fault-held"
    label = "Work that is not told twice"
    on_doubt = OnDoubt.HOLD


class Patient(Work):
    """Waits for the morning."""

    code = "fault-patient"
    label = "Work by day"
    heeds_quiet_hours = True


KINDS = (Work, Held, Patient)

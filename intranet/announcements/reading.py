"""What the pages show of announcements: each with its audience and what it asks of the reader. No rule is made here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Clinic, User
from accounts.roles import Role
from intranet.announcements.models import Announcement, Receipt


@dataclass(frozen=True)
class Entry:
    """An announcement as one reader sees it."""

    announcement: Announcement
    asked: bool  # addressed to the reader, and to be acknowledged
    acknowledged_at: datetime | None
    late: bool

    @property
    def waits(self) -> bool:
        return self.asked and self.acknowledged_at is None

    @property
    def clinics(self) -> list[Clinic]:
        return list(dict.fromkeys(row.clinic for row in self.announcement.audience.all()))

    @property
    def roles(self) -> str:
        """To whom, in words: "To therapists, front desk"."""
        plural = {
            Role.THERAPIST: "therapists",
            Role.ASSISTANT: "assistants and aides",
            Role.FRONT_DESK: "front desk",
            Role.MANAGER: "managers",
        }
        names = list(dict.fromkeys(plural[Role(row.role)] for row in self.announcement.audience.all()))
        return "To everyone" if len(names) == len(plural) else f"To {', '.join(names)}"


def entries(found: Iterable[Announcement] | QuerySet[Announcement], reader: User, at: datetime) -> list[Entry]:
    """Entries for a page of announcements. Two queries, however many there are."""
    found = list(found)
    ids = [announcement.pk for announcement in found]
    given = dict(
        Receipt.objects.acknowledged().filter(user=reader, announcement__in=ids).values_list("announcement", "at")
    )
    addressed = set(Announcement.objects.addressed_to(reader).filter(pk__in=ids).values_list("pk", flat=True))
    return [
        Entry(
            announcement=announcement,
            asked=announcement.must_acknowledge and announcement.pk in addressed,
            acknowledged_at=given.get(announcement.pk),
            late=announcement.due_at is not None and announcement.due_at < at,
        )
        for announcement in found
    ]

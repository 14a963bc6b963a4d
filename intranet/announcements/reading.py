"""What the pages show of announcements: each with its audience and what it asks of the reader. No rule is made here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Prefetch
from django.db.models.functions import TruncMonth
from django.utils import timezone

from accounts.models import Clinic, User
from accounts.roles import Role
from intranet.announcements.acknowledging import Progress, answers_for, may_see_names
from intranet.announcements.models import (
    Announcement,
    AnnouncementQuerySet,
    Attachment,
    Correction,
    Receipt,
    day_that_ends,
)
from intranet.core.access import AnyUser
from intranet.core.time import organisation_day, organisation_zone
from intranet.core.wording import clock_time, counted, day_label, full_day

MONTHS = 6
SPOKEN = {
    Role.THERAPIST: "therapists",
    Role.ASSISTANT: "assistants",
    Role.FRONT_DESK: "front desk",
    Role.MANAGER: "managers",
}


@dataclass(frozen=True)
class Entry:
    """An announcement as one reader sees it. `progress` is None for those who may not see receipts."""

    announcement: Announcement
    asked: bool  # addressed to the reader, and to be acknowledged
    acknowledged_at: datetime | None
    late: bool
    due_on: date | None  # for the reader: whoever came later has longer
    progress: Progress | None
    appeared: bool = True
    held: bool = False  # it does not appear, because its author may not post it then
    names: bool = False  # whether the reader sees who has answered, too

    @property
    def attachments(self) -> list[Attachment]:
        return list(self.announcement.attachments.all())

    @property
    def corrections(self) -> list[Correction]:
        """What has changed since it appeared, the latest first."""
        return list(self.announcement.corrections.all())

    @property
    def waits(self) -> bool:
        return self.asked and self.acknowledged_at is None

    @property
    def audience(self) -> list[tuple[str, list[Clinic]]]:
        """To whom, in words, each with the clinics for which they hold: [("therapists, front desk", [M, O])]."""
        roles: dict[Clinic, list[Role]] = {}
        for row in self.announcement.audience.all():
            roles.setdefault(row.clinic, []).append(Role(row.role))
        groups: dict[str, list[Clinic]] = {}
        for clinic, held in roles.items():
            groups.setdefault(_spoken(held), []).append(clinic)
        return list(groups.items())


def _spoken(held: Iterable[Role]) -> str:
    names = [SPOKEN[role] for role in SPOKEN if role in held]
    return "everyone" if len(names) == len(SPOKEN) else ", ".join(names)


def with_parts(found: AnnouncementQuerySet) -> AnnouncementQuerySet:
    """Together with what their cards show."""
    there = Attachment.objects.there()  # type: ignore[attr-defined]  # read by the checker before the queryset is
    carried = there.defer("words").order_by("name", "pk")
    corrections = Correction.objects.defer("body").order_by("-edition")
    return (
        found.with_vouching()
        .select_related("author")
        .prefetch_related("audience__clinic", Prefetch("attachments", carried), Prefetch("corrections", corrections))
    )


def entries(found: Iterable[Announcement], reader: User, at: datetime) -> list[Entry]:
    """Entries for a page of announcements, which `with_parts` has found. Four queries, however many there are."""
    found = list(found)
    ids = [announcement.pk for announcement in found]
    given = dict(
        Receipt.objects.acknowledged()
        .counting()
        .filter(user=reader, announcement__in=ids)
        .values_list("announcement", "at")
    )
    addressed = set(Announcement.objects.addressed_to(reader, at).filter(pk__in=ids).values_list("pk", flat=True))
    owed = {one.pk: one.own_due_at for one in Announcement.objects.owed_by(reader, at).filter(pk__in=ids)}  # type: ignore[attr-defined]  # an annotation
    receipts = answers_for(found, reader, organisation_day(at))
    return [
        Entry(
            announcement=announcement,
            asked=announcement.must_acknowledge and announcement.pk in addressed,
            acknowledged_at=given.get(announcement.pk),
            late=(due_at := owed.get(announcement.pk, announcement.due_at)) is not None and due_at <= at,
            due_on=day_that_ends(due_at),
            progress=Progress.of(receipts[announcement.pk]) if announcement.pk in receipts else None,
            appeared=announcement.appears_at <= at and announcement.vouched,  # type: ignore[attr-defined]  # an annotation
            held=not announcement.vouched and announcement.withdrawn_at is None,  # type: ignore[attr-defined]  # an annotation
            names=bool(may_see_names(announcement, by=reader)),
        )
        for announcement in found
    ]


def withdrawal(announcement: Announcement) -> str:
    """Who took it back and when, for those for whom it was: `Dana Mockridge withdrew it on Dec 4, 2026 at 7:00 AM.`"""
    moment = timezone.localtime(announcement.withdrawn_at, organisation_zone())
    return f"{announcement.withdrawn_by} withdrew it on {full_day(moment.date())} at {clock_time(moment)}."


def appeared(reader: AnyUser, at: datetime) -> AnnouncementQuerySet:
    """What the person may read and find: neither scheduled nor withdrawn."""
    return Announcement.objects.visible_to(reader).appeared(at)


def months(reader: AnyUser, at: datetime) -> list[tuple[date, int]]:
    """The latest months in which something appeared that the person may read, each with how many."""
    found = appeared(reader, at)
    by_month = found.annotate(month=TruncMonth("published_at", tzinfo=organisation_zone())).order_by("-month")
    return [
        (row["month"].date(), row["number"]) for row in by_month.values("month").annotate(number=Count("pk"))[:MONTHS]
    ]


def said(announcement: Announcement, people: int, now: datetime) -> str:
    """What the toast says: to how many it went, or when it will."""
    if announcement.appears_at <= now:
        return f"Sent to {counted(people, 'person', 'people')}."
    return f"Scheduled. It goes to {counted(people, 'person', 'people')} on {appears_on(announcement, now)}."


def appears_on(announcement: Announcement, now: datetime) -> str:
    """`Fri, Dec 4, 8:00 AM`, by the clocks of the organisation."""
    moment = timezone.localtime(announcement.appears_at, organisation_zone())
    return f"{day_label(moment.date(), organisation_day(now))}, {clock_time(moment)}"

"""What other managers have done to a week while somebody looks at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from accounts.models import Clinic, User
from intranet.audit.models import Entry
from scheduling.models import DayNote, Publication, Shift
from scheduling.times import Span

# A change counts from the moment at which it was begun, and is seen from the one at which it is done.
MARGIN = timedelta(seconds=2)


@dataclass(frozen=True)
class News:
    """The last that somebody else did, and when."""

    at: datetime
    by: str


def news(clinics: Sequence[Clinic], week: Span, *, since: datetime, reader: User) -> News | None:
    """What anybody but the reader has changed of these clinics' week after a moment. Four queries."""
    return max(_found(clinics, week, since - MARGIN, reader), key=lambda one: one.at, default=None)


def _found(clinics: Sequence[Clinic], week: Span, since: datetime, reader: User) -> Iterator[News]:
    changed = Shift.objects.filter(clinic__in=clinics, period__startswith__range=week, changed_at__gt=since)
    for shift in changed.exclude(changed_by=reader).exclude(changed_by=None).select_related("changed_by"):
        yield News(shift.changed_at, str(shift.changed_by))
    published = Publication.objects.filter(week__clinic__in=clinics, at__gt=since).exclude(by=reader)
    for publication in published.select_related("by", "week__clinic"):
        if week[0] <= publication.week.span[0] < week[1]:
            yield News(publication.at, str(publication.by))
    noted = DayNote.objects.filter(clinic__in=clinics, at__gt=since).exclude(by=reader).select_related("by")
    for note in noted.filter(day__range=(week[0].date(), week[1].date())):
        yield News(note.at, str(note.by))
    yield from _gone(clinics, week, since, reader)


def _gone(clinics: Sequence[Clinic], week: Span, since: datetime, reader: User) -> Iterator[News]:
    """What leaves no row in this week: a draft that was deleted, a shift that went to another week, a note that was taken
    away. The audit trail knows who did it."""
    ids, verbs = [clinic.pk for clinic in clinics], ["shift.deleted", "shift.changed", "day-note.set"]
    entries = Entry.objects.filter(verb__in=verbs, at__gt=since, clinic_ids__overlap=ids).exclude(actor=reader)
    for entry in entries:
        if _was_in(week, entry.changes):
            yield News(entry.at, entry.actor_name)


def _was_in(week: Span, changes: Mapping[str, Any]) -> bool:
    """Whether what an entry is about was in the week before."""
    if "day" in changes:
        return week[0].date() <= date.fromisoformat(changes["day"]) < week[1].date()
    start = changes.get("start")
    before = start[0] if isinstance(start, list) else start
    return before is not None and week[0] <= datetime.fromisoformat(before) < week[1]

"""When somebody cannot or would rather not work, as they say themselves: lines that are added, changed and removed.

A line speaks of every such weekday of some days, or of each of these days. Two lines never say different things of the
same hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import User
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Reason, Verdict, require
from intranet.core.time import local_day
from intranet.core.wording import day_label, short_range
from scheduling.absences import days_label
from scheduling.assigning import lock_people
from scheduling.models import Availability, Weekday, Wish
from scheduling.my_schedule import may_have_schedule

MOST_LINES = 60
LONGEST = timedelta(days=366)
WEEK = 7


@dataclass(frozen=True)
class Line:
    """What somebody wants to say. Without a weekday each of the days is meant, without times the whole day.

    `last_day` None: until further notice.
    """

    wish: Wish
    first_day: date
    last_day: date | None = None
    weekday: int | None = None
    starts: time | None = None
    ends: time | None = None
    note: str = ""

    @classmethod
    def of(cls, row: Availability) -> Line:
        last = row.days.upper - timedelta(days=1) if row.days.upper else None
        return cls(Wish(row.wish), row.days.lower, last, row.weekday, row.starts, row.ends, row.note)

    @property
    def hours(self) -> tuple[time, time] | None:
        return (self.starts, self.ends) if self.starts and self.ends else None

    @property
    def days(self) -> DateRange:
        return DateRange(self.first_day, self.last_day and self.last_day + timedelta(days=1))

    @property
    def has_a_day(self) -> bool:
        """Whether the weekday lies between the days at all."""
        return self._share_a_day(self)

    def meets(self, other: Line) -> bool:
        """Whether both speak of the same hour of the same day."""
        return self._share_a_day(other) and self._share_an_hour(other)

    def _share_a_day(self, other: Line) -> bool:
        first = max(self.first_day, other.first_day)
        last = min(self.last_day or date.max, other.last_day or date.max)
        weekdays = {one.weekday for one in (self, other) if one.weekday is not None}
        if len(weekdays) > 1:
            return False
        for weekday in weekdays:
            first += timedelta(days=(weekday - first.weekday()) % WEEK)
        return first <= last

    def _share_an_hour(self, other: Line) -> bool:
        mine, theirs = self.hours, other.hours
        return mine is None or theirs is None or (mine[0] < theirs[1] and theirs[0] < mine[1])

    def spoken(self, today: date) -> str:
        """`Mondays, 7a–12p, from Mon, Dec 7`: when it is meant, without the wish."""
        if self.weekday is None:
            parts = [days_label(self.first_day, self.last_day or self.first_day, today), *self._hours_words()]
            return ", ".join(parts)
        parts = [f"{Weekday(self.weekday).label}s", *self._hours_words()]
        if self.first_day > today:
            parts.append(f"from {day_label(self.first_day, today)}")
        if self.last_day is not None:
            parts.append(f"until {day_label(self.last_day, today)}")
        return ", ".join(parts)

    def _hours_words(self) -> list[str]:
        return [short_range(*self.hours)] if self.hours else []


def lines_of(person: User, today: date) -> list[Availability]:
    """What a person says of days to come, the weeks first. One query."""
    rows = Availability.objects.filter(person=person).not_over(today)
    return sorted(rows, key=_in_order)


def _in_order(row: Availability) -> tuple[bool, int, date, time]:
    return row.weekday is None, row.weekday or 0, row.days.lower, row.starts or time.min


def may_be_said(line: Line, others: Iterable[Line], today: date) -> Verdict:
    """Whether it makes sense by itself and beside what the person says already."""
    verdict = _days(line, today) + _hours(line)
    if not verdict:
        return verdict
    return Verdict.of(
        Reason(
            "contradiction",
            f"You say already “{other.wish.label}” for {other.spoken(today)}. Change that line, or choose other days or times.",
        )
        for other in others
        if other.wish != line.wish and other.meets(line)
    )


def _days(line: Line, today: date) -> Verdict:
    if line.last_day is None:
        return YES if line.weekday is not None else Verdict.no("no-last-day", "Say until which day.", "last_day")
    if line.last_day < line.first_day:
        return Verdict.no("ends-before-it-begins", "The last day comes before the first one.", "last_day")
    if line.last_day < today:
        return Verdict.no("past", "These days are over.", "last_day")
    if line.weekday is None and line.last_day - line.first_day >= LONGEST:
        return Verdict.no("too-long", "Choose a year at most.", "last_day")
    if not line.has_a_day:
        words = f"There is no {Weekday(line.weekday or 0).label} between these days."
        return Verdict.no("no-such-day", words, "last_day")
    return YES


def _hours(line: Line) -> Verdict:
    if (line.starts is None) != (line.ends is None):
        field = "ends" if line.ends is None else "starts"
        return Verdict.no("one-time", "Give both times, or none for the whole day.", field)
    if line.starts and line.ends and line.ends <= line.starts:
        words = "It ends after it begins. For a night, add a line for each of the two days."
        return Verdict.no("ends-before-it-begins", words, "ends")
    return YES


@transaction.atomic
def add_availability(line: Line, *, by: User, at: datetime) -> Availability:
    """Say when one cannot, would like to, or would rather not work. Only ever about oneself."""
    require(may_have_schedule(by), Forbidden)
    lock_people([by])
    require(_fits(line, by, local_day(at, by.zone)))
    row = _write(Availability(person=by, added_at=at), line)
    record(by, "availability.added", row, clinics=by.standing.clinic_ids, **_summary(line))
    return row


@transaction.atomic
def change_availability(row: Availability, line: Line, *, by: User, at: datetime) -> Availability:
    """Say something else instead."""
    row = _own(row, by)
    require(_fits(line, by, local_day(at, by.zone), instead_of=row))
    if line == Line.of(row):
        return row
    row = _write(row, line)
    record(by, "availability.changed", row, clinics=by.standing.clinic_ids, **_summary(line))
    return row


@transaction.atomic
def remove_availability(row: Availability, *, by: User) -> None:
    row = _own(row, by)
    record(by, "availability.removed", row, clinics=by.standing.clinic_ids, **_summary(Line.of(row)))
    row.delete()


def _own(row: Availability, by: User) -> Availability:
    """The row as it is now, locked with its person."""
    if row.person_id != by.pk:
        raise Forbidden.because("not-yours", "Everybody says only for themselves when they are available.")
    lock_people([by])
    fresh = Availability.objects.filter(pk=row.pk).first()
    if fresh is None:
        raise Conflict.because("removed-meanwhile", "You removed this line meanwhile.")
    return fresh


def _fits(line: Line, person: User, today: date, *, instead_of: Availability | None = None) -> Verdict:
    rows = Availability.objects.filter(person=person).not_over(today)
    others = [row for row in rows if row != instead_of]
    if len(others) >= MOST_LINES:
        return Verdict.no("too-many", f"Keep to {MOST_LINES} lines. Remove what no longer matters.")
    return may_be_said(line, map(Line.of, others), today)


def _write(row: Availability, line: Line) -> Availability:
    row.wish, row.days, row.weekday = line.wish, line.days, line.weekday
    row.starts, row.ends, row.note = line.starts, line.ends, " ".join(line.note.split())
    row.save()
    return row


def _summary(line: Line) -> dict[str, object]:
    """When, for the audit trail; never the note."""
    return {
        "wish": line.wish.label,
        "weekday": None if line.weekday is None else Weekday(line.weekday).label,
        "first": line.first_day,
        "last": line.last_day,
        "times": short_range(*line.hours) if line.hours else None,
    }

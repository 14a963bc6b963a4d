"""Dates and times of a clinic. Rules take `on` (a clinic's local day) or `at` (an aware moment); nothing here reads the clock."""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

UTC = ZoneInfo("UTC")


def organisation_zone() -> ZoneInfo:
    """The zone in which the days of the whole organisation are counted."""
    return ZoneInfo(settings.TIME_ZONE)


def organisation_day(at: datetime) -> date:
    """The calendar day that it is in the organisation at the moment `at`."""
    return local_day(at, organisation_zone())


def first_moment(on: date) -> datetime:
    """Midnight, when a day of the organisation begins."""
    return day_span(on, organisation_zone())[0]


def last_moment(on: date) -> datetime:
    """The last instant of a day of the organisation: what counts for a day is what is in force when it ends."""
    return day_span(on, organisation_zone())[1] - timedelta(microseconds=1)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The calendar day that it is in `zone` at the moment `at`."""
    return at.astimezone(zone).date()


def at_local(on: date, clock: time, zone: ZoneInfo) -> datetime:
    """The moment at which a wall clock in `zone` shows `clock` on the day `on`.

    A time that the spring change skips is moved forward by the change; of a time that happens twice in autumn the
    first is meant.
    """
    naive_zoned = datetime.combine(on, clock, tzinfo=zone)
    return naive_zoned.astimezone(UTC).astimezone(zone)


def day_span(on: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The half-open span `[midnight, next midnight)` of a local day: 23, 24 or 25 hours long."""
    return at_local(on, time.min, zone), at_local(on + timedelta(days=1), time.min, zone)


def monday_of(on: date) -> date:
    """The Monday of the week that holds `on`."""
    return on - timedelta(days=on.weekday())


def months_after(day: date, months: int) -> date:
    """The same day of the month, months later; the last of the month where that day does not exist."""
    year, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + year, month + 1)[1]
    return date(day.year + year, month + 1, min(day.day, last))


def minutes_between(start: datetime, end: datetime) -> int:
    """True minutes from start to end, also across a clock change (subtracting within one zone would ignore it)."""
    return int((end.astimezone(UTC) - start.astimezone(UTC)).total_seconds() // 60)

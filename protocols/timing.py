"""Days of a protocol. A protocol holds for the whole organisation, so its days are those of the organisation's zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from accounts.models import organisation_zone
from intranet.core.time import at_local, day_span, local_day
from intranet.core.wording import clock_time, full_day


def last_moment(on: date) -> datetime:
    """The last instant of a day: what counts for a day is what is in force when it ends."""
    return day_span(on, organisation_zone())[1] - timedelta(microseconds=1)


def first_moment(on: date) -> datetime:
    """Midnight, when the day begins."""
    return at_local(on, time.min, organisation_zone())


def day_of(at: datetime) -> date:
    """The day that it is in the organisation at a moment."""
    return local_day(at, organisation_zone())


def held_words(start: datetime, end: datetime) -> str:
    """`May 30, 2025 to Nov 15, 2026`, the last day included; with the time when it ended in the course of a day."""
    first, ended = full_day(day_of(start)), day_of(end)
    if end != first_moment(ended):
        return f"{first} until {full_day(ended)}, {clock_time(end, organisation_zone())}"
    last = full_day(ended - timedelta(days=1))
    return first if first == last else f"{first} to {last}"

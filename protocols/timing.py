"""Words for the time in which a version is in force. A protocol holds for the whole organisation, and so do its days."""

from __future__ import annotations

from datetime import datetime, timedelta

from intranet.core.time import first_moment, organisation_day, organisation_zone
from intranet.core.wording import clock_time, full_day


def held_words(start: datetime, end: datetime) -> str:
    """`May 30, 2025 to Nov 15, 2026`, the last day included, which may have ended early: `to Nov 16, 2026, 9:00 AM`."""
    first, ended = full_day(organisation_day(start)), organisation_day(end)
    if end != first_moment(ended):
        return f"{first} to {full_day(ended)}, {clock_time(end, organisation_zone())}"
    last = full_day(ended - timedelta(days=1))
    return first if first == last else f"{first} to {last}"

"""Mail waits from 20:00 to 07:00 by the clock on the person's wall, unless it cannot wait. The inbox never waits.

It cannot wait if its kind says so, or if it would be too late by the morning: of a shift at six, published at night.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from intranet.core.time import at_local

EVENING = time(20)
MORNING = time(7)


def quiet_until(at: datetime, zone: ZoneInfo) -> datetime | None:
    """The end of the quiet hours that hold `at` in `zone`; None in the daytime."""
    local = at.astimezone(zone)
    if local.time() >= EVENING:
        return at_local(local.date() + timedelta(days=1), MORNING, zone)
    if local.time() < MORNING:
        return at_local(local.date(), MORNING, zone)
    return None

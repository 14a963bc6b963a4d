"""Quiet hours by the clock on the wall, also in the two nights in which that clock is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from intranet.reminders.quiet_hours import quiet_until

CHICAGO = ZoneInfo("America/Chicago")
# Sunday, March 8, 2026: from 2:00 to 3:00. Sunday, November 1, 2026: from 2:00 back to 1:00.
SUMMER, WINTER = 5, 6  # hours behind UTC


def local(month: int, day: int, hour: int, minute: int = 0, *, behind: int) -> datetime:
    """A moment by its wall clock and how far that is behind UTC, so that nothing is left to a time zone's rules."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) + timedelta(hours=behind)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (local(11, 25, 19, 59, behind=WINTER), None),
        (local(11, 25, 20, 0, behind=WINTER), local(11, 26, 7, behind=WINTER)),
        (local(11, 25, 23, 59, behind=WINTER), local(11, 26, 7, behind=WINTER)),
        (local(11, 26, 0, 0, behind=WINTER), local(11, 26, 7, behind=WINTER)),
        (local(11, 26, 6, 59, behind=WINTER), local(11, 26, 7, behind=WINTER)),
        (local(11, 26, 7, 0, behind=WINTER), None),
    ],
)
def test_an_ordinary_night(at: datetime, until: datetime | None):
    assert quiet_until(at, CHICAGO) == until


@pytest.mark.parametrize(
    ("at", "until"),
    [
        # The evening before is still in winter time; seven o'clock comes ten hours later, not eleven.
        (local(3, 7, 20, behind=WINTER), local(3, 8, 7, behind=SUMMER)),
        (local(3, 8, 1, 59, behind=WINTER), local(3, 8, 7, behind=SUMMER)),
        (local(3, 8, 3, 0, behind=SUMMER), local(3, 8, 7, behind=SUMMER)),
        (local(3, 8, 7, 0, behind=SUMMER), None),
    ],
)
def test_the_night_that_loses_an_hour(at: datetime, until: datetime | None):
    assert quiet_until(at, CHICAGO) == until


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (local(10, 31, 20, behind=SUMMER), local(11, 1, 7, behind=WINTER)),
        (local(11, 1, 1, 30, behind=SUMMER), local(11, 1, 7, behind=WINTER)),
        (local(11, 1, 1, 30, behind=WINTER), local(11, 1, 7, behind=WINTER)),
        (local(11, 1, 7, 0, behind=WINTER), None),
    ],
)
def test_the_night_that_gains_an_hour(at: datetime, until: datetime | None):
    assert quiet_until(at, CHICAGO) == until


def test_each_person_has_their_own_night():
    at = local(11, 25, 20, 30, behind=WINTER)
    assert quiet_until(at, ZoneInfo("America/Los_Angeles")) is None
    assert quiet_until(at, CHICAGO) == local(11, 26, 7, behind=WINTER)

"""Quiet hours by the clock on the wall, also in the two nights in which that clock is changed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from intranet.reminders.quiet_hours import USUAL, Hours, digest_clock, may_be, next_daily, next_weekly, quiet_until

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


def clocks(starts: tuple[int, int], ends: tuple[int, int]) -> Hours:
    return Hours(time(*starts), time(*ends))


def test_hours_of_a_person_move_the_night_and_none_switch_it_off():
    at = local(11, 25, 20, 15, behind=WINTER)
    assert quiet_until(at, CHICAGO, clocks((20, 30), (6, 0))) is None
    later = local(11, 25, 20, 30, behind=WINTER)
    assert quiet_until(later, CHICAGO, clocks((20, 30), (6, 0))) == local(11, 26, 6, behind=WINTER)
    assert quiet_until(later, CHICAGO, None) is None


def test_whoever_works_at_night_has_quiet_hours_by_day():
    day = clocks((9, 0), (17, 0))
    assert quiet_until(local(11, 25, 8, 59, behind=WINTER), CHICAGO, day) is None
    assert quiet_until(local(11, 25, 9, 0, behind=WINTER), CHICAGO, day) == local(11, 25, 17, behind=WINTER)
    assert quiet_until(local(11, 25, 17, 0, behind=WINTER), CHICAGO, day) is None


@pytest.mark.parametrize(
    ("at", "until"),
    [
        # 2:30 does not exist that night: it comes an hour later, after six and a half hours, as every night.
        (local(3, 7, 20, behind=WINTER), local(3, 8, 3, 30, behind=SUMMER)),
        (local(3, 8, 1, 59, behind=WINTER), local(3, 8, 3, 30, behind=SUMMER)),
        (local(3, 8, 3, 29, behind=SUMMER), local(3, 8, 3, 30, behind=SUMMER)),
        (local(3, 8, 3, 30, behind=SUMMER), None),
    ],
)
def test_hours_that_end_in_the_hour_that_spring_skips(at: datetime, until: datetime | None):
    assert quiet_until(at, CHICAGO, clocks((20, 0), (2, 30))) == until


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (local(11, 1, 1, 29, behind=SUMMER), local(11, 1, 1, 30, behind=SUMMER)),
        (local(11, 1, 1, 30, behind=SUMMER), None),
        # The clock shows 1:15 for the second time: it has been over once, and is not quiet again.
        (local(11, 1, 1, 15, behind=WINTER), None),
    ],
)
def test_hours_that_end_in_the_hour_that_autumn_shows_twice(at: datetime, until: datetime | None):
    assert quiet_until(at, CHICAGO, clocks((20, 0), (1, 30))) == until


def test_hours_that_begin_in_the_doubled_hour_begin_with_the_first():
    hours = clocks((1, 30), (9, 0))
    assert quiet_until(local(11, 1, 1, 29, behind=SUMMER), CHICAGO, hours) is None
    for at in (local(11, 1, 1, 30, behind=SUMMER), local(11, 1, 1, 0, behind=WINTER)):
        assert quiet_until(at, CHICAGO, hours) == local(11, 1, 9, behind=WINTER)


@pytest.mark.parametrize(
    ("hours", "length", "allowed"),
    [
        (clocks((20, 0), (7, 0)), 11, True),
        (clocks((18, 0), (8, 0)), 14, True),
        (clocks((9, 0), (17, 0)), 8, True),
        (clocks((17, 0), (8, 0)), 15, False),
        (clocks((7, 0), (7, 0)), 24, False),
    ],
)
def test_fourteen_hours_at_most(hours: Hours, length: int, *, allowed: bool):
    assert hours.length == timedelta(hours=length)
    assert bool(may_be(hours)) is allowed


@pytest.mark.parametrize(
    ("hours", "clock"),
    [
        (clocks((20, 0), (7, 0)), time(7)),
        (clocks((22, 0), (5, 0)), time(6)),
        (clocks((9, 0), (17, 0)), time(17)),
        (None, time(7)),
    ],
)
def test_the_digest_comes_when_it_stops_being_quiet_but_not_before_six(hours: Hours | None, clock: time):
    assert digest_clock(hours) == clock


def test_the_next_digest():
    wednesday = local(11, 25, 10, behind=WINTER)
    assert next_daily(wednesday, CHICAGO, USUAL) == local(11, 26, 7, behind=WINTER)
    assert next_daily(local(11, 25, 6, 59, behind=WINTER), CHICAGO, USUAL) == local(11, 25, 7, behind=WINTER)
    assert next_daily(local(11, 25, 7, behind=WINTER), CHICAGO, USUAL) == local(11, 26, 7, behind=WINTER)
    assert next_weekly(wednesday, CHICAGO, USUAL) == local(11, 30, 7, behind=WINTER)
    assert next_weekly(local(11, 30, 6, 59, behind=WINTER), CHICAGO, USUAL) == local(11, 30, 7, behind=WINTER)
    assert next_weekly(local(11, 30, 7, behind=WINTER), CHICAGO, USUAL) == local(12, 7, 7, behind=WINTER)


@pytest.mark.parametrize(
    ("after", "digest"),
    [
        (local(3, 7, 7, behind=WINTER), local(3, 8, 7, behind=SUMMER)),
        (local(10, 31, 7, behind=SUMMER), local(11, 1, 7, behind=WINTER)),
    ],
)
def test_the_digest_follows_the_clock_on_the_wall(after: datetime, digest: datetime):
    assert next_daily(after, CHICAGO, USUAL) == digest

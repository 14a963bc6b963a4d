"""Mail waits while it is quiet for a person, by the clock on their wall, unless it cannot wait. The inbox never waits.

It cannot wait if its kind says so, or if it would be too late by then: of a shift at six, published at night. Usually it
is quiet from 20:00 to 07:00; a person may move that, or do without.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from intranet.core.access import YES, Verdict
from intranet.core.time import UTC, at_local, monday_of

A_DAY = timedelta(days=1)
LONGEST = timedelta(hours=14)
EARLIEST_DIGEST = time(6)


@dataclass(frozen=True, slots=True)
class Hours:
    """From when until when it is quiet, every day: across midnight when the end is the earlier of the two."""

    starts: time
    ends: time

    @property
    def length(self) -> timedelta:
        """By a clock that nobody changes; the same time twice means the whole day."""
        begun, over = (timedelta(hours=clock.hour, minutes=clock.minute) for clock in (self.starts, self.ends))
        return over - begun if over > begun else over - begun + A_DAY

    def begun_on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The half-open span that begins on a day. A time that the night of spring skips comes as much later; of one that
        the night of autumn shows twice the first counts, so that it is not quiet again."""
        end = day if self.ends > self.starts else day + A_DAY
        return moment_of(day, self.starts, zone), moment_of(end, self.ends, zone)


def moment_of(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """In UTC: within one zone Python compares what clocks show, and takes both hours of the autumn night for one."""
    return at_local(day, clock, zone).astimezone(UTC)


USUAL = Hours(time(20), time(7))


def may_be(hours: Hours) -> Verdict:
    """Whoever hears of nothing for longer than a night might as well switch it off."""
    if hours.length > LONGEST:
        return Verdict.no("too-long", "Quiet hours last 14 hours at most.", field="ends")
    return YES


def quiet_until(at: datetime, zone: ZoneInfo, hours: Hours | None = USUAL) -> datetime | None:
    """The end of the quiet hours that hold `at` in `zone`; None when it is not quiet, or never is (`hours` is None)."""
    if hours is None:
        return None
    today = at.astimezone(zone).date()
    spans = [hours.begun_on(day, zone) for day in (today - A_DAY, today)]
    return max((over for begun, over in spans if begun <= at < over), default=None)


def digest_clock(hours: Hours | None) -> time:
    """When a digest comes: when it stops being quiet, not before six."""
    return max(hours.ends, EARLIEST_DIGEST) if hours else USUAL.ends


def next_daily(after: datetime, zone: ZoneInfo, hours: Hours | None) -> datetime:
    """The first moment of a daily digest after a moment."""
    today, clock = after.astimezone(zone).date(), digest_clock(hours)
    moments = (moment_of(today + number * A_DAY, clock, zone) for number in range(2))
    return next(moment for moment in moments if moment > after)


def next_weekly(after: datetime, zone: ZoneInfo, hours: Hours | None) -> datetime:
    """The first moment of a weekly digest after a moment: on a Monday."""
    monday, clock = monday_of(after.astimezone(zone).date()), digest_clock(hours)
    moments = (moment_of(monday + number * 7 * A_DAY, clock, zone) for number in range(2))
    return next(moment for moment in moments if moment > after)

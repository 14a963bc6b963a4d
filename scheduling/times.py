"""Clock times of shifts: from what a form says to moments, and from moments to words. Times are the clinic's own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from accounts.models import Clinic
from intranet.core.access import Reason, Verdict
from intranet.core.time import at_local, local_day, minutes_between, monday_of
from intranet.core.wording import clock_time, day_label, short_range
from scheduling.models import ShiftDetails

Span = tuple[datetime, datetime]


def shift_span(on: date, starts: time, ends: time, zone: ZoneInfo) -> Span:
    """The moments between which a shift runs. An end that is not after the start is meant for the next day."""
    last_day = on if ends > starts else on + timedelta(days=1)
    return at_local(on, starts, zone), at_local(last_day, ends, zone)


def skipped_times(on: date, starts: time, ends: time, zone: ZoneInfo) -> Verdict:
    """No for wall-clock times that do not exist because the clocks go forward that night."""
    asked = [("starts", starts), ("ends", ends)]
    moments = shift_span(on, starts, ends, zone)
    return Verdict.of(
        Reason(
            "no-such-time",
            f"{clock_time(clock)} does not exist on {day_label(moment.date(), on)}: the clocks go forward. "
            f"Choose {clock_time(moment)} or a time before the change.",
            field,
        )
        for (field, clock), moment in zip(asked, moments, strict=True)
        if moment.time() != clock
    )


def clock_change(span: Span, zone: ZoneInfo) -> timedelta:
    """By how much the clocks go back (positive) or forward (negative) during a span."""
    before, after = (moment.astimezone(zone).utcoffset() or timedelta() for moment in span)
    return before - after


def ends_next_day(span: Span, zone: ZoneInfo) -> bool:
    """Whether a shift goes on past midnight. One that ends at midnight does not."""
    return local_day(span[1] - timedelta(microseconds=1), zone) > local_day(span[0], zone)


def days_touched(span: Span, zone: ZoneInfo) -> list[date]:
    """The local days of which a span has a part; what ends at midnight does not touch the next one."""
    first, last = local_day(span[0], zone), local_day(span[1] - timedelta(microseconds=1), zone)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def week_of(start: datetime, clinic: Clinic) -> date:
    """The Monday of the week to which a shift with this start belongs."""
    return monday_of(local_day(start, clinic.zone))


def weeks_touched(span: Span, clinic: Clinic) -> list[date]:
    """The Mondays of the weeks in which a shift is worked: of its own, and of the next one when it runs into that."""
    return sorted({week_of(span[0], clinic), week_of(span[1] - timedelta(microseconds=1), clinic)})


class Paid(Protocol):
    """What has hours: a shift, or the plan of one."""

    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime: ...
    @property
    def break_minutes(self) -> int: ...


def minutes_within(shift: Paid, span: Span) -> int:
    """Paid minutes of a shift inside a span; spans next to each other share out all of them, and none gets less than 0.

    The unpaid break counts from the start of the shift on, into the next span if the first is too short for it.
    """
    start, end = max(shift.start, span[0]), min(shift.end, span[1])
    return max(0, _paid_until(end, shift) - _paid_until(start, shift))


def _paid_until(moment: datetime, shift: Paid) -> int:
    return max(0, minutes_between(shift.start, moment) - shift.break_minutes)


def total_minutes(shifts: Iterable[Paid], span: Span) -> int:
    return sum(minutes_within(shift, span) for shift in shifts)


def overlaps(first: Span, second: Span) -> bool:
    return first[0] < second[1] and second[0] < first[1]


def hours_and_day(shift: ShiftDetails, at: datetime) -> str:
    """`11:30a–8p on Wed, Dec 9`, as the clinic's clocks show it."""
    zone = shift.clinic.zone
    return f"{short_range(shift.start, shift.end, zone)} on {day_label(shift.day, local_day(at, zone))}"


def planned_hours(shift: ShiftDetails, at: datetime) -> str:
    """`11:30a–8p on Wed, Dec 9`, or `5p–9a next day, from Wed, Dec 9`."""
    zone = shift.clinic.zone
    if not ends_next_day((shift.start, shift.end), zone):
        return hours_and_day(shift, at)
    day = day_label(shift.day, local_day(at, zone))
    return f"{short_range(shift.start, shift.end, zone)} next day, from {day}"


def spoken(shift: ShiftDetails, at: datetime) -> str:
    """`11:30a–8p on Wed, Dec 9 at Oakbrook Terrace`."""
    return f"{hours_and_day(shift, at)} at {shift.clinic}"

"""The smallest valid week, shift and published shift. Times are wall-clock times of the clinic."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange

from accounts.models import Clinic, Skill, User
from intranet.core.time import day_span, minutes_between
from scheduling.models import (
    Availability,
    Blackout,
    CoverageNeed,
    OpeningHours,
    PublishedShift,
    RosterWeek,
    Shift,
    ShiftPolicy,
    SpecialDay,
    TimeOff,
    TimeOffState,
    Wish,
)
from scheduling.plans import Plan
from scheduling.positions import Position
from scheduling.times import shift_span, week_of

# The Wednesday of the fixture `at`, and the Monday of the week after it.
TODAY = date(2026, 11, 25)
MONDAY = date(2026, 11, 30)
CREATED = datetime(2026, 11, 1, tzinfo=UTC)


def clock(text: str) -> time:
    """`7`, `7:30`, `15:30`."""
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute or 0))


def span(clinic: Clinic, day: date, times: str) -> tuple[datetime, datetime]:
    """`7-15:30` at the clinic on the day; an end before the start is on the next day."""
    starts, ends = times.split("-")
    return shift_span(day, clock(starts), clock(ends), clinic.zone)


def usual_break(start: datetime, end: datetime) -> int:
    """Half an hour where the rules ask for a meal, so that a test about something else needs no reason."""
    return 30 if minutes_between(start, end) >= 450 else 0


def plan(
    *,
    clinic: Clinic,
    day: date = MONDAY,
    times: str = "7-15:30",
    position: Position = Position.THERAPIST,
    staff: User | None = None,
    skill: Skill | None = None,
    **fields: Any,
) -> Plan:
    start, end = span(clinic, day, times)
    fields.setdefault("break_minutes", usual_break(start, end))
    return Plan(clinic=clinic, position=position, start=start, end=end, staff=staff, skill=skill, **fields)


def week(*, clinic: Clinic, monday: date = MONDAY) -> RosterWeek:
    return RosterWeek.objects.get_or_create(clinic=clinic, monday=monday)[0]


def shift(
    *,
    clinic: Clinic,
    day: date = MONDAY,
    times: str = "7-15:30",
    position: Position = Position.THERAPIST,
    staff: User | None = None,
    skill: Skill | None = None,
    **fields: Any,
) -> Shift:
    start, end = span(clinic, day, times)
    fields.setdefault("break_minutes", usual_break(start, end))
    return Shift.objects.create(
        clinic=clinic,
        week=week(clinic=clinic, monday=week_of(start, clinic)),
        position=position,
        staff=staff,
        period=DateTimeTZRange(start, end),
        skill=skill,
        changed_at=CREATED,
        **fields,
    )


def published(**fields: Any) -> PublishedShift:
    """A shift that staff see, with its working copy."""
    withdrawn_at = fields.pop("withdrawn_at", None)
    planned = shift(**fields)
    return PublishedShift.objects.create(
        shift=planned,
        clinic=planned.clinic,
        week=planned.week,
        position=planned.position,
        staff=planned.staff,
        period=planned.period,
        break_minutes=planned.break_minutes,
        skill=planned.skill,
        note=planned.note,
        published_at=CREATED,
        withdrawn_at=withdrawn_at,
    )


def policy(*, clinic: Clinic, **fields: Any) -> None:
    """What staff may do with shifts at the clinic, where it is not the usual."""
    ShiftPolicy.objects.update_or_create(clinic=clinic, defaults=fields)


def opening(*, clinic: Clinic, weekdays: range = range(5), times: str = "7-20") -> None:
    opens, closes = map(clock, times.split("-"))
    for weekday in weekdays:
        OpeningHours.objects.create(clinic=clinic, weekday=weekday, opens=opens, closes=closes)


def special_day(*, clinic: Clinic, day: date = MONDAY, name: str = "Holiday", times: str = "") -> SpecialDay:
    """Closed, unless times are given."""
    opens, closes = map(clock, times.split("-")) if times else (None, None)
    return SpecialDay.objects.create(clinic=clinic, day=day, name=name, opens=opens, closes=closes)


def need(*, clinic: Clinic, weekday: int = 0, times: str = "7-19", count: int = 1, **fields: Any) -> CoverageNeed:
    """Of therapists, unless a skill or another position is given."""
    starts, ends = map(clock, times.split("-"))
    if "skill" not in fields:
        fields.setdefault("position", Position.THERAPIST)
    return CoverageNeed.objects.create(clinic=clinic, weekday=weekday, starts=starts, ends=ends, count=count, **fields)


def time_off(
    *, person: User, clinic: Clinic, day: date = MONDAY, days: int = 1, decided_by: User | None = None, **fields: Any
) -> TimeOff:
    """Whole days, requested; approved when somebody decided."""
    start, end = day_span(day, clinic.zone)[0], day_span(day + timedelta(days=days - 1), clinic.zone)[1]
    values: dict[str, Any] = {"period": DateTimeTZRange(start, end), "requested_by": person, "requested_at": CREATED}
    if decided_by is not None:
        values |= {"state": TimeOffState.APPROVED, "decided_by": decided_by, "decided_at": CREATED}
    return TimeOff.objects.create(person=person, **(values | fields))


def availability(
    *,
    person: User,
    weekday: int | None = 0,
    first: date = MONDAY,
    last: date | None = None,
    times: str = "",
    **fields: Any,
) -> Availability:
    """Not available on Mondays from the usual one on; without a weekday on the days from first to last."""
    starts, ends = map(clock, times.split("-")) if times else (None, None)
    values: dict[str, Any] = {"wish": Wish.UNAVAILABLE, "weekday": weekday, "starts": starts, "ends": ends}
    days = DateRange(first, last + timedelta(days=1) if last else None)
    return Availability.objects.create(person=person, days=days, added_at=CREATED, **(values | fields))


def blackout(*, clinic: Clinic, first: date = MONDAY, last: date = MONDAY, reason: str = "Moving house") -> Blackout:
    return Blackout.objects.create(clinic=clinic, days=DateRange(first, last + timedelta(days=1)), reason=reason)

"""Filling a week from what comes back: a week template, or the week before. Everything lands as a draft, and nobody is
dropped silently: the answer says of every place what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.models import Clinic, User
from intranet.audit.recording import record
from intranet.core.access import Forbidden, Reason, Refused, require
from intranet.core.time import local_day, monday_of
from intranet.core.wording import full_day
from scheduling.assigning import NeedsReason, create_shift, lock_people, lock_weeks_by_id, may_edit
from scheduling.coverage import Demand
from scheduling.models import RosterWeek, Shift, TemplateLine, WeekTemplate
from scheduling.plans import Plan
from scheduling.positions import Position
from scheduling.times import shift_span

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Outcome:
    """What became of one place: a shift as wanted, an open one in its stead, or none; and why."""

    plan: Plan
    shift: Shift | None = None
    wanted: User | None = None
    reasons: tuple[Reason, ...] = ()

    @property
    def is_open_instead(self) -> bool:
        return self.shift is not None and self.wanted is not None and self.shift.staff_id is None


@dataclass(frozen=True)
class Filled:
    """The answer to filling a week."""

    week: RosterWeek
    outcomes: list[Outcome] = field(default_factory=list)
    there_already: int = 0

    @property
    def created(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.shift is not None and not one.is_open_instead]

    @property
    def opened(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.is_open_instead]

    @property
    def skipped(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.shift is None]


@dataclass(frozen=True)
class Place:
    """A shift that the week should have, and from where in a template it comes."""

    plan: Plan
    line: TemplateLine | None = None
    number: int = 0


def week_of_cycle(template: WeekTemplate, monday: date) -> int:
    """Which week of its cycle, from 1, a template has in the week of a Monday; also before its anchor."""
    return (monday - template.anchor).days // 7 % template.weeks + 1


@transaction.atomic
def apply_template(template: WeekTemplate, monday: date, *, by: User, at: datetime, reason: str = "") -> Filled:
    """Make the shifts of the template's week. Applying it again makes only what is missing.

    Somebody who may not work a place leaves it open, with every reason; so does whoever could only with a reason, unless
    `reason` gives one. A closed day creates nothing.
    """
    require(may_edit(template.clinic, by), Forbidden)
    week = _open_week(template.clinic, monday, at)
    template = WeekTemplate.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=template.pk)
    taken = set(week.shifts.planned().values_list("template_line_id", "template_place"))  # type: ignore[attr-defined]
    places = list(_places(template, monday))
    missing = [place for place in places if place.line and (place.line.pk, place.number) not in taken]
    filled = _fill(week, missing, by=by, at=at, reason=reason)
    filled = replace(filled, there_already=len(places) - len(missing))
    _note(by, week, filled, template=template.name)
    return filled


@transaction.atomic
def copy_week(clinic: Clinic, source: date, target: date, *, by: User, at: datetime, reason: str = "") -> Filled:
    """Make the shifts of one week again in another, at the same wall-clock times, for the same people where they may.

    What the target week has already at the same times, for the same person or open in the same position, is not made twice.
    """
    require(may_edit(clinic, by), Forbidden)
    if source == target:
        raise Refused.because("same-week", "Choose another week to copy from.")
    week = _open_week(clinic, target, at)
    days = target - source
    shifts = Shift.objects.planned().filter(week__clinic=clinic, week__monday=source)
    plans = [
        _moved(shift, days) for shift in shifts.select_related("clinic", "staff", "skill").order_by("period", "pk")
    ]
    present = [_same(Plan.of(one)) for one in week.shifts.planned().select_related("clinic", "staff", "skill")]  # type: ignore[attr-defined]
    missing = []
    for plan in plans:
        if _same(plan) in present:
            present.remove(_same(plan))
        else:
            missing.append(Place(plan))
    filled = replace(_fill(week, missing, by=by, at=at, reason=reason), there_already=len(plans) - len(missing))
    _note(by, week, filled, copied_from=source)
    return filled


def _same(plan: Plan) -> tuple[object, ...]:
    return plan.start, plan.end, plan.position, plan.staff and plan.staff.pk, plan.skill and plan.skill.pk


def _moved(shift: Shift, days: timedelta) -> Plan:
    """The shift at the same wall-clock times so many days on, whatever the clocks do in between."""
    zone = shift.clinic.zone
    starts, ends = (moment.astimezone(zone).time() for moment in (shift.start, shift.end))
    day = local_day(shift.start, zone) + days
    start, end = shift_span(day, starts, ends, zone)
    return replace(Plan.of(shift), start=start, end=end, note="")


def _places(template: WeekTemplate, monday: date) -> Iterator[Place]:
    number = week_of_cycle(template, monday)
    lines = template.lines.filter(week=number).select_related("shift__skill", "person")  # type: ignore[attr-defined]
    for line in lines:
        usual = line.shift
        day = monday + timedelta(days=line.weekday)
        start, end = shift_span(day, usual.starts, usual.ends, template.clinic.zone)
        plan = Plan(
            clinic=template.clinic,
            position=Position(usual.position),
            start=start,
            end=end,
            staff=line.person,
            skill=usual.skill,
            break_minutes=usual.break_minutes,
        )
        for place in range(line.quantity):
            yield Place(plan, line, place)


def _open_week(clinic: Clinic, monday: date, at: datetime) -> RosterWeek:
    """The week, made where it is missing, and locked; refused when it is over."""
    if monday != monday_of(monday):
        raise Refused.because("not-a-monday", "A week starts on a Monday.")
    week = RosterWeek.objects.get_or_create(clinic=clinic, monday=monday)[0]
    week = lock_weeks_by_id([week.pk])[0]
    if week.is_past(at):
        raise Refused.because("week-is-past", f"The week of {full_day(monday)} is over and locked.")
    return week


def _fill(week: RosterWeek, places: Iterable[Place], *, by: User, at: datetime, reason: str) -> Filled:
    places = list(places)
    lock_people([place.plan.staff for place in places])
    demand = Demand.of([week.clinic])
    return Filled(week, [_make(place, demand, by=by, at=at, reason=reason) for place in places])


def _make(place: Place, demand: Demand, *, by: User, at: datetime, reason: str) -> Outcome:
    """One place: as wanted, else open with the reasons why not, else not at all."""
    plan = place.plan
    if bars := _day_bars(plan, demand):
        return Outcome(plan, None, plan.staff, bars)
    try:
        return Outcome(plan, _create(place, plan, by=by, at=at, reason=reason), plan.staff)
    except Refused as refused:
        reasons = refused.verdict.reasons
        if plan.staff is None:
            return Outcome(plan, None, None, reasons)
        if isinstance(refused, NeedsReason):
            reasons = reasons[:-1]
    try:
        return Outcome(plan, _create(place, replace(plan, staff=None), by=by, at=at, reason=""), plan.staff, reasons)
    except Refused as refused:
        return Outcome(plan, None, plan.staff, refused.verdict.reasons)


def _create(place: Place, plan: Plan, *, by: User, at: datetime, reason: str) -> Shift:
    with transaction.atomic():
        return create_shift(plan, by=by, at=at, reason=reason, line=place.line, place=place.number)


def _day_bars(plan: Plan, demand: Demand) -> tuple[Reason, ...]:
    """A closed day makes no shift."""
    special = demand.special.get((plan.clinic.pk, plan.day))
    if special is None or special.times is not None:
        return ()
    return (Reason("closed", f"{plan.clinic} is closed that day: {special.name}."),)


def _note(by: User, week: RosterWeek, filled: Filled, **what: object) -> None:
    counts = {"created": len(filled.created), "opened": len(filled.opened), "skipped": len(filled.skipped)}
    record(by, "roster-week.filled", week, clinics=[week.clinic_id], **counts, **what)

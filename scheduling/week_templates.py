"""Filling a week from what comes back: a week template, or the week before. Everything lands as a draft, and nobody is
dropped silently: the answer says of every place what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Clinic, User
from intranet.audit.recording import record
from intranet.core.access import Forbidden, Reason, Refused, require
from intranet.core.time import local_day, monday_of
from intranet.core.wording import full_day
from scheduling.assigning import NeedsReason, create_shift, lock_people, lock_weeks_by_id, may_edit
from scheduling.coverage import Demand, hours_verdict
from scheduling.eligibility import may_work
from scheduling.models import RosterWeek, Shift, TemplateLine, WeekTemplate
from scheduling.plans import Plan
from scheduling.positions import Position
from scheduling.times import shift_span

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Outcome:
    """What became of one place: a shift as wanted, an open one in its stead, or none; and why.

    A shift as wanted may have reasons to look at it twice.
    """

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

    def has(self, shift: Shift) -> bool:
        """Whether the shift was made for this place, whatever became of it since."""
        return self.line is not None and (shift.template_line_id, shift.template_place) == (self.line.pk, self.number)

    def wants(self, shift: Shift) -> bool:
        """Whether the shift is what the place asks for, though it came another way."""
        return self._resembles(shift) and shift.staff_id == (self.plan.staff and self.plan.staff.pk)

    def stands_open_in(self, shift: Shift) -> bool:
        """Whether the shift is what the place asks for, and nobody has it: its person could not."""
        return self._resembles(shift) and shift.staff_id is None

    def _resembles(self, shift: Shift) -> bool:
        if self.line is not None and shift.template_line_id is not None:
            return False  # it fills a place of its own
        plan = self.plan
        asked = (plan.start, plan.end, plan.position, plan.skill and plan.skill.pk)
        return asked == (shift.start, shift.end, shift.position, shift.skill_id)


@dataclass(frozen=True)
class Foreseen:
    """What applying a template to a week would make; of a closed day nothing."""

    week: int  # of the cycle
    missing: list[Place]
    closed: list[tuple[Place, Reason]]
    there_already: int


def week_of_cycle(template: WeekTemplate, monday: date) -> int:
    """Which week of its cycle, from 1, a template has in the week of a Monday; also before its anchor."""
    return (monday - template.anchor).days // 7 % template.weeks + 1


def foresee(template: WeekTemplate, monday: date) -> Foreseen:
    """What applying the template would make of the week as it is. Whether people may work it shows when it is done."""
    places = _places(template, monday)
    week = RosterWeek.objects.filter(clinic=template.clinic, monday=monday).first()
    missing = _missing(week, places) if week else places
    demand = Demand.of([template.clinic])
    closed = [(place, reason) for place in missing for reason in _day_bars(place.plan, demand)]
    barred = [place for place, _ in closed]
    return Foreseen(
        week_of_cycle(template, monday),
        [place for place in missing if place not in barred],
        closed,
        len(places) - len(missing),
    )


@transaction.atomic
def apply_template(template: WeekTemplate, monday: date, *, by: User, at: datetime, reason: str = "") -> Filled:
    """Make the shifts of the template's week. Applying it again makes only what is missing.

    Somebody who may not work a place leaves it open, with every reason; so does whoever could only with a reason, unless
    `reason` gives one. A closed day creates nothing.
    """
    require(may_edit(template.clinic, by), Forbidden)
    week = _open_week(template.clinic, monday, at)
    template = (
        WeekTemplate.objects.select_for_update(of=("self",), no_key=True).select_related("clinic").get(pk=template.pk)
    )
    if template.retired:
        raise Refused.because("retired", f"“{template}” is retired. Choose another week template.")
    filled = _fill(week, _places(template, monday), by=by, at=at, reason=reason)
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
    shifts = Shift.objects.planned().filter(week__clinic=clinic, week__monday=source)
    shifts = shifts.select_related("clinic", "staff", "skill").order_by("period", "pk")
    places = [Place(_moved(shift, target - source)) for shift in shifts]
    filled = _fill(week, places, by=by, at=at, reason=reason)
    _note(by, week, filled, copied_from=source)
    return filled


def _moved(shift: Shift, days: timedelta) -> Plan:
    """The shift at the same wall-clock times so many days on, whatever the clocks do in between."""
    zone = shift.clinic.zone
    starts, ends = (moment.astimezone(zone).time() for moment in (shift.start, shift.end))
    day = local_day(shift.start, zone) + days
    start, end = shift_span(day, starts, ends, zone)
    return replace(Plan.of(shift), start=start, end=end, note="")


def _places(template: WeekTemplate, monday: date) -> list[Place]:
    """What the template asks for in the week, in order of time."""
    lines = template.lines.filter(week=week_of_cycle(template, monday)).select_related("shift__skill", "person")  # type: ignore[attr-defined]
    places = [
        Place(_planned(line, template.clinic, monday), line, number)
        for line in lines
        for number in range(line.quantity)
    ]
    return sorted(places, key=lambda place: place.plan.start)


def _planned(line: TemplateLine, clinic: Clinic, monday: date) -> Plan:
    usual = line.shift
    start, end = shift_span(monday + timedelta(days=line.weekday), usual.starts, usual.ends, clinic.zone)
    return Plan(
        clinic=clinic,
        position=Position(usual.position),
        start=start,
        end=end,
        staff=line.person,
        skill=usual.skill,
        break_minutes=usual.break_minutes,
    )


def _missing(week: RosterWeek, places: Sequence[Place]) -> list[Place]:
    """The places that nothing in the week fills: no shift made for them, none just as wanted, no open one in its stead."""
    present = {one.pk: one for one in Shift.objects.planned().filter(week=week)}
    missing = [place for place in places if not _taken(present, place.has)]
    missing = [place for place in missing if not _taken(present, place.wants)]
    return [place for place in missing if not _taken(present, place.stands_open_in)]


def _taken(present: dict[UUID, Shift], fits: Callable[[Shift], bool]) -> bool:
    """Whether a shift fits. It fills one place only, so it is taken out."""
    found = next((pk for pk, shift in present.items() if fits(shift)), None)
    return found is not None and present.pop(found) is not None


def _open_week(clinic: Clinic, monday: date, at: datetime) -> RosterWeek:
    """The week, made where it is missing, and locked; refused when it is over."""
    if monday != monday_of(monday):
        raise Refused.because("not-a-monday", "A week starts on a Monday.")
    week = RosterWeek.objects.get_or_create(clinic=clinic, monday=monday)[0]
    week = lock_weeks_by_id([week.pk])[0]
    if week.is_past(at):
        raise Refused.because("week-is-past", f"The week of {full_day(monday)} is over and locked.")
    return week


def _fill(week: RosterWeek, places: Sequence[Place], *, by: User, at: datetime, reason: str) -> Filled:
    """Make what is missing of the places in the week, which is locked."""
    missing = _missing(week, places)
    lock_people([place.plan.staff for place in missing])
    demand = Demand.of([week.clinic])
    made = [_make(place, demand, by=by, at=at, reason=reason) for place in missing]
    return Filled(week, made, there_already=len(places) - len(missing))


def _make(place: Place, demand: Demand, *, by: User, at: datetime, reason: str) -> Outcome:
    """One place: as wanted, else open with the reasons why not, else not at all."""
    plan = place.plan
    if bars := _day_bars(plan, demand):
        return Outcome(plan, None, plan.staff, bars)
    try:
        shift = _create(place, plan, by=by, at=at, reason=reason)
        return Outcome(plan, shift, plan.staff, hours_verdict(plan, demand).warnings)
    except NeedsReason as concerned:
        reasons = concerned.verdict.reasons[:-1]
    except Refused as refused:
        if plan.staff is None:
            return Outcome(plan, None, None, refused.verdict.reasons)
        # In the words of the rules: those of the refusal say that nothing was changed.
        reasons = may_work(plan, plan.staff, at).reasons or refused.verdict.reasons
    try:
        return Outcome(plan, _create(place, replace(plan, staff=None), by=by, at=at, reason=""), plan.staff, reasons)
    except Refused as refused:
        return Outcome(plan, None, plan.staff, refused.verdict.reasons)


def _create(place: Place, plan: Plan, *, by: User, at: datetime, reason: str) -> Shift:
    with transaction.atomic():
        return create_shift(plan, by=by, at=at, reason=reason, line=place.line, place=place.number)


def _day_bars(plan: Plan, demand: Demand) -> tuple[Reason, ...]:
    """A day on which the clinic is closed for once makes no shift. One on which it usually is does, if the template says so."""
    special = demand.special.get((plan.clinic.pk, plan.day))
    return hours_verdict(plan, demand).warnings if special and special.times is None else ()


def _note(by: User, week: RosterWeek, filled: Filled, **what: object) -> None:
    counts = {"created": len(filled.created), "opened": len(filled.opened), "skipped": len(filled.skipped)}
    record(by, "roster-week.filled", week, clinics=[week.clinic_id], **counts, **what)

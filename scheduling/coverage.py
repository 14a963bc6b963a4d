"""Is every clinic covered, half hour by half hour: people on the floor against people needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby

from accounts.models import Clinic, Skill
from intranet.core.access import YES, Reason, Verdict
from intranet.core.time import at_local, local_day, minutes_between, monday_of
from intranet.core.wording import counted, long_day, short_range
from scheduling.models import CoverageNeed, OpeningHours, ShiftDetails, SpecialDay, Weekday
from scheduling.plans import Plan
from scheduling.positions import Position
from scheduling.times import days_touched, ends_next_day

HALF_HOUR = 30
USUAL_HOURS = (time(7), time(19))  # of a clinic that says none
DAY = 24 * 60
USUAL_LENGTH = 8 * 60 + 30  # minutes of a shift, its break of half an hour included


@dataclass(frozen=True)
class Cover:
    """What a clinic may need people for: a position, or a skill that a shift asks for."""

    position: Position | None = None
    skill: Skill | None = None

    @property
    def key(self) -> str:
        return self.position.value if self.position else self.skill.code if self.skill else ""

    @property
    def label(self) -> str:
        """`Therapists`, `Dry needling, neck`."""
        return self.position.several if self.position else str(self.skill)

    def counted(self, number: int) -> str:
        """`1 therapist`, `2 people for Dry needling, neck`."""
        if self.position == Position.FRONT_DESK:
            return f"{number} at the front desk"
        if self.position:
            return counted(number, self.position.label.lower())
        return f"{counted(number, 'person', 'people')} for {self.skill}"

    def is_met_by(self, shift: ShiftDetails) -> bool:
        if shift.staff_id is None:
            return False
        return shift.position == self.position if self.position else shift.skill_id == (self.skill and self.skill.pk)

    def is_asked_by(self, need: CoverageNeed) -> bool:
        return need.position == self.position if self.position else need.skill_id == (self.skill and self.skill.pk)


@dataclass(frozen=True)
class Slot:
    """One half hour."""

    start: datetime
    end: datetime
    have: int
    need: int

    @property
    def short(self) -> int:
        return max(self.need - self.have, 0)


@dataclass(frozen=True)
class Gap:
    """A stretch of a day in which people are missing; `short` is how many at worst."""

    clinic: Clinic
    day: date
    cover: Cover
    start: datetime
    end: datetime
    short: int
    minutes: int  # person-minutes missing

    def __str__(self) -> str:
        return self.cover.counted(self.short)


@dataclass(frozen=True)
class DayCoverage:
    """The half hours of one clinic on one day, for one kind of cover. `closed` days need nobody.

    Of an `unknown` day the clinic has published nothing yet, so that nothing can be said of it.
    """

    clinic: Clinic
    day: date
    cover: Cover
    slots: tuple[Slot, ...] = ()
    closed: bool = False
    unknown: bool = False

    @property
    def peak(self) -> int:
        return max((max(slot.have, slot.need) for slot in self.slots), default=0)

    @property
    def is_needed(self) -> bool:
        return any(slot.need for slot in self.slots)

    @property
    def gaps(self) -> list[Gap]:
        return [
            self._gap(list(run)) for missing, run in groupby(self.slots, key=lambda slot: slot.short > 0) if missing
        ]

    @property
    def worst(self) -> Gap | None:
        """The gap to name first: the one in which most is missing."""
        return max(self.gaps, key=lambda gap: gap.minutes, default=None)

    @property
    def missing_minutes(self) -> int:
        return sum(gap.minutes for gap in self.gaps)

    def _gap(self, slots: list[Slot]) -> Gap:
        minutes = sum(slot.short * minutes_between(slot.start, slot.end) for slot in slots)
        short = max(slot.short for slot in slots)
        return Gap(self.clinic, self.day, self.cover, slots[0].start, slots[-1].end, short, minutes)


@dataclass(frozen=True)
class Demand:
    """Opening hours, special days and needs of some clinics, loaded once for any number of days."""

    opening: dict[tuple[int, int], OpeningHours] = field(default_factory=dict)
    special: dict[tuple[int, date], SpecialDay] = field(default_factory=dict)
    needs: dict[tuple[int, int], list[CoverageNeed]] = field(default_factory=dict)

    @classmethod
    def of(cls, clinics: Iterable[Clinic]) -> Demand:
        """Three queries."""
        clinics = list(clinics)
        opening = {(one.clinic_id, one.weekday): one for one in OpeningHours.objects.filter(clinic__in=clinics)}
        needs = defaultdict(list)
        for need in CoverageNeed.objects.filter(clinic__in=clinics).select_related("skill"):
            needs[need.clinic_id, need.weekday].append(need)
        special = {(one.clinic_id, one.day): one for one in SpecialDay.objects.filter(clinic__in=clinics)}
        return cls(opening, special, needs)

    def hours(self, clinic: Clinic) -> tuple[int, int]:
        """From and to which minute of the day a chart of the clinic runs: the longest hours of its week, and of its needs."""
        own = [(one.opens, one.closes) for (clinic_id, _), one in self.opening.items() if clinic_id == clinic.pk]
        own = own or [USUAL_HOURS]
        own += [(need.starts, need.ends) for (pk, _), needs in self.needs.items() if pk == clinic.pk for need in needs]
        first = min(_minute(first) for first, _ in own)
        return first - first % HALF_HOUR, max(_minute(last) for _, last in own)

    def is_open(self, clinic: Clinic, day: date) -> bool:
        return self.open_between(clinic, day) is not None

    def open_between(self, clinic: Clinic, day: date) -> tuple[time, time] | None:
        """From and until when the clinic is open on the day: what is special about it counts before its weekday."""
        if (special := self.special.get((clinic.pk, day))) is not None:
            return special.times
        usual = self.opening.get((clinic.pk, day.weekday()))
        return (usual.opens, usual.closes) if usual else None

    def _special_minutes(self, clinic: Clinic, day: date) -> range | None:
        """The minutes in which a special day needs people; None for an ordinary day."""
        if (special := self.special.get((clinic.pk, day))) is None:
            return None
        opens, closes = special.times or (time.min, time.min)
        return range(_minute(opens), _minute(closes))

    def covers(self, clinics: Iterable[Clinic]) -> list[Cover]:
        """What these clinics need people for at any time."""
        ids = {clinic.pk for clinic in clinics}
        found = {
            Cover(Position(need.position) if need.position else None, need.skill)
            for (clinic_id, _), needs in self.needs.items()
            for need in needs
            if clinic_id in ids
        }
        return sorted(found, key=lambda cover: (cover.skill is not None, cover.label))

    def coverage(self, clinic: Clinic, day: date, cover: Cover, shifts: Iterable[ShiftDetails]) -> DayCoverage:
        """The day's half hours against `shifts`, of which those of other clinics and days do not matter."""
        here = [shift for shift in shifts if shift.clinic_id == clinic.pk and cover.is_met_by(shift)]
        if not self.is_open(clinic, day) and not any(shift.day == day for shift in here):
            return DayCoverage(clinic, day, cover, closed=True)
        needs = [need for need in self.needs.get((clinic.pk, day.weekday()), []) if cover.is_asked_by(need)]
        return DayCoverage(clinic, day, cover, tuple(self._slots(clinic, day, needs, here)))

    def _slots(
        self, clinic: Clinic, day: date, needs: Sequence[CoverageNeed], shifts: Sequence[ShiftDetails]
    ) -> Iterator[Slot]:
        first, last = self.hours(clinic)
        special = self._special_minutes(clinic, day)
        for minute in range(first, last, HALF_HOUR):
            start, end = _moment(day, minute, clinic), _moment(day, minute + HALF_HOUR, clinic)
            wanted = minute in special if special is not None else True
            need = sum(need.count for need in needs if wanted and _minute(need.starts) <= minute < _minute(need.ends))
            have = sum(shift.start <= start and end <= shift.end for shift in shifts)
            yield Slot(start, end, have, need)


def by_day(shifts: Iterable[ShiftDetails]) -> defaultdict[tuple[int, date], list[ShiftDetails]]:
    """{(clinic, day): the shifts of which it has a part}, so that many days do not look through all shifts each."""
    found: defaultdict[tuple[int, date], list[ShiftDetails]] = defaultdict(list)
    for shift in shifts:
        for day in days_touched((shift.start, shift.end), shift.clinic.zone):
            found[shift.clinic_id, day].append(shift)
    return found


def needed_times(clinic: Clinic, day: date, position: Position) -> tuple[time, time] | None:
    """When a new shift of the day would be of use: as long as is usual, from and until when people are needed.

    What the position is needed for counts before what anybody is. None where nobody is needed on that weekday.
    """
    needs = list(CoverageNeed.objects.filter(clinic=clinic, weekday=day.weekday()))
    needs = [need for need in needs if need.position == position] or needs
    if not needs:
        return None
    first = min(need.starts for need in needs)
    last = min(max(_minute(need.ends) for need in needs), _minute(first) + USUAL_LENGTH)
    return first, time(*divmod(last, 60))


def unusual_times(plan: Plan) -> list[Reason]:
    """What to look at twice in the times of a shift; nothing stands against it. Three queries."""
    found = []
    if ends_next_day(plan.span, plan.clinic.zone):
        found.append(
            Reason("next-day", f"This shift ends on the next day, {long_day(local_day(plan.end, plan.clinic.zone))}.")
        )
    return [*found, *hours_verdict(plan, Demand.of([plan.clinic])).warnings]


def hours_verdict(plan: Plan, demand: Demand) -> Verdict:
    """Warns of a shift that lies outside the hours of its clinic on that day."""
    special = demand.special.get((plan.clinic.pk, plan.day))
    when = f"on {long_day(plan.day)} ({special.name})" if special else f"on {plan.day:%A}s"
    own = demand.open_between(plan.clinic, plan.day)
    if own is None:
        closed = Reason("closed", f"{plan.clinic} is closed {when}.")
        return Verdict((), (closed,) if special or demand.opening else ())
    opens, closes = (at_local(plan.day, clock, plan.clinic.zone) for clock in own)
    if opens <= plan.start and plan.end <= closes:
        return YES
    words = f"{plan.clinic} is open {short_range(*own)} {when}: part of this shift lies outside."
    return Verdict((), (Reason("outside-hours", words),))


def monday_to_open(clinics: Iterable[Clinic], today: date) -> date:
    """The week that matters on a day: its own, or on a Sunday on which no clinic is open the coming one."""
    if today.weekday() == Weekday.SUNDAY:
        on_sundays = OpeningHours.objects.filter(clinic__in=clinics, weekday=Weekday.SUNDAY)
        return monday_of(today) if on_sundays.exists() else today + timedelta(days=1)
    return monday_of(today)


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _moment(day: date, minute: int, clinic: Clinic) -> datetime:
    days, minute = divmod(minute, DAY)
    return at_local(day + timedelta(days=days), time(*divmod(minute, 60)), clinic.zone)

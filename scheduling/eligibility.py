"""May this person work this shift, and if not, why not: every reason at once, for one person or for a whole list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.gates import gates
from accounts.models import Membership, Profession, Skill, User
from intranet.core.access import YES, Reason, Verdict
from intranet.core.time import minutes_between
from intranet.core.wording import day_label, duration, hours
from protocols.clearance import cleared, verdicts_by_day
from protocols.suspending import Stops, stops
from scheduling.absences import Absences, absences
from scheduling.models import TRAVEL_MINUTES, PublishedShift, RuleCode, Shift, ShiftDetails, week_span
from scheduling.plans import Plan
from scheduling.positions import PROFESSIONS, ROLES
from scheduling.rules import Rules, concerns_in, rules_by_clinic
from scheduling.times import Span, days_touched, hours_and_day, overlaps, spoken, total_minutes

TRAVEL = timedelta(minutes=TRAVEL_MINUTES)
ONE_DAY = timedelta(days=1)
AROUND = timedelta(days=15)  # as far as the longest rule looks: days in a row


def may_work(plan: Plan, person: User, at: datetime, *, shift_id: UUID | None = None) -> Verdict:
    """Every reason against the person working the planned shift, and what to think about (`warnings`).

    `shift_id` is the shift that the plan would change, which is not in its own way.
    """
    return gather(plan, [person], shift_id=shift_id).verdict(person, at)


@dataclass(frozen=True)
class Evidence:
    """What is known about some people in view of one planned shift."""

    plan: Plan
    roles: dict[int, set[str]] = field(default_factory=dict)
    files: dict[tuple[int, date], Verdict] = field(default_factory=dict)
    clearances: dict[int, Verdict] = field(default_factory=dict)
    stopped: Verdict = YES  # what bars anybody: a protocol that is suspended at the clinic
    shifts: Mapping[int | None, Sequence[ShiftDetails]] = field(default_factory=dict)  # others, two weeks around it
    rules: Rules = field(default_factory=Rules)
    elsewhere: Mapping[int, Rules] = field(default_factory=dict)  # of the clinics of those other shifts
    absences: Absences = field(default_factory=Absences)

    def verdict(self, person: User, at: datetime) -> Verdict:
        return self.fitness(person, at) + self.clash_verdict(person, at)

    def fitness(self, person: User, at: datetime) -> Verdict:
        """Who the person is: membership, profession, file, clearance. What other shifts and time off say: `clash_verdict`.

        Of whoever does not work at the clinic on that day, its managers learn nothing about the file and the wishes.
        """
        place = Verdict.of(place_reasons(self.plan, person, self.roles.get(person.pk, set()), at))
        if not self._works_here(person):
            return place
        papers = _once(
            self.files.get((person.pk, self.plan.day), YES) + self.clearances.get(person.pk, YES) + self.stopped
        )
        wishes = Verdict.of((), self.absences.concerns(self.plan, person, at))
        return place + papers + wishes + self._rules(person, at)

    def _works_here(self, person: User) -> bool:
        return bool(self.roles.get(person.pk))

    def clash_verdict(self, person: User, at: datetime) -> Verdict:
        """What the database refuses: two places at once, or one too soon after another, and time off. Names what it is."""
        shifts = Verdict.of(_clash(self.plan, shift, person, at, self.way_to(shift)) for shift in self.clashes(person))
        away = self.absences.granted(self.plan, person, at) if self._works_here(person) else ()
        return shifts + Verdict.of(away)

    def clashes(self, person: User) -> list[ShiftDetails]:
        return [shift for shift in self.shifts.get(person.pk, []) if self.too_close(shift)]

    def too_close(self, other: ShiftDetails) -> bool:
        return too_close(self.plan, other, self.way_to(other))

    def way_to(self, other: ShiftDetails) -> timedelta:
        """The way between the clinics of both shifts: the longer of what the two say, from whichever side one plans."""
        both = self.rules, self.elsewhere.get(other.clinic_id, self.rules)
        return timedelta(minutes=max(rules[RuleCode.TRAVEL].amount for rules in both))

    @property
    def longest_way(self) -> timedelta:
        """The database itself knows only the shortest way that any clinic may choose."""
        every = self.rules, *self.elsewhere.values()
        return timedelta(minutes=max(rules[RuleCode.TRAVEL].amount for rules in every))

    def minutes(self, person: User, monday: date | None = None) -> int:
        """Paid minutes of the shift's week, or of the one that is asked for, without this shift."""
        span = week_span(monday or self.plan.monday, self.plan.clinic)
        return total_minutes(self.shifts.get(person.pk, []), span)

    def _rules(self, person: User, at: datetime) -> Verdict:
        """What the clinic's rules say about the person's hours, days and rest with this shift."""
        weeks = (self._hours(person, monday) for monday in self.plan.weeks)
        return sum((*weeks, self._days(person), *self._rests(person, at)), YES)

    def _hours(self, person: User, monday: date) -> Verdict:
        total = self.minutes(person, monday) + self.plan.minutes_in(monday)
        which, verdict = "the week" if monday == self.plan.monday else "the week after", YES
        for code, name in ((RuleCode.MOST, "too-many-hours"), (RuleCode.WEEK, "over-hours")):
            limit = self.rules[code].amount
            if total > limit:
                words = f"{duration(total - limit)} over {hours(limit)} h in {which}."
                verdict += self.rules.says(code, words, name=name)
        return verdict

    def _days(self, person: User) -> Verdict:
        zone = self.plan.clinic.zone
        own = [self.plan.span, *((shift.start, shift.end) for shift in self.shifts.get(person.pk, []))]
        worked = {day for span in own for day in days_touched(span, zone)}
        run = longest_run(worked, through=self.plan.day)
        if run <= self.rules[RuleCode.DAYS].amount:
            return YES
        words = f"{run} days in a row, without a free day."
        return self.rules.says(RuleCode.DAYS, words, name="days-in-a-row")

    def _rests(self, person: User, at: datetime) -> Iterator[Verdict]:
        wanted = timedelta(minutes=self.rules[RuleCode.REST].amount)
        for shift in self.shifts.get(person.pk, []):
            rest = max(self.plan.start - shift.end, shift.start - self.plan.end)
            if timedelta(0) <= rest < wanted and not self.too_close(shift) and shift.day != self.plan.day:
                words = f"Only {duration(int(rest.total_seconds() // 60))} rest: {hours_and_day(shift, at)}."
                yield self.rules.says(RuleCode.REST, words, name="short-rest")


def longest_run(days: set[date], *, through: date) -> int:
    """How many of the days follow one another around `through`."""
    first = last = through
    while first - ONE_DAY in days:
        first -= ONE_DAY
    while last + ONE_DAY in days:
        last += ONE_DAY
    return (last - first).days + 1


def meal_verdict(plan: Plan, rules: Rules) -> Verdict:
    """Whether a shift of this length has the break that the clinic's rules ask for, whoever works it."""
    length = minutes_between(*plan.span)
    for code in (RuleCode.SECOND_MEAL, RuleCode.MEAL):
        rule = rules[code]
        if rule.threshold and length >= rule.threshold and plan.break_minutes < rule.amount:
            words = f"{duration(length)} with {duration(plan.break_minutes)} of break; {duration(rule.amount)} are asked for."
            return rules.says(code, words, name="meal")
    return YES


def _once(verdict: Verdict) -> Verdict:
    """Each reason once: a licence may be needed for the work and for the procedure; what bars does not warn as well."""
    reasons = dict.fromkeys(verdict.reasons)
    return Verdict.of(reasons, (warning for warning in dict.fromkeys(verdict.warnings) if warning not in reasons))


def place_reasons(plan: Plan, person: User, roles: set[str], at: datetime) -> Iterator[Reason]:
    """What profession, and the roles that the person holds at the clinic on the day, say against it."""
    name = person.given_name
    if not person.is_active:
        yield Reason("inactive", f"{name} no longer works here.")
    if person.profession not in PROFESSIONS[plan.position]:
        profession = person.get_profession_display()
        yield Reason("profession", f"This shift is for {plan.position.spoken}; {name}’s profession is {profession}.")
    if ROLES[plan.position] not in roles:
        where = f"{plan.clinic} on {day_label(plan.day, at.astimezone(plan.clinic.zone).date())}"
        role = ROLES[plan.position].label.lower()
        words = f"{name} has no {role} role at {where}." if roles else f"{name} does not work at {where}."
        yield Reason("not-here", words)


def too_close(plan: Plan, other: ShiftDetails, travel: timedelta = TRAVEL) -> bool:
    """Whether nobody can work both: they overlap, or leave too little time for the way between their clinics."""
    margin = travel if other.clinic_id != plan.clinic.pk else timedelta(0)
    start, end = plan.start.astimezone(UTC), plan.end.astimezone(UTC)  # a margin is time that passes, not clock time
    return overlaps((start - margin, end + margin), (other.start, other.end))


def _clash(plan: Plan, other: ShiftDetails, person: User, at: datetime, travel: timedelta) -> Reason:
    if overlaps(plan.span, (other.start, other.end)):
        return Reason("double-booking", f"{person.given_name} already works {spoken(other, at)}.")
    gap = int(max(plan.start - other.end, other.start - plan.end).total_seconds() // 60)
    return Reason(
        "travel",
        f"{person.given_name} already works {spoken(other, at)}: {duration(gap)} between the shifts, "
        f"and the way between the clinics takes {duration(int(travel.total_seconds() // 60))}.",
    )


@dataclass(frozen=True)
class Case:
    """A shift as it might be, and who might work it. `without` are shifts that are not in the way: the one that the plan
    would change, and those that somebody would give away for it."""

    plan: Plan
    people: Sequence[User]
    without: Collection[UUID] = ()


def gather(
    plan: Plan, people: Sequence[User], *, shift_id: UUID | None = None, leaving: Collection[UUID] = ()
) -> Evidence:
    """Load what is needed to judge these people for this shift. `leaving` are shifts that they give away for it."""
    [evidence] = gather_each([Case(plan, people, {*leaving, *({shift_id} if shift_id else ())})])
    return evidence


def gather_each(cases: Sequence[Case]) -> list[Evidence]:
    """Load what is needed to judge many cases, in as many queries as one takes."""
    if not cases:
        return []
    everybody = list({person.pk: person for case in cases for person in case.people}.values())
    days = {(person, case.plan.day) for case in cases for person in case.people}
    procedures = {(case.plan.skill, case.plan.day) for case in cases if case.plan.skill}
    roles, files, suspended = _roles(everybody), gates(days), stops(skill for skill, _ in procedures)
    good = verdicts_by_day(everybody, procedures) if procedures else {}
    shifts = _shifts_around(cases, Shift.objects.planned())
    rules = rules_by_clinic({*(case.plan.clinic for case in cases), *(shift.clinic for shift in shifts)})
    away = absences(everybody, (min(case.plan.start for case in cases), max(case.plan.end for case in cases)))
    return [
        Evidence(
            case.plan,
            roles={person.pk: roles(person, case.plan) for person in case.people},
            files=files,
            clearances={
                person.pk: good[person.pk, case.plan.skill.pk, case.plan.day]
                for person in case.people
                if case.plan.skill
            },
            stopped=_stopped(suspended, case.plan),
            shifts=_in_view(shifts, case),
            rules=rules[case.plan.clinic.pk],
            elsewhere=rules,
            absences=away,
        )
        for case in cases
    ]


def _roles(people: Sequence[User]) -> Callable[[User, Plan], set[str]]:
    """The roles that somebody has at the clinic of a plan on its day. One query."""
    held: dict[tuple[int, int | None], list[Membership]] = defaultdict(list)
    for one in Membership.objects.filter(user__in=people, clinic__isnull=False):
        held[one.user_id, one.clinic_id].append(one)
    return lambda person, plan: {one.role for one in held[person.pk, plan.clinic.pk] if one.in_force_on(plan.day)}


def _stopped(suspended: Stops, plan: Plan) -> Verdict:
    return Verdict.of(suspended.reasons(plan.skill, plan.clinic.pk, plan.day)) if plan.skill else YES


def _around(plan: Plan) -> Span:
    monday, next_monday = week_span(plan.monday, plan.clinic)
    return min(monday, plan.start) - AROUND, max(next_monday, plan.end) + AROUND


def as_published(cases: Sequence[Case], gathered: Sequence[Evidence]) -> list[Evidence]:
    """The same evidence, with what staff see of people's other shifts in place of what is planned. One query."""
    shifts = _shifts_around(cases, PublishedShift.objects.standing()) if cases else []
    found = zip(cases, gathered, strict=True)
    return [replace(evidence, shifts=_in_view(shifts, case)) for case, evidence in found]


def _shifts_around(cases: Sequence[Case], rows: QuerySet[Any, Any]) -> list[ShiftDetails]:
    """Those of the rows that people of the cases work around them. One query."""
    spans = [_around(case.plan) for case in cases]
    span = min(start for start, _ in spans), max(end for _, end in spans)
    people = {person.pk for case in cases for person in case.people}
    return list(rows.filter(staff__in=people, period__overlap=span).select_related("clinic"))


def _in_view(shifts: Iterable[ShiftDetails], case: Case) -> dict[int | None, list[ShiftDetails]]:
    """{person: their shifts around the case}, without those that are not in its way."""
    around, found = _around(case.plan), defaultdict(list)
    people = {person.pk for person in case.people}
    for shift in shifts:
        near = shift.staff_id in people and overlaps(around, (shift.start, shift.end))
        if near and shift.planned_id not in case.without:
            found[shift.staff_id].append(shift)
    return found


def attention(shifts: Iterable[ShiftDetails], at: datetime) -> dict[UUID, Verdict]:
    """The shifts whose holder may not work them any more, each with every reason; facts change after one is given out.

    One rule for planned and for published shifts: board, home, the sweep of the day and My schedule ask here. The number
    of queries is the same for many shifts as for one.
    """
    held = [(shift, shift.staff) for shift in shifts if shift.staff is not None]
    procedures = {(shift.skill, shift.day) for shift, _ in held if shift.skill}
    roles = _roles_by_day([shift for shift, _ in held])
    files = gates((person, shift.day) for shift, person in held)
    skilled = {person.pk: person for shift, person in held if shift.skill}
    good = verdicts_by_day(list(skilled.values()), procedures) if procedures else {}
    suspended = stops(skill for skill, _ in procedures)
    found = {}
    for shift, person in held:
        held_there = roles[person.pk, shift.clinic_id, shift.day]
        place, papers = Verdict.of(place_reasons(Plan.of(shift), person, held_there, at)), YES
        if held_there:  # of whoever does not work there any more, its managers learn nothing about the file
            papers = files[person.pk, shift.day]
        if held_there and shift.skill:
            papers += good[person.pk, shift.skill.pk, shift.day] + _stopped(suspended, Plan.of(shift))
        if against := _once(place + papers).reasons:
            found[shift.planned_id] = Verdict.of(against)
    return found


def _roles_by_day(shifts: Sequence[ShiftDetails]) -> dict[tuple[int | None, int, date], set[str]]:
    """{(person, clinic, day): roles} for the holders of the shifts. One query."""
    held = Membership.objects.filter(user__in={shift.staff_id for shift in shifts}, clinic__isnull=False)
    by_place: dict[tuple[int | None, int | None], list[Membership]] = defaultdict(list)
    for membership in held:
        by_place[membership.user_id, membership.clinic_id].append(membership)
    roles = defaultdict(set)
    for shift in shifts:
        key = (shift.staff_id, shift.clinic_id, shift.day)
        roles[key] = {one.role for one in by_place[key[:2]] if one.in_force_on(shift.day)}
    return roles


def cleared_on(wanted: Iterable[tuple[Skill, date]]) -> dict[tuple[int, date], set[int]]:
    """{(skill, day): people cleared for it on that day}."""
    return {(skill.pk, on): set(cleared(skill, on).values_list("pk", flat=True)) for skill, on in wanted}


@dataclass(frozen=True)
class Candidate:
    """Somebody with the right profession for a shift: the verdict, and paid minutes of the week without and with it."""

    person: User
    verdict: Verdict
    minutes_before: int
    minutes_after: int

    @property
    def over_target(self) -> int:
        """Minutes beyond what the person is meant to work in a week; negative while some are missing."""
        return self.minutes_after - self.person.weekly_hours * 60

    @property
    def concerns(self) -> list[Reason]:
        """What somebody has to say why about to give them the shift all the same."""
        return concerns_in(self.verdict)

    @property
    def fits_well(self) -> bool:
        return bool(self.verdict) and not self.verdict.warnings and self.over_target <= 0


def candidates(plan: Plan, at: datetime, *, shift_id: UUID | None = None) -> list[Candidate]:
    """Everybody of the right profession, those who may work it first, best fit on top: no warnings, most hours missing."""
    people = list(colleagues(plan.day, PROFESSIONS[plan.position]))
    evidence = gather(plan, people, shift_id=shift_id)
    length = plan.minutes_in(plan.monday)
    found = []
    for person in people:
        before = evidence.minutes(person)
        found.append(Candidate(person, evidence.verdict(person, at), before, before + length))
    return sorted(found, key=_fit)


def _fit(candidate: Candidate) -> tuple[int, int, int, str]:
    """Fewest reasons against, fewest warnings, most hours missing."""
    verdict = candidate.verdict
    return len(verdict.reasons), len(verdict.warnings), candidate.over_target, candidate.person.name


def colleagues(on: date, professions: Iterable[Profession]) -> Iterable[User]:
    """Active people of these professions who work at some clinic on the day."""
    return User.objects.members(on, roles=list(ROLES.values())).filter(Q(profession__in=list(professions))).by_name()

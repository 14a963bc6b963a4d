"""Where a shift that was picked up may go: a verdict for every cell of the board, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from accounts.gates import gates
from accounts.models import Membership, User
from intranet.core.access import YES, Verdict
from protocols.clearance import clearances
from protocols.suspending import stops
from scheduling.absences import absences
from scheduling.eligibility import AROUND, Evidence, meal_verdict
from scheduling.models import Shift
from scheduling.moving import on_day
from scheduling.plans import Plan
from scheduling.rules import rules_by_clinic

Place = tuple[int | None, date]  # the person, None for the open shifts, and the day


def fits(
    plan: Plan, people: Sequence[User], days: Sequence[date], at: datetime, *, shift_id: UUID | None = None
) -> dict[Place, Verdict]:
    """{(person, day): what saving the shift there would say}. `shift_id` is the shift that would move.

    The queries depend on the days when the shift has a procedure, never on the number of people.
    """
    plans = {day: on_day(plan, day) for day in days}
    found: dict[Place, Verdict] = {(None, day): YES for day in days}
    for day, evidence in _evidence(plans, people, shift_id).items():
        meals = meal_verdict(plans[day], evidence.rules)
        for person in people:
            found[person.pk, day] = evidence.verdict(person, at) + meals
    return found


def _evidence(plans: Mapping[date, Plan], people: Sequence[User], shift_id: UUID | None) -> dict[date, Evidence]:
    """What `eligibility.gather` finds for each of the days, loaded for all of them together."""
    wanted = list(plans.values())
    clinic, skill = wanted[0].clinic, wanted[0].skill
    span = min(plan.start for plan in wanted), max(plan.end for plan in wanted)
    files = gates((person, day) for person in people for day in plans)
    memberships = list(Membership.objects.filter(user__in=people, clinic=clinic))
    stopped = stops([skill]) if skill else None
    shifts = _shifts_around(span, people, shift_id)
    others = [shift.clinic for found in shifts.values() for shift in found]
    rules, away = rules_by_clinic({clinic, *others}), absences(people, span)
    return {
        day: Evidence(
            plan,
            roles=_roles_on(day, memberships),
            files=files,
            clearances=clearances(people, skill, day) if skill else {},
            stopped=Verdict.of(stopped.reasons(skill, clinic.pk, day)) if stopped and skill else YES,
            shifts=shifts,
            rules=rules[clinic.pk],
            elsewhere=rules,
            absences=away,
        )
        for day, plan in plans.items()
    }


def _roles_on(day: date, memberships: Sequence[Membership]) -> dict[int, set[str]]:
    roles = defaultdict(set)
    for membership in memberships:
        if membership.in_force_on(day):
            roles[membership.user_id].add(str(membership.role))
    return roles


def _shifts_around(
    span: tuple[datetime, datetime], people: Sequence[User], without: UUID | None
) -> dict[int | None, list[Shift]]:
    """As far around as the longest rule looks, and the whole week of every day."""
    around = span[0] - AROUND - timedelta(days=7), span[1] + AROUND + timedelta(days=7)
    planned = Shift.objects.planned().filter(staff__in=people, period__overlap=around)
    if without is not None:
        planned = planned.exclude(pk=without)
    shifts = defaultdict(list)
    for shift in planned.select_related("clinic"):
        shifts[shift.staff_id].append(shift)
    return shifts

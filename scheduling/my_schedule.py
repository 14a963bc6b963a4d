"""One person's own shifts, as published: the next one, this week, the next week, with whom, and what stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.core.access import YES, Verdict
from intranet.core.time import at_local, local_day, monday_of
from intranet.core.wording import name_list
from protocols.clearance import clearance
from scheduling.coverage import Demand
from scheduling.models import PublishedShift, week_span
from scheduling.roster import next_shifts, published_shifts, with_whom
from scheduling.times import total_minutes
from scheduling.unpublished import NotPublished, not_published

NAMED = 3  # more colleagues than this are counted, not named


@dataclass(frozen=True)
class MyShift:
    """A published shift of the person, with who else is there."""

    shift: PublishedShift
    company: Sequence[User] = ()
    trouble: Verdict = field(default_factory=Verdict)  # why the person may not work it as things stand

    @property
    def together_with(self) -> str:
        """`Marcus, Noor and 3 others`; empty for somebody who is alone there."""
        names = [person.given_name for person in self.company[:NAMED]]
        rest = len(self.company) - len(names)
        return name_list([*names, f"{rest} other{'s' if rest > 1 else ''}"] if rest else names)


@dataclass(frozen=True)
class MyWeek:
    """A week of the person: what is published of it, and what the person's clinics have not published yet."""

    label: str
    monday: date
    shifts: list[MyShift]
    minutes: int
    missing: list[NotPublished]


@dataclass(frozen=True)
class MySchedule:
    today: date
    next: MyShift | None
    after: list[PublishedShift]
    weeks: list[MyWeek]


def may_have_schedule(user: User) -> Verdict:
    """Everybody but those whose only role is to administer the intranet."""
    if user.standing.holds(Capability.OWN_SCHEDULE):
        return YES
    return Verdict.no("no-schedule", "Administrators are in no roster, so there is no schedule to show.")


def my_schedule(person: User, at: datetime) -> MySchedule:
    """This week and the next one. The number of queries depends on skill shifts ahead, not on people."""
    today = local_day(at, person.zone)
    monday = monday_of(today)
    coming = next_shifts(person, at, limit=4)
    start = at_local(monday, at.time().min, person.zone)
    own = published_shifts(person, start, start + timedelta(days=15))
    known = {shift.pk: shift for shift in [*own, *coming]}
    company = with_whom(list(known.values()))
    mine = {pk: MyShift(shift, company.get(pk, []), _trouble(person, shift, at)) for pk, shift in known.items()}
    clinics = list(Clinic.objects.filter(pk__in=person.standing.clinic_ids))
    demand = Demand.of(clinics)
    weeks = [
        _week(label, start, own, mine, not_published(clinics, start, today, demand))
        for label, start in (("This week", monday), ("Next week", monday + timedelta(days=7)))
    ]
    return MySchedule(today, mine[coming[0].pk] if coming else None, coming[1:], weeks)


def _trouble(person: User, shift: PublishedShift, at: datetime) -> Verdict:
    if shift.skill is None or shift.end <= at:
        return Verdict()
    return clearance(person, shift.skill, shift.day)


def _week(
    label: str, monday: date, own: Sequence[PublishedShift], mine: dict[int, MyShift], missing: list[NotPublished]
) -> MyWeek:
    shifts = [shift for shift in own if monday_of(shift.day) == monday]
    minutes = sum(total_minutes([shift], week_span(monday, shift.clinic)) for shift in own)
    return MyWeek(label, monday, [mine[shift.pk] for shift in shifts], minutes, missing)

"""Questions that other pages ask of the roster. Each is a few queries, however many people there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.core.access import YES, Verdict
from intranet.core.time import day_span
from scheduling.coverage import Demand, Gap, by_day
from scheduling.eligibility import attention
from scheduling.models import PublishedShift, Shift
from scheduling.pending import unpublished_changes

__all__ = [
    "coverage_gaps",
    "may_see_roster",
    "next_shifts",
    "on_today",
    "open_shifts",
    "published_shifts",
    "shifts_at_risk",
    "unpublished_changes",
    "with_whom",
]


def may_see_roster(user: User) -> Verdict:
    """Staff see what is published, of every clinic."""
    if user.standing.holds(Capability.SEE_ROSTER):
        return YES
    return Verdict.no("no-roster", "You are in no roster.")


def published_shifts(person: User, start: datetime, end: datetime) -> list[PublishedShift]:
    """The person's published shifts that touch the span, in order."""
    own = PublishedShift.objects.standing().of(person).within(start, end)
    return list(own.select_related("clinic", "skill", "staff").order_by("period"))


def next_shifts(person: User, at: datetime, limit: int = 5) -> list[PublishedShift]:
    """What the person works next, as published; a shift that is running counts."""
    own = PublishedShift.objects.standing().of(person).filter(period__endswith__gt=at)
    return list(own.select_related("clinic", "skill", "staff").order_by("period")[:limit])


def on_today(clinics: Iterable[Clinic], at: datetime) -> dict[int, list[PublishedShift]]:
    """{clinic: its published shifts with a person that touch the clinic's present day}, in order of time."""
    shifts: dict[int, list[PublishedShift]] = {}
    for clinic in clinics:
        start, end = day_span(at.astimezone(clinic.zone).date(), clinic.zone)
        here = PublishedShift.objects.standing().filter(clinic=clinic, staff__isnull=False).within(start, end)
        shifts[clinic.pk] = list(here.select_related("clinic", "staff", "skill").order_by("period", "staff__name"))
    return shifts


def _planned(clinics: Iterable[Clinic], from_day: date, days: int) -> list[Shift]:
    """The working copies that touch the days, of whichever zone the clinics are."""
    clinics = list(clinics)
    spans = [
        day_span(day, clinic.zone) for clinic in clinics for day in (from_day, from_day + timedelta(days=days - 1))
    ]
    if not spans:
        return []
    around = (min(start for start, _ in spans), max(end for _, end in spans))
    planned = Shift.objects.planned().filter(clinic__in=clinics, period__overlap=around)
    return list(planned.select_related("clinic", "staff", "skill"))


def coverage_gaps(clinics: Sequence[Clinic], from_day: date, days: int) -> list[Gap]:
    """Where people are missing in the plan of these clinics, in order of time. For managers: it reads the drafts."""
    demand, shifts = Demand.of(clinics), by_day(_planned(clinics, from_day, days))
    gaps = [
        gap
        for clinic in clinics
        for cover in demand.covers([clinic])
        for day in (from_day + timedelta(days=number) for number in range(days))
        for gap in demand.coverage(clinic, day, cover, shifts[clinic.pk, day]).gaps
    ]
    return sorted(gaps, key=lambda gap: (gap.start, gap.clinic.number, gap.cover.key))


def open_shifts(clinics: Sequence[Clinic], from_day: date, days: int) -> list[Shift]:
    """Planned shifts that nobody has. For managers: it reads the drafts."""
    return [shift for shift in _planned(clinics, from_day, days) if shift.staff_id is None]


def shifts_at_risk(clinics: Sequence[Clinic], from_day: date, days: int, at: datetime) -> list[tuple[Shift, Verdict]]:
    """Planned shifts whose holder may not work them any more, each with why. For managers: it reads the drafts."""
    shifts = _planned(clinics, from_day, days)
    unfit = attention(shifts, at)
    return [(shift, unfit[shift.pk]) for shift in shifts if shift.pk in unfit]


def with_whom(shifts: Sequence[PublishedShift]) -> dict[int, list[User]]:
    """{shift: colleagues whose published shifts at the clinic overlap it, by name}. One query."""
    if not shifts:
        return {}
    start, end = min(shift.start for shift in shifts), max(shift.end for shift in shifts)
    others = PublishedShift.objects.standing().filter(clinic__in={one.clinic_id for one in shifts}, staff__isnull=False)
    company = defaultdict(set)
    for other in others.within(start, end).select_related("staff"):
        for shift in shifts:
            if other.staff and _together(shift, other):
                company[shift.pk].add(other.staff)
    return {pk: sorted(people, key=lambda person: person.name) for pk, people in company.items()}


def _together(shift: PublishedShift, other: PublishedShift) -> bool:
    return (
        shift.clinic_id == other.clinic_id
        and shift.staff_id != other.staff_id
        and shift.start < other.end
        and other.start < shift.end
    )

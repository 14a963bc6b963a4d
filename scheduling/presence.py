"""What the directory asks of the roster: who is on today. It reads what is published, never a draft."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from accounts.models import Clinic, User
from accounts.presence import Presence, Today
from accounts.roles import Capability
from intranet.core.time import day_span, local_day
from scheduling.models import PublishedShift
from scheduling.models.publications import PublishedShiftQuerySet


class PublishedRoster:
    """Answers `accounts.presence.Roster` from the published shifts. Two queries for a question."""

    def may_see(self, viewer: User) -> bool:
        return viewer.standing.holds(Capability.SEE_ROSTER)

    def people(self, wanted: Today, *, clinic: Clinic | None, at: datetime) -> Q:
        own = _of_today(at).filter(staff=OuterRef("pk"))
        if wanted == Today.OFF:
            return ~Q(Exists(own))
        moment = {
            Today.NOW: Q(period__contains=at),
            Today.LATER: Q(period__startswith__gt=at),
            Today.GONE: Q(period__endswith__lte=at),
        }.get(wanted, Q(period__endswith__gt=at))
        there = own.filter(moment, clinic=clinic) if clinic else own.filter(moment)
        return Q(Exists(there))

    def today(self, people: Iterable[User], *, at: datetime) -> dict[int, Presence]:
        shifts = _of_today(at).filter(staff__in=[person.pk for person in people]).select_related("clinic")
        found: dict[int, Presence] = {}
        for shift in shifts.order_by("period"):
            earlier = found.get(shift.staff_id or 0)
            if shift.staff_id and (earlier is None or earlier.end <= at):
                found[shift.staff_id] = Presence(shift.clinic, shift.start, shift.end, at)
        return found


def _of_today(at: datetime) -> PublishedShiftQuerySet:
    """Shifts that touch the present day of their clinic."""
    days = Q(pk__in=[])
    for clinic in Clinic.objects.all():
        days |= Q(clinic=clinic, period__overlap=day_span(local_day(at, clinic.zone), clinic.zone))
    return PublishedShift.objects.standing().filter(days, staff__isnull=False)

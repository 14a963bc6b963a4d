"""Which clinic the board opens with, where nobody has chosen one."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import Clinic, Membership, User
from accounts.roles import Capability
from scheduling.positions import WORKING_ROLES

CROWD = 40  # people from which on several clinics at once are no longer one board


def usual_clinic(user: User, monday: date) -> Clinic | None:
    """None, that is every clinic, as long as a board can hold all people; above that one's own clinic first."""
    clinics = list(Clinic.objects.visible_to(user))
    week = DateRange(monday, monday + timedelta(days=7))
    working = Membership.objects.filter(role__in=WORKING_ROLES, period__overlap=week, user__is_active=True)
    people = working.filter(clinic__in=clinics).values("user").distinct().count()
    if len(clinics) < 2 or people <= CROWD:
        return None
    manages = user.standing.scope(Capability.EDIT_ROSTER)
    works = set(working.filter(user=user).values_list("clinic", flat=True))
    return min(clinics, key=lambda clinic: (clinic.pk not in manages, clinic.pk not in works, clinic.name))

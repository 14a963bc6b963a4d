"""How people and their roles come and go. Nobody gives power beyond their own; nobody changes their own roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import Clinic, Membership, User
from accounts.roles import ROLES_A_MANAGER_MAY_GIVE, Capability, Role
from intranet.audit.recording import record
from intranet.core.access import YES, Forbidden, Refused, Verdict, require


@dataclass(frozen=True)
class Place:
    """A role and where it is held; without a clinic, in the whole organisation."""

    role: Role
    clinic: Clinic | None = None


def may_give(place: Place, *, by: User) -> Verdict:
    """An administrator gives every role, a manager the working roles of the own clinics."""
    if by.standing.scope(Capability.INVITE).everywhere:
        return YES
    if place.clinic is None or not by.standing.may(Capability.INVITE, place.clinic):
        return Verdict.no("not-your-clinic", f"You may not give roles at {place.clinic or 'the whole organisation'}.")
    if place.role not in ROLES_A_MANAGER_MAY_GIVE:
        return Verdict.no("beyond-your-power", f"Only an administrator makes somebody {place.role.label.lower()}.")
    return YES


def may_give_role(place: Place, *, to: User, by: User | None) -> Verdict:
    """As `may_give`, but never to oneself. `by` None is the system."""
    if by is None:
        return YES
    if by.pk == to.pk:
        return Verdict.no("own-role", "Somebody else has to change your roles.")
    return may_give(place, by=by)


@transaction.atomic
def hire(
    *, email: str, name: str, profession: str, places: list[Place], start: date, by: User | None, **profile: Any
) -> User:
    """Create a person with roles from a day on. Without a password nobody can sign in as them yet.

    The work address counts as confirmed: whoever hires vouches for it, and second steps need a confirmed one.
    """
    if not places:
        raise Refused.because("no-place", "Say at least one role.", "places")
    user = User.objects.create_user(email=email, name=name, profession=profession, hired_on=start, **profile)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    record(by, "person.hired", user, clinics=_ids(places), start=start)
    for place in places:
        give_role(user, place, start=start, by=by)
    return user


@transaction.atomic
def give_role(user: User, place: Place, *, start: date, end: date | None = None, by: User | None) -> Membership:
    """Give a role from `start` up to, not including, `end` (None: until further notice)."""
    require(may_give_role(place, to=user, by=by), Forbidden)
    membership = Membership(user=user, role=place.role, clinic=place.clinic, period=DateRange(start, end))
    membership.full_clean()
    membership.save()
    record(by, "role.given", user, clinics=_ids([place]), role=place.role, clinic=place.clinic, start=start, end=end)
    return membership


@transaction.atomic
def take_role(membership: Membership, *, end: date, by: User | None) -> Membership:
    """End a role: `end` is the first day without it. A role that never started is removed."""
    place = Place(Role(membership.role), membership.clinic)
    require(may_give_role(place, to=membership.user, by=by), Forbidden)
    membership = Membership.objects.select_for_update().get(pk=membership.pk)
    record(by, "role.taken", membership.user, clinics=_ids([place]), role=place.role, clinic=place.clinic, end=end)
    if end <= membership.period.lower:
        membership.delete()
        return membership
    membership.period = DateRange(membership.period.lower, end)
    membership.save(update_fields=["period"])
    return membership


def _ids(places: list[Place]) -> list[int]:
    return [place.clinic.pk for place in places if place.clinic is not None]

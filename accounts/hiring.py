"""How people and their roles come and go. Nobody gives power beyond their own; nobody changes their own roles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import Clinic, Invitation, Membership, User
from accounts.roles import ROLES_A_MANAGER_MAY_GIVE, Capability, Role
from intranet.audit.recording import record
from intranet.core.access import YES, Forbidden, Reason, Refused, Verdict, require

INVITABLE = frozenset(Role) - {Role.DELEGATED_APPROVER}


@dataclass(frozen=True)
class Place:
    """A role and where it is held; without a clinic, in the whole organisation."""

    role: Role
    clinic: Clinic | None = None


def place_of(held: Membership | Invitation) -> Place:
    return Place(Role(held.role), held.clinic)


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
    """As `may_give`, but never to oneself; and the clinical lead delegates approval. `by` None is the system."""
    if by is None:
        return YES
    if by.pk == to.pk:
        return Verdict.no("own-role", "Somebody else has to change your roles.")
    if place.role == Role.DELEGATED_APPROVER and by.standing.may(Capability.DELEGATE_APPROVAL):
        return YES
    return may_give(place, by=by)


def may_give_all(places: Iterable[Place], *, to: User, by: User) -> Verdict:
    """Whoever could give each of them. Somebody without a place belongs to no clinic: that is for an administrator."""
    wanted = list(places) or [Place(Role.ADMINISTRATOR)]
    return next((refused for place in wanted if not (refused := may_give_role(place, to=to, by=by))), YES)


def may_invite_as(place: Place, *, by: User) -> Verdict:
    """As `may_give`, but for somebody who is not here yet: approval is delegated to therapists who are, until a day."""
    if place.role not in INVITABLE:
        return Verdict.no("not-by-invitation", "Approval is delegated to a therapist who is here, until a day.", "role")
    return may_give(place, by=by)


def roles_to_invite_as(by: User) -> frozenset[Role]:
    """The roles that somebody gives to people who are not here yet."""
    scope = by.standing.scope(Capability.INVITE)
    return INVITABLE if scope.everywhere else ROLES_A_MANAGER_MAY_GIVE if scope else frozenset()


def roles_to_give(by: User) -> frozenset[Role]:
    """The roles that somebody gives to people who are here."""
    delegates = by.standing.may(Capability.INVITE) or by.standing.may(Capability.DELEGATE_APPROVAL)
    delegated = {Role.DELEGATED_APPROVER} if delegates else set()
    return roles_to_invite_as(by) | delegated


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
    """Give a role from `start` up to, not including, `end` (None: until further notice).

    Raises Forbidden beyond one's own power, Refused for what the role itself forbids, ValidationError when the person
    holds it already.
    """
    require(may_give_role(place, to=user, by=by), Forbidden)
    require(_fits(user, place, start, end))
    membership = Membership(user=user, role=place.role, clinic=place.clinic, period=DateRange(start, end))
    membership.full_clean()
    membership.save()
    record(by, "role.given", user, clinics=_ids([place]), role=place.role, clinic=place.clinic, start=start, end=end)
    return membership


@transaction.atomic
def take_role(membership: Membership, *, end: date, by: User | None) -> Membership:
    """End a role: `end` is the first day without it. A role that never started is removed.

    Refused for one that is over, and for the last administrator.
    """
    place = place_of(membership)
    require(may_give_role(place, to=membership.user, by=by), Forbidden)
    held = Membership.objects.select_for_update(of=("self",)).select_related("user")
    administrators = list(held.filter(role=Role.ADMINISTRATOR).order_by("pk"))
    membership = Membership.objects.select_for_update().get(pk=membership.pk)
    require(_may_end(membership, end, administrators))
    record(by, "role.taken", membership.user, clinics=_ids([place]), role=place.role, clinic=place.clinic, end=end)
    if end <= membership.period.lower:
        membership.delete()
        return membership
    membership.period = DateRange(membership.period.lower, end)
    membership.save(update_fields=["period"])
    return membership


def _fits(user: User, place: Place, start: date, end: date | None) -> Verdict:
    """A period goes forward; approval is delegated to therapists, until a day."""
    if end is not None and end <= start:
        return Verdict.no("ends-before", "The last day is before the first.", "last")
    if place.role != Role.DELEGATED_APPROVER:
        return YES
    reasons = []
    if end is None:
        reasons.append(Reason("approver-without-end", "Say until when: approval is delegated for a time.", "last"))
    if not user.memberships.on(start).filter(role=Role.THERAPIST).exists():
        reasons.append(Reason("no-therapist", "Approval is delegated to therapists, from a day on which they are one."))
    return Verdict.of(reasons)


def _may_end(membership: Membership, end: date, administrators: list[Membership]) -> Verdict:
    if membership.period.upper is not None and membership.period.upper <= end:
        return Verdict.no("ends-earlier", "That role ends earlier already.", "last")
    if membership.role != Role.ADMINISTRATOR:
        return YES
    staying = [
        other
        for other in administrators
        if other.pk != membership.pk and other.user.is_active and other.in_force_on(end) and other.period.upper is None
    ]
    if not staying:
        return Verdict.no(
            "last-administrator", "Somebody has to be administrator. Give the role to another person first."
        )
    return YES


def _ids(places: list[Place]) -> list[int]:
    return [place.clinic.pk for place in places if place.clinic is not None]

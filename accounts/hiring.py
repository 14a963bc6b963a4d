"""How people and their roles come and go. Nobody gives power beyond their own; nobody changes their own roles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q

from accounts.models import Clinic, Invitation, Membership, RoleEnd, User
from accounts.naming import clean_person_name
from accounts.roles import GRANTED_ROLES, ROLES_A_MANAGER_MAY_GIVE, Capability, Role
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Reason, Refused, Verdict, require
from intranet.core.time import local_day, months_after, organisation_zone

INVITABLE = frozenset(Role) - GRANTED_ROLES


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
    wanted = list(places)
    if not wanted and to.pk != by.pk and not by.standing.may(Capability.INVITE):
        return Verdict.no("no-role", f"{to.name} holds no role at a clinic: that is for an administrator.")
    wanted = wanted or [Place(Role.ADMINISTRATOR)]
    return next((refused for place in wanted if not (refused := may_give_role(place, to=to, by=by))), YES)


def may_invite_as(place: Place, *, by: User) -> Verdict:
    """As `may_give`, but for somebody who is not here yet: what is granted for a time goes to people who are."""
    if place.role == Role.POSTER:
        words = "Writing announcements is granted to somebody of the front desk who is here, until a day."
        return Verdict.no("not-by-invitation", words, "role")
    if place.role not in INVITABLE:
        return Verdict.no("not-by-invitation", "Approval is delegated to a therapist who is here, until a day.", "role")
    return may_give(place, by=by)


def roles_to_invite_as(by: User) -> frozenset[Role]:
    """The roles that somebody gives to people who are not here yet."""
    scope = by.standing.scope(Capability.INVITE)
    return INVITABLE if scope.everywhere else ROLES_A_MANAGER_MAY_GIVE & INVITABLE if scope else frozenset()


def roles_to_give(by: User) -> frozenset[Role]:
    """The roles that somebody gives to people who are here."""
    delegates = by.standing.may(Capability.INVITE) or by.standing.may(Capability.DELEGATE_APPROVAL)
    delegated = {Role.DELEGATED_APPROVER} if delegates else set()
    granted = {Role.POSTER} if by.standing.scope(Capability.INVITE) else set()
    return roles_to_invite_as(by) | delegated | granted


@transaction.atomic
def hire(
    *,
    email: str,
    name: str,
    profession: str,
    places: list[Place],
    start: date,
    by: User | None,
    invited: bool = False,
    **profile: Any,
) -> User:
    """Create a person with roles from a day on. Without a password nobody can sign in as them yet.

    With `invited` it is the person who does it, within the power of `by`, who sent the invitation; the trail says so.

    The work address counts as confirmed: whoever hires vouches for it, and second steps need a confirmed one.
    """
    if not places:
        raise Refused.because("no-place", "Say at least one role.", "places")
    try:
        name = clean_person_name(name)
    except ValidationError as error:
        raise ValidationError({"name": error}) from None
    user = User.objects.create_user(email=email, name=name, profession=profession, hired_on=start, **profile)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    actor, origin = (user, {"invited_by": by}) if invited else (by, {})
    record(actor, "person.hired", user, clinics=_ids(places), start=start, **origin)
    for place in places:
        require(may_give_role(place, to=user, by=by), Forbidden)
        require(_fits(user, place, start, None))
        _enter(user, place, start=start, end=None, by=actor, **origin)
    return user


@transaction.atomic
def give_role(
    user: User, place: Place, *, start: date, end: date | None = None, by: User | None, at: datetime
) -> Membership:
    """Give a role from `start` up to, not including, `end` (None: until further notice).

    Raises Forbidden beyond one's own power, Refused for what the role itself forbids, for the past and for somebody
    who has left, ValidationError when the person holds it already.
    """
    user, by = lock_people(user, by)
    today = local_day(at, zone_of(place))
    require(may_give_role(place, to=user, by=by), Forbidden)
    require(Verdict.of([*_may_start(user, start, today).reasons, *_fits(user, place, start, end).reasons]))
    return _enter(user, place, start=start, end=end, by=by)


@transaction.atomic
def take_role(membership: Membership, *, end: date, by: User | None, at: datetime) -> Membership:
    """End a role: `end` is the first day without it, at the earliest today, which ends it at once.

    A role that never started is removed. Refused for the past, for one that is over, and for the last administrator;
    Conflict when somebody has removed it just now.
    """
    user, by = lock_people(membership.user, by)
    require(may_give_role(place_of(membership), to=user, by=by), Forbidden)
    require(may_still_end(membership, user))
    return end_role(membership, end=end, by=by, at=at)


def may_still_end(membership: Membership, person: User) -> Verdict:
    """Whoever has left holds no role: there is nothing to end."""
    return YES if person.is_active else Verdict.no("left-already", f"{person.name} has left: no role is in force.")


def end_role(membership: Membership, *, end: date, by: User | None, at: datetime) -> Membership:
    """As `take_role`, by whoever has locked the person and was found to have the power."""
    place, pk = place_of(membership), membership.pk
    rows = Membership.objects.select_for_update(of=("self",), no_key=True).select_related("user", "clinic")
    locked = {row.pk: row for row in rows.filter(Q(role=Role.ADMINISTRATOR) | Q(pk=pk)).order_by("pk")}
    if pk not in locked:
        raise Conflict.because("gone", "Somebody else has removed that role just now.")
    membership, today = locked[pk], local_day(at, zone_of(place))
    administrators = [row for row in locked.values() if row.role == Role.ADMINISTRATOR]
    require(_may_end(membership, end, administrators, today))
    record(by, "role.taken", membership.user, clinics=_ids([place]), role=place.role, clinic=place.clinic, end=end)
    if end <= membership.period.lower <= today:  # held since this morning: the day stays on record
        return cut_off(membership, by=by, at=at)
    RoleEnd.objects.create(membership=membership, until=end, by=by, at=at)
    if end <= membership.period.lower:  # it never began
        membership.delete()
        return membership
    membership.period = DateRange(membership.period.lower, end)
    membership.save(update_fields=["period"])
    return membership


def cut_off(membership: Membership, *, by: User | None, at: datetime) -> Membership:
    """End a role that is in force at this moment, its day stays on record."""
    tomorrow = local_day(at, zone_of(place_of(membership))) + timedelta(days=1)
    RoleEnd.objects.create(membership=membership, until=tomorrow, cut_off=True, by=by, at=at)
    membership.period = DateRange(membership.period.lower, tomorrow)
    membership.ended_at = at
    membership.save(update_fields=["period", "ended_at"])
    return membership


def lock_people(user: User, by: User | None) -> tuple[User, User | None]:
    """The person and whoever acts, as they are now, one at a time; always in the same order.

    Without the key, so that the records that others write about them, which name the key, need not wait.
    """
    wanted = {user.pk} if by is None else {user.pk, by.pk}
    rows = User.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    locked = {row.pk: row for row in rows}
    return locked[user.pk], by and locked[by.pk]


def zone_of(place: Place) -> ZoneInfo:
    """Where the days of a role begin."""
    return place.clinic.zone if place.clinic else organisation_zone()


def _enter(
    user: User, place: Place, *, start: date, end: date | None, by: User | None, **origin: User | None
) -> Membership:
    membership = Membership(user=user, role=place.role, clinic=place.clinic, period=DateRange(start, end))
    membership.full_clean()
    membership.save()
    terms = {"role": place.role, "clinic": place.clinic, "start": start, "end": end}
    record(by, "role.given", user, clinics=_ids([place]), **terms, **origin)
    return membership


def _may_start(user: User, start: date, today: date) -> Verdict:
    """From today on, at most a year ahead, and for somebody who is here."""
    reasons = []
    if not user.is_active:
        reasons.append(Reason("left", f"{user.name} has left. An administrator opens the account again first."))
    if start < today:
        reasons.append(Reason("past", "Choose today or a later day: what was before is on record.", "first"))
    if start > months_after(today, 12):
        reasons.append(Reason("too-far", "A role is given at most a year ahead.", "first"))
    return Verdict.of(reasons)


def _fits(user: User, place: Place, start: date, end: date | None) -> Verdict:
    """A period goes forward; approval is delegated to therapists and writing announcements granted to the front desk,
    until a day."""
    if end is not None and end <= start:
        return Verdict.no("ends-before", "The last day is before the first.", "last")
    if place.role == Role.POSTER:
        return _fits_the_front_desk(user, place, start, end)
    if place.role != Role.DELEGATED_APPROVER:
        return YES
    reasons = []
    if end is None:
        reasons.append(Reason("approver-without-end", "Say until when: approval is delegated for a time.", "last"))
    if not user.memberships.on(start).filter(role=Role.THERAPIST).exists():
        reasons.append(Reason("no-therapist", "Approval is delegated to therapists, from a day on which they are one."))
    return Verdict.of(reasons)


def _fits_the_front_desk(user: User, place: Place, start: date, end: date | None) -> Verdict:
    reasons = []
    if end is None:
        reasons.append(Reason("poster-without-end", "Say until when: it is granted for a time.", "last"))
    if not user.memberships.on(start).filter(role=Role.FRONT_DESK, clinic=place.clinic).exists():
        words = "It is granted to somebody of that clinic's front desk, from a day on which they are."
        reasons.append(Reason("no-front-desk", words))
    return Verdict.of(reasons)


def _may_end(membership: Membership, end: date, administrators: list[Membership], today: date) -> Verdict:
    over = membership.period.upper is not None and membership.period.upper <= end
    if over or membership.ended_at is not None:
        return Verdict.no("ends-earlier", "That role ends earlier already.", "last")
    if end < today:
        return Verdict.no("past", "Choose yesterday or a later day: what was before is on record.", "last")
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

"""What a person may do at this moment, from the memberships in force and the one role table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from accounts.roles import TABLE, Capability, Reach, Role
from intranet.core.time import local_day, organisation_zone

if TYPE_CHECKING:
    from accounts.models import Clinic, Membership, User


@dataclass(frozen=True)
class Grant:
    """One membership in force: a role at a clinic, or in the organisation (`clinic_id` None)."""

    role: Role
    clinic_id: int | None


@dataclass(frozen=True)
class Scope:
    """Where somebody holds a capability: everywhere, or at these clinics, or only for oneself (neither)."""

    everywhere: bool = False
    clinic_ids: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.clinic_ids)

    def __contains__(self, clinic_id: int) -> bool:
        return self.everywhere or clinic_id in self.clinic_ids

    def covers(self, clinic_ids: Iterable[int]) -> bool:
        return self.everywhere or self.clinic_ids.issuperset(clinic_ids)


NOWHERE = Scope()


class Standing:
    """A person's grants at one moment, with the questions that rules ask of them."""

    def __init__(self, grants: Iterable[Grant], at: datetime) -> None:
        self.grants = tuple(grants)
        self.at = at

    @cached_property
    def roles(self) -> frozenset[Role]:
        return frozenset(grant.role for grant in self.grants)

    @cached_property
    def clinic_ids(self) -> frozenset[int]:
        """The clinics at which the person works, whatever the role."""
        return frozenset(grant.clinic_id for grant in self.grants if grant.clinic_id is not None)

    def holds(self, capability: Capability) -> bool:
        """Whether the person has the capability at all, with any reach."""
        return any(capability in TABLE[role] for role in self.roles)

    def scope(self, capability: Capability) -> Scope:
        """The clinics for which the person has the capability. A reach of SELF gives nowhere."""
        reaches = [(grant, TABLE[grant.role].get(capability)) for grant in self.grants]
        if any(_reaches_everywhere(grant, reach) for grant, reach in reaches):
            return Scope(everywhere=True)
        clinic_ids = frozenset(
            grant.clinic_id for grant, reach in reaches if reach == Reach.OWN and grant.clinic_id is not None
        )
        return Scope(clinic_ids=clinic_ids)

    def may(self, capability: Capability, clinic: Clinic | int | None = None) -> bool:
        """Whether the person has the capability at `clinic`; without a clinic, for the whole organisation."""
        scope = self.scope(capability)
        if clinic is None:
            return scope.everywhere
        return (clinic if isinstance(clinic, int) else clinic.pk) in scope


def _reaches_everywhere(grant: Grant, reach: Reach | None) -> bool:
    return reach == Reach.ALL or (reach == Reach.OWN and grant.clinic_id is None)


def standing_of(user: User, at: datetime) -> Standing:
    """The standing of a person at a moment. Someone deactivated stands nowhere. One query, or none after
    `User.know_standing`.

    A membership counts on the clinic's local days; one of the whole organisation on the days of the organisation's
    zone (settings.TIME_ZONE). What is granted beside another role rests while the person does not hold that one.
    """
    if not user.is_active:
        return Standing((), at)
    known: Iterable[Membership] | None = getattr(user, "known_memberships", None)
    grants = []
    for membership in user.memberships.select_related("clinic") if known is None else known:
        zone = membership.clinic.zone if membership.clinic else organisation_zone()
        on = local_day(at, zone)
        if membership.in_force_on(on):
            grants.append(Grant(Role(membership.role), membership.clinic_id))
    return Standing([grant for grant in grants if not _rests(grant, grants)], at)


def _rests(grant: Grant, held: list[Grant]) -> bool:
    """Approval is delegated to a therapist, writing announcements granted to the front desk of the same clinic."""
    if grant.role == Role.DELEGATED_APPROVER:
        return all(other.role != Role.THERAPIST for other in held)
    return grant.role == Role.POSTER and Grant(Role.FRONT_DESK, grant.clinic_id) not in held

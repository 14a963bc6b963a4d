"""The emergency brake: a manager stops a version at an own clinic, the clinical lead decides what becomes of it.

A suspension belongs to a version: it ends with it, and a new version that is published stands on its own. While it
holds, nobody is rostered at the clinic for what the protocol governs, and every reader sees it first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import Clinic, Skill, User
from accounts.roles import TABLE, Capability, Role
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Reason, Refused, Verdict, require
from intranet.core.time import last_moment, organisation_day
from intranet.core.wording import full_day
from protocols.drafting import lock
from protocols.models import ProtocolVersion, Status, Suspension

STOPPED = "protocol-suspended"
NOT_YOURS = (Reason("not-your-clinic", "Managers suspend a protocol at their own clinics."),)


def places(by: User, version: ProtocolVersion) -> list[Clinic]:
    """The clinics at which the person may suspend the version: own ones, or all, for which it is meant."""
    scope = by.standing.scope(Capability.SUSPEND_PROTOCOL)
    clinics = Clinic.objects.all() if scope.everywhere else Clinic.objects.filter(pk__in=scope.clinic_ids)
    named = set(version.audiences.values_list("clinic", flat=True))
    return [clinic for clinic in clinics if None in named or clinic.pk in named]


def may_suspend(version: ProtocolVersion, clinic: Clinic, *, by: User) -> Verdict:
    """A manager at own clinics, the clinical lead anywhere."""
    if clinic in places(by, version):
        return YES
    return Verdict.of(NOT_YOURS)


def may_lift(by: User) -> Verdict:
    if by.standing.may(Capability.PUBLISH_PROTOCOL):
        return YES
    return Verdict.no("not-the-lead", "The clinical lead decides when it may be used again.")


def may_sign(version: ProtocolVersion, *, by: User) -> Verdict:
    """Nobody declares to follow what is stopped wherever they work by it. One clinic that is left is enough."""
    stopped = {one.clinic_id: one for one in open_on(version)}
    if not stopped:
        return YES
    places = reading_places(version, by)
    if places - stopped.keys():
        return YES
    return Verdict.of(Reason(STOPPED, _sentence(stopped[place])) for place in stopped if place in places)


def reading_places(version: ProtocolVersion, reader: User) -> set[int]:
    """The ids of the clinics at which the person works by the version: by a role that it addresses, or as manager or lead."""
    lines = list(version.audiences.values_list("role", "clinic"))
    everywhere = (
        set(Clinic.objects.values_list("pk", flat=True)) if any(clinic is None for _, clinic in lines) else set()
    )
    meant = everywhere | {clinic for _, clinic in lines if clinic is not None}
    places: set[int] = set()
    for grant in reader.standing.grants:
        reads_all = grant.role != Role.ADMINISTRATOR and Capability.READ_ANY_PROTOCOL in TABLE[grant.role]
        named = [clinic for role, clinic in lines if reads_all or role == grant.role]
        theirs = meant if None in named else {clinic for clinic in named if clinic is not None}
        places |= theirs if grant.clinic_id is None else theirs & {grant.clinic_id}
    return places


@transaction.atomic
def suspend(
    version: ProtocolVersion, *, clinics: Sequence[Clinic], reason: str, by: User, at: datetime
) -> list[Suspension]:
    """Stop the version at these clinics at once. Where it is stopped already, nothing changes."""
    version, clinics = lock(version), list(dict.fromkeys(clinics))
    if not clinics:
        raise Refused.because("no-clinic", "Choose where it is suspended.", "clinics")
    for clinic in clinics:
        require(may_suspend(version, clinic, by=by), Forbidden)
    if not reason.strip():
        raise Refused.because("no-reason", "Say why it is suspended.", "reason")
    if version.status(at) not in (Status.IN_FORCE, Status.COMING):
        raise Refused.because("not-in-force", "This version is not in force and will not be.")
    stopped = set(version.suspensions.open().values_list("clinic", flat=True))
    made = [
        Suspension.objects.create(version=version, clinic=clinic, reason=" ".join(reason.split()), by=by, at=at)
        for clinic in clinics
        if clinic.pk not in stopped
    ]
    if not made:
        raise Conflict.because("suspended", "Somebody has suspended it there meanwhile.")
    record(by, "protocol.suspended", version, clinics=[one.clinic_id for one in made], reason=made[0].reason)
    return made


@transaction.atomic
def lift(suspension: Suspension, *, because: str, by: User, at: datetime) -> Suspension:
    """Let people work by the version again. Raises Conflict when somebody else has lifted it meanwhile."""
    version = lock(suspension.version)
    suspension = Suspension.objects.select_for_update(of=("self",)).get(pk=suspension.pk)
    require(may_lift(by), Forbidden)
    if suspension.lifted_at is not None:
        raise Conflict.because("lifted", "Somebody has lifted it meanwhile.")
    if not because.strip():
        raise Refused.because("no-reason", "Say why it may be used again.", "because")
    suspension.lifted_by, suspension.lifted_at, suspension.lifted_because = by, at, " ".join(because.split())
    suspension.save(update_fields=["lifted_by", "lifted_at", "lifted_because"])
    record(
        by,
        "protocol.suspension-lifted",
        version,
        clinics=[suspension.clinic_id],
        reason=suspension.lifted_because,
    )
    return suspension


def open_on(version: ProtocolVersion) -> QuerySet[Suspension]:
    """What stops the version now, by clinic."""
    return version.suspensions.open().select_related("clinic", "by").order_by("clinic__name")


def in_question(by: User, at: datetime) -> QuerySet[Suspension]:
    """What waits for the person to decide: suspensions of versions that are still in force or will be."""
    if not may_lift(by):
        return Suspension.objects.none()
    waiting = Suspension.objects.open().filter(version__in=ProtocolVersion.objects.current(at))
    return waiting.select_related("version__protocol", "clinic", "by").order_by("at", "pk")


@dataclass(frozen=True)
class Stops:
    """What is suspended for some procedures; asked for a clinic and a day. One query, however many shifts ask."""

    rows: Sequence[Suspension]
    skills: dict[int, set[int]]

    def reasons(self, skill: Skill, clinic_id: int, on: date) -> list[Reason]:
        """Why nobody does the procedure at the clinic on the day: what is suspended there and still in force then."""
        moment = last_moment(on)
        return [
            Reason(STOPPED, _sentence(row))
            for row in self.rows
            if skill.pk in self.skills[row.pk]
            and row.clinic_id == clinic_id
            and row.at <= moment
            and moment in row.version.in_force
        ]


def stops(skills: Iterable[Skill]) -> Stops:
    """Everything that is suspended now and governs one of the procedures."""
    wanted = {skill.pk for skill in skills}
    if not wanted:
        return Stops([], {})
    rows: QuerySet[Any, Any] = Suspension.objects.open().filter(version__protocol__skills__in=wanted)
    by_skill: dict[int, set[int]] = {}
    found: dict[int, Suspension] = {}
    for row in rows.select_related("version", "clinic", "by").annotate(skill_id=F("version__protocol__skills")):
        found[row.pk] = row
        by_skill.setdefault(row.pk, set()).add(row.skill_id)
    return Stops(list(found.values()), by_skill)


def _sentence(row: Suspension) -> str:
    since = full_day(organisation_day(row.at))
    return f"“{row.version.title}” is suspended at {row.clinic} since {since}: {row.reason}"

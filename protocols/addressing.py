"""Readers of a published version who are added later. Nobody is taken away: who had to sign stays on record."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Clinic, User
from accounts.roles import GRANTED_ROLES, ORGANISATION_ROLES, Capability, Role
from intranet.audit.recording import record
from intranet.core.access import YES, Forbidden, Reason, Refused, Verdict, require
from protocols.drafting import lock
from protocols.models import Audience, ProtocolVersion, Status
from protocols.publishing import Readers

ROLES = tuple(role for role in Role if role not in ORGANISATION_ROLES | GRANTED_ROLES)
NOT_YOURS = (Reason("not-your-clinic", "Managers add readers at their own clinics."),)


def places(by: User) -> QuerySet[Clinic]:
    """The clinics at which the person may add readers."""
    return Clinic.objects.where(by, Capability.ADD_READERS)


def may_add_readers(lines: Collection[Readers], *, by: User) -> Verdict:
    """A manager at own clinics, the clinical lead at any; without lines, somewhere at all."""
    scope = by.standing.scope(Capability.ADD_READERS)
    own = all(line.clinic is not None and line.clinic.pk in scope for line in lines)
    return Verdict.of(() if scope and own else NOT_YOURS)


@transaction.atomic
def add_readers(version: ProtocolVersion, *, readers: Collection[Readers], by: User, at: datetime) -> list[Audience]:
    """Have people with these roles at these clinics read the version as well, and perhaps acknowledge it: their days
    count from now on. Whoever reads it already may have to acknowledge it from now on; what holds already is left out.
    """
    version = lock(version)
    require(may_add_readers(readers, by=by), Forbidden)
    require(_is_current(version, at) + _are_of_clinics(readers))
    known = list(version.audiences.all())
    made = [
        Audience(
            version=version,
            clinic=line.clinic,
            role=line.role,
            must_acknowledge=line.must_acknowledge,
            added_by=by,
            added_at=at,
        )
        for line in dict.fromkeys(readers)
        if not is_covered(line, known)
    ]
    if not made:
        raise Refused.because("no-readers", "Choose somebody who does not read it yet, or who is to acknowledge it.")
    Audience.objects.bulk_create(made)
    clinics = [line.clinic_id for line in made if line.clinic_id is not None]
    record(by, "protocol.readers-added", version, clinics=clinics, readers=[words(line) for line in made])
    return made


def is_covered(line: Readers, known: Collection[Audience]) -> bool:
    """Whether these people read the version already, and must acknowledge it if that is asked."""
    places = (None, line.clinic.pk if line.clinic else None)
    return any(
        one.role == line.role and one.clinic_id in places and (one.must_acknowledge or not line.must_acknowledge)
        for one in known
    )


def _is_current(version: ProtocolVersion, at: datetime) -> Verdict:
    if version.status(at) in (Status.IN_FORCE, Status.COMING):
        return YES
    return Verdict.no("not-in-force", "This version is not in force and will not be.")


def _are_of_clinics(lines: Collection[Readers]) -> Verdict:
    if all(line.role in ROLES for line in lines):
        return YES
    return Verdict.no("not-at-a-clinic", "Lead, administrators and approvers are no readers of one clinic.", "role")


def words(line: Audience) -> str:
    """For the trail."""
    return f"{line}, must acknowledge it" if line.must_acknowledge else str(line)

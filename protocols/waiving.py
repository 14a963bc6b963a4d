"""Excusing somebody from an acknowledgement for a while, with a reason. It clears nobody for anything."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from accounts.roles import Capability
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Refused, Verdict, require
from intranet.core.time import organisation_day
from protocols.acknowledging import outstanding_rows
from protocols.models import ProtocolVersion, Readership, Waiver


def may_waive(version: ProtocolVersion, person: User, *, by: User, at: datetime) -> Verdict:
    """A manager for people asked at own clinics, the clinical lead for all, nobody for themselves."""
    if by.pk == person.pk:
        return Verdict.no("oneself", "Somebody else waives your acknowledgement.")
    scope = by.standing.scope(Capability.WAIVE_ACKNOWLEDGEMENT)
    asked = Readership.objects.on(organisation_day(at)).duties().filter(version=version, user=person)
    if scope.everywhere or (scope.clinic_ids and asked.filter(clinic__in=scope.clinic_ids).exists()):
        return YES
    return Verdict.no("not-your-clinic", "Managers waive acknowledgements of people at their own clinics.")


def holding(version: ProtocolVersion, person: User, at: datetime) -> Waiver | None:
    """The waiver that holds for the person."""
    found = Waiver.objects.filter(version=version, user=person).holding(at)
    return found.select_related("by").order_by("-at", "-pk").first()


@transaction.atomic
def waive(
    version: ProtocolVersion, person: User, *, reason: str, through: date | None = None, by: User, at: datetime
) -> Waiver:
    """Excuse the person until the end of the day `through`, or until somebody ends it. Then the days count anew."""
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    require(may_waive(version, person, by=by, at=at), Forbidden)
    if not reason.strip():
        raise Refused.because("no-reason", "Say why.", "reason")
    if through is not None and through < organisation_day(at):
        raise Refused.because("past", "Choose today or a later day.", "through")
    if holding(version, person, at):
        raise Conflict.because("waived", "Somebody has waived it meanwhile.")
    if not outstanding_rows(at).filter(version=version, user=person).exists():
        raise Refused.because("nothing-due", f"{person.given_name} has nothing to acknowledge here.")
    made = Waiver.objects.create(
        version=version, user=person, by=by, at=at, reason=" ".join(reason.split()), through=through
    )
    record(
        by,
        "acknowledgement.waived",
        person,
        clinics=_clinics(version, person, at),
        version=str(version),
        through=through,
    )
    return made


@transaction.atomic
def end(waiver: Waiver, *, by: User, at: datetime) -> Waiver:
    """Ask for the acknowledgement again, from now on. Raises Conflict when it is over already."""
    waiver = Waiver.objects.select_for_update(of=("self",)).select_related("version", "user").get(pk=waiver.pk)
    require(may_waive(waiver.version, waiver.user, by=by, at=at), Forbidden)
    if not Waiver.objects.holding(at).filter(pk=waiver.pk).exists():
        raise Conflict.because("over", "The waiver is over already.")
    waiver.ended_by, waiver.ended_at = by, at
    waiver.save(update_fields=["ended_by", "ended_at"])
    clinics = _clinics(waiver.version, waiver.user, at)
    record(by, "acknowledgement.waiver-ended", waiver.user, clinics=clinics, version=str(waiver.version))
    return waiver


def _clinics(version: ProtocolVersion, person: User, at: datetime) -> list[int]:
    asked = Readership.objects.on(organisation_day(at)).duties().filter(version=version, user=person)
    return [clinic for clinic in asked.values_list("clinic", flat=True).distinct().order_by() if clinic is not None]

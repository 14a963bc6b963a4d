"""What people have done towards the parts of a qualification: filing it, checking it, striking out what was wrong."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.credentials import clinics_of
from accounts.filing import may_file, withdraw
from accounts.models import Training, Unit, User
from accounts.qualifications import progress
from accounts.roles import Capability
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Refused, Verdict, require
from intranet.core.time import organisation_day

MEASURED = {Unit.HOURS, Unit.SESSIONS}
MOST_IN_A_DAY = 12


def may_check_trainings(owner: User, *, by: User) -> Verdict:
    """The clinical lead checks what others have done."""
    if by.pk == owner.pk:
        return Verdict.no("own-training", "Somebody else has to check your trainings.")
    if not by.standing.may(Capability.GRANT_COMPETENCY):
        return Verdict.no("not-clinical-lead", "The clinical lead checks trainings.")
    return YES


def to_check(viewer: User) -> QuerySet[Training]:
    """What waits for this person's check: exactly where `may_check_trainings` says yes. The oldest first."""
    if not viewer.standing.may(Capability.GRANT_COMPETENCY):
        return Training.objects.none()
    waiting = Training.objects.filter(verified_at=None, struck_at=None, user__is_active=True).exclude(user=viewer)
    return waiting.select_related("user", "part__type").order_by("entered_at", "pk")


@transaction.atomic
def add_training(training: Training, *, by: User, at: datetime) -> Training:
    """Put what somebody has done into their file, not verified yet. `training` is not saved; `user` and `part` are set.

    Raises Forbidden for somebody else's file, Refused for a day to come, a region that the type does not know, or an
    amount that makes no sense, ValidationError for a value that no field takes.
    """
    require(may_file(training.user, by=by), Forbidden)
    require(_makes_sense(training, organisation_day(at)))
    if training.exempt or training.part.unit not in MEASURED:
        training.amount = None if training.exempt else 1
    training.entered_by, training.entered_at = by, at
    training.full_clean()
    training.save()
    record(by, "training.filed", training, clinics=clinics_of(training.user), **_summary(training))
    return training


def _makes_sense(training: Training, today: date) -> Verdict:
    part = training.part
    unknown = sorted(set(training.regions) - set(part.type.regions))
    if unknown:
        return Verdict.no("unknown-region", f"{part.type} knows no region “{unknown[0]}”.", "regions")
    if training.last_day > today:
        return Verdict.no("not-yet", "Enter what is done: this day is still to come.", "last_day")
    if not training.exempt and not training.amount and part.unit in MEASURED:
        return Verdict.no("amount-missing", f"Say how many {part.get_unit_display().lower()} it was.", "amount")
    return _fits_its_days(training)


def _fits_its_days(training: Training) -> Verdict:
    """Nobody has 500 hours of a course in a day."""
    unit = training.part.get_unit_display().lower()
    if training.exempt or training.part.unit not in MEASURED or not training.amount:
        return YES
    first = training.first_day or training.last_day
    if training.amount <= MOST_IN_A_DAY * ((training.last_day - first).days + 1) or first > training.last_day:
        return YES
    if training.first_day is None:
        return Verdict.no(
            "first-day-missing", f"{training.amount} {unit} take more than a day: say the first.", "first_day"
        )
    return Verdict.no("too-many", f"{training.amount} {unit} do not fit between these days.", "amount")


@transaction.atomic
def verify_training(training: Training, *, by: User, at: datetime) -> Training:
    """Confirm that it was done. A second time changes nothing; Refused when it was struck out meanwhile."""
    training = _locked(training)
    require(may_check_trainings(training.user, by=by), Forbidden)
    if training.struck_at is not None:
        raise Conflict.because("struck-out", "Somebody has struck this out meanwhile.")
    if training.verified_at is None:
        training.verified_by, training.verified_at = by, at
        training.save(update_fields=["verified_by", "verified_at"])
        record(by, "training.verified", training, clinics=clinics_of(training.user), **_summary(training))
    return training


@transaction.atomic
def strike_training(training: Training, *, reason: str, by: User, at: datetime) -> Training:
    """Say that it does not count, and why. It stays on record.

    A credential that was verified with it is withdrawn when its part is not met without it.
    """
    training = _locked(training)
    require(may_check_trainings(training.user, by=by), Forbidden)
    if not reason.strip():
        raise Refused.because("reason-missing", "Say why it does not count.", "reason")
    if training.struck_at is not None:
        raise Conflict.because("struck-out", "Somebody has struck this out already.")
    was_met = _is_met(training, at)
    training.struck_by, training.struck_at, training.struck_reason = by, at, reason.strip()
    training.save(update_fields=["struck_by", "struck_at", "struck_reason"])
    record(by, "training.struck-out", training, clinics=clinics_of(training.user), reason=training.struck_reason)
    if was_met and not _is_met(training, at):
        _withdraw_what_leans_on(training, by=by, at=at)
    return training


def _is_met(training: Training, at: datetime) -> bool:
    steps = progress(training.user, training.part.type, on=organisation_day(at), at=at)
    return next(step.met for step in steps if step.part == training.part)


def _withdraw_what_leans_on(training: Training, *, by: User, at: datetime) -> None:
    for credential in training.user.credentials.verified().filter(type=training.part.type):
        withdraw(credential, reason=f"{training.part} was struck out: {training.struck_reason}"[:200], by=by, at=at)


@transaction.atomic
def remove_training(training: Training, *, by: User) -> None:
    """Take back what nobody has checked yet."""
    training = _locked(training)
    require(may_file(training.user, by=by), Forbidden)
    if training.verified_at is not None or training.struck_at is not None:
        raise Conflict.because("checked", "This was checked meanwhile and stays on record.")
    record(by, "training.removed", training, clinics=clinics_of(training.user), **_summary(training))
    training.delete()


def _locked(training: Training) -> Training:
    found = Training.objects.select_for_update(of=("self",)).select_related("user", "part__type")
    locked = found.filter(pk=training.pk).first()
    if locked is None:
        raise Conflict.because("removed", "Somebody has removed this meanwhile.")
    return locked


def _summary(training: Training) -> dict[str, object]:
    return {
        "part": training.part.name,
        "amount": training.amount,
        "last_day": training.last_day,
        "regions": training.regions,
    }

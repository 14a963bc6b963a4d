"""Open shifts: who may take one, taking it, and asking for it where a manager picks.

Only published open shifts count. Whoever takes one is cleared for it, and it fits everything else that they work.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import User
from intranet.audit.recording import record
from intranet.core.access import Conflict, Forbidden, Reason, Refused, Verdict, require
from scheduling.assigning import NOTHING_CHANGED, NeedsReason, lock_people, lock_weeks_by_id, may_edit
from scheduling.changing_hands import change_hands, concerns_in
from scheduling.eligibility import gather, meal_verdict
from scheduling.models import Claim, ClaimState, Occasion, OpenShifts, PublishedShift, Shift
from scheduling.plans import Plan
from scheduling.policies import policy_of

TAKEN = f"Somebody was quicker: this shift is taken. {NOTHING_CHANGED}"


def open_to(person: User, at: datetime) -> list[PublishedShift]:
    """The published open shifts to come that the person may take, the next one first. A query or two for each shift of
    the person's position; shifts that others only may take are not shown to them at all."""
    coming = PublishedShift.objects.visible_to(person).standing().filter(staff=None, period__startswith__gt=at)
    coming = coming.filter(clinic__in=person.standing.clinic_ids).select_related("clinic", "skill", "shift")
    return [one for one in coming.order_by("period", "pk") if may_take(one, person, at)]


def may_take(published: PublishedShift, person: User, at: datetime) -> Verdict:
    """Every reason against the person taking the open shift by themselves. Their own "not available" bars it."""
    plan = _plan(published)
    evidence = gather(plan, [person], shift_id=published.shift_id)
    verdict = policy_of(published.clinic).in_time(published, at) + evidence.verdict(person, at)
    return verdict + evidence.absences.unavailable(plan, person) + meal_verdict(plan, evidence.rules)


def _plan(published: PublishedShift) -> Plan:
    return Plan.of(published.shift)


@transaction.atomic
def claim(published: PublishedShift, *, sequence: int, by: User, at: datetime) -> Claim:
    """Take an open shift; where a manager picks, or where something speaks against it, ask for it.

    `sequence` is that of the published shift that the person saw. Conflict when somebody was quicker.
    """
    require(may_take(published, by, at), Refused)
    if published.sequence != sequence:
        raise Conflict.because("changed-meanwhile", f"This shift was changed meanwhile. {NOTHING_CHANGED}")
    if policy_of(published.clinic).open_shifts == OpenShifts.PICKED:
        return _ask(published, by=by, at=at)
    try:
        with transaction.atomic():
            _give(published, by, by=by, at=at)
    except NeedsReason:
        return _ask(published, by=by, at=at)
    return Claim.objects.create(
        shift_id=published.shift_id,
        sequence=sequence,
        person=by,
        state=ClaimState.GRANTED,
        made_at=at,
        ended_at=at,
        ended_by=by,
    )


def _ask(published: PublishedShift, *, by: User, at: datetime) -> Claim:
    lock_people([by])
    claim = Claim(
        shift_id=published.shift_id, sequence=published.sequence, person=by, state=ClaimState.WAITING, made_at=at
    )
    try:
        with transaction.atomic():
            claim.save()
    except IntegrityError as error:
        raise Conflict.because("asked-already", "You have asked for this shift already.") from error
    record(by, "shift.asked-for", claim.shift, clinics=[published.clinic_id])
    return claim


def _give(published: PublishedShift, person: User, *, by: User, at: datetime, reason: str = "") -> None:
    shift = Shift.objects.select_related("clinic", "week__clinic", "staff", "skill").get(pk=published.shift_id)
    lock_weeks_by_id([shift.week_id])
    shift.refresh_from_db(fields=["staff", "state", "version"])
    if shift.staff_id is not None:
        raise Conflict.because("taken", TAKEN)
    sequences = {shift.pk: published.sequence}
    change_hands({shift: person}, sequences, by=by, at=at, occasion=Occasion.CLAIM, reason=reason)
    waiting = Claim.objects.waiting().filter(shift=shift).exclude(person=person)
    waiting.update(state=ClaimState.LAPSED, ended_at=at, ended_by=by)


@transaction.atomic
def grant(claim: Claim, *, by: User, at: datetime, reason: str = "") -> Claim:
    """A manager gives the shift to whoever asked for it; the others who asked are told that it is taken."""
    require(may_edit(claim.shift.clinic, by), Forbidden)
    published = PublishedShift.objects.standing().select_related("clinic", "skill").filter(shift=claim.shift).first()
    if published is None or published.sequence != claim.sequence:
        raise Conflict.because("changed-meanwhile", f"This shift was changed since. {NOTHING_CHANGED}")
    lock_weeks_by_id([published.week_id])
    claim = _waiting(claim)
    _give(published, claim.person, by=by, at=at, reason=reason)
    return _end(claim, ClaimState.GRANTED, by=by, at=at)


@transaction.atomic
def decline(claim: Claim, *, by: User, at: datetime, answer: str = "") -> Claim:
    require(may_edit(claim.shift.clinic, by), Forbidden)
    claim = _waiting(claim)
    claim.answer = " ".join(answer.split())
    record(by, "shift-claim.declined", claim.shift, clinics=[claim.shift.clinic_id])
    return _end(claim, ClaimState.DECLINED, by=by, at=at)


@transaction.atomic
def withdraw(claim: Claim, *, by: User, at: datetime) -> Claim:
    if claim.person_id != by.pk:
        raise Forbidden.because("not-yours", "Only whoever asked for a shift withdraws it.")
    return _end(_waiting(claim), ClaimState.WITHDRAWN, by=by, at=at)


def concerns_about(claim: Claim, at: datetime) -> Sequence[Reason]:
    """Why a manager has to decide, beside the clinic's policy: what speaks against it and is no bar."""
    plan = Plan.of(claim.shift)
    evidence = gather(plan, [claim.person], shift_id=claim.shift_id)
    return concerns_in(evidence.verdict(claim.person, at) + meal_verdict(plan, evidence.rules))


def _waiting(claim: Claim) -> Claim:
    fresh = Claim.objects.select_for_update(of=("self",)).select_related("person", "shift__clinic").get(pk=claim.pk)
    if fresh.state != ClaimState.WAITING:
        raise Conflict.because("decided", f"This is decided already: {fresh.get_state_display().lower()}.")
    return fresh


def _end(claim: Claim, state: ClaimState, *, by: User, at: datetime) -> Claim:
    claim.state, claim.ended_by, claim.ended_at = state, by, at
    claim.save(update_fields=["state", "ended_by", "ended_at", "answer"])
    return claim

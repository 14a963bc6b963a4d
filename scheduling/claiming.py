"""Open shifts: who may take one, taking it, and asking for it where a manager picks or where something speaks against it.

Only published open shifts count. Whoever takes one is cleared for it, and it fits everything else that they work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from intranet.audit.recording import record
from intranet.core.access import Conflict, Forbidden, Refused, Verdict, require
from scheduling.assigning import NOTHING_CHANGED, NeedsReason, lock_people, lock_weeks_by_id, may_edit
from scheduling.changing_hands import change_hands
from scheduling.handovers import Gain, Handover, Outcome, judge, judge_for
from scheduling.models import Claim, ClaimState, Occasion, PublishedShift, Shift
from scheduling.my_schedule import may_have_schedule
from scheduling.policies import Policy, policies, policy_of
from scheduling.positions import positions_of

TAKEN = f"Somebody was quicker: this shift is taken. {NOTHING_CHANGED}"
CHANGED = f"This shift was changed meanwhile. Look at it as it is now. {NOTHING_CHANGED}"
GONE = f"This shift is no longer offered. {NOTHING_CHANGED}"


@dataclass(frozen=True)
class OpenShift:
    """An open shift that somebody may take: their hours with it, and their request if they have asked for it."""

    shift: PublishedShift
    outcome: Outcome
    policy: Policy
    claim: Claim | None

    @property
    def gain(self) -> Gain:
        """What it would mean for the person."""
        [gain] = self.outcome.gains
        return gain

    @property
    def has_to_wait(self) -> bool:
        """Whether a manager decides: always at the clinic, or because something speaks against it."""
        return self.policy.picks or self.outcome.is_weighed


def open_to(person: User, at: datetime) -> list[OpenShift]:
    """The published open shifts to come that the person may take, the next one first. Those that only others may take
    are not shown at all. As many queries for many as for one."""
    coming = list(_coming(person, at))
    rules = policies(one.clinic for one in coming)
    asked = {claim.shift_id: claim for claim in Claim.objects.waiting().filter(person=person)}
    judged = judge_for(person, [Handover([(one, person)]) for one in coming], at)
    return [
        OpenShift(one, outcome, rules[one.clinic_id], asked.get(one.shift_id))
        for one, outcome in zip(coming, judged, strict=True)
        if outcome.verdict and rules[one.clinic_id].in_time(one, at)
    ]


def _coming(person: User, at: datetime) -> QuerySet[PublishedShift]:
    """Open shifts at the person's clinics, in positions of their profession, that nobody is changing."""
    seen = PublishedShift.objects.visible_to(person).standing().as_planned()
    free = seen.filter(staff=None, period__startswith__gt=at, position__in=positions_of(person.profession))
    here = free.filter(clinic__in=person.standing.clinic_ids)
    return here.select_related("clinic", "skill").order_by("period", "pk")


def may_take(published: PublishedShift, person: User, at: datetime) -> Verdict:
    """Every reason against the person taking the open shift by themselves. Their own "not available" bars it."""
    [outcome] = judge_for(person, [Handover([(published, person)])], at)
    return may_have_schedule(person) + policy_of(published.clinic).in_time(published, at) + outcome.verdict


@transaction.atomic
def claim(published: PublishedShift, *, sequence: int, by: User, at: datetime) -> Claim:
    """Take an open shift; where a manager picks, or where something speaks against it, ask for it.

    `sequence` is that of the published shift that the person saw. Conflict when somebody was quicker.
    """
    lock_weeks_by_id([published.week_id])
    lock_people([by])
    published = _still_open(published, sequence, by)
    require(may_take(published, by, at))
    if policy_of(published.clinic).picks:
        return _ask(published, by=by, at=at)
    try:
        with transaction.atomic():
            _give(published, by, by=by, at=at)
    except NeedsReason:
        return _ask(published, by=by, at=at)
    taken = Claim.objects.create(
        shift_id=published.shift_id,
        sequence=sequence,
        person=by,
        state=ClaimState.GRANTED,
        made_at=at,
        ended_at=at,
        ended_by=by,
    )
    record(by, "shift-claim.taken", taken.shift, clinics=[published.clinic_id])
    return taken


def _still_open(published: PublishedShift, sequence: int, by: User) -> PublishedShift:
    """The shift as staff see it now, its week being locked. Conflict when it is not the open one that somebody saw."""
    now = PublishedShift.objects.standing().filter(pk=published.pk).select_related("clinic", "skill").first()
    if now is None:
        raise Conflict.because("gone", GONE)
    if now.staff_id is not None:
        raise Conflict.because("taken", "This shift is yours already." if now.staff_id == by.pk else TAKEN)
    if now.sequence != sequence:
        raise Conflict.because("changed-meanwhile", CHANGED)
    return now


def _ask(published: PublishedShift, *, by: User, at: datetime) -> Claim:
    asked = Claim(
        shift_id=published.shift_id, sequence=published.sequence, person=by, state=ClaimState.WAITING, made_at=at
    )
    try:
        with transaction.atomic():
            asked.save()
    except IntegrityError as error:
        if error.__cause__.diag.constraint_name != "open_shift_is_asked_for_once":  # type: ignore[union-attr]
            raise
        raise Conflict.because("asked-already", "You have asked for this shift already.") from error
    record(by, "shift-claim.made", asked.shift, clinics=[published.clinic_id])
    return asked


def _give(published: PublishedShift, person: User, *, by: User, at: datetime, reason: str = "") -> None:
    """The person has the shift now; whoever else asked for it is told that it is taken."""
    shift = Shift.objects.select_related("clinic", "week__clinic", "staff", "skill").get(pk=published.shift_id)
    sequences = {shift.pk: published.sequence}
    change_hands({shift: person}, sequences, by=by, at=at, occasion=Occasion.CLAIM, reason=reason)
    others = Claim.objects.waiting().filter(shift=shift).exclude(person=person)
    if lapsed := others.update(state=ClaimState.LAPSED, ended_at=at, ended_by=by):
        record(by, "shift-claim.lapsed", shift, clinics=[published.clinic_id], requests=lapsed)


def may_decide(claim: Claim, by: User) -> Verdict:
    """A manager of the clinic; never about oneself."""
    if claim.person_id == by.pk:
        return Verdict.no("own", "Somebody else decides about what you ask for.")
    return may_edit(claim.shift.clinic, by)


@transaction.atomic
def grant(claim: Claim, *, by: User, at: datetime, reason: str = "") -> Claim:
    """A manager gives the shift to whoever asked for it. `reason` is why, although something speaks against it."""
    require(may_decide(claim, by), Forbidden)
    lock_weeks_by_id([claim.shift.week_id])
    lock_people([claim.person])
    claim = _waiting(claim)
    published = PublishedShift.objects.standing().filter(shift=claim.shift).first()
    if published is None or published.sequence != claim.sequence:
        raise Conflict.because("changed-meanwhile", f"This shift was changed since. {NOTHING_CHANGED}")
    _give(published, claim.person, by=by, at=at, reason=reason)
    record(by, "shift-claim.granted", claim.shift, clinics=[claim.shift.clinic_id], person=claim.person)
    return _end(claim, ClaimState.GRANTED, by=by, at=at)


@transaction.atomic
def decline(claim: Claim, *, by: User, at: datetime, answer: str) -> Claim:
    """A manager does not give the shift to whoever asked for it, and says why."""
    require(may_decide(claim, by), Forbidden)
    if not answer.strip():
        raise Refused.because("no-answer", "Say why, so that they can plan.", "answer")
    claim = _waiting(claim)
    claim.answer = " ".join(answer.split())
    record(by, "shift-claim.declined", claim.shift, clinics=[claim.shift.clinic_id], person=claim.person)
    return _end(claim, ClaimState.DECLINED, by=by, at=at)


@transaction.atomic
def withdraw(claim: Claim, *, by: User, at: datetime) -> Claim:
    """Whoever asked does not want it any more."""
    if claim.person_id != by.pk:
        raise Forbidden.because("not-yours", "Only whoever asked for a shift withdraws it.")
    claim = _waiting(claim)
    record(by, "shift-claim.withdrawn", claim.shift, clinics=[claim.shift.clinic_id])
    return _end(claim, ClaimState.WITHDRAWN, by=by, at=at)


def settle(at: datetime) -> int:
    """End requests for shifts that are no longer open as they were, or have begun. How many it ended.

    One that somebody is just deciding about is left to them, and to the next tick.
    """
    open_as_asked = PublishedShift.objects.standing().filter(
        shift=OuterRef("shift"), sequence=OuterRef("sequence"), staff=None, period__startswith__gt=at
    )
    lapsed = Claim.objects.waiting().filter(~Exists(open_as_asked)).select_related("shift")
    with transaction.atomic():
        claims = list(lapsed.select_for_update(of=("self",), skip_locked=True).order_by("pk"))
        for one in claims:
            record(None, "shift-claim.lapsed", one.shift, clinics=[one.shift.clinic_id], person=one.person)
            _end(one, ClaimState.LAPSED, by=None, at=at)
    return len(claims)


def outcomes(claims: Sequence[Claim], at: datetime) -> list[Outcome]:
    """What granting each request would mean, for a manager. As many queries for many as for one."""
    return judge([Handover([(one.shift, one.person)]) for one in claims], at)


def _waiting(claim: Claim) -> Claim:
    fresh = Claim.objects.select_for_update(of=("self",)).select_related("person", "shift__clinic").get(pk=claim.pk)
    if fresh.state != ClaimState.WAITING:
        raise Conflict.because("decided", f"This is decided already: {fresh.get_state_display().lower()}.")
    return fresh


def _end(claim: Claim, state: ClaimState, *, by: User | None, at: datetime) -> Claim:
    claim.state, claim.ended_by, claim.ended_at = state, by, at
    claim.save(update_fields=["state", "ended_by", "ended_at", "answer"])
    return claim

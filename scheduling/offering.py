"""Giving, swapping and handing back published shifts.

The shift stays with whoever has it until everything is done: a colleague takes it, and where the clinic wants it the
managers of every clinic concerned agree. Everything is looked at again in that very moment, for everybody concerned.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import User
from intranet.audit.recording import record
from intranet.core.access import Conflict, Forbidden, Refused, require
from scheduling.assigning import NOTHING_CHANGED, NeedsReason, lock_people, lock_weeks_by_id, may_edit
from scheduling.changing_hands import NOT_AS_PUBLISHED, change_hands, lock_supervised_days, require_agreeable
from scheduling.models import LIVE, Occasion, Offer, OfferConsent, OfferKind, OfferState, PublishedShift, Shift
from scheduling.offers import (
    RELATED,
    Wanted,
    answer_until,
    deadline_of,
    is_as_offered,
    is_asked,
    is_free,
    is_harmless,
    is_own,
    may_decide,
    may_offer,
    may_take,
    new_holders,
    outcomes,
    published_copies,
)
from scheduling.policies import policies

OVERTAKEN = {"not-open", "being-changed"}  # no fault of whoever asks: somebody was quicker
OFFERED = {OfferKind.GIVE: "shift-offer.given", OfferKind.SWAP: "shift-offer.swap", OfferKind.DROP: "shift-offer.drop"}
ENDED = {
    OfferState.DONE: "shift-offer.done",
    OfferState.DECLINED: "shift-offer.declined",
    OfferState.REFUSED: "shift-offer.refused",
    OfferState.WITHDRAWN: "shift-offer.withdrawn",
    OfferState.EXPIRED: "shift-offer.expired",
    OfferState.VOID: "shift-offer.voided",
}


@transaction.atomic
def offer(wanted: Wanted, *, by: User, at: datetime) -> Offer:
    """Offer a shift: to one colleague or to whoever may take it, against another shift, or back to the managers.

    Conflict when one of the shifts is not any more as it was seen. Handing back needs nobody to take it; where the
    clinic lets people do so at once and nothing speaks against it, the shift is open after it.
    """
    _lock([one.shift for one in wanted.shifts], [by, wanted.to])
    _require_as_seen(wanted)
    require(is_own(wanted.shift, by), Forbidden)
    require(may_offer(wanted, by, at))
    held = policies(one.clinic for one in wanted.shifts)
    drop = wanted.kind == OfferKind.DROP
    made = Offer(
        kind=wanted.kind,
        shift=wanted.shift.shift,
        sequence=wanted.shift.sequence,
        by=by,
        to=wanted.to,
        in_return=wanted.in_return.shift if wanted.in_return else None,
        return_sequence=wanted.in_return.sequence if wanted.in_return else None,
        note=" ".join(wanted.note.split()),
        state=OfferState.TAKEN if drop else OfferState.OPEN,
        made_at=at,
        expires_at=deadline_of(wanted.shifts, held) if drop else answer_until(wanted.shifts, held, at),
    )
    _save_new(made)
    record(by, OFFERED[wanted.kind], made.shift, clinics=made.clinic_ids, to=wanted.to)
    if drop and is_free(made, held) and is_harmless(made, at):
        return _done_unless_weighed(made, by=by, at=at)
    return made


def _lock(shifts: Iterable[Shift], people: Iterable[User | None]) -> None:
    """Weeks, people and days, before the shifts and the offer itself: the order of all actions.

    Every offer of a shift locks its holder, so two offers of one shift wait for each other.
    """
    shifts = list(shifts)
    lock_weeks_by_id({shift.week_id for shift in shifts})
    lock_people(people)
    lock_supervised_days(shifts)


def _require_as_seen(wanted: Wanted) -> None:
    """Conflict unless staff still see the shifts like this, and nobody is changing them."""
    ids = [one.shift_id for one in wanted.shifts]
    rows = PublishedShift.objects.standing().filter(shift__in=ids)
    now = {row.shift_id: row for row in rows}
    for one in wanted.shifts:
        current = now.get(one.shift_id)
        if current is None or (current.sequence, current.staff_id) != (one.sequence, one.staff_id):
            raise Conflict.because("changed-meanwhile", f"This shift was changed meanwhile. {NOTHING_CHANGED}")
    if rows.as_planned().count() < len(ids):
        raise Conflict.because("not-as-published", f"{NOT_AS_PUBLISHED} {NOTHING_CHANGED}")


def _save_new(made: Offer) -> None:
    """A shift is in one live offer at most, whether it is given or asked for in return."""
    ids = [shift.pk for shift in made.shifts]
    taken = Conflict.because("offered-already", f"One of these shifts is on offer already. {NOTHING_CHANGED}")
    if Offer.objects.live().filter(Q(shift__in=ids) | Q(in_return__in=ids)).exists():
        raise taken
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        name = error.__cause__.diag.constraint_name  # type: ignore[union-attr]  # psycopg's error is always the cause
        if name not in {"one_live_offer_for_a_shift", "one_live_swap_for_a_shift_in_return"}:
            raise
        raise taken from error


@transaction.atomic
def take(made: Offer, *, version: int, by: User, at: datetime) -> Offer:
    """Take what a colleague offers. Done at once where the clinics allow it and nothing speaks against it; else the
    managers decide."""
    require(is_asked(made, by), Forbidden)
    made = _locked_with_everything(made, version, also=[by])
    verdict = may_take(made, by, at)
    require(verdict, Conflict if {reason.code for reason in verdict.reasons} & OVERTAKEN else Refused)
    held = policies(shift.clinic for shift in made.shifts)
    made.taken_by, made.taken_at, made.state = by, at, OfferState.TAKEN
    made.expires_at = deadline_of(made.shifts, held)
    _save(made)
    record(by, "shift-offer.taken", made.shift, clinics=made.clinic_ids)
    return _done_unless_weighed(made, by=by, at=at) if is_free(made, held) else made


def _done_unless_weighed(made: Offer, *, by: User, at: datetime) -> Offer:
    """Done, unless something speaks against it, which only managers weigh."""
    try:
        with transaction.atomic():
            return _carry_out(made, by=by, at=at)
    except NeedsReason:
        return made


@transaction.atomic
def agree(made: Offer, *, version: int, by: User, at: datetime, reason: str = "") -> Offer:
    """A manager agrees for the own clinics. Once those of every clinic concerned have, the shifts change hands.

    `reason` is why, although something speaks against it: NeedsReason without one, from each who agrees.
    """
    require(may_decide(made, by), Forbidden)
    made = _locked_with_everything(made, version)
    _require_state(made, OfferState.TAKEN)
    if made.expires_at <= at:
        raise Conflict.because("expired", f"It is too late for this: {NOTHING_CHANGED.lower()}")
    [outcome] = outcomes([made], at)
    require_agreeable(outcome, reason)
    agreed = set(made.consents.values_list("clinic", flat=True))  # type: ignore[attr-defined]
    mine = {shift.clinic for shift in made.shifts if may_edit(shift.clinic, by) and shift.clinic_id not in agreed}
    if not mine:
        raise Conflict.because("agreed-already", "Your clinic has agreed already.")
    OfferConsent.objects.bulk_create(
        OfferConsent(offer=made, clinic=clinic, by=by, at=at, reason=reason.strip()) for clinic in mine
    )
    record(by, "shift-offer.agreed", made.shift, clinics=[clinic.pk for clinic in mine])
    if made.clinic_ids - agreed - {clinic.pk for clinic in mine}:
        return made
    return _carry_out(made, by=by, at=at, reason=reason)


@transaction.atomic
def refuse(made: Offer, *, version: int, by: User, at: datetime, answer: str) -> Offer:
    """A manager of a clinic concerned does not agree, and says why."""
    require(may_decide(made, by), Forbidden)
    if not answer.strip():
        raise Refused.because("no-answer", "Say why, so that they can look for another way.", "answer")
    made = _locked(made, version)
    _require_state(made, OfferState.TAKEN)
    return _end(made, OfferState.REFUSED, by=by, at=at, answer=answer)


@transaction.atomic
def decline(made: Offer, *, version: int, by: User, at: datetime) -> Offer:
    """The colleague to whom it is offered does not want it; or whoever took it steps back before it is done."""
    if by.pk not in (made.to_id, made.taken_by_id):
        raise Forbidden.because("not-asked", "Only whoever is asked says no.")
    made = _locked(made, version)
    _require_state(made, *LIVE)
    return _end(made, OfferState.DECLINED, by=by, at=at)


@transaction.atomic
def withdraw(made: Offer, *, version: int, by: User, at: datetime) -> Offer:
    """Whoever made the offer keeps the shift after all."""
    if made.by_id != by.pk:
        raise Forbidden.because("not-yours", "Only whoever made an offer withdraws it.")
    made = _locked(made, version)
    _require_state(made, *LIVE)
    return _end(made, OfferState.WITHDRAWN, by=by, at=at)


def settle(at: datetime) -> int:
    """End offers whose time is over, and those of a shift that is being changed or was published anew. How many it ended.

    One that somebody is just deciding about is left to them, and to the next tick.
    """
    with transaction.atomic():
        live = Offer.objects.live().select_related("shift__clinic", "in_return__clinic").order_by("pk")
        offers = list(live.select_for_update(of=("self",), skip_locked=True))
        published, ended = published_copies(offers), 0
        for made in offers:
            if made.expires_at <= at:
                _end(made, OfferState.EXPIRED, by=None, at=at)
            elif not is_as_offered(made, published):
                _end(made, OfferState.VOID, by=None, at=at)
            ended += not made.is_live
    return ended


def _carry_out(made: Offer, *, by: User, at: datetime, reason: str = "") -> Offer:
    sequences = {made.shift_id: made.sequence}
    if made.in_return_id is not None and made.return_sequence is not None:
        sequences[made.in_return_id] = made.return_sequence
    holders = new_holders(made, made.taken_by)
    change_hands(holders, sequences, by=by, at=at, occasion=Occasion.OFFER, reason=reason)
    return _end(made, OfferState.DONE, by=by, at=at)


def _locked_with_everything(made: Offer, version: int, *, also: Iterable[User] = ()) -> Offer:
    _lock(made.shifts, [made.by, made.to, made.taken_by, *also])
    return _locked(made, version)


def _locked(made: Offer, version: int) -> Offer:
    fresh = Offer.objects.select_for_update(of=("self",)).select_related(*RELATED).get(pk=made.pk)
    if fresh.version != version:
        raise Conflict.because(
            "changed-meanwhile", f"This has changed meanwhile: {fresh.get_state_display().lower()}. {NOTHING_CHANGED}"
        )
    return fresh


def _require_state(made: Offer, *states: OfferState) -> None:
    if made.state not in states:
        words = made.get_state_display().lower()
        raise Conflict.because("decided", f"It is not the moment for this: {words}. {NOTHING_CHANGED}")


def _save(made: Offer) -> None:
    made.version += 1
    made.save()


def _end(made: Offer, state: OfferState, *, by: User | None, at: datetime, answer: str = "") -> Offer:
    made.state, made.ended_by, made.ended_at, made.answer = state, by, at, " ".join(answer.split())
    _save(made)
    record(by, ENDED[state], made.shift, clinics=made.clinic_ids, kind=made.get_kind_display())
    return made

"""Giving, swapping and handing back published shifts.

The shift stays with whoever has it until everything is done: a colleague takes it, and where the clinic wants it the
managers of every clinic concerned agree. Everything is looked at again in that very moment, for everybody concerned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import User
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Refused, Verdict, require
from scheduling.assigning import NOTHING_CHANGED, NeedsReason, lock_people, lock_weeks_by_id, may_edit
from scheduling.changing_hands import NOT_AS_PUBLISHED, change_hands, require_agreeable
from scheduling.handovers import Gain, Handover, judge, judge_for, verdict_of
from scheduling.models import (
    LIVE,
    Occasion,
    Offer,
    OfferConsent,
    OfferKind,
    OfferState,
    Permission,
    PublishedShift,
    Shift,
)
from scheduling.my_schedule import may_have_schedule
from scheduling.policies import Policy, policies

ANSWER_WITHIN = timedelta(days=7)
OVERTAKEN = {"not-open", "being-changed"}  # no fault of whoever asks: somebody was quicker
RELATED = (
    "shift__clinic",
    "shift__skill",
    "shift__staff",
    "shift__week__clinic",
    "in_return__clinic",
    "in_return__skill",
    "in_return__staff",
    "in_return__week__clinic",
    "by",
    "to",
    "taken_by",
    "ended_by",
)
OFFERED = {OfferKind.GIVE: "shift-offer.given", OfferKind.SWAP: "shift-offer.swap", OfferKind.DROP: "shift-offer.drop"}
ENDED = {
    OfferState.DONE: "shift-offer.done",
    OfferState.DECLINED: "shift-offer.declined",
    OfferState.REFUSED: "shift-offer.refused",
    OfferState.WITHDRAWN: "shift-offer.withdrawn",
    OfferState.EXPIRED: "shift-offer.expired",
    OfferState.VOID: "shift-offer.voided",
}


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to do with a published shift: give it (`to` one colleague, or to whoever takes it), swap it
    for a shift of the colleague (`in_return`), or hand it back."""

    kind: OfferKind
    shift: PublishedShift
    to: User | None = None
    in_return: PublishedShift | None = None
    note: str = ""

    @property
    def shifts(self) -> list[PublishedShift]:
        return [one for one in (self.shift, self.in_return) if one is not None]

    def handover(self, by: User) -> Handover:
        """Who would have what then. Whoever a shift is given to without a name is looked at when they take it."""
        in_return = [(self.in_return, by)] if self.in_return else []
        return Handover([(self.shift, self.to), *in_return])


def may_offer(wanted: Wanted, by: User, at: datetime) -> Verdict:
    """Every reason against making the offer: not one's own, too late, not allowed here, or the colleague cannot."""
    if wanted.shift.staff_id != by.pk:
        return Verdict.no("not-yours", "You can only offer your own shifts.")
    if wanted.kind == OfferKind.SWAP and (wanted.to is None or wanted.in_return is None):
        return Verdict.no("no-shift-in-return", "Choose the colleague’s shift that you would take.", "in_return")
    if wanted.to == by:
        return Verdict.no("to-yourself", "Choose a colleague.", "to")
    held = policies(one.clinic for one in wanted.shifts)
    verdict = may_have_schedule(by) + sum(
        (held[one.clinic_id].allows(wanted.kind, one, at) for one in wanted.shifts), YES
    )
    if wanted.in_return is not None and wanted.in_return.staff_id != (wanted.to and wanted.to.pk):
        verdict += Verdict.no("not-theirs", "That shift is not your colleague’s any more.", "in_return")
    if verdict and wanted.to is not None:
        [gains] = judge_for(by, [wanted.handover(by)], at)
        verdict += Verdict(verdict_of(gains).reasons)
    return verdict


@transaction.atomic
def offer(wanted: Wanted, *, by: User, at: datetime) -> Offer:
    """Offer a shift: to one colleague or to whoever may take it, against another shift, or back to the managers.

    Conflict when one of the shifts is not any more as it was seen. Handing back needs nobody to take it; where the
    clinic lets people do so at once, the shift is open after it.
    """
    _lock([one.shift for one in wanted.shifts], [by, wanted.to])
    _require_as_seen(wanted)
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
        expires_at=_deadline(wanted.shifts, held) if drop else min(at + ANSWER_WITHIN, _deadline(wanted.shifts, held)),
    )
    _save_new(made)
    record(by, OFFERED[wanted.kind], made.shift, clinics=made.clinic_ids, to=wanted.to)
    if drop and _is_free(made, held):
        return _carry_out(made, by=by, at=at)
    return made


def _lock(shifts: Iterable[Shift], people: Iterable[User | None]) -> None:
    """Weeks and people, before the shifts and the offer itself: the order of all actions.

    Every offer of a shift locks its holder, so two offers of one shift wait for each other.
    """
    lock_weeks_by_id({shift.week_id for shift in shifts})
    lock_people(people)


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


def _deadline(shifts: Iterable[PublishedShift | Shift], held: dict[int, Policy]) -> datetime:
    """Until when the shifts can change hands at all."""
    return min(held[one.clinic_id].deadline(one) for one in shifts)


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


@dataclass(frozen=True)
class OfferedShift:
    """What a colleague offers, and what it would mean for whoever looks at it: reasons against it, and their hours."""

    offer: Offer
    seen: PublishedShift
    in_return: PublishedShift | None
    verdict: Verdict
    gain: Gain


def open_to(person: User, at: datetime) -> list[OfferedShift]:
    """Shifts that colleagues offer: to the person, with what speaks against it; to anybody, those that the person may
    take. The next one first; as many queries for many as for one."""
    if not may_have_schedule(person):
        return []
    offered = Offer.objects.open_until(at).exclude(by=person)
    offered = offered.filter(Q(to=person) | Q(to=None, shift__clinic__in=person.standing.clinic_ids))
    found = list(offered.select_related(*RELATED).order_by("shift__period", "pk"))
    published = _published(found)
    standing = [one for one in found if _as_offered(one, published)]
    judged = judge_for(person, [_handover(one, person, published) for one in standing], at)
    shown = []
    for one, gains in zip(standing, judged, strict=True):
        verdict, mine = verdict_of(gains), next(gain for gain in gains if gain.person == person)
        if verdict or one.to_id == person.pk:
            in_return = published[one.in_return_id] if one.in_return_id else None
            shown.append(OfferedShift(one, published[one.shift_id], in_return, verdict, mine))
    return shown


def may_take(made: Offer, person: User, at: datetime) -> Verdict:
    """Every reason against the person taking what is offered."""
    if made.state != OfferState.OPEN or made.expires_at <= at:
        return Verdict.no("not-open", f"This offer is no longer open. {NOTHING_CHANGED}")
    if made.by_id == person.pk:
        return Verdict.no("own", "This is your own offer.")
    if made.to_id not in (None, person.pk):
        return Verdict.no("for-somebody-else", "This shift is offered to somebody else.")
    published = _published([made])
    if not _as_offered(made, published):
        return Verdict.no("being-changed", f"The managers are changing this shift. {NOTHING_CHANGED}")
    [gains] = judge_for(person, [_handover(made, person, published)], at)
    return may_have_schedule(person) + Verdict(verdict_of(gains).reasons)


def _published(offers: Sequence[Offer]) -> dict[UUID, PublishedShift]:
    """{shift: what staff see of it}, where that is also the plan; for all shifts of the offers. One query."""
    ids = {shift.pk for made in offers for shift in made.shifts}
    rows = PublishedShift.objects.standing().as_planned().filter(shift__in=ids)
    return {row.shift_id: row for row in rows.select_related("clinic", "staff", "skill")}


def _as_offered(made: Offer, published: Mapping[UUID, PublishedShift]) -> bool:
    """Whether the shifts are still what everybody agreed about."""
    agreed = {made.shift_id: made.sequence}
    if made.in_return_id is not None and made.return_sequence is not None:
        agreed[made.in_return_id] = made.return_sequence
    return all(pk in published and published[pk].sequence == number for pk, number in agreed.items())


def _handover(made: Offer, person: User | None, published: Mapping[UUID, PublishedShift] | None = None) -> Handover:
    """Who would have what, when the person takes the offer."""
    holders = _holders(made, person).items()
    return Handover([(published[one.pk] if published else one, who) for one, who in holders])


def _holders(made: Offer, person: User | None) -> dict[Shift, User | None]:
    return {made.shift: person} | ({made.in_return: made.by} if made.in_return else {})


@transaction.atomic
def take(made: Offer, *, version: int, by: User, at: datetime) -> Offer:
    """Take what a colleague offers. Done at once where the clinics allow it and nothing speaks against it; else the
    managers decide."""
    made = _locked_with_everything(made, version, also=[by])
    verdict = may_take(made, by, at)
    require(verdict, Conflict if {reason.code for reason in verdict.reasons} & OVERTAKEN else Refused)
    held = policies(shift.clinic for shift in made.shifts)
    made.taken_by, made.taken_at, made.state = by, at, OfferState.TAKEN
    made.expires_at = _deadline(made.shifts, held)
    _save(made)
    record(by, "shift-offer.taken", made.shift, clinics=made.clinic_ids)
    if _is_free(made, held):
        try:
            with transaction.atomic():
                return _carry_out(made, by=by, at=at)
        except NeedsReason:  # something speaks against it, which only managers weigh
            return made
    return made


def _is_free(made: Offer, held: dict[int, Policy]) -> bool:
    return all(policy.permission(OfferKind(made.kind)) == Permission.FREE for policy in held.values())


def may_decide(made: Offer, by: User) -> Verdict:
    """A manager of a clinic concerned; never about one's own shifts."""
    if by.pk in (made.by_id, made.taken_by_id):
        return Verdict.no("own", "Somebody else decides about your own shifts.")
    verdicts = [may_edit(shift.clinic, by) for shift in made.shifts]
    return next((one for one in verdicts if one), verdicts[0])


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
    [gains] = judge([_handover(made, made.taken_by)], at)
    require_agreeable(gains, reason)
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
        published, ended = _published(offers), 0
        for made in offers:
            if made.expires_at <= at:
                _end(made, OfferState.EXPIRED, by=None, at=at)
            elif not _as_offered(made, published):
                _end(made, OfferState.VOID, by=None, at=at)
            ended += not made.is_live
    return ended


def gains(offers: Sequence[Offer], at: datetime) -> list[list[Gain]]:
    """What each offer would mean for everybody who gets a shift, for a manager. As many queries for many as for one."""
    return judge([_handover(made, made.taken_by) for made in offers], at)


def _carry_out(made: Offer, *, by: User, at: datetime, reason: str = "") -> Offer:
    sequences = {made.shift_id: made.sequence}
    if made.in_return_id is not None and made.return_sequence is not None:
        sequences[made.in_return_id] = made.return_sequence
    holders = _holders(made, made.taken_by)
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

"""Giving, swapping and handing back published shifts.

The shift stays with whoever has it until everything is done: a colleague takes it, and where the clinic wants it a
manager agrees. Everything is looked at again in that very moment, for everybody concerned.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import User
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Refused, Verdict, require
from scheduling.assigning import NOTHING_CHANGED, NeedsReason, lock_people, lock_weeks_by_id, may_edit
from scheduling.changing_hands import change_hands, verdict_on
from scheduling.models import LIVE, Occasion, Offer, OfferKind, OfferState, Permission, PublishedShift, Shift
from scheduling.policies import policy_of

ANSWER_WITHIN = timedelta(days=7)
RELATED = (
    "shift__clinic",
    "shift__skill",
    "shift__staff",
    "in_return__clinic",
    "in_return__staff",
    "by",
    "to",
    "taken_by",
)


def may_offer(
    kind: OfferKind,
    published: PublishedShift,
    by: User,
    at: datetime,
    *,
    to: User | None,
    in_return: PublishedShift | None,
) -> Verdict:
    """Every reason against making the offer: not one's own, too late, not allowed here, or the colleague cannot."""
    if published.staff_id != by.pk:
        return Verdict.no("not-yours", "You can only offer your own shifts.")
    verdict = policy_of(published.clinic).allows(kind, published, at)
    if in_return is not None:
        verdict += policy_of(in_return.clinic).allows(kind, in_return, at)
        if to is None or in_return.staff_id != to.pk:
            verdict += Verdict.no("not-theirs", "That shift is not your colleague’s any more.")
    if verdict and to is not None:
        holders = {_plan_of(published): to} | ({_plan_of(in_return): by} if in_return else {})
        verdict += Verdict(verdict_on(holders, at).reasons)
    return verdict


@transaction.atomic
def offer(
    kind: OfferKind,
    published: PublishedShift,
    *,
    by: User,
    at: datetime,
    to: User | None = None,
    in_return: PublishedShift | None = None,
    note: str = "",
) -> Offer:
    """Offer a shift: to one colleague or to whoever may take it, against another shift, or back to the managers.

    Handing back needs nobody to take it; where the clinic lets people do so at once, the shift is open after it.
    """
    if kind == OfferKind.SWAP and (to is None or in_return is None):
        raise Refused.because("no-shift-in-return", "Choose the colleague’s shift that you would take.", "in_return")
    lock_people([by, to])
    require(may_offer(kind, published, by, at, to=to, in_return=in_return))
    made = Offer(
        kind=kind,
        shift_id=published.shift_id,
        sequence=published.sequence,
        by=by,
        to=to,
        in_return_id=in_return.shift_id if in_return else None,
        return_sequence=in_return.sequence if in_return else None,
        note=" ".join(note.split()),
        state=OfferState.TAKEN if kind == OfferKind.DROP else OfferState.OPEN,
        made_at=at,
        expires_at=_expires(published, in_return, at),
    )
    _require_free(made)
    _save_new(made)
    record(by, f"shift.{kind.value}-offered", made.shift, clinics=[published.clinic_id], to=to)
    if kind == OfferKind.DROP and policy_of(published.clinic).drop == Permission.FREE:
        return _carry_out(made, by=by, at=at)
    return made


def _expires(published: PublishedShift, in_return: PublishedShift | None, at: datetime) -> datetime:
    ends = [at + ANSWER_WITHIN, policy_of(published.clinic).deadline(published)]
    if in_return is not None:
        ends.append(policy_of(in_return.clinic).deadline(in_return))
    return min(ends)


def _require_free(made: Offer) -> None:
    """A shift is in one live offer at most, whether it is given or asked for in return."""
    ids = [pk for pk in (made.shift_id, made.in_return_id) if pk is not None]
    if Offer.objects.live().filter(Q(shift__in=ids) | Q(in_return__in=ids)).exists():
        raise Conflict.because("offered-already", "One of these shifts is on offer already. Withdraw that offer first.")


def _save_new(made: Offer) -> None:
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise Conflict.because("offered-already", "One of these shifts is on offer already.") from error


def may_take(made: Offer, person: User, at: datetime) -> Verdict:
    """Every reason against the person taking what is offered."""
    if made.state != OfferState.OPEN or made.expires_at <= at:
        return Verdict.no("not-open", "This offer is no longer open.")
    if made.by_id == person.pk:
        return Verdict.no("own", "This is your own offer.")
    if made.to_id not in (None, person.pk):
        return Verdict.no("for-somebody-else", "This shift is offered to somebody else.")
    return Verdict(verdict_on(_holders(made, person), at).reasons)


def open_to(person: User, at: datetime) -> list[Offer]:
    """Shifts that colleagues offer and that the person may take, the next one first."""
    live = Offer.objects.filter(state=OfferState.OPEN, expires_at__gt=at).exclude(by=person)
    offered = live.filter(Q(to=person) | Q(to=None, shift__clinic__in=person.standing.clinic_ids))
    return [one for one in offered.select_related(*RELATED).order_by("shift__period") if may_take(one, person, at)]


@transaction.atomic
def take(made: Offer, *, version: int, by: User, at: datetime) -> Offer:
    """Take what a colleague offers. Done at once where the clinics allow it and nothing speaks against it; else a manager
    decides."""
    made = _locked_with_everything(made, version, also=[by])
    require(may_take(made, by, at), Conflict if made.state != OfferState.OPEN else Refused)
    made.taken_by, made.taken_at, made.state = by, at, OfferState.TAKEN
    _save(made)
    if _is_free(made):
        try:
            with transaction.atomic():
                return _carry_out(made, by=by, at=at)
        except NeedsReason:
            made.refresh_from_db()
    record(by, "shift.offer-taken", made.shift, clinics=_clinic_ids(made))
    return made


def _is_free(made: Offer) -> bool:
    kind = OfferKind(made.kind)
    return all(policy_of(shift.clinic).permission(kind) == Permission.FREE for shift in _shifts(made))


def may_decide(made: Offer, by: User) -> Verdict:
    """A manager of every clinic concerned."""
    return sum((may_edit(shift.clinic, by) for shift in _shifts(made)), YES)


@transaction.atomic
def agree(made: Offer, *, version: int, by: User, at: datetime, reason: str = "") -> Offer:
    """A manager agrees: the shifts change hands now. `reason` is why, although something speaks against it."""
    require(may_decide(made, by), Forbidden)
    made = _locked_with_everything(made, version)
    _require_state(made, OfferState.TAKEN)
    return _carry_out(made, by=by, at=at, reason=reason)


@transaction.atomic
def refuse(made: Offer, *, version: int, by: User, at: datetime, answer: str) -> Offer:
    """A manager does not agree, and says why."""
    require(may_decide(made, by), Forbidden)
    if not answer.strip():
        raise Refused.because("no-answer", "Say why, so that they can look for another way.", "answer")
    made = _locked(made, version)
    _require_state(made, OfferState.TAKEN)
    return _end(made, OfferState.REFUSED, by=by, at=at, answer=answer)


@transaction.atomic
def decline(made: Offer, *, version: int, by: User, at: datetime) -> Offer:
    """The colleague to whom it is offered does not want it."""
    if made.to_id != by.pk:
        raise Forbidden.because("not-asked", "Only whoever is asked says no.")
    made = _locked(made, version)
    _require_state(made, OfferState.OPEN)
    return _end(made, OfferState.DECLINED, by=by, at=at)


@transaction.atomic
def withdraw(made: Offer, *, version: int, by: User, at: datetime) -> Offer:
    if made.by_id != by.pk:
        raise Forbidden.because("not-yours", "Only whoever made an offer withdraws it.")
    made = _locked(made, version)
    _require_state(made, *LIVE)
    return _end(made, OfferState.WITHDRAWN, by=by, at=at)


def settle(at: datetime) -> int:
    """End offers whose time is over, or whose shift was published anew. Run by every tick; how many it ended."""
    expired = Offer.objects.live().filter(expires_at__lte=at).update(state=OfferState.EXPIRED, ended_at=at)
    still = PublishedShift.objects.standing()
    ended = 0
    for made in Offer.objects.live().select_related("shift", "in_return"):
        seen = dict(still.filter(shift__in=[one.pk for one in _shifts(made)]).values_list("shift_id", "sequence"))
        if seen.get(made.shift_id) != made.sequence or (
            made.in_return_id and seen.get(made.in_return_id) != made.return_sequence
        ):
            ended += Offer.objects.live().filter(pk=made.pk).update(state=OfferState.VOID, ended_at=at)
    return expired + ended


def _carry_out(made: Offer, *, by: User, at: datetime, reason: str = "") -> Offer:
    sequences = {made.shift_id: made.sequence}
    if made.in_return_id is not None and made.return_sequence is not None:
        sequences[made.in_return_id] = made.return_sequence
    holders = _holders(made, made.taken_by)
    change_hands(holders, sequences, by=by, at=at, occasion=Occasion.OFFER, reason=reason)
    return _end(made, OfferState.DONE, by=by, at=at)


def _holders(made: Offer, person: User | None) -> dict[Shift, User | None]:
    """{shift: who has it then}."""
    holders: dict[Shift, User | None] = {made.shift: person}
    if made.in_return is not None:
        holders[made.in_return] = made.by
    return holders


def _shifts(made: Offer) -> list[Shift]:
    return [shift for shift in (made.shift, made.in_return) if shift is not None]


def _clinic_ids(made: Offer) -> list[int]:
    return sorted({shift.clinic_id for shift in _shifts(made)})


def _plan_of(published: PublishedShift) -> Shift:
    return published.shift


def _locked_with_everything(made: Offer, version: int, *, also: list[User] | None = None) -> Offer:
    """Weeks, people and shifts before the offer itself: the order of all actions."""
    lock_weeks_by_id({shift.week_id for shift in _shifts(made)})
    lock_people([made.by, made.taken_by, *(also or [])])
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
        raise Conflict.because("decided", f"This is over: {made.get_state_display().lower()}.")


def _save(made: Offer) -> None:
    made.version += 1
    made.save()


def _end(made: Offer, state: OfferState, *, by: User, at: datetime, answer: str = "") -> Offer:
    made.state, made.ended_by, made.ended_at, made.answer = state, by, at, " ".join(answer.split())
    _save(made)
    record(by, f"shift-offer.{state.value}", made.shift, clinics=_clinic_ids(made), kind=made.get_kind_display())
    return made

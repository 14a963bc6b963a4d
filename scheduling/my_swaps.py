"""What somebody sees of open shifts and changes of hands: what they may take, what they offered, and what became of it.

Shifts are shown as they are published, also in offers: the plan is for managers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import User
from intranet.core.access import YES, Verdict
from intranet.core.wording import name_list
from scheduling.claiming import OpenShift
from scheduling.claiming import open_to as open_shifts_for
from scheduling.handovers import Handover, judge_for
from scheduling.models import (
    LIVE,
    Claim,
    ClaimState,
    Offer,
    OfferConsent,
    OfferKind,
    OfferState,
    Permission,
    PublishedShift,
)
from scheduling.offers import OfferedShift, Wanted, is_another
from scheduling.offers import open_to as offers_for
from scheduling.policies import Policy, policies
from scheduling.positions import PROFESSIONS, ROLES, Position

ON_OFFER = Verdict.no("offered-already", "This shift is on offer already.")
AHEAD = timedelta(weeks=8)  # how far a swap can reach
KEPT = timedelta(days=366)  # how far back the page looks; the API has everything
SEEN = (
    "shift__published__clinic",
    "shift__published__skill",
    "shift__published__staff",
    "in_return__published__clinic",
    "in_return__published__skill",
    "in_return__published__staff",
    "by",
    "to",
    "taken_by",
    "ended_by",
)


@dataclass(frozen=True)
class MyOffer:
    """A live offer in which the person takes part, and with whom the shifts are until it is done."""

    offer: Offer
    mine: bool
    stays: str


@dataclass(frozen=True)
class MySwaps:
    open_shifts: list[OpenShift]
    offered: list[OfferedShift]
    live: list[MyOffer]
    asked: list[Claim]


def my_swaps(person: User, at: datetime) -> MySwaps:
    """As many queries for many rows as for one."""
    live = Offer.objects.of(person).filter(state__in=LIVE).exclude(to=person, state=OfferState.OPEN)
    offers = list(live.select_related(*SEEN).order_by("shift__published__period", "pk"))
    held = policies(shift.published.clinic for made in offers for shift in made.shifts)
    waits = waiting_clinics(offers)
    asked = Claim.objects.waiting().filter(person=person)
    return MySwaps(
        open_shifts_for(person, at),
        offers_for(person, at),
        [MyOffer(made, made.by_id == person.pk, stays(made, person, held, waits[made.pk])) for made in offers],
        list(asked.select_related("shift__published__clinic", "shift__published__skill").order_by("made_at", "pk")),
    )


def waiting_clinics(offers: Sequence[Offer]) -> dict[int, list[str]]:
    """{offer: names of the clinics concerned whose managers have not agreed}. One query."""
    agreed = set(OfferConsent.objects.filter(offer__in=offers).values_list("offer", "clinic"))
    return {
        made.pk: list(
            dict.fromkeys(
                shift.published.clinic.name for shift in made.shifts if (made.pk, shift.clinic_id) not in agreed
            )
        )
        for made in offers
    }


def stays(made: Offer, viewer: User, held: dict[int, Policy], waiting: Sequence[str]) -> str:
    """`The shift stays yours until Theo has taken it and a manager of Mt. Prospect has agreed.`"""
    whose = "yours" if made.by_id == viewer.pk else f"with {made.by.given_name}"
    shifts = "Both shifts stay where they are" if made.in_return_id else f"The shift stays {whose}"
    if made.state == OfferState.TAKEN:
        return stays_until(shifts, [], waiting)
    kind = OfferKind(made.kind)
    decided = any(held[shift.clinic_id].permission(kind) != Permission.FREE for shift in made.shifts)
    taken = _says_yes(made.to.given_name) if made.to and made.in_return_id else _takes_it(made.to)
    return stays_until(shifts, taken, waiting if decided else [])


def promise(kind: OfferKind, published: PublishedShift, policy: Policy, colleague: User | None = None) -> str:
    """The same before it is offered."""
    free = kind != OfferKind.DROP and policy.permission(kind) == Permission.FREE
    managers = [] if free else [published.clinic.name]
    if kind == OfferKind.SWAP:
        taken = _says_yes(colleague.given_name if colleague else "your colleague")
        return stays_until("Both shifts stay where they are", taken, managers)
    return stays_until("The shift stays yours", [] if kind == OfferKind.DROP else _takes_it(None), managers)


def _says_yes(name: str) -> list[str]:
    return [f"{name} has said yes"]


def _takes_it(person: User | None) -> list[str]:
    return [f"{person.given_name if person else 'a colleague'} has taken it"]


def stays_until(shifts: str, taken: list[str], clinics: Sequence[str]) -> str:
    """`... until Theo has taken it and a manager of Mt. Prospect and a manager of Oakbrook Terrace have agreed.`"""
    managers = name_list([f"a manager of {name}" for name in clinics])
    agreed = [f"{managers} {'has' if len(clinics) == 1 else 'have'} agreed"] if clinics else []
    return f"{shifts} until {' and '.join(taken + agreed)}."


@dataclass(frozen=True)
class Past:
    """An offer or a request that is over, in words."""

    at: datetime
    shift: PublishedShift
    title: str
    words: str
    state: str
    tone: str


OFFER_TONES = {OfferState.DONE: "ok", OfferState.REFUSED: "caution", OfferState.DECLINED: "caution"}
CLAIM_TONES = {ClaimState.GRANTED: "ok", ClaimState.DECLINED: "caution"}


def history(person: User, at: datetime) -> list[Past]:
    """What is over within a year, the latest first. Two queries."""
    offers = Offer.objects.of(person).filter(ended_at__gt=at - KEPT).select_related(*SEEN)
    claims = Claim.objects.filter(person=person, ended_at__gt=at - KEPT)
    claims = claims.select_related("shift__published__clinic", "shift__published__skill", "ended_by")
    found = [*(_past_offer(one, person) for one in offers), *(_past_claim(one) for one in claims)]
    return sorted(found, key=lambda past: past.at, reverse=True)


def _past_offer(made: Offer, person: User) -> Past:
    assert made.ended_at is not None  # noqa: S101 - a constraint: what has ended says when
    state = OfferState(made.state)
    return Past(
        made.ended_at,
        made.shift.published,
        offer_title(made, person),
        _how_it_ended(made.ended_by, made.answer),
        str(state.label),
        OFFER_TONES.get(state, "neutral"),
    )


def _past_claim(claim: Claim) -> Past:
    assert claim.ended_at is not None  # noqa: S101 - a constraint: what has ended says when
    state = ClaimState(claim.state)
    by = claim.ended_by if claim.ended_by_id != claim.person_id else None
    answer = claim.answer if state == ClaimState.DECLINED else ""
    return Past(
        claim.ended_at,
        claim.shift.published,
        "You took an open shift" if claim.was_taken_at_once else "You asked for an open shift",
        _how_it_ended(by, answer),
        str(state.label),
        CLAIM_TONES.get(state, "neutral"),
    )


def offer_title(made: Offer, person: User) -> str:
    """`You offered it to Theo`, `Avery offered you a swap`: who wanted what, as the person reads it."""
    other = made.to or made.taken_by
    if made.by_id == person.pk:
        name = other.given_name if other else "anybody"
        return {
            OfferKind.GIVE: f"You offered it to {name}",
            OfferKind.SWAP: f"You offered {name} a swap",
            OfferKind.DROP: "You wanted to hand it back",
        }[OfferKind(made.kind)]
    return f"{made.by.given_name} offered you {'a swap' if made.kind == OfferKind.SWAP else 'it'}"


def _how_it_ended(by: User | None, answer: str) -> str:
    return " ".join(part for part in (f"By {by}." if by else "", f"“{answer}”" if answer else "") if part)


@dataclass(frozen=True)
class Choice:
    """A colleague, or a shift of one, and whether it can be."""

    person: User
    verdict: Verdict
    shift: PublishedShift | None = None
    minutes_after: int = 0

    @property
    def value(self) -> str:
        """What a form sends: which shift, and as of which publication."""
        return f"{self.shift.shift_id}:{self.shift.sequence}" if self.shift else str(self.person.pk)


def own_shift(person: User, at: datetime) -> QuerySet[PublishedShift]:
    """The person's own published shifts to come."""
    own = PublishedShift.objects.visible_to(person).standing().of(person).filter(period__endswith__gt=at)
    return own.select_related("clinic", "skill", "staff", "shift__week")


def may_be_offered(published: PublishedShift, kind: OfferKind, at: datetime) -> Verdict:
    """What speaks against offering the shift at all, to whomever."""
    verdict = policies([published.clinic])[published.clinic_id].allows(kind, published, at)
    if Offer.objects.live_by_shift([published.shift_id]):
        verdict += Verdict.no("offered-already", "This shift is on offer already. End that offer first.")
    return verdict


def colleagues_at(published: PublishedShift, viewer: User) -> QuerySet[User]:
    """Colleagues with the role and a profession of the shift at its clinic on its day, by name."""
    position = Position(published.position)
    there = User.objects.members(
        published.day, clinics=[published.clinic_id], roles=[ROLES[position]], organisation_wide=False
    )
    return there.filter(profession__in=PROFESSIONS[position]).exclude(pk=viewer.pk).by_name()


def receivers(published: PublishedShift, viewer: User, at: datetime) -> list[Choice]:
    """Colleagues to whom the shift could be given, those who may take it first."""
    people = list(colleagues_at(published, viewer))
    judged = judge_for(viewer, [Handover([(published, one)]) for one in people], at)
    choices = [Choice(one, outcome.verdict) for one, outcome in zip(people, judged, strict=True)]
    return sorted(choices, key=lambda choice: not choice.verdict)


def shifts_in_return(published: PublishedShift, colleague: User, viewer: User, at: datetime) -> list[Choice]:
    """The colleague's coming shifts, each with whether it can be swapped for the viewer's; in order of time."""
    theirs = (
        PublishedShift.objects.standing()
        .as_planned()
        .of(colleague)
        .filter(period__startswith__gt=at, period__startswith__lt=at + AHEAD)
    )
    shifts = list(theirs.select_related("clinic", "skill", "staff").order_by("period", "pk"))
    held = policies(one.clinic for one in shifts)
    wanted = [Wanted(OfferKind.SWAP, published, to=colleague, in_return=one) for one in shifts]
    judged = judge_for(viewer, [one.handover(viewer) for one in wanted], at)
    busy = Offer.objects.live_by_shift(one.shift_id for one in shifts)
    return [
        Choice(
            colleague,
            held[one.clinic_id].allows(OfferKind.SWAP, one, at)
            + is_another(published, one)
            + (ON_OFFER if one.shift_id in busy else YES)
            + Verdict(outcome.verdict.reasons),
            one,
            next(gain.minutes_after for gain in outcome.gains if gain.person == viewer),
        )
        for one, outcome in zip(shifts, judged, strict=True)
    ]

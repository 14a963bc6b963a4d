"""Through whose hands a shift has gone: its publications, offers and requests, for the managers of its clinic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import Clinic
from intranet.core.wording import day_label, short_range
from scheduling.models import (
    ChangeKind,
    Claim,
    ClaimState,
    Offer,
    OfferConsent,
    OfferKind,
    OfferState,
    PublicationChange,
    Shift,
)

WANTED = {OfferKind.GIVE: "offers it", OfferKind.SWAP: "offers a swap", OfferKind.DROP: "wants to hand it back"}
TONES = {"done": "ok", "granted": "ok", "refused": "caution", "declined": "caution"}


@dataclass(frozen=True)
class Moment:
    """One thing that happened to a shift."""

    at: datetime
    title: str
    words: str = ""
    tone: str = "neutral"


def hands(shift: Shift) -> list[Moment]:
    """Everything that is known, the latest first. Four queries."""
    offers, claims = _offers_of(shift), list(Claim.objects.filter(shift=shift).select_related("person", "ended_by"))
    wanted = [*_offered(offers), *_consents(shift), *_asked(claims)]
    done = [*_publications(shift), *_ended(offers), *_answered(claims)]
    in_order = sorted([*wanted, *done], key=lambda one: one.at)  # at the same moment, first what it follows from
    return in_order[::-1]


def _publications(shift: Shift) -> Iterator[Moment]:
    rows = PublicationChange.objects.filter(shift=shift).select_related("publication__by")
    for row in rows:
        told = row.publication
        words = f"{told.get_occasion_display()}, by {told.by}.{f' {told.reason}' if told.reason else ''}"
        yield Moment(told.at, _change(row, shift.clinic, told.at), words, "info")


def _change(row: PublicationChange, clinic: Clinic, at: datetime) -> str:
    before, after = ((said or {}).get("staff") or "nobody" for said in (row.before, row.after))
    if row.kind == ChangeKind.REMOVE:
        return f"No longer published; {before} had it"
    if row.kind == ChangeKind.REASSIGN:
        return f"From {before} to {after}"
    if row.kind == ChangeKind.ADD:
        return f"Published for {after}, {_when(row.after, clinic, at)}"
    return f"Published anew for {after}, {_when(row.after, clinic, at)}"


def _when(said: dict[str, Any] | None, clinic: Clinic, at: datetime) -> str:
    assert said is not None  # noqa: S101 - only what is removed has no later state
    start, end = (datetime.fromisoformat(said[name]) for name in ("start", "end"))
    day = day_label(start.astimezone(clinic.zone).date(), at.astimezone(clinic.zone).date())
    return f"{short_range(start, end, clinic.zone)} on {day}"


def _offers_of(shift: Shift) -> list[Offer]:
    either = Offer.objects.filter(shift=shift) | Offer.objects.filter(in_return=shift)
    return list(either.select_related("by", "to", "taken_by", "ended_by").order_by("made_at", "pk"))


def _offered(offers: Iterable[Offer]) -> Iterator[Moment]:
    for made in offers:
        to = f" to {made.to}" if made.to else ""
        yield Moment(made.made_at, f"{made.by} {WANTED[OfferKind(made.kind)]}{to}", made.note)
        if made.taken_at:
            yield Moment(made.taken_at, f"{made.taken_by} takes what {made.by} offers")


def _consents(shift: Shift) -> Iterator[Moment]:
    offers = Offer.objects.filter(shift=shift) | Offer.objects.filter(in_return=shift)
    for one in OfferConsent.objects.filter(offer__in=offers).select_related("by", "clinic"):
        yield Moment(one.at, str(one), one.reason, "ok")


def _ended(offers: Iterable[Offer]) -> Iterator[Moment]:
    for made in offers:
        if made.ended_at:
            by = f" by {made.ended_by}" if made.ended_by else ""
            title = f"Offer of {made.by}: {OfferState(made.state).label.lower()}{by}"
            yield Moment(made.ended_at, title, made.answer, TONES.get(made.state, "neutral"))


def _asked(claims: Iterable[Claim]) -> Iterator[Moment]:
    for claim in claims:
        if claim.was_taken_at_once:
            yield Moment(claim.made_at, f"{claim.person} takes it", tone="ok")
        else:
            yield Moment(claim.made_at, f"{claim.person} asks for it")


def _answered(claims: Iterable[Claim]) -> Iterator[Moment]:
    for claim in claims:
        if claim.ended_at and not claim.was_taken_at_once:
            by = f" by {claim.ended_by}" if claim.ended_by else ""
            title = f"Request of {claim.person}: {ClaimState(claim.state).label.lower()}{by}"
            yield Moment(claim.ended_at, title, claim.answer, TONES.get(claim.state, "neutral"))

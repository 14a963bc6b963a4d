"""What waits for a manager: changes of hands that somebody has taken, and requests for open shifts. Reads, decides nothing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.core.access import YES, Verdict
from scheduling import claiming, offers
from scheduling.assigning import may_edit
from scheduling.handovers import Gain, Outcome
from scheduling.models import Claim, Offer, OfferConsent, OfferState, Shift


@dataclass(frozen=True)
class OfferToDecide:
    """An offer with what it would mean, and which clinics have agreed."""

    offer: Offer
    outcome: Outcome
    consents: list[OfferConsent]


@dataclass(frozen=True)
class ClaimToDecide:
    """Somebody's request for an open shift, with what it would mean."""

    claim: Claim
    outcome: Outcome

    @property
    def gain(self) -> Gain:
        """What the shift would mean for whoever asks for it."""
        [gain] = self.outcome.gains
        return gain


@dataclass(frozen=True)
class OpenToDecide:
    """An open shift and everybody who asked for it; those who may have it first, then those with fewer hours."""

    shift: Shift
    claims: list[ClaimToDecide]


def may_have_decisions(person: User) -> Verdict:
    if person.standing.scope(Capability.EDIT_ROSTER):
        return YES
    return Verdict.no("not-a-manager", "The managers of the clinics decide about open shifts and swaps.")


def offers_waiting(manager: User) -> QuerySet[Offer]:
    """Offers to which a clinic of the manager has not agreed. Nobody decides about own shifts."""
    clinics = Clinic.objects.where(manager, Capability.EDIT_ROSTER)
    taken = Offer.objects.filter(state=OfferState.TAKEN).exclude(by=manager).exclude(taken_by=manager)
    agreed = OfferConsent.objects.filter(offer=OuterRef("pk"))
    given = Q(shift__clinic__in=clinics) & ~Exists(agreed.filter(clinic=OuterRef("shift__clinic")))
    in_return = Q(in_return__clinic__in=clinics) & ~Exists(agreed.filter(clinic=OuterRef("in_return__clinic")))
    return taken.filter(given | in_return)


def claims_waiting(manager: User) -> QuerySet[Claim]:
    clinics = Clinic.objects.where(manager, Capability.EDIT_ROSTER)
    return Claim.objects.waiting().filter(shift__clinic__in=clinics).exclude(person=manager)


def waiting_count(manager: User) -> int:
    """How many decisions wait: each offer, and each open shift that somebody asked for."""
    return offers_waiting(manager).count() + claims_waiting(manager).values("shift").distinct().count()


def offers_to_decide(waiting: QuerySet[Offer], at: datetime) -> list[OfferToDecide]:
    """The first to start on top. As many queries for many as for one."""
    found = list(waiting.select_related(*offers.RELATED).order_by("shift__period", "pk"))
    consents: dict[int, list[OfferConsent]] = defaultdict(list)
    for one in OfferConsent.objects.filter(offer__in=found).select_related("clinic", "by"):
        consents[one.offer_id].append(one)
    judged = zip(found, offers.outcomes(found, at), strict=True)
    return [OfferToDecide(made, outcome, consents[made.pk]) for made, outcome in judged]


def still_to_agree(decision: OfferToDecide, manager: User) -> list[str]:
    """The other clinics whose managers have to agree, too, once this one has."""
    agreed = {one.clinic_id for one in decision.consents}
    others = {shift.clinic for shift in decision.offer.shifts if not may_edit(shift.clinic, manager)}
    return sorted(clinic.name for clinic in others if clinic.pk not in agreed)


def shifts_to_decide(claims: QuerySet[Claim], at: datetime) -> list[OpenToDecide]:
    """The first to start on top. As many queries for many as for one."""
    related = ("person", "shift__clinic", "shift__skill", "shift__week__clinic")
    found = list(claims.select_related(*related).order_by("shift__period", "shift", "made_at", "pk"))
    by_shift: dict[Shift, list[ClaimToDecide]] = defaultdict(list)
    for claim, outcome in zip(found, claiming.outcomes(found, at), strict=True):
        by_shift[claim.shift].append(ClaimToDecide(claim, outcome))
    return [OpenToDecide(shift, sorted(asked, key=_fit)) for shift, asked in by_shift.items()]


def _fit(asked: ClaimToDecide) -> tuple[bool, int, int, datetime]:
    outcome = asked.outcome
    return not outcome.verdict, len(outcome.concerns), asked.gain.minutes_after, asked.claim.made_at

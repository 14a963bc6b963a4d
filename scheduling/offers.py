"""What can be offered, to whom, and who may take it: the questions to the actions of `offering`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from intranet.core.access import YES, Verdict
from scheduling.assigning import NOTHING_CHANGED, may_edit
from scheduling.handovers import Gain, Handover, Outcome, judge, judge_for
from scheduling.models import Offer, OfferKind, OfferState, Permission, PublishedShift, Shift
from scheduling.my_schedule import may_have_schedule
from scheduling.policies import Policy, policies

ANSWER_WITHIN = timedelta(days=7)
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


def is_own(shift: PublishedShift, by: User) -> Verdict:
    """Whether it is theirs to offer at all."""
    return YES if shift.staff_id == by.pk else Verdict.no("not-yours", "You can only offer your own shifts.", "shift")


def is_another(shift: PublishedShift, in_return: PublishedShift) -> Verdict:
    """Whether a swap would change anything at all."""
    pairs = [(one.clinic_id, one.period, one.position, one.skill_id) for one in (shift, in_return)]
    if pairs[0] != pairs[1]:
        return YES
    return Verdict.no("same-shift", "It is the same work at the same time as yours.", "in_return")


def may_offer(wanted: Wanted, by: User, at: datetime) -> Verdict:
    """Every reason against making the offer: too late, not allowed here, or the colleague cannot."""
    if wanted.kind == OfferKind.SWAP and (wanted.to is None or wanted.in_return is None):
        return Verdict.no("no-shift-in-return", "Choose the colleague’s shift that you would take.", "in_return")
    if wanted.kind != OfferKind.SWAP and wanted.in_return is not None:
        return Verdict.no("not-a-swap", "Only a swap takes a shift in return.", "in_return")
    if wanted.kind == OfferKind.DROP and wanted.to is not None:
        return Verdict.no("to-the-managers", "A shift that you hand back goes to no colleague.", "to")
    if wanted.to == by:
        return Verdict.no("to-yourself", "Choose a colleague.", "to")
    held = policies(one.clinic for one in wanted.shifts)
    verdict = may_have_schedule(by) + sum(
        (held[one.clinic_id].allows(wanted.kind, one, at) for one in wanted.shifts), YES
    )
    if wanted.in_return is not None and wanted.in_return.staff_id != (wanted.to and wanted.to.pk):
        verdict += Verdict.no("not-theirs", "That shift is not your colleague’s any more.", "in_return")
    if wanted.in_return is not None:
        verdict += is_another(wanted.shift, wanted.in_return)
    if verdict and wanted.to is not None:
        [outcome] = judge_for(by, [wanted.handover(by)], at)
        verdict += Verdict(outcome.verdict.reasons)
    return verdict


def deadline_of(shifts: Iterable[PublishedShift | Shift], held: dict[int, Policy]) -> datetime:
    """Until when the shifts can change hands at all."""
    return min(held[one.clinic_id].deadline(one) for one in shifts)


def answer_until(shifts: Iterable[PublishedShift | Shift], held: dict[int, Policy], at: datetime) -> datetime:
    """Until when a colleague can answer what is offered at this moment."""
    return min(at + ANSWER_WITHIN, deadline_of(shifts, held))


def is_free(made: Offer, held: dict[int, Policy]) -> bool:
    return all(policy.permission(OfferKind(made.kind)) == Permission.FREE for policy in held.values())


def is_harmless(made: Offer, at: datetime) -> bool:
    """Whether nothing speaks against it that managers would have to weigh."""
    [outcome] = outcomes([made], at)
    return bool(outcome.verdict) and not outcome.concerns


def goes_at_once(shift: PublishedShift, by: User, at: datetime) -> bool:
    """Whether handing the shift back would be done at once, as its holder may know."""
    if policies([shift.clinic])[shift.clinic_id].permission(OfferKind.DROP) != Permission.FREE:
        return False
    [outcome] = judge_for(by, [Handover([(shift, None)])], at)
    return bool(outcome.verdict) and not outcome.is_weighed


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
    published = published_copies(found)
    standing = [one for one in found if is_as_offered(one, published)]
    judged = judge_for(person, [handover_of(one, person, published) for one in standing], at)
    shown = []
    for one, outcome in zip(standing, judged, strict=True):
        verdict, mine = outcome.verdict, next(gain for gain in outcome.gains if gain.person == person)
        if verdict or one.to_id == person.pk:
            in_return = published[one.in_return_id] if one.in_return_id else None
            shown.append(OfferedShift(one, published[one.shift_id], in_return, verdict, mine))
    return shown


def is_asked(made: Offer, person: User) -> Verdict:
    """Whether the offer is meant for the person, whatever has become of it."""
    if made.by_id == person.pk:
        return Verdict.no("own", "This is your own offer.")
    if made.to_id not in (None, person.pk):
        return Verdict.no("for-somebody-else", "This shift is offered to somebody else.")
    return YES


def may_take(made: Offer, person: User, at: datetime) -> Verdict:
    """Every reason against the person, who is asked, taking what is offered."""
    if made.state != OfferState.OPEN or made.expires_at <= at:
        return Verdict.no("not-open", f"This offer is no longer open. {NOTHING_CHANGED}")
    published = published_copies([made])
    if not is_as_offered(made, published):
        return Verdict.no("being-changed", f"The managers are changing this shift. {NOTHING_CHANGED}")
    held, kind = policies(shift.clinic for shift in made.shifts), OfferKind(made.kind)
    allowed = sum((held[one.clinic_id].allows(kind, one, at) for one in published.values()), YES)
    [outcome] = judge_for(person, [handover_of(made, person, published)], at)
    return may_have_schedule(person) + allowed + Verdict(outcome.verdict.reasons)


def published_copies(offers: Sequence[Offer]) -> dict[UUID, PublishedShift]:
    """{shift: what staff see of it}, where that is also the plan; for all shifts of the offers. One query."""
    ids = {shift.pk for made in offers for shift in made.shifts}
    rows = PublishedShift.objects.standing().as_planned().filter(shift__in=ids)
    return {row.shift_id: row for row in rows.select_related("clinic", "staff", "skill")}


def is_as_offered(made: Offer, published: Mapping[UUID, PublishedShift]) -> bool:
    """Whether the shifts are still what everybody agreed about."""
    agreed = {made.shift_id: made.sequence}
    if made.in_return_id is not None and made.return_sequence is not None:
        agreed[made.in_return_id] = made.return_sequence
    return all(pk in published and published[pk].sequence == number for pk, number in agreed.items())


def handover_of(made: Offer, person: User | None, published: Mapping[UUID, PublishedShift] | None = None) -> Handover:
    """Who would have what, when the person takes the offer."""
    holders = new_holders(made, person).items()
    return Handover([(published[one.pk] if published else one, who) for one, who in holders])


def new_holders(made: Offer, person: User | None) -> dict[Shift, User | None]:
    return {made.shift: person} | ({made.in_return: made.by} if made.in_return else {})


def may_decide(made: Offer, by: User) -> Verdict:
    """A manager of a clinic concerned; never about one's own shifts."""
    if by.pk in (made.by_id, made.taken_by_id):
        return Verdict.no("own", "Somebody else decides about your own shifts.")
    return is_managed(made, by)


def is_managed(made: Offer, by: User) -> Verdict:
    """Whether it concerns a clinic whose roster the person makes: only they see what it would mean for others."""
    verdicts = [may_edit(shift.clinic, by) for shift in made.shifts]
    return next((one for one in verdicts if one), verdicts[0])


def outcomes(offers: Sequence[Offer], at: datetime) -> list[Outcome]:
    """What each offer would mean, for a manager. As many queries for many as for one."""
    return judge([handover_of(made, made.taken_by) for made in offers], at)

"""What open shifts and changes of hands remind staff of: whoever could take something, and whoever waits for an answer.

What was done is told by the publication that it is (`RosterPublished`); here is what would not be heard otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import (
    CharField,
    DateField,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat, Lower
from django.urls import reverse

from accounts.models import Skill, User
from accounts.models.people import held_on
from accounts.roles import Capability
from intranet.core.moments import InZone
from intranet.core.wording import clock_time, long_day
from intranet.reminders import registry
from intranet.reminders.lead_times import offset_of
from intranet.reminders.registry import HORIZON, HOUR, Group, Kind, Message, Step, at_once
from protocols.clearance import cleared
from scheduling.models import Claim, ClaimState, Offer, OfferKind, OfferState, PublishedShift, ShiftDetails
from scheduling.models.time_off import Occupancy
from scheduling.policies import USUAL_HOURS, policy_of
from scheduling.positions import PROFESSIONS, ROLES, Position
from scheduling.reminders import TOLD_FOR, when_and_where

AGAIN = "Once more"
APART = timedelta(hours=4)  # whoever heard of it so shortly before needs no second word
LAST_DAY = "last day"
OFFERED = {OfferKind.GIVE: "Offered", OfferKind.SWAP: "Offered for a swap", OfferKind.DROP: "To be handed back"}
OVER_FOR_WHOEVER_OFFERED = (OfferState.DECLINED, OfferState.REFUSED, OfferState.EXPIRED, OfferState.VOID)
OVER_FOR_WHOEVER_TOOK = (OfferState.REFUSED, OfferState.WITHDRAWN, OfferState.EXPIRED, OfferState.VOID)


def those_who_could(shifts: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Rows of published shifts, each with everybody at the clinic who could work it as `recipient_id`.

    Profession, role, clearance and being free are asked for; what else may stand against it, the page says.
    """
    rows = shifts.annotate(on_its_day=Cast(InZone(F("clinic__time_zone"), Lower("period")), DateField()))
    wanted = rows.filter(skill__isnull=False).values_list("skill", "on_its_day").distinct()
    pairs = list(wanted)
    skills = Skill.objects.in_bulk({pk for pk, _ in pairs})
    fitting = Q(
        *(
            Q(
                position=position,
                clinic__memberships__role=ROLES[position],
                clinic__memberships__user__profession__in=PROFESSIONS[position],
            )
            for position in Position
        ),
        _connector=Q.OR,
    )
    here = held_on(F("on_its_day"), of="clinic__memberships__")  # type: ignore[arg-type]  # an F works like an OuterRef
    found = rows.filter(fitting, here).annotate(recipient_id=F("clinic__memberships__user"))
    able = Q(skill=None)
    for pk, day in pairs:
        able |= Q(skill=pk, on_its_day=day, recipient_id__in=cleared(skills[pk], day).values("pk"))
    busy = Occupancy.objects.filter(person=OuterRef("recipient_id"), period__overlap=OuterRef("period"))
    return found.filter(able).filter(~Exists(busy))


def hours_before() -> Coalesce:
    """How many hours before its start staff of the shift's clinic can last do something with it."""
    return Coalesce(F("clinic__shift_policy__hours_before"), Value(USUAL_HOURS))


def last_call() -> ExpressionWrapper:
    """Until when staff of the shift's clinic can do something with it."""
    before = ExpressionWrapper(hours_before() * Value(timedelta(hours=1)), output_field=DurationField())
    return ExpressionWrapper(Lower("period") - before, output_field=DateTimeField())


def words(text: str) -> Value:
    return Value(text, output_field=CharField())


def as_published(text: str) -> Concat:
    """The occasion of words that say the times of a shift: published with other times, it is another one."""
    return Concat(Value(f"{text} #"), Cast("sequence", CharField()))


def later(moment: str, by: timedelta) -> ExpressionWrapper:
    return ExpressionWrapper(F(moment) + Value(by), output_field=DateTimeField())


def on_the_last_day(kind: Kind, rows: QuerySet[Any, Any], heard: str, at: datetime) -> Sequence[QuerySet[Any, Any]]:
    """The rows once more, due 24 hours before their `not_after`, or when the kind's step `LAST_DAY` says; none when it is
    off. `heard` is when they were due first: not those of which somebody heard since, or shortly before."""
    before = offset_of(kind, LAST_DAY)
    if before is None:
        return []
    last = rows.annotate(due_at=later("not_after", before))
    return [last.filter(due_at__gt=later(heard, APART), due_at__lte=at + HORIZON)]


def once_more(label: str) -> Step:
    """The step for that."""
    return Step(LAST_DAY, label, 24 * HOUR, 4 * HOUR, 96 * HOUR, before=True, group=AGAIN)


def of_shift(shift: PublishedShift) -> str:
    """`Monday, November 30, 2026, 7:00 AM – 3:30 PM CST at Mt. Prospect, as a therapist`: as staff see it."""
    skill = f", for {shift.skill}" if shift.skill else ""
    return f"{when_and_where(shift.start, shift.end, shift.clinic)}, as {Position(shift.position).spoken}{skill}"


def until(moment: datetime, shift: ShiftDetails) -> str:
    """`Sunday, November 29, 7:00 PM CST`, by the clocks of the shift's clinic."""
    local = moment.astimezone(shift.clinic.zone)
    return f"{long_day(local)}, {clock_time(local)} {local:%Z}"


class OfOwnShifts(Kind):
    """What only people with a schedule of their own can get."""

    icon: ClassVar[str] = "swap"

    def concerns(self, person: User) -> bool:
        return person.standing.holds(Capability.OWN_SCHEDULE)


class OpenShiftToTake(OfOwnShifts):
    """To everybody at the clinic who could work an open shift: once it is published, and 24 hours before the last moment
    at which it can be taken, when nobody changes it and they have not asked for it.

    The second time the words say until when: its occasion counts the hours that the clinic's managers decide about.
    """

    code = "open-shift"
    label = "Open shifts that you could take"
    subject = "scheduling.PublishedShift"
    group = Group.SWAPS
    asks = False
    cause = "A published shift is open."
    who = "Everybody at the clinic who could work it; at the second step only who has not asked for it"
    steps = (at_once("open", "at once, when it is published"), once_more("before the last moment to take it"))
    related = ("clinic",)
    optional = True

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        open_shifts = PublishedShift.objects.standing().filter(staff=None, period__startswith__gt=at)
        rows = those_who_could(open_shifts).annotate(subject_id=F("pk"), not_after=last_call())
        rows = rows.filter(not_after__gt=at)
        return [
            rows.annotate(occasion=as_published("open"), due_at=F("published_at")),
            *self._on_the_last_day(rows, at),
        ]

    def _on_the_last_day(self, rows: QuerySet[Any, Any], at: datetime) -> Sequence[QuerySet[Any, Any]]:
        asked = Claim.objects.filter(
            shift=OuterRef("shift"), sequence=OuterRef("sequence"), person=OuterRef("recipient_id")
        )
        left = rows.filter(~Exists(asked), pk__in=PublishedShift.objects.as_planned().values("pk"))
        hours = Concat(as_published(LAST_DAY), Value(", "), Cast(hours_before(), CharField()), Value(" h"))
        return [last.annotate(occasion=hours) for last in on_the_last_day(self, left, "published_at", at)]

    def write(self, subject: PublishedShift, recipient: User, occasion: str, at: datetime) -> Message:
        is_last_day = occasion.startswith(LAST_DAY)
        title = f"{'Still open: the' if is_last_day else 'Open'} shift at {subject.clinic} on {long_day(subject.day)}"
        return Message(
            title=title,
            paragraphs=[
                f"Nobody has this shift yet: {of_shift(subject)}.",
                *([_until_when(subject)] if is_last_day else []),
            ],
            path=reverse("scheduling:swaps"),
            action="See whether you can take it",
            why="You get this because you work at this clinic and could take the shift"
            f"{', and it can be taken for a short time only' if is_last_day else ''}.",
        )

    def about(self, subject: PublishedShift) -> str:
        return when_and_where(subject.start, subject.end, subject.clinic)


def _until_when(shift: PublishedShift) -> str:
    limit = policy_of(shift.clinic).deadline(shift)
    return f"You can take it, or ask for it, until {until(limit, shift)}."


class ShiftOffered(OfOwnShifts):
    """To the colleague to whom a shift is offered, at once and 24 hours before it expires; and to everybody at the clinic
    who could work it, when anybody may take it."""

    code = "shift-offered"
    label = "Shifts that colleagues offer you"
    subject = "scheduling.Offer"
    group = Group.SWAPS
    optional = True
    cause = "A colleague offers a shift."
    who = "The colleague to whom it is offered; everybody who could work it when anybody may take it (at once only)"
    steps = (at_once("offered", "at once"), once_more("before the offer ends"))
    related = ("shift__clinic",)

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        personal = Offer.objects.open_until(at).filter(to__isnull=False)
        rows = personal.annotate(recipient_id=F("to"), subject_id=F("pk"), not_after=F("expires_at"))
        return [
            rows.annotate(occasion=words("offered"), due_at=F("made_at")),
            *(last.annotate(occasion=words(LAST_DAY)) for last in on_the_last_day(self, rows, "made_at", at)),
            self._to_anybody(at),
        ]

    def _to_anybody(self, at: datetime) -> QuerySet[Any, Any]:
        offered = (
            PublishedShift.objects.standing()
            .as_planned()
            .filter(
                shift__offers__state=OfferState.OPEN,
                shift__offers__kind=OfferKind.GIVE,
                shift__offers__to=None,
                shift__offers__expires_at__gt=at,
            )
        )
        offered = offered.annotate(
            subject_id=F("shift__offers__pk"),
            due_at=F("shift__offers__made_at"),
            not_after=F("shift__offers__expires_at"),
        )
        return those_who_could(offered).exclude(recipient_id=F("staff")).annotate(occasion=words("to anybody"))

    def write(self, subject: Offer, recipient: User, occasion: str, at: datetime) -> Message:
        shift = subject.shift.published
        if subject.in_return is not None:
            said = f"{subject.by} offers {of_shift(shift)}, for your shift {of_shift(subject.in_return.published)}."
        else:
            said = f"{subject.by} gives away: {of_shift(shift)}."
        note = [f"“{subject.note}”"] if subject.note else []
        what = "A swap is offered to you" if subject.in_return else "A colleague gives away a shift"
        return Message(
            title=f"{what}: {long_day(shift.day)}",
            paragraphs=[said, *note, f"The offer is open until {until(subject.expires_at, subject.shift)}."],
            path=reverse("scheduling:swaps"),
            action="Answer",
            why=f"You get this because {'it is offered to you' if subject.to_id else 'you could take the shift'}"
            f"{', and the offer ends soon' if occasion == LAST_DAY else ''}.",
        )

    def about(self, subject: Offer) -> str:
        return when_and_where(subject.shift.start, subject.shift.end, subject.shift.clinic)


class OfferEnded(OfOwnShifts):
    """To whoever offered a shift and to whoever would have had it, when nothing comes of it."""

    code = "shift-offer-ended"
    label = "Offers of shifts that came to nothing"
    subject = "scheduling.Offer"
    group = Group.SWAPS
    optional = True
    asks = False
    cause = "Nothing comes of an offer: declined, refused, withdrawn, too late, or the shift was changed."
    who = "Whoever offered the shift, and whoever would have had it"
    tone = "caution"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        ended = Offer.objects.filter(ended_at__gt=at - TOLD_FOR, ended_at__lte=at)
        asked = ended.filter(state=OfferState.VOID, taken_by=None, to__isnull=False)
        return [
            self._rows(ended.filter(state__in=OVER_FOR_WHOEVER_OFFERED), "by"),
            self._rows(ended.filter(state__in=OVER_FOR_WHOEVER_TOOK), "taken_by"),
            self._rows(asked, "to"),
        ]

    def _rows(self, offers: QuerySet[Any, Any], person: str) -> QuerySet[Any, Any]:
        told = offers.filter(**{f"{person}__isnull": False})
        return told.annotate(
            recipient_id=F(person),
            subject_id=F("pk"),
            occasion=F("state"),
            due_at=F("ended_at"),
            not_after=ExpressionWrapper(F("ended_at") + Value(TOLD_FOR), output_field=DateTimeField()),
        )

    def write(self, subject: Offer, recipient: User, occasion: str, at: datetime) -> Message:
        shift = subject.shift.published
        keeps = "You keep" if recipient.pk == subject.by_id else f"{subject.by} keeps"
        why = {
            OfferState.DECLINED: f"{subject.ended_by} does not take it.",
            OfferState.REFUSED: f"{subject.ended_by} did not agree: {subject.answer}",
            OfferState.WITHDRAWN: f"{subject.by} has withdrawn the offer.",
            OfferState.EXPIRED: "Nobody answered in time.",
            OfferState.VOID: "The managers have changed the shift. See it as it is in the schedule.",
        }[OfferState(occasion)]
        kept = "" if occasion == OfferState.VOID else f" {keeps} the shift."
        return Message(
            title=f"Nothing comes of the offer for {long_day(shift.day)}",
            paragraphs=[f"{OFFERED[OfferKind(subject.kind)]}: {of_shift(shift)}.", f"{why}{kept}"],
            path=reverse("scheduling:swaps"),
            action="See open shifts and swaps",
            why="You get this because you took part in an offer that came to nothing.",
        )


class ClaimEnded(OfOwnShifts):
    """To whoever asked for an open shift and does not get it."""

    code = "shift-claim-ended"
    label = "Open shifts that you asked for and did not get"
    subject = "scheduling.Claim"
    group = Group.SWAPS
    optional = True
    asks = False
    cause = "Somebody asked for an open shift and does not get it."
    who = "Whoever asked for it"
    tone = "caution"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        lost = Claim.objects.filter(
            state__in=[ClaimState.DECLINED, ClaimState.LAPSED], ended_at__gt=at - TOLD_FOR, ended_at__lte=at
        )
        return [
            lost.annotate(
                recipient_id=F("person"),
                subject_id=F("pk"),
                occasion=F("state"),
                due_at=F("ended_at"),
                not_after=ExpressionWrapper(F("ended_at") + Value(TOLD_FOR), output_field=DateTimeField()),
            )
        ]

    def write(self, subject: Claim, recipient: User, occasion: str, at: datetime) -> Message:
        declined = f"{subject.ended_by} did not give it to you: {subject.answer}"
        why = declined if occasion == ClaimState.DECLINED else "It is no longer open, or it was changed."
        return Message(
            title=f"You do not get the open shift on {long_day(subject.shift.published.day)}",
            paragraphs=[f"You asked for: {of_shift(subject.shift.published)}.", why],
            path=reverse("scheduling:swaps"),
            action="See open shifts and swaps",
            why="You get this because you asked for the shift and do not get it.",
        )


KINDS = (OpenShiftToTake, ShiftOffered, OfferEnded, ClaimEnded)


def register() -> None:
    for kind in KINDS:
        registry.register(kind())

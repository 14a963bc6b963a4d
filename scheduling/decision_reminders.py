"""What managers are reminded of: changes of hands and requests that wait for them, and shifts that nobody has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Greatest, Lower
from django.urls import reverse

from accounts.models import User
from accounts.models.people import held_on
from accounts.roles import Capability, Role
from intranet.core.time import minutes_between, organisation_day
from intranet.core.wording import duration, long_day
from intranet.reminders import registry
from intranet.reminders.lead_times import steps_of
from intranet.reminders.registry import HORIZON, HOUR, Group, Kind, Message, Step, at_once
from scheduling.models import Claim, Offer, OfferConsent, OfferState, PublishedShift
from scheduling.reminders import when_and_where
from scheduling.swap_reminders import LAST_DAY, as_published, of_shift, on_the_last_day, until, words

TOO_LATE = "before it is too late to decide"
UNDECIDED = (
    at_once("waits", "at once"),
    Step(LAST_DAY, TOO_LATE, 24 * HOUR, 4 * HOUR, 96 * HOUR, before=True, group="Still to decide"),
)


def managers_of(rows: QuerySet[Any, Any], clinic: str, at: datetime) -> QuerySet[Any, Any]:
    """The rows, each with every manager of the clinic at this path as `recipient_id`; no path: the rows are clinics."""
    roles = f"{clinic}__memberships__" if clinic else "memberships__"
    held = held_on(organisation_day(at), of=roles)
    managed = rows.filter(held, **{f"{roles}role": Role.MANAGER})
    return managed.annotate(recipient_id=F(f"{roles}user"))


def at_once_and_on_the_last_day(
    kind: Kind, rows: QuerySet[Any, Any], since: Any, limit: Any, at: datetime
) -> Sequence[QuerySet[Any, Any]]:
    """What has waited for managers `since` a moment, at once and 24 hours before `limit`, when it is too late to decide."""
    waiting = rows.annotate(subject_id=F("pk"), waits_since=since, not_after=limit)
    return [
        waiting.annotate(occasion=words("waits"), due_at=F("waits_since")),
        *(last.annotate(occasion=words(LAST_DAY)) for last in on_the_last_day(kind, waiting, "waits_since", at)),
    ]


class ForManagers(Kind):
    """What only people who make a roster can get."""

    icon: ClassVar[str] = "roster"
    tone: ClassVar[str] = "caution"

    def concerns(self, person: User) -> bool:
        return bool(person.standing.scope(Capability.EDIT_ROSTER))


class OfferWaits(ForManagers):
    """To the managers of each clinic concerned, once somebody has taken an offer or hands a shift back, and 24 hours before
    it is too late to decide."""

    code = "shift-offer-waits"
    label = "Swaps that wait for you"
    subject = "scheduling.Offer"
    group = Group.TO_DECIDE
    cause = "A change of hands needs a manager to agree, and none of the clinic has decided."
    who = "Managers of each clinic concerned"
    steps = UNDECIDED
    related = ("shift__clinic",)

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        waiting = Offer.objects.filter(state=OfferState.TAKEN, expires_at__gt=at)
        return [rows for path in ("shift__clinic", "in_return__clinic") for rows in self._of(waiting, path, at)]

    def _of(self, waiting: QuerySet[Any, Any], clinic: str, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        agreed = OfferConsent.objects.filter(offer=OuterRef("pk"), clinic=OuterRef(clinic))
        rows = managers_of(waiting.filter(~Exists(agreed)), clinic, at)
        own = Q(recipient_id=F("by")) | Q(recipient_id=F("taken_by"), taken_by__isnull=False)
        waits_since = Coalesce(F("taken_at"), F("made_at"))
        return at_once_and_on_the_last_day(self, rows.exclude(own), waits_since, F("expires_at"), at)

    def write(self, subject: Offer, recipient: User, occasion: str, at: datetime) -> Message:
        shift = subject.shift.published
        title = "Still to decide: the shift" if occasion == LAST_DAY else "Your decision about the shift"
        if subject.in_return is not None:
            what = (
                f"{subject.by} and {subject.taken_by} want to swap: {of_shift(shift)}, "
                f"against {of_shift(subject.in_return.published)}."
            )
        elif subject.taken_by is not None:
            what = f"{subject.taken_by} would take the shift of {subject.by}: {of_shift(shift)}."
        else:
            what = f"{subject.by} wants to hand back: {of_shift(shift)}."
        return Message(
            title=f"{title} on {long_day(shift.day)}",
            paragraphs=[what, f"It can be decided until {until(subject.expires_at, subject.shift)}."],
            path=reverse("scheduling:offer-decide", args=[subject.pk]),
            action="Decide",
            why="You get this because you make the roster of a clinic concerned, and nobody there has decided"
            f"{': soon it is too late' if occasion == LAST_DAY else ' yet'}.",
        )

    def about(self, subject: Offer) -> str:
        return when_and_where(subject.shift.start, subject.shift.end, subject.shift.clinic)


class ClaimWaits(ForManagers):
    """To the managers of the clinic, once somebody asks for an open shift, and 24 hours before it begins."""

    code = "shift-claim-waits"
    label = "Requests for open shifts"
    subject = "scheduling.Claim"
    group = Group.TO_DECIDE
    cause = "Somebody asks for an open shift, and nobody has decided."
    who = "Managers of the clinic"
    steps = UNDECIDED
    related = ("shift__clinic",)

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        waiting = Claim.objects.waiting().filter(shift__published__period__startswith__gt=at)
        rows = managers_of(waiting, "shift__clinic", at).exclude(recipient_id=F("person"))
        return at_once_and_on_the_last_day(self, rows, F("made_at"), Lower("shift__published__period"), at)

    def write(self, subject: Claim, recipient: User, occasion: str, at: datetime) -> Message:
        shift = subject.shift.published
        title = "Still to decide: who gets" if occasion == LAST_DAY else "Somebody asks for"
        return Message(
            title=f"{title} the open shift on {long_day(shift.day)}",
            paragraphs=[
                f"{subject.person} would work: {of_shift(shift)}.",
                f"It can be decided until {until(shift.start, shift)}.",
            ],
            path=reverse("scheduling:claims-decide", args=[subject.shift_id]),
            action="Decide who gets it",
            why="You get this because you make the roster of this clinic, and nobody has decided who gets the shift"
            f"{': it begins soon' if occasion == LAST_DAY else ' yet'}.",
        )

    def about(self, subject: Claim) -> str:
        return when_and_where(subject.shift.start, subject.shift.end, subject.shift.clinic)


class ShiftUncovered(ForManagers):
    """To the managers of the clinic, 48 hours before a published shift that nobody has."""

    code = "shift-uncovered"
    label = "Shifts that nobody has shortly before"
    subject = "scheduling.PublishedShift"
    group = Group.GAPS
    tone = "danger"
    cause = "Nobody has a published shift, and it begins soon."
    who = "Managers of the clinic"
    steps = (
        Step(
            *("48 hours", "before the shift begins", 48 * HOUR, 4 * HOUR, 168 * HOUR),
            before=True,
            needed=True,
            escalation=True,
        ),
    )
    related = ("clinic",)

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        return [
            managers_of(
                PublishedShift.objects.standing().filter(
                    staff=None, period__startswith__range=(at, at + HORIZON - offset)
                ),
                "clinic",
                at,
            ).annotate(
                subject_id=F("pk"),
                occasion=as_published(code),
                due_at=Greatest(
                    ExpressionWrapper(Lower("period") + Value(offset), output_field=DateTimeField()), F("published_at")
                ),
                not_after=Lower("period"),
            )
            for code, offset in steps_of(self)
        ]

    def about(self, subject: PublishedShift) -> str:
        return when_and_where(subject.start, subject.end, subject.clinic)

    def write(self, subject: PublishedShift, recipient: User, occasion: str, at: datetime) -> Message:
        return Message(
            title=f"Nobody has the shift on {long_day(subject.day)} at {subject.clinic}",
            paragraphs=[f"Still open: {of_shift(subject)}."],
            path=reverse("scheduling:shift", args=[subject.shift_id]),
            action="See who could work it",
            why="You get this because you make the roster of this clinic, and the shift begins in "
            f"{duration(minutes_between(at, subject.start))} and nobody has it.",
        )


KINDS = (OfferWaits, ClaimWaits, ShiftUncovered)


def register() -> None:
    for kind in KINDS:
        registry.register(kind())

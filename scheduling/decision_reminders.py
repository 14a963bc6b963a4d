"""What managers are reminded of: changes of hands and requests that wait for them, and shifts that nobody has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Greatest, Lower
from django.urls import reverse

from accounts.models import User
from accounts.models.people import held_on
from accounts.roles import Capability, Role
from intranet.core.time import organisation_day
from intranet.core.wording import long_day
from intranet.reminders import registry
from intranet.reminders.registry import HORIZON, Group, Kind, Message
from scheduling.models import Claim, Offer, OfferConsent, OfferState, PublishedShift
from scheduling.swap_reminders import LAST_DAY, as_published, of_shift, on_the_last_day, until, words

UNCOVERED = timedelta(hours=48)


def managers_of(rows: QuerySet[Any, Any], clinic: str, at: datetime) -> QuerySet[Any, Any]:
    """The rows, each with every manager of the clinic at this path as `recipient_id`; no path: the rows are clinics."""
    roles = f"{clinic}__memberships__" if clinic else "memberships__"
    held = held_on(organisation_day(at), of=roles)
    managed = rows.filter(held, **{f"{roles}role": Role.MANAGER})
    return managed.annotate(recipient_id=F(f"{roles}user"))


def at_once_and_on_the_last_day(
    rows: QuerySet[Any, Any], since: Any, limit: Any, at: datetime
) -> Sequence[QuerySet[Any, Any]]:
    """What has waited for managers `since` a moment, at once and 24 hours before `limit`, when it is too late to decide."""
    waiting = rows.annotate(subject_id=F("pk"), waits_since=since, not_after=limit)
    return [
        waiting.annotate(occasion=words("waits"), due_at=F("waits_since")),
        on_the_last_day(waiting, "waits_since", at).annotate(occasion=words(LAST_DAY)),
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

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        waiting = Offer.objects.filter(state=OfferState.TAKEN, expires_at__gt=at)
        return [rows for path in ("shift__clinic", "in_return__clinic") for rows in self._of(waiting, path, at)]

    def _of(self, waiting: QuerySet[Any, Any], clinic: str, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        agreed = OfferConsent.objects.filter(offer=OuterRef("pk"), clinic=OuterRef(clinic))
        rows = managers_of(waiting.filter(~Exists(agreed)), clinic, at)
        own = Q(recipient_id=F("by")) | Q(recipient_id=F("taken_by"), taken_by__isnull=False)
        waits_since = Coalesce(F("taken_at"), F("made_at"))
        return at_once_and_on_the_last_day(rows.exclude(own), waits_since, F("expires_at"), at)

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
            why="You get this because you make the roster of this clinic.",
        )


class ClaimWaits(ForManagers):
    """To the managers of the clinic, once somebody asks for an open shift, and 24 hours before it begins."""

    code = "shift-claim-waits"
    label = "Requests for open shifts"
    subject = "scheduling.Claim"
    group = Group.TO_DECIDE

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        waiting = Claim.objects.waiting().filter(shift__published__period__startswith__gt=at)
        rows = managers_of(waiting, "shift__clinic", at).exclude(recipient_id=F("person"))
        return at_once_and_on_the_last_day(rows, F("made_at"), Lower("shift__published__period"), at)

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
            why="You get this because you make the roster of this clinic.",
        )


class ShiftUncovered(ForManagers):
    """To the managers of the clinic, 48 hours before a published shift that nobody has."""

    code = "shift-uncovered"
    label = "Shifts that nobody has two days before"
    subject = "scheduling.PublishedShift"
    group = Group.GAPS
    tone = "danger"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        open_shifts = PublishedShift.objects.standing().filter(
            staff=None, period__startswith__range=(at, at + HORIZON + UNCOVERED)
        )
        before = ExpressionWrapper(Lower("period") - Value(UNCOVERED), output_field=DateTimeField())
        return [
            managers_of(open_shifts, "clinic", at).annotate(
                subject_id=F("pk"),
                occasion=as_published("48 hours"),
                due_at=Greatest(before, F("published_at")),
                not_after=Lower("period"),
            )
        ]

    def write(self, subject: PublishedShift, recipient: User, occasion: str, at: datetime) -> Message:
        return Message(
            title=f"Nobody has the shift on {long_day(subject.day)} at {subject.clinic}",
            paragraphs=[f"Still open: {of_shift(subject)}."],
            path=reverse("scheduling:shift", args=[subject.shift_id]),
            action="See who could work it",
            why="You get this because you make the roster of this clinic.",
        )


KINDS = (OfferWaits, ClaimWaits, ShiftUncovered)


def register() -> None:
    for kind in KINDS:
        registry.register(kind())

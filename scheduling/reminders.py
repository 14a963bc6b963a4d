"""What the roster reminds of: a shift on the evening before, and a publication that changed one's shifts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import (
    CharField,
    DateField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Concat, Lower
from django.urls import reverse

from accounts.models import Clinic, Membership, User
from accounts.models.people import held_on
from intranet.core.moments import InZone, clock_after
from intranet.core.time import organisation_day
from intranet.core.wording import clock_time, counted, duration, long_day, name_list, week_label
from intranet.reminders.lead_times import steps_of
from intranet.reminders.registry import HORIZON, HOUR, Group, Kind, Message, OnDoubt, Step
from scheduling.models import ChangeKind, Occasion, Publication, PublicationChange, PublicationRecipient, PublishedShift
from scheduling.positions import Position
from scheduling.roster import with_whom

SOON = timedelta(hours=24)  # a change of a shift that begins so soon waits for no morning
TOLD_FOR = timedelta(days=7)
NAMED = 6


class StartOfDay(Func):
    function = "date_trunc"
    template = "date_trunc('day', %(expressions)s)"
    output_field = DateTimeField()


def from_midnight(after: timedelta) -> InZone:
    """So long after the clinic's day began on which a shift starts, below nothing before it, as its clocks show it."""
    midnight = StartOfDay(InZone(F("clinic__time_zone"), Lower("period")))
    return clock_after(midnight, after, F("clinic__time_zone"))


def to_be_worked(at: datetime) -> QuerySet[Any, Any]:
    """Published shifts ahead, as far as reminders look, whose holder still works at the clinic; with `on_its_day`."""
    ahead = (at, at + HORIZON + timedelta(days=2))
    shifts = PublishedShift.objects.standing().filter(staff__is_active=True, period__startswith__range=ahead)
    on_its_day = Cast(InZone(F("clinic__time_zone"), Lower("period")), DateField())
    still_there = Membership.objects.filter(
        held_on(OuterRef("on_its_day")), user=OuterRef("staff"), clinic=OuterRef("clinic")
    )
    return shifts.annotate(on_its_day=on_its_day).filter(Exists(still_there))


class OfOwnShift(Kind):
    """About a published shift, to whoever works it."""

    subject: ClassVar[str] = "scheduling.PublishedShift"
    group: ClassVar[Group | None] = Group.BEFORE_A_SHIFT
    asks: ClassVar[bool] = False
    on_doubt: ClassVar[OnDoubt | str] = OnDoubt.RESEND
    optional: ClassVar[bool] = True
    icon: ClassVar[str] = "calendar"
    who = "Whoever works it"
    related = ("clinic",)

    def about(self, subject: PublishedShift) -> str:
        return when_and_where(subject.start, subject.end, subject.clinic)


class ShiftTomorrow(OfOwnShift):
    """To whoever works a published shift, on the evening before, and anew when a publication changes it after that.

    The words say everything that a publication can change (`DETAILS`), and the occasion counts these publications: what
    says the old hours settles, its mail is stopped, and the new hours are told. Others' changes count for nothing.
    """

    code: ClassVar[str] = "shift-tomorrow"
    label: ClassVar[str] = "Shift tomorrow"
    cause = "A published shift begins on the next day, or it was changed after that was said."
    steps = (
        Step(
            *("evening", "before midnight on the evening before", 6 * HOUR, HOUR, 12 * HOUR), before=True, needed=True
        ),
    )

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        return [
            to_be_worked(at).annotate(
                recipient_id=F("staff_id"),
                subject_id=F("pk"),
                occasion=Concat(Cast("on_its_day", CharField()), Value(" #"), Cast("sequence", CharField())),
                due_at=from_midnight(offset),
                not_after=Lower("period"),
            )
            for _, offset in steps_of(self)
        ]

    def write(self, subject: PublishedShift, recipient: User, occasion: str, at: datetime) -> Message:
        shift = PublishedShift.objects.select_related("clinic", "skill").get(pk=subject.pk)
        company = name_list([person.name for person in with_whom([shift]).get(shift.pk, [])[:NAMED]])
        as_of = at.astimezone(shift.clinic.zone)
        role = Position(shift.position).spoken
        paragraphs = [
            f"You work {when_and_where(shift.start, shift.end, shift.clinic)}, as {role}.",
            f"Unpaid break: {duration(shift.break_minutes)}." if shift.break_minutes else "",
            f"The shift needs clearance for {shift.skill}." if shift.skill else "",
            f"Note: {shift.note}" if shift.note else "",
            f"With you, as of {as_of:%A} {clock_time(as_of)}: {company}." if company else "",
        ]
        return Message(
            title=f"Your shift on {long_day(shift.day)}",
            paragraphs=[paragraph for paragraph in paragraphs if paragraph],
            path=reverse("scheduling:my-schedule"),
            action="See your schedule",
            why="You get this because you work this shift on the published roster.",
        )


class ShiftSoon(OfOwnShift):
    """To whoever works a published shift, two hours before it: unless it was published later than that."""

    code: ClassVar[str] = "shift-soon"
    label: ClassVar[str] = "Shift in a few hours"
    worth_waking: ClassVar[bool] = False  # whoever starts at six has heard of it the evening before
    cause = "A published shift begins soon."
    steps = (Step("2 hours", "before the shift begins", 2 * HOUR, HOUR, 12 * HOUR, before=True),)

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        return [rows.filter(due_at__gt=F("published_at")) for rows in self._due(at)]

    def _due(self, at: datetime) -> Iterator[QuerySet[Any, Any]]:
        for code, offset in steps_of(self):
            yield to_be_worked(at).annotate(
                recipient_id=F("staff_id"),
                subject_id=F("pk"),
                occasion=Concat(Value(f"{code} #"), Cast("sequence", CharField())),
                due_at=ExpressionWrapper(Lower("period") + Value(offset), output_field=DateTimeField()),
                not_after=Lower("period"),
            )

    def write(self, subject: PublishedShift, recipient: User, occasion: str, at: datetime) -> Message:
        begins = subject.start.astimezone(subject.clinic.zone)
        return Message(
            title=f"Your shift at {clock_time(begins)} {begins:%Z}, {long_day(begins)}",
            paragraphs=[f"You work {when_and_where(subject.start, subject.end, subject.clinic)}."],
            path=reverse("scheduling:my-schedule"),
            action="See your schedule",
            why="You get this because you work this shift on the published roster, and it begins soon.",
        )


class RosterPublished(Kind):
    """To everybody whose shifts a publication has changed: one message for each person and publication. At night, too,
    when one of these shifts begins, or was to begin, within 24 hours of it."""

    code: ClassVar[str] = "roster-published"
    label: ClassVar[str] = "Roster published"
    subject: ClassVar[str] = "scheduling.Publication"
    group: ClassVar[Group] = Group.SHIFT_CHANGES
    asks: ClassVar[bool] = False
    on_doubt: ClassVar[OnDoubt | str] = OnDoubt.RESEND
    icon: ClassVar[str] = "roster"
    cause = "A publication gives, takes or changes shifts."
    any_hour_when = "a shift that changes begins within 24 hours"
    who = "Everybody whose shifts it changes"
    related = ("week__clinic",)

    def may_wait(self, subject: Publication, recipient: User) -> bool:
        """Not when it changes what begins within a day: whoever gets or loses that has to hear of it now."""
        own = subject.changes.filter(Q(staff_before=recipient) | Q(staff_after=recipient))  # type: ignore[attr-defined]
        return not any(
            subject.at < start <= subject.at + SOON for change in own for start in _starts(change, recipient)
        )

    def about(self, subject: Publication) -> str:
        return f"Roster of {subject.week.clinic}, {week_label(subject.week.monday)}"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        today = organisation_day(at)
        still_here = Membership.objects.on(today).filter(user=OuterRef("person"))
        told = PublicationRecipient.objects.filter(Exists(still_here), publication__at__gt=at - TOLD_FOR)
        told = told.filter(person__is_active=True)
        not_after = ExpressionWrapper(F("publication__at") + Value(TOLD_FOR), output_field=DateTimeField())
        return [
            told.annotate(
                recipient_id=F("person_id"),
                subject_id=F("publication_id"),
                occasion=Value("published"),
                due_at=F("publication__at"),
                not_after=not_after,
            )
        ]

    def write(self, subject: Publication, recipient: User, occasion: str, at: datetime) -> Message:
        publication = Publication.objects.select_related("week__clinic", "by").get(pk=subject.pk)
        week = publication.week
        changes = changes_for(publication, recipient)
        # What a publication did stays true when the next one does something else, once the words say when it was.
        when = publication.at.astimezone(week.clinic.zone)
        moment = f"{long_day(when)}, {when.year}, {clock_time(when)} {when:%Z}"
        return Message(
            title=f"Roster of {week.clinic}, {week_label(week.monday)}",
            paragraphs=[
                how_it_came(publication, len(changes), moment),
                *changes,
            ],
            path=reverse("scheduling:my-schedule"),
            action="See your schedule",
            why="You get this because a publication of the roster changed your shifts.",
        )


def how_it_came(publication: Publication, changes: int, moment: str) -> str:
    """`Dana Mockridge published 2 changes to your shifts on ...`, or how a shift changed hands without that."""
    said = {
        Occasion.CLAIM: f"An open shift was taken on {moment}.",
        Occasion.OFFER: f"What was offered is done, since {moment}.",
    }
    usual = f"{publication.by} published {counted(changes, 'change')} to your shifts on {moment}."
    return said.get(Occasion(publication.occasion), usual)


def when_and_where(start: datetime, end: datetime, clinic: Clinic) -> str:
    """`Monday, November 30, 2026, 7:00 AM – 3:30 PM CST at Mt. Prospect`: right whenever and wherever it is read."""
    begins, ends = start.astimezone(clinic.zone), end.astimezone(clinic.zone)
    until = clock_time(ends) if ends.date() == begins.date() else f"{ends:%A} {clock_time(ends)}"
    return f"{long_day(begins)}, {begins.year}, {clock_time(begins)} – {until} {ends:%Z} at {clinic}"


def changes_for(publication: Publication, person: User) -> list[str]:
    """What a publication changed for one person, one line each."""
    own = publication.changes.filter(Q(staff_before=person) | Q(staff_after=person))  # type: ignore[attr-defined]
    clinic = publication.week.clinic
    return [_line(change, person, clinic) for change in own.order_by("after__start", "before__start", "pk")]


def _starts(change: PublicationChange, person: User) -> Iterator[datetime]:
    """When the shift begins that the person had before the change, and the one they have after it."""
    for snapshot, holder_id in ((change.before, change.staff_before_id), (change.after, change.staff_after_id)):
        if snapshot and holder_id == person.pk:
            yield datetime.fromisoformat(snapshot["start"])


def _line(change: PublicationChange, person: User, clinic: Clinic) -> str:
    before = _snapshot_words(change.before, clinic) if change.before and change.staff_before_id == person.pk else ""
    after = _snapshot_words(change.after, clinic) if change.after and change.staff_after_id == person.pk else ""
    if before and after:
        return f"Details changed: {after}." if change.kind == ChangeKind.ALTER else f"Changed from {before} to {after}."
    return f"New: {after}." if after else f"No longer yours: {before}."


def _snapshot_words(snapshot: dict[str, Any], clinic: Clinic) -> str:
    words = when_and_where(datetime.fromisoformat(snapshot["start"]), datetime.fromisoformat(snapshot["end"]), clinic)
    return f"{words}, {snapshot['skill']}" if snapshot["skill"] else words

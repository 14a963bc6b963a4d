"""Who is to do a procedure in the next days and has not acknowledged the protocol that governs it: the person and the
managers, every morning until it is done or nothing of it is ahead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import (
    CharField,
    DateField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Concat, Least, Lower

from accounts.models import User
from intranet.core.moments import InZone, clock_after
from intranet.core.wording import counted
from intranet.reminders import registry
from intranet.reminders.lead_times import steps_of
from intranet.reminders.registry import DAY, Group, Kind, Message, Step
from protocols.acknowledging import outstanding_rows
from protocols.models import ProtocolVersion
from scheduling.decision_reminders import ForManagers, managers_of
from scheduling.reminders import to_be_worked, when_and_where
from scheduling.swap_reminders import OfOwnShifts

MORNING = timedelta(hours=8)
LISTED = 8
STEPS = (
    Step(
        *("first", "before the day of the shift, at 8 in the morning, and then every morning", 3 * DAY, DAY, 10 * DAY),
        before=True,
        needed=True,
    ),
)


class UnreadBeforeShift(OfOwnShifts):
    """To whoever works such a shift within three days: once a day and version, however many shifts it is."""

    code: ClassVar[str] = "unread-before-shift"
    label: ClassVar[str] = "Protocols to acknowledge before a shift"
    subject: ClassVar[str] = "protocols.ProtocolVersion"
    group = Group.ACKNOWLEDGE
    icon: ClassVar[str] = "book"
    tone: ClassVar[str] = "danger"
    cause = "A shift needs a procedure, and whoever works it has not acknowledged the protocol that governs it."
    who = "Whoever works the shift"
    steps = STEPS

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        return [_on(rows, at) for rows in mornings(self, unread(at).annotate(recipient_id=F("staff_id")))]

    def write(self, subject: ProtocolVersion, recipient: User, occasion: str, at: datetime) -> Message:
        shifts = unread(at).filter(version_id=subject.pk, staff=recipient).select_related("clinic")
        return Message(
            title=f"Acknowledge “{subject.title}” before your next shift that needs it",
            paragraphs=[
                f"You have not acknowledged version {subject.number}, and are to work by it:",
                *_listed([when_and_where(one.start, one.end, one.clinic) for one in shifts.order_by("period")]),
                "Until you have acknowledged it, you may not work these shifts.",
            ],
            path=subject.get_absolute_url(),
            action=f"Read and acknowledge version {subject.number}",
            why="You get this because your next shifts need a procedure that this protocol governs, and your "
            "acknowledgement is still missing.",
        )

    def about(self, subject: ProtocolVersion) -> str:
        return subject.title


class StaffUnreadBeforeShift(ForManagers):
    """The same to the managers of the clinic, in one list for all at it. Nobody hears of the own shifts here."""

    code: ClassVar[str] = "staff-unread-before-shift"
    label: ClassVar[str] = "Protocols that staff have to acknowledge before a shift"
    subject: ClassVar[str] = "protocols.ProtocolVersion"
    group = Group.NOT_ACKNOWLEDGED
    icon: ClassVar[str] = "book"
    tone: ClassVar[str] = "danger"
    cause = "Shifts need a procedure, and whoever works them has not acknowledged the protocol that governs it."
    who = "Managers of the clinic"
    steps = tuple(replace(step, escalation=True) for step in STEPS)

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        return [_on(rows, at) for rows in mornings(self, self._managed(at))]

    def write(self, subject: ProtocolVersion, recipient: User, occasion: str, at: datetime) -> Message:
        shifts = (
            self._managed(at).filter(recipient_id=recipient.pk, version_id=subject.pk).select_related("clinic", "staff")
        )
        lines = [f"{one.staff}, {when_and_where(one.start, one.end, one.clinic)}." for one in shifts.order_by("period")]
        return Message(
            title=f"“{subject.title}” is not acknowledged before shifts that need it",
            paragraphs=[
                f"Who has not acknowledged version {subject.number} and is to work by it:",
                *_listed(lines),
                "Until they have acknowledged it, they may not work these shifts.",
            ],
            path="/protocols/report/?unfinished=on",
            action="See who has not",
            why="You get this because you make the roster of this clinic, and people on it have still not acknowledged a "
            "protocol that their shifts need.",
        )

    def about(self, subject: ProtocolVersion) -> str:
        return subject.title

    def _managed(self, at: datetime) -> QuerySet[Any, Any]:
        return managers_of(unread(at), "clinic", at).exclude(recipient_id=F("staff_id"))


def unread(at: datetime) -> QuerySet[Any, Any]:
    """Published shifts ahead, each with the versions (`version_id`) that govern its procedure and that its holder has to
    acknowledge and has not."""
    governed = to_be_worked(at).filter(skill__isnull=False).annotate(version_id=F("skill__protocols__versions"))
    missing = outstanding_rows(at).filter(user=OuterRef("staff"), version=OuterRef("version_id"))
    return governed.filter(Exists(missing))


def mornings(kind: Kind, rows: QuerySet[Any, Any]) -> Iterator[QuerySet[Any, Any]]:
    """The rows on the morning of the shift's day and on those before it, with `morning`, the day."""
    for _, offset in steps_of(kind):
        for days in range(-offset.days + 1):
            yield rows.annotate(
                morning=ExpressionWrapper(F("on_its_day") - Value(days), output_field=DateField()),
            )


def _on(rows: QuerySet[Any, Any], at: datetime) -> QuerySet[Any, Any]:
    """Rows with a recipient and a morning as reminders: one for a version and day, until the next one or the shift."""
    return rows.annotate(
        subject_id=F("version_id"),
        occasion=Concat(Value("unread "), Cast("morning", CharField())),
        due_at=_shown(MORNING),
        not_after=Least(_shown(MORNING + DAY), Lower("period"), output_field=DateTimeField()),
    ).filter(not_after__gt=at)


def _shown(after: timedelta) -> InZone:
    """The moment at which the clinic's clocks show so much on the morning's day."""
    return clock_after(F("morning"), after, F("clinic__time_zone"))


def _listed(lines: list[str]) -> list[str]:
    rest = len(lines) - LISTED
    return [*lines[:LISTED], *([f"And {counted(rest, 'more shift')}."] if rest > 0 else [])]


def register() -> None:
    registry.register(UnreadBeforeShift())
    registry.register(StaffUnreadBeforeShift())

"""Who is told that a shift may be lost: whoever holds it, with what is missing, and the managers, one list for a look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import (
    CharField,
    DateTimeField,
    ExpressionWrapper,
    F,
    Func,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Concat, Lower
from django.urls import reverse

from accounts.models import Clinic, User
from accounts.roles import Capability, Role
from intranet.core.arrays import each_of
from intranet.core.moments import InZone
from intranet.core.time import organisation_day
from intranet.core.wording import counted, long_day
from intranet.reminders import registry
from intranet.reminders.registry import Group, Message
from scheduling.decision_reminders import ForManagers, managers_of
from scheduling.models import LostClearance, PublishedShift
from scheduling.reminders import TOLD_FOR, when_and_where
from scheduling.rows import PROBLEMS
from scheduling.swap_reminders import OfOwnShifts, of_shift

LISTED = 12
RUN_OUT = [{"code": "credential-expired"}]
ACKNOWLEDGE = {"not-acknowledged"}
IN_THE_FILE = {
    "credential-missing",
    "credential-expired",
    "credential-not-verified",
    "region-not-covered",
    "competency-missing",
    "competency-ended",
    "competency-expired",
}


class ShiftMayBeLost(OfOwnShifts):
    """To whoever holds a published shift and may not work it any more, until it is right again or the shift is another.

    Only of what staff see just as it is planned: what the managers are changing is a draft. The words say the hours, so
    the occasion counts the publications of the shift.
    """

    code = "shift-clearance-lost"
    label = "Shifts that you may lose"
    subject = "scheduling.LostClearance"
    group = Group.SHIFT_CHANGES
    cause = "Somebody holds a published shift that they may not work as things stand. Looked for every hour."
    who = "Whoever holds the shift"
    related = ("shift__clinic",)
    icon: ClassVar[str] = "warning"
    tone: ClassVar[str] = "danger"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        seen = PublishedShift.objects.standing().as_planned().filter(period__startswith__gt=at)
        rows = LostClearance.objects.standing(at).filter(shift__published__in=seen)
        return [
            rows.annotate(
                recipient_id=F("person_id"),
                subject_id=F("pk"),
                occasion=Concat(Value("lost #"), Cast("shift__published__sequence", CharField())),
                due_at=F("found_at"),
                not_after=Lower("shift__period"),
            )
        ]

    def write(self, subject: LostClearance, recipient: User, occasion: str, at: datetime) -> Message:
        shift = PublishedShift.objects.select_related("clinic", "skill").get(shift=subject.shift_id)
        path, action = _way_out(subject, recipient)
        return Message(
            title=f"You may lose your shift on {long_day(shift.day)}",
            paragraphs=[
                f"You may not work it as things stand: {of_shift(shift)}.",
                *subject.words,
                "Put it right before then, or talk to your manager, who was told as well.",
            ],
            path=path,
            action=action,
            why="You get this because you are on the published roster for a shift that you may not work as things stand.",
        )

    def about(self, subject: LostClearance) -> str:
        return when_and_where(subject.shift.start, subject.shift.end, subject.shift.clinic)


def _way_out(lost: LostClearance, person: User) -> tuple[str, str]:
    """The page on which the person can do something about it, and the words that lead there."""
    if lost.codes & ACKNOWLEDGE:
        return f"{reverse('protocols:library')}?mine=on", "Read what you have to acknowledge"
    if lost.codes & IN_THE_FILE:
        return person.get_absolute_url(), "See your file"
    return reverse("scheduling:my-schedule"), "See your schedule"


class ClearancesLost(ForManagers):
    """To the managers of a clinic: one list of what one look there found, as long as something of it is so. To the
    clinical lead as well, where a credential has run out."""

    code = "staff-clearance-lost"
    label = "Shifts whose holder may not work them"
    subject = "accounts.Clinic"
    group = Group.GAPS
    cause = "People hold shifts that they may not work as things stand. Looked for every hour."
    who = "Managers of the clinic; the clinical lead as well where a credential has run out"
    icon: ClassVar[str] = "warning"
    tone: ClassVar[str] = "danger"

    def concerns(self, person: User) -> bool:
        return super().concerns(person) or Role.CLINICAL_LEAD in person.standing.roles

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        found = LostClearance.objects.standing(at).filter(found_at__gt=at - TOLD_FOR)
        leads = User.objects.members(organisation_day(at), roles=[Role.CLINICAL_LEAD])
        run_out = found.filter(reasons__contains=RUN_OUT).annotate(recipient_id=each_of(leads))
        return [
            rows.annotate(
                subject_id=F("shift__clinic_id"),
                occasion=_look(),
                due_at=F("found_at"),
                not_after=ExpressionWrapper(F("found_at") + Value(TOLD_FOR), output_field=DateTimeField()),
            )
            for rows in (managers_of(found, "shift__clinic", at), run_out)
        ]

    def write(self, subject: Clinic, recipient: User, occasion: str, at: datetime) -> Message:
        found = LostClearance.objects.standing(at).filter(shift__clinic=subject).annotate(look=_look())
        found = found.filter(look=occasion)
        manages = recipient.standing.may(Capability.EDIT_ROSTER, subject.pk)
        if not manages:
            found = found.filter(reasons__contains=RUN_OUT)
        rows = list(found.select_related("shift__clinic", "person").order_by("shift__period", "pk"))
        rest = len(rows) - LISTED
        return Message(
            title=f"{counted(len(rows), 'shift')} at {subject} whose holder may not work {'it' if len(rows) == 1 else 'them'}",
            paragraphs=[
                *(_line(row) for row in rows[:LISTED]),
                *([f"And {rest} more."] if rest > 0 else []),
                "Whoever has seen the shift on the published roster is told as well.",
            ],
            path=_where(rows, subject),
            action="See the shift" if len(rows) == 1 else "See them on the roster",
            why="You get this because you make the roster of this clinic, and people on it may not work their shifts."
            if manages
            else "You get this because you lead the clinical work, and people are on shifts with a credential that has "
            "run out.",
        )

    def about(self, subject: Clinic) -> str:
        return subject.name


def _look() -> Func:
    """The look that found it, by its minute in UTC: `found 2026-11-25 16:00`. What one look finds has one moment."""
    minute = InZone(Value("UTC"), F("found_at"))
    return Func(minute, Value('"found "YYYY-MM-DD HH24:MI'), function="to_char", output_field=CharField())


def _line(row: LostClearance) -> str:
    shift = row.shift
    return f"{row.person}, {when_and_where(shift.start, shift.end, shift.clinic)}: {' '.join(row.words)}"


def _where(rows: Sequence[LostClearance], clinic: Clinic) -> str:
    if len(rows) == 1:
        return rows[0].shift.get_absolute_url()
    week = f"&week={rows[0].shift.day.isoformat()}" if rows else ""
    return f"{reverse('scheduling:board')}?clinic={clinic.slug}&show={PROBLEMS}{week}"


def register() -> None:
    registry.register(ShiftMayBeLost())
    registry.register(ClearancesLost())

"""An assistant works without a therapist whom they could reach: the managers of the clinic and the clinical lead hear of it.

Judged by what is published: somebody fell ill, or a later change took the therapist away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from django.db.models import BigIntegerField, DateTimeField, F, QuerySet, Value
from django.urls import reverse

from accounts.models import Clinic, User
from accounts.roles import Role
from intranet.core.time import organisation_day
from intranet.core.wording import clock_time, long_day, name_list, short_range, zone_words
from intranet.reminders import registry
from intranet.reminders.registry import Group, Message
from scheduling.decision_reminders import ForManagers, managers_of
from scheduling.supervising import Unsupervised, unsupervised
from scheduling.swap_reminders import words


class AssistantUnsupervised(ForManagers):
    """Once for a clinic and day, until a therapist can be reached or the day is over."""

    code: ClassVar[str] = "assistant-unsupervised"
    label: ClassVar[str] = "Assistants without a therapist to reach"
    subject: ClassVar[str] = "accounts.Clinic"
    group: ClassVar[Group] = Group.GAPS
    tone: ClassVar[str] = "danger"
    cause = "An assistant works while no therapist is on shift whom they could reach."
    who = "Managers of the clinic and the clinical lead"

    def concerns(self, person: User) -> bool:
        return super().concerns(person) or Role.CLINICAL_LEAD in person.standing.roles

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        return [rows for day in unsupervised(at) for rows in self._rows(day, at)]

    def _rows(self, found: Unsupervised, at: datetime) -> Iterator[QuerySet[Any, Any]]:
        here = Clinic.objects.filter(pk=found.clinic.pk)
        leads = User.objects.members(organisation_day(at), roles=[Role.CLINICAL_LEAD])
        lead_of = Value(found.clinic.pk, output_field=BigIntegerField())
        for rows, clinic in (
            (managers_of(here, "", at), F("pk")),
            (leads.annotate(recipient_id=F("pk")), lead_of),
        ):
            yield rows.annotate(
                subject_id=clinic,
                occasion=words(found.day.isoformat()),
                due_at=Value(found.since, output_field=DateTimeField()),
                not_after=Value(found.until, output_field=DateTimeField()),
            )

    def write(self, subject: Clinic, recipient: User, occasion: str, at: datetime) -> Message:
        day = date.fromisoformat(occasion)
        found = next(one for one in unsupervised(at) if (one.clinic, one.day) == (subject, day))
        local = at.astimezone(subject.zone)
        return Message(
            title=f"No therapist to reach at {subject} on {long_day(day)}",
            paragraphs=[
                f"{day:%A}, {day:%B} {day.day}, {day.year} ({zone_words(subject.zone)}), as of {local:%A} {clock_time(local)}: "
                "no therapist is on shift, at whichever clinic, while these assistants work.",
                *(
                    f"{shift.staff}: {name_list([short_range(start, end, subject.zone) for start, end in spans])}."
                    for shift, spans in found.shifts
                ),
            ],
            path=f"{reverse('scheduling:board')}?clinic={subject.slug}&week={occasion}",
            action="See the roster",
            why="You get this because you make the roster of this clinic or lead the clinical work, and assistants are to "
            "work there without a therapist to reach.",
        )

    def about(self, subject: Clinic) -> str:
        return subject.name


def register() -> None:
    registry.register(AssistantUnsupervised())

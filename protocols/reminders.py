"""Reminders about what waits to be acknowledged or is late, problems that readers report, and suspensions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BigIntegerField,
    CharField,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from accounts.models import Membership, User
from accounts.models.people import held_on
from accounts.roles import Capability, Role
from intranet.core.arrays import Each
from intranet.core.moments import moment_of
from intranet.core.time import organisation_day, organisation_zone
from intranet.core.wording import counted, day_label, full_day, name_list
from intranet.reminders import registry
from intranet.reminders.registry import HORIZON, Group, Kind, Message, OnDoubt
from protocols.acknowledging import outstanding, outstanding_rows, with_terms
from protocols.models import Acknowledgement, Problem, ProtocolVersion, Readership, Suspension
from protocols.models.visibility import read_current

# Days after somebody was asked: at once, then three times more before the last day.
NUDGES = (0, 3, 7, 10)
MORNING = timedelta(hours=8)
STALE_AFTER = timedelta(days=7)
NAMED = 5


class ProtocolToAcknowledge(Kind):
    """At publication, on days 3, 7 and 10, and on the last day, until the person has acknowledged.

    The words name the last day, so the occasion does too: whoever changes clinic and gets more time is told the new day.
    """

    code = "protocol-to-acknowledge"
    label = "Protocol to acknowledge"
    subject = "protocols.ProtocolVersion"
    group = Group.ACKNOWLEDGE
    on_doubt = OnDoubt.RESEND
    icon = "book"
    tone = "caution"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        rows = outstanding(at).annotate(recipient_id=F("user_id"), subject_id=F("version_id"))
        return [*self._nudges(rows, at), self._last_call(rows, at)]

    def write(self, subject: ProtocolVersion, recipient: User, occasion: str, at: datetime) -> Message:
        rows = outstanding(at).filter(user_id=recipient.pk, version_id=subject.pk)
        due = next((row["due_on"] for row in rows), organisation_day(at))
        last_day = f"{due:%A}, {full_day(due)}"
        by = f"The last day to acknowledge it is {last_day} ({recipient.zone.key} time)."
        return Message(
            title=f"Acknowledge “{subject.title}” by {day_label(due, organisation_day(at))}",
            paragraphs=[*_what_is_new(subject, at), by],
            path=subject.get_absolute_url(),
            action=f"Read and acknowledge version {subject.number}",
            why=f"You get this because version {subject.number} asks people with your role for their acknowledgement.",
        )

    def _nudges(self, rows: QuerySet[Any, Any], at: datetime) -> Iterator[QuerySet[Any, Any]]:
        for day, following in zip(NUDGES, (*NUDGES[1:], NUDGES[-1] + 4), strict=True):
            yield due_within_horizon(
                rows.filter(version__due_days__gt=day).annotate(
                    occasion=_by_its_last_day(f"day-{day}"),
                    due_at=F("asked_at") + timedelta(days=day),
                    not_after=F("asked_at") + timedelta(days=following),
                ),
                at,
            )

    def _last_call(self, rows: QuerySet[Any, Any], at: datetime) -> QuerySet[Any, Any]:
        morning = moment_of(F("due_on"), organisation_zone())
        return due_within_horizon(
            rows.annotate(
                occasion=_by_its_last_day("last-day"), due_at=morning + MORNING, not_after=morning + STALE_AFTER
            ),
            at,
        )


class ProblemReported(Kind):
    """To the owner of a protocol, once for each problem that a reader found, until it is answered; to the deputy when the
    owner has left, and to the clinical lead when neither is there."""

    code = "problem-reported"
    label = "Problems on your protocols"
    subject = "protocols.Problem"
    group = Group.PROTOCOLS_KEPT
    on_doubt = OnDoubt.RESEND
    icon = "flag"
    tone = "caution"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        leads = User.objects.members(organisation_day(at), roles=[Role.CLINICAL_LEAD]).exclude(pk=OuterRef("by"))
        waiting = Problem.objects.open().with_answerer()
        answered_for = waiting.filter(answerer_id__isnull=False).exclude(by=F("answerer_id"))
        return [
            self._rows(answered_for.annotate(recipient_id=F("answerer_id")), at),
            self._rows(waiting.filter(answerer_id=None).annotate(recipient_id=each_of(leads)), at),
        ]

    def _rows(self, problems: QuerySet[Any, Any], at: datetime) -> QuerySet[Any, Any]:
        rows = problems.annotate(
            subject_id=F("pk"),
            occasion=Value("reported", output_field=CharField()),
            due_at=F("at"),
            not_after=F("at") + timedelta(days=30),
        )
        return due_within_horizon(rows, at)

    def write(self, subject: Problem, recipient: User, occasion: str, at: datetime) -> Message:
        where = f"Section “{subject.section}”: " if subject.section else ""
        return Message(
            title=f"A reader found a problem on “{subject.version.title}”",
            paragraphs=[f"{where}{subject.text}", f"Reported by {subject.by} on version {subject.version.number}."],
            path=reverse("protocols:problem", args=[subject.pk]),
            action="Read and answer it",
            why="You get this because you answer for this protocol.",
        )


class ProtocolSuspended(Kind):
    """At once, day or night: to the clinical lead, to everybody who signed the version and may read it, whatever their
    role by now, and to readers and managers of the clinic. Once more when it may be used again."""

    code = "protocol-suspended"
    label = "Protocols suspended in an emergency"
    subject = "protocols.Suspension"
    group = Group.SAFETY
    asks = False
    on_doubt = OnDoubt.RESEND
    heeds_quiet_hours = False
    icon = "stop"
    tone = "danger"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        today = organisation_day(at)
        current = Suspension.objects.filter(version__in=ProtocolVersion.objects.current(at))
        sets = [*self._leads(current, today), *self._there(current, today), self._signers(current, today)]
        return [rows for who in sets for rows in (self._suspended(who, at), self._lifted(who, at))]

    def _leads(self, current: QuerySet[Any, Any], today: date) -> Iterator[QuerySet[Any, Any]]:
        for lead in User.objects.members(today, roles=[Role.CLINICAL_LEAD]):
            yield current.annotate(told=Value(lead.pk, output_field=BigIntegerField()))

    def _there(self, current: QuerySet[Any, Any], today: date) -> Iterator[QuerySet[Any, Any]]:
        """Readers and managers at the clinic; a version is suspended only where it is meant, so that these may read it."""
        here = {"user": OuterRef("told"), "clinic": OuterRef("clinic")}
        readers = Readership.objects.on(today).filter(version=OuterRef("version"), **here)
        yield current.annotate(told=F("version__readership__user")).filter(Exists(readers))
        managers = Membership.objects.on(today).filter(role=Role.MANAGER, **here)
        yield current.annotate(told=F("clinic__memberships__user")).filter(Exists(managers))

    def _signers(self, current: QuerySet[Any, Any], today: date) -> QuerySet[Any, Any]:
        signed = Acknowledgement.objects.counting_for("told", "version")
        signers = current.annotate(told=F("version__protocol__versions__acknowledgements__user"))
        return signers.filter(read_current("told", "version", today), Exists(signed))

    def _suspended(self, who: QuerySet[Any, Any], at: datetime) -> QuerySet[Any, Any]:
        return self._rows(who.filter(lifted_at__isnull=True), "suspended", "at", at)

    def _lifted(self, who: QuerySet[Any, Any], at: datetime) -> QuerySet[Any, Any]:
        return self._rows(who.filter(lifted_at__isnull=False), "lifted", "lifted_at", at)

    def _rows(self, who: QuerySet[Any, Any], occasion: str, since: str, at: datetime) -> QuerySet[Any, Any]:
        rows = who.exclude(told=F("by" if occasion == "suspended" else "lifted_by")).annotate(
            recipient_id=F("told"),
            subject_id=F("pk"),
            occasion=Value(occasion, output_field=CharField()),
            due_at=F(since),
            not_after=F(since) + timedelta(days=7),
        )
        return due_within_horizon(rows, at)

    def write(self, subject: Suspension, recipient: User, occasion: str, at: datetime) -> Message:
        title, where = subject.version.title, subject.clinic
        words = f"Version {subject.version.number} of “{title}”"
        if occasion == "lifted":
            heading = f"“{title}” may be used again at {where}"
            said = [
                f"{words} may be used again at {where}: {subject.lifted_because}",
                f"{subject.lifted_by} decided it.",
            ]
        else:
            heading = f"Do not use “{title}” at {where}"
            said = [
                f"{words} is suspended at {where}: {subject.reason}",
                f"{subject.by} suspended it. Until the clinical lead has decided, nobody works by it there, and nobody is "
                "rostered there for what it governs.",
            ]
        return Message(
            title=heading,
            paragraphs=said,
            path=subject.version.get_absolute_url(),
            action="Open the protocol",
            why="You get this because you read or signed this protocol, manage the clinic, or lead the clinical work.",
        )


class AcknowledgementLate(Kind):
    """To the managers of a person's clinics, the morning after the last day. One for all who had the same last day."""

    code = "acknowledgement-late"
    label = "Acknowledgements that are late"
    subject = "protocols.ProtocolVersion"
    group = Group.NOT_ACKNOWLEDGED
    on_doubt = OnDoubt.RESEND
    icon = "report"
    tone = "danger"

    def concerns(self, person: User) -> bool:
        return bool(person.standing.scope(Capability.REPORT_ACKNOWLEDGEMENTS))

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        """A row per manager, version and person; people with the same last day are one occasion."""
        late = moment_of(ExpressionWrapper(F("due_on") + Value(1), output_field=DateField()), organisation_zone())
        rows = self._by_manager(at).annotate(
            subject_id=F("version_id"),
            occasion=Concat(Value("late-"), Cast("due_on", CharField())),
            due_at=late + MORNING,
            not_after=late + STALE_AFTER,
        )
        return [due_within_horizon(rows, at)]

    def write(self, subject: ProtocolVersion, recipient: User, occasion: str, at: datetime) -> Message:
        due = date.fromisoformat(occasion.removeprefix("late-"))
        late = self._by_manager(at).filter(recipient_id=recipient.pk, version_id=subject.pk, due_on=due)
        people = [person.name for person in User.objects.filter(pk__in=[row["user_id"] for row in late]).by_name()]
        return Message(
            title=f"Late acknowledgements of “{subject.title}”",
            paragraphs=[
                f"The last day was {due:%A}, {full_day(due)}.",
                f"{counted(len(people), 'person has', 'people have')} not acknowledged version {subject.number}: "
                f"{_names(people)}.",
            ],
            path="/protocols/report/?unfinished=on",
            action="See who has not",
            why="You get this because you manage the clinic at which they work.",
        )

    def _by_manager(self, at: datetime) -> QuerySet[Any, Any]:
        """What is outstanding, for each manager of a clinic at which the person works; `recipient_id` and `due_on`."""
        asked = outstanding_rows(at).filter(
            held_on(organisation_day(at), of="clinic__memberships__"),
            clinic__memberships__role=Role.MANAGER,
            clinic__memberships__user__is_active=True,
        )
        asked = asked.annotate(recipient_id=F("clinic__memberships__user")).exclude(recipient_id=F("user_id"))
        return with_terms(asked.values("user_id", "version_id", "recipient_id"), at)


def register() -> None:
    registry.register(ProtocolToAcknowledge())
    registry.register(ProblemReported())
    registry.register(ProtocolSuspended())
    registry.register(AcknowledgementLate())


def _by_its_last_day(step: str) -> Concat:
    """`day-3 by 2026-12-09`."""
    return Concat(Value(f"{step} by "), Cast("due_on", CharField()))


def due_within_horizon(rows: QuerySet[Any, Any], at: datetime) -> QuerySet[Any, Any]:
    return rows.filter(due_at__lte=at + HORIZON, not_after__gt=at)


def each_of(people: QuerySet[Any, Any]) -> Each:
    """A column with which a row becomes one for each of the people."""
    return Each(ArraySubquery(people.values("pk")), output_field=BigIntegerField())


def _what_is_new(version: ProtocolVersion, at: datetime) -> list[str]:
    start = version.in_force.lower
    since = "is in force" if start <= at else f"comes into force on {full_day(organisation_day(start))}"
    first = f"Version {version.number} of “{version.title}” {since}."
    return [first, f"What changed: {version.change_summary}"] if version.change_summary else [first]


def _names(people: list[str]) -> str:
    if len(people) <= NAMED:
        return name_list(people)
    return f"{', '.join(people[:NAMED])} and {counted(len(people) - NAMED, 'other')}"

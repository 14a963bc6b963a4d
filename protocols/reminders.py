"""Reminders about what waits to be acknowledged or is late, problems that readers report, and suspensions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    DurationField,
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
from intranet.core.arrays import each_of
from intranet.core.time import organisation_day, organisation_zone
from intranet.core.wording import counted, day_label, full_day, name_list, zone_words
from intranet.reminders import registry
from intranet.reminders.lead_times import steps_of
from intranet.reminders.registry import DAY, HORIZON, HOUR, Group, Kind, Ladder, Message, OnDoubt, Rung, Step, at_once
from protocols.acknowledging import outstanding, outstanding_rows, with_terms
from protocols.models import Acknowledgement, Problem, ProtocolVersion, Readership, Suspension
from protocols.models.visibility import read_current

AFTER = "after the person was asked for it"
LAST_DAY = "The last day"
LEADS = "To the clinical lead"
# How long the last of the steps before the last day is worth something, and at least how long after the beginning.
NUDGED_FOR, NUDGED_UNTIL = timedelta(days=4), timedelta(days=14)
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
    cause = "A version in force asks for an acknowledgement. Of the steps only those come that are before its last day."
    who = "Everybody who has to acknowledge it"
    steps = (
        at_once("day-0", "at once, when it is published or becomes theirs"),
        Step("day-3", AFTER, 3 * DAY, DAY, 60 * DAY),
        Step("day-7", AFTER, 7 * DAY, DAY, 60 * DAY),
        Step("day-10", AFTER, 10 * DAY, DAY, 60 * DAY),
        Step("last-day", "into the last day", MORNING, 6 * HOUR, 20 * HOUR, group=LAST_DAY),
    )
    on_doubt = OnDoubt.RESEND
    icon = "book"
    tone = "caution"

    def owed(self, at: datetime) -> Sequence[Ladder]:
        rows = outstanding(at).annotate(recipient_id=F("user_id"), subject_id=F("version_id"), told=_last_day())
        return [self._nudges(rows), self._last_call(rows)]

    def write(self, subject: ProtocolVersion, recipient: User, occasion: str, at: datetime) -> Message:
        rows = outstanding(at).filter(user_id=recipient.pk, version_id=subject.pk)
        due = next((row["due_on"] for row in rows), organisation_day(at))
        last_day = f"{due:%A}, {full_day(due)}"
        by = f"The last day to acknowledge it is {last_day} ({zone_words(recipient.zone)})."
        return Message(
            title=f"Acknowledge “{subject.title}” by {day_label(due, organisation_day(at))}",
            paragraphs=[*_what_is_new(subject, at), by],
            path=subject.get_absolute_url(),
            action=f"Read and acknowledge version {subject.number}",
            why=f"You get this because version {subject.number} asks people with your role for their acknowledgement, and "
            f"yours is missing{self._which(occasion)}.",
        )

    def _which(self, occasion: str) -> str:
        if occasion.startswith("day-0 "):
            return ""
        return " on the last day" if occasion.startswith("last-day") else " some days after you were asked"

    def about(self, subject: ProtocolVersion) -> str:
        return subject.title

    def _nudges(self, rows: QuerySet[Any, Any]) -> Ladder:
        """Each step until the next one, as long as it comes before the last day."""
        steps = steps_of(self)
        end = max(steps[-1][1] + NUDGED_FOR, NUDGED_UNTIL)
        rungs = [Rung(code, after, following) for (code, after), (_, following) in pairwise([*steps, ("", end)])]
        lasts = ExpressionWrapper(F("version__due_days") * Value(DAY), output_field=DurationField())
        return Ladder(rows.annotate(begins=F("asked_at"), lasts=lasts), rungs, lasting=True)

    def _last_call(self, rows: QuerySet[Any, Any]) -> Ladder:
        rungs = [Rung(code, after, STALE_AFTER) for code, after in steps_of(self, LAST_DAY)]
        return Ladder(rows.annotate(begins=F("due_on")), rungs, organisation_zone())


class ProblemReported(Kind):
    """To the owner of a protocol, once for each problem that a reader found, until it is answered; to the deputy when the
    owner has left, and to the clinical lead when neither is there."""

    code = "problem-reported"
    label = "Problems on your protocols"
    subject = "protocols.Problem"
    group = Group.PROTOCOLS_KEPT
    cause = "A reader has found a problem on a protocol, and nobody has answered it."
    who = "The owner; the deputy when the owner has left; the clinical lead when neither is there"
    related = ("version",)
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
            why="You get this because you answer for this protocol, and the problem is not answered yet.",
        )

    def about(self, subject: Problem) -> str:
        return subject.version.title


class ProtocolSuspended(Kind):
    """At once, day or night: to the clinical lead, to everybody who signed the version and may read it, whatever their
    role by now, and to readers and managers of the clinic. Once more when it may be used again."""

    code = "protocol-suspended"
    label = "Protocols suspended in an emergency"
    subject = "protocols.Suspension"
    group = Group.SAFETY
    asks = False
    cause = "A protocol is suspended at a clinic in an emergency, and once more when it may be used again."
    who = "Its readers and managers at the clinic, everybody who signed it, and the clinical lead"
    related = ("version",)
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
            why="You get this because you read or signed this protocol, manage the clinic, or lead the clinical work, and "
            f"it {'may be used again' if occasion == 'lifted' else 'is suspended'}.",
        )

    def about(self, subject: Suspension) -> str:
        return subject.version.title


class AcknowledgementLate(Kind):
    """To the managers of a person's clinics, the morning after the last day, and to the clinical lead a week after it. One
    for all who had the same last day."""

    code = "acknowledgement-late"
    label = "Acknowledgements that are late"
    subject = "protocols.ProtocolVersion"
    group = Group.NOT_ACKNOWLEDGED
    cause = "The last day to acknowledge a version is over, and people have not."
    who = "Managers of their clinics; later the clinical lead"
    steps = (
        Step(*("late", "into the day after the last day", MORNING, 6 * HOUR, 20 * HOUR), needed=True, escalation=True),
        Step(
            *("lead", "after the last day, at 8 in the morning", 7 * DAY, 2 * DAY, 60 * DAY),
            escalation=True,
            group=LEADS,
        ),
    )
    on_doubt = OnDoubt.RESEND
    icon = "report"
    tone = "danger"

    def concerns(self, person: User) -> bool:
        return bool(person.standing.scope(Capability.REPORT_ACKNOWLEDGEMENTS))

    def owed(self, at: datetime) -> Sequence[Ladder]:
        """A row per manager, version and person; people with the same last day are one occasion."""
        return [
            self._ladder(self._by_manager(at), [(code, DAY + after) for code, after in steps_of(self)]),
            self._ladder(self._by_lead(at), [(code, after + MORNING) for code, after in steps_of(self, LEADS)]),
        ]

    def _ladder(self, late: QuerySet[Any, Any], steps: Iterable[tuple[str, timedelta]]) -> Ladder:
        """Rows with a recipient as reminders, so long after the last day began, for a week."""
        rows = late.annotate(subject_id=F("version_id"), told=Cast("due_on", CharField()), begins=F("due_on"))
        rungs = [Rung(f"{code}-", after, timedelta(days=after.days) + STALE_AFTER) for code, after in steps]
        return Ladder(rows, rungs, organisation_zone())

    def write(self, subject: ProtocolVersion, recipient: User, occasion: str, at: datetime) -> Message:
        due = date.fromisoformat(occasion[-len("2026-12-31") :])
        to_lead = occasion.startswith("lead")
        late = (
            outstanding(at).exclude(user_id=recipient.pk)
            if to_lead
            else self._by_manager(at).filter(recipient_id=recipient.pk)
        ).filter(version_id=subject.pk, due_on=due)
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
            why=f"You get this because you {'lead the clinical work' if to_lead else 'manage the clinic at which they work'}"
            f", and it was due {counted((organisation_day(at) - due).days, 'day')} ago and is still not acknowledged.",
        )

    def about(self, subject: ProtocolVersion) -> str:
        return subject.title

    def _by_lead(self, at: datetime) -> QuerySet[Any, Any]:
        """What is outstanding, for each clinical lead; `recipient_id` and `due_on`. Nobody hears of the own lateness."""
        leads = User.objects.members(organisation_day(at), roles=[Role.CLINICAL_LEAD])
        return outstanding(at).annotate(recipient_id=each_of(leads.exclude(pk=OuterRef("user_id"))))

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


def _last_day() -> Concat:
    """The end of `day-3 by 2026-12-09`."""
    return Concat(Value(" by "), Cast("due_on", CharField()))


def due_within_horizon(rows: QuerySet[Any, Any], at: datetime) -> QuerySet[Any, Any]:
    return rows.filter(due_at__lte=at + HORIZON, not_after__gt=at)


def _what_is_new(version: ProtocolVersion, at: datetime) -> list[str]:
    start = version.in_force.lower
    since = "is in force" if start <= at else f"comes into force on {full_day(organisation_day(start))}"
    first = f"Version {version.number} of “{version.title}” {since}."
    return [first, f"What changed: {version.change_summary}"] if version.change_summary else [first]


def _names(people: list[str]) -> str:
    if len(people) <= NAMED:
        return name_list(people)
    return f"{', '.join(people[:NAMED])} and {counted(len(people) - NAMED, 'other')}"

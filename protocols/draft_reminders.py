"""Reminders about drafts: to their authors when somebody has decided, to reviewers while a version waits for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import BigIntegerField, CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from accounts.models import User
from accounts.roles import TABLE, Capability, Role
from intranet.core.time import local_day, organisation_day
from intranet.core.wording import clock_time, counted, full_day, name_list
from intranet.reminders import registry
from intranet.reminders.lead_times import steps_of
from intranet.reminders.registry import DAY, HORIZON, Group, Kind, Message, OnDoubt, Step
from protocols import publishing
from protocols.models import ProtocolVersion, Readership, Remark, State

TOLD_FOR = timedelta(days=14)  # after that nobody needs to hear of a decision for the first time
SUBMITTED = "after it was submitted"
WAITS_FOR = timedelta(days=30)
LAST = "day-5"
CodeAndTime = tuple[str, timedelta]


class DraftSentBack(Kind):
    """At once, to everybody who wrote on the version, until it is submitted again."""

    code = "draft-sent-back"
    label = "Your drafts: changes asked for"
    subject = "protocols.Remark"
    group = Group.DRAFTS
    optional = True
    cause = "A draft is sent back, and nobody has submitted it again."
    who = "Everybody who wrote on it"
    related = ("version",)
    on_doubt = OnDoubt.RESEND
    icon = "history"
    tone = "caution"

    def concerns(self, person: User) -> bool:
        return bool(person.standing.holds(Capability.WRITE_PROTOCOL))

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        asked = Remark.objects.unanswered().filter(version__state=State.DRAFT)
        rows = asked.filter(version__contributors__user__in=_writers(at)).annotate(
            recipient_id=F("version__contributors__user"),
            subject_id=F("pk"),
            occasion=Value("sent back", output_field=CharField()),
            due_at=F("at"),
            not_after=F("at") + TOLD_FOR,
        )
        return [_due(rows, at)]

    def write(self, subject: Remark, recipient: User, occasion: str, at: datetime) -> Message:
        version = subject.version
        return Message(
            title=f"Changes are asked for on “{version.title}”",
            paragraphs=[
                f"{subject.by} sent version {version.number} back on {_moment(subject.at, recipient)}.",
                subject.text,
                *_open_comments(version),
            ],
            path=reverse("protocols:draft-edit", args=[version.protocol.slug]),
            action="Open the draft",
            why="You get this because you wrote on this version, and it was sent back.",
        )

    def about(self, subject: Remark) -> str:
        return subject.version.title


class DraftApproved(Kind):
    """At once, to everybody who wrote on the version. It stays true when the version is published."""

    code = "draft-approved"
    label = "Your drafts: approved"
    subject = "protocols.ProtocolVersion"
    group = Group.DRAFTS
    optional = True
    asks = False
    cause = "A draft is approved."
    who = "Everybody who wrote on it"
    on_doubt = OnDoubt.RESEND
    icon = "check-circle"
    tone = "ok"

    def concerns(self, person: User) -> bool:
        return bool(person.standing.holds(Capability.WRITE_PROTOCOL))

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        readers = Readership.objects.on(organisation_day(at)).filter(version=OuterRef("pk"))
        reads = Exists(readers.filter(user=OuterRef("contributors__user")))
        rows = ProtocolVersion.objects.filter(contributors__user__in=_writers(at)).annotate(
            recipient_id=F("contributors__user"),
            subject_id=F("pk"),
            occasion=_by_moment("approved", "approved_at"),
            due_at=F("approved_at"),
            not_after=F("approved_at") + TOLD_FOR,
        )
        return [_due(rows.filter(Q(state=State.APPROVED) | Q(reads, state=State.PUBLISHED)), at)]

    def write(self, subject: ProtocolVersion, recipient: User, occasion: str, at: datetime) -> Message:
        approved_at = subject.approved_at or at
        return Message(
            title=f"“{subject.title}” is approved",
            paragraphs=[
                f"{subject.approved_by} approved version {subject.number} on {_moment(approved_at, recipient)}.",
                "Nobody works by it until the clinical lead publishes it.",
                *_open_comments(subject),
            ],
            path=subject.get_absolute_url(),
            action=f"Open version {subject.number}",
            why="You get this because you wrote on this version, and it was approved.",
        )

    def about(self, subject: ProtocolVersion) -> str:
        return subject.title


class ApprovalWaiting(Kind):
    """Two and five days after a version was submitted, to everybody who may approve it; on the fifth day to the clinical
    lead in any case, who can see to it that somebody does."""

    code = "approval-waiting"
    label = "Versions that wait for approval"
    subject = "protocols.ProtocolVersion"
    group = Group.PROTOCOLS_KEPT
    cause = "A version waits for its approval."
    who = "Everybody who may approve it; at the last step the clinical lead in any case"
    steps = (
        Step("day-2", SUBMITTED, 2 * DAY, DAY, 29 * DAY, needed=True),
        Step("day-5", SUBMITTED, 5 * DAY, DAY, 29 * DAY, escalation=True),
    )
    on_doubt = OnDoubt.RESEND
    icon = "eye"
    tone = "caution"

    def concerns(self, person: User) -> bool:
        return bool(person.standing.holds(Capability.APPROVE_PROTOCOL))

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        steps = list(pairwise([*steps_of(self), ("", WAITS_FOR)]))
        last = [step for step in steps if step[0][0] == LAST]
        sets = [
            _waiting(publishing.to_approve(person), person, *step, at)
            for person in _holders(Capability.APPROVE_PROTOCOL, at)
            for step in steps
        ]
        for lead in User.objects.members(organisation_day(at), roles=[Role.CLINICAL_LEAD]) if last else ():
            others = ProtocolVersion.objects.filter(state=State.IN_REVIEW).exclude(
                pk__in=publishing.to_approve(lead).order_by().values("pk")
            )
            sets += [_waiting(others, lead, *step, at) for step in last]
        return sets

    def write(self, subject: ProtocolVersion, recipient: User, occasion: str, at: datetime) -> Message:
        submitted_at = subject.submitted_at or at
        days = counted((organisation_day(at) - organisation_day(submitted_at)).days, "day")
        return Message(
            title=f"“{subject.title}” has waited {days} for its approval",
            paragraphs=[
                f"{subject.submitted_by} submitted version {subject.number} on {_moment(submitted_at, recipient)}.",
                *_who_decides(subject, recipient, at),
                *_open_comments(subject),
            ],
            path=subject.get_absolute_url(),
            action=f"Read version {subject.number}",
            why=self._why(subject, recipient, days),
        )

    def _why(self, version: ProtocolVersion, recipient: User, days: str) -> str:
        does = "may approve it" if publishing.may_approve(version, by=recipient) else "lead the clinical work"
        return f"You get this because you {does}, and it was submitted {days} ago and is still not decided."

    def about(self, subject: ProtocolVersion) -> str:
        return subject.title


def register() -> None:
    registry.register(DraftSentBack())
    registry.register(DraftApproved())
    registry.register(ApprovalWaiting())


def _waiting(
    versions: QuerySet[Any, Any], person: User, step: CodeAndTime, following: CodeAndTime, at: datetime
) -> QuerySet[Any, Any]:
    """Reminders to one person at one step after the submission, until the next."""
    (code, after), (_, until) = step, following
    rows = versions.annotate(
        recipient_id=Value(person.pk, output_field=BigIntegerField()),
        subject_id=F("pk"),
        occasion=_by_moment(f"{code} of", "submitted_at"),
        due_at=F("submitted_at") + after,
        not_after=F("submitted_at") + until,
    )
    return _due(rows, at)


def _due(rows: QuerySet[Any, Any], at: datetime) -> QuerySet[Any, Any]:
    return rows.filter(due_at__lte=at + HORIZON, not_after__gt=at)


def _by_moment(words: str, field: str) -> Concat:
    """The occasion names the moment that the words name: whoever approves or submits it again is told anew."""
    return Concat(Value(f"{words} "), Cast(field, CharField()))


def _holders(capability: Capability, at: datetime) -> QuerySet[User]:
    roles = [role for role, held in TABLE.items() if capability in held]
    return User.objects.members(organisation_day(at), roles=roles)


def _writers(at: datetime) -> QuerySet[Any, Any]:
    """Authors read their drafts for as long as they may write."""
    return _holders(Capability.WRITE_PROTOCOL, at).values("pk")


def _moment(moment: datetime, recipient: User) -> str:
    """`Nov 25, 2026, 9:00 AM`, by the clock of the recipient's clinic."""
    return f"{full_day(local_day(moment, recipient.zone))}, {clock_time(moment, recipient.zone)}"


def _open_comments(version: ProtocolVersion) -> Iterable[str]:
    if number := version.comments.open().count():
        yield f"{counted(number, 'comment is', 'comments are')} not resolved."


def _who_decides(version: ProtocolVersion, recipient: User, at: datetime) -> Iterable[str]:
    """Nothing for whoever may approve it; for the lead who wrote on it, whom to ask."""
    if publishing.may_approve(version, by=recipient):
        return
    names = [person.name for person in publishing.approvers(version, on=organisation_day(at))]
    if names:
        yield f"{name_list(names)} can approve it. You wrote on it, so that you cannot."
    else:
        yield "Nobody can approve it: whoever could wrote on it. Ask the administrator for another approver."

"""Reminders that a version in force has to be reviewed: ahead, on the day, and then every week until it is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import CharField, F, Func, IntegerField, QuerySet, Value
from django.db.models.functions import Cast, Concat, Greatest

from accounts.models import User
from accounts.roles import Capability, Role
from intranet.core.moments import moment_of
from intranet.core.time import organisation_day, organisation_zone
from intranet.core.wording import full_day
from intranet.reminders import registry
from intranet.reminders.registry import HORIZON, Group, Kind, Message, OnDoubt
from protocols.models import ProtocolVersion
from protocols.models.visibility import read_current
from protocols.reminders import MORNING, due_within_horizon, each_of

WEEK = 7


@dataclass(frozen=True, slots=True)
class Steps:
    """When somebody is reminded, in days from the review day (below nothing: ahead): once each, then every week."""

    once: tuple[int, ...]
    weekly_from: int


OWN = Steps(once=(-90, -60, -30, 0), weekly_from=7)
LEADS = Steps(once=(0,), weekly_from=7)
ADMINISTRATORS = Steps(once=(30,), weekly_from=35)


class ReviewDue(Kind):
    """To the owner and the deputy: three months, two months and one before the review of a version in force, on its
    day, and then every week until two people have reviewed it or a new version takes its place. From its day on to the
    clinical lead as well, and a month later to the administrators."""

    code = "protocol-review-due"
    label = "Reviews of protocols"
    subject = "protocols.ProtocolVersion"
    group = Group.PROTOCOLS_KEPT
    on_doubt = OnDoubt.RESEND
    icon = "clock"
    tone = "caution"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        today = organisation_day(at)
        versions = ProtocolVersion.objects.in_force(at).with_review_day()
        sets: list[tuple[QuerySet[Any, Any], Steps]] = []
        for person in ("protocol__owner", "protocol__deputy"):
            reading = versions.filter(read_current(person, "pk", today), **{f"{person}__is_active": True})
            sets.append((reading.annotate(recipient_id=F(person)), OWN))
        for role, steps in ((Role.CLINICAL_LEAD, LEADS), (Role.ADMINISTRATOR, ADMINISTRATORS)):
            sets.append((versions.annotate(recipient_id=each_of(User.objects.members(today, roles=[role]))), steps))
        return [due for rows, steps in sets for due in (*_once(rows, steps, at), *_weekly(rows, steps, at))]

    def write(self, subject: ProtocolVersion, recipient: User, occasion: str, at: datetime) -> Message:
        due = subject.review_on or organisation_day(at)
        late = due < organisation_day(at)
        own = recipient.pk in (subject.protocol.owner_id, subject.protocol.deputy_id)
        return Message(
            title=f"Review “{subject.title}” {'now: it was due' if late else 'by'} {full_day(due)}",
            paragraphs=[
                f"The review of version {subject.number} {'was' if late else 'is'} due on {full_day(due)}.",
                *([] if own else [f"{subject.protocol.owner} owns this protocol."]),
                "When nothing has to change, the clinical lead says so and a second person agrees. Otherwise start a draft.",
            ],
            path=subject.get_absolute_url(),
            action=f"Open version {subject.number}",
            why=f"You get this because {_reason(own, recipient)}.",
        )


def register() -> None:
    registry.register(ReviewDue())


def _once(rows: QuerySet[Any, Any], steps: Steps, at: datetime) -> Iterator[QuerySet[Any, Any]]:
    """Each step until the next one."""
    for day, following in pairwise((*steps.once, steps.weekly_from)):
        words = f"{day} days after " if day > 0 else f"{-day} days before "
        yield _due(rows.alias(day=Value(day), following=Value(following)), Value(words), at)


def _weekly(rows: QuerySet[Any, Any], steps: Steps, at: datetime) -> Iterator[QuerySet[Any, Any]]:
    """The week that has come, and those that come within the horizon: counted, so that they never end."""
    reached = Value(organisation_day(at - MORNING))
    late = Func(reached, F("review_day"), arg_joiner=" - ", template="(%(expressions)s)", output_field=IntegerField())
    weeks = Greatest((late - steps.weekly_from) / WEEK, 0)
    for ahead in range(HORIZON // timedelta(days=WEEK) + 1):
        day = steps.weekly_from + WEEK * (weeks + ahead)
        words = Concat(Cast(day, CharField()), Value(" days after "))
        yield _due(rows.alias(day=day, following=day + WEEK), words, at)


def _due(rows: QuerySet[Any, Any], words: Any, at: datetime) -> QuerySet[Any, Any]:
    """Rows with a recipient, and `day` and `following` counted from the review day, as reminders."""
    zone = organisation_zone()
    reminders = rows.annotate(
        subject_id=F("pk"),
        occasion=Concat(words, Cast("review_day", CharField())),
        due_at=moment_of(F("review_day") + F("day"), zone) + MORNING,
        not_after=moment_of(F("review_day") + F("following"), zone) + MORNING,
    )
    return due_within_horizon(reminders, at)


def _reason(own: bool, recipient: User) -> str:
    if own:
        return "you own this protocol or stand in for its owner"
    if recipient.standing.may(Capability.PUBLISH_PROTOCOL):
        return "you lead the clinical work"
    return "the review is a month late and you are an administrator"

"""Reminders that a version in force has to be reviewed: ahead, on the day, and then every week until it is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import CharField, F, Func, IntegerField, QuerySet, Value
from django.db.models.functions import Cast, Concat, Greatest

from accounts.models import User
from accounts.roles import Capability, Role
from intranet.core.arrays import each_of
from intranet.core.moments import clock_after
from intranet.core.time import organisation_day, organisation_zone
from intranet.core.wording import counted, full_day
from intranet.reminders import registry
from intranet.reminders.lead_times import offset_of, steps_of
from intranet.reminders.registry import DAY, HORIZON, NOW, Group, Kind, Ladder, Message, OnDoubt, Owing, Rung, Step
from protocols.models import ProtocolVersion
from protocols.models.visibility import read_current
from protocols.reminders import MORNING, due_within_horizon

WEEK = 7


AHEAD = "before the review day, at 8 in the morning"
LATE = "after the review day, at 8 in the morning"
ON_THE_DAY = "on the review day, at 8 in the morning"
AGAIN = "after the review day, and then every week"
OWN, LEADS, ADMINISTRATORS = "", "To the clinical lead", "To administrators"
MOST = 365 * DAY


@dataclass(frozen=True, slots=True)
class Weekly:
    """Weekly reminders: when they begin, and the number of days that the occasion of the first one has always named."""

    start: timedelta
    named: int


WEEKLY = {OWN: ("weekly", 7), LEADS: ("lead-weekly", 7), ADMINISTRATORS: ("administrators-weekly", 35)}
# The days that the occasions of single steps name; a step that was moved keeps its name.
NAMED = {"90": -90, "60": -60, "30": -30, "0": 0, "lead": 0, "administrators": 30}


class ReviewDue(Kind):
    """To the owner and the deputy: three months, two months and one before the review of a version in force, on its
    day, and then every week until two people have reviewed it or a new version takes its place. From its day on to the
    clinical lead as well, and a month later to the administrators."""

    code = "protocol-review-due"
    label = "Reviews of protocols"
    subject = "protocols.ProtocolVersion"
    group = Group.PROTOCOLS_KEPT
    cause = "A version in force has to be reviewed, and neither two people have done it nor is there a new version."
    who = "The owner and the deputy; later the clinical lead and the administrators"
    steps = (
        Step("90", AHEAD, 90 * DAY, DAY, MOST, before=True),
        Step("60", AHEAD, 60 * DAY, DAY, MOST, before=True),
        Step("30", AHEAD, 30 * DAY, DAY, MOST, before=True),
        Step("0", LATE, NOW, NOW, 30 * DAY, needed=True, at_zero=ON_THE_DAY),
        Step("weekly", AGAIN, 7 * DAY, DAY, MOST),
        Step("lead", LATE, NOW, NOW, 90 * DAY, needed=True, escalation=True, group=LEADS, at_zero=ON_THE_DAY),
        Step("lead-weekly", AGAIN, 7 * DAY, DAY, MOST, escalation=True, group=LEADS),
        Step("administrators", LATE, 30 * DAY, DAY, MOST, escalation=True, group=ADMINISTRATORS),
        Step("administrators-weekly", AGAIN, 35 * DAY, DAY, MOST, escalation=True, group=ADMINISTRATORS),
    )
    on_doubt = OnDoubt.RESEND
    icon = "clock"
    tone = "caution"

    def owed(self, at: datetime) -> Sequence[Owing]:
        today = organisation_day(at)
        versions = ProtocolVersion.objects.in_force(at).with_review_day()
        sets: list[tuple[QuerySet[Any, Any], str]] = []
        for person in ("protocol__owner", "protocol__deputy"):
            reading = versions.filter(read_current(person, "pk", today), **{f"{person}__is_active": True})
            sets.append((reading.annotate(recipient_id=F(person)), OWN))
        for role, group in ((Role.CLINICAL_LEAD, LEADS), (Role.ADMINISTRATOR, ADMINISTRATORS)):
            sets.append((versions.annotate(recipient_id=each_of(User.objects.members(today, roles=[role]))), group))
        return [due for rows, group in sets for due in self._of(rows, group, at)]

    def _of(self, rows: QuerySet[Any, Any], group: str, at: datetime) -> Iterator[Owing]:
        """The steps of a group, each until the next one; the weekly ones never end."""
        code, named = WEEKLY[group]
        start = offset_of(self, code)
        once = [step for step in steps_of(self, group) if step[0] != code]
        end = MOST if start is None else start
        yield _ladder(
            rows, [(NAMED[step], after, following) for (step, after), (_, following) in pairwise([*once, ("", end)])]
        )
        if start is not None:
            yield from _weekly(rows, Weekly(start, named), at)

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
            why=f"You get this because {_reason(own, recipient)}{_how_late(due, at)}.",
        )

    def about(self, subject: ProtocolVersion) -> str:
        return subject.title


def register() -> None:
    registry.register(ReviewDue())


def _ladder(rows: QuerySet[Any, Any], steps: Iterable[tuple[int, timedelta, timedelta]]) -> Ladder:
    """Steps that come so long after the review day, below nothing before it: (the days that it names, after, until)."""
    rungs = [
        Rung(f"{abs(named)} days {'after' if named > 0 else 'before'} ", after + MORNING, until + MORNING)
        for named, after, until in steps
    ]
    rows = rows.annotate(subject_id=F("pk"), told=Cast("review_day", CharField()), begins=F("review_day"))
    return Ladder(rows, rungs, organisation_zone())


def _weekly(rows: QuerySet[Any, Any], weekly: Weekly, at: datetime) -> Iterator[QuerySet[Any, Any]]:
    """The week that has come, and those that come within the horizon: counted, so that they never end."""
    reached = Value(organisation_day(at - MORNING))
    late = Func(reached, F("review_day"), arg_joiner=" - ", template="(%(expressions)s)", output_field=IntegerField())
    weeks = Greatest((late - weekly.start.days) / WEEK, 0)
    for ahead in range(HORIZON // timedelta(days=WEEK) + 1):
        passed = WEEK * (weeks + ahead)
        day = weekly.start.days + passed
        words = Concat(Cast(weekly.named + passed, CharField()), Value(" days after "))
        yield _due(rows.alias(day=day, following=day + WEEK), words, at)


def _due(rows: QuerySet[Any, Any], words: Any, at: datetime) -> QuerySet[Any, Any]:
    """Rows with a recipient, and `day` and `following` counted from the review day, as reminders."""
    reminders = rows.annotate(
        subject_id=F("pk"),
        occasion=Concat(words, Cast("review_day", CharField())),
        due_at=clock_after(F("review_day") + F("day"), MORNING, organisation_zone()),
        not_after=clock_after(F("review_day") + F("following"), MORNING, organisation_zone()),
    )
    return due_within_horizon(reminders, at)


def _reason(own: bool, recipient: User) -> str:
    if own:
        return "you own this protocol or stand in for its owner"
    if recipient.standing.may(Capability.PUBLISH_PROTOCOL):
        return "you lead the clinical work"
    return "you are an administrator"


def _how_late(due: date, at: datetime) -> str:
    late = (organisation_day(at) - due).days
    if late > 0:
        return f", and the review was due {counted(late, 'day')} ago and is still not done"
    return ", and the review is due today" if late == 0 else f", and the review is due in {counted(-late, 'day')}"

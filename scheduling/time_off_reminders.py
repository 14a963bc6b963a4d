"""What time off reminds of: a request that waits, first its managers and then the administrators; an answer, the person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Value,
)
from django.db.models.functions import Least, Upper
from django.urls import reverse

from accounts.models import Membership, User
from accounts.roles import Capability, Role
from intranet.core.arrays import Each
from intranet.core.time import organisation_day
from intranet.core.wording import clock_range, counted, long_day
from intranet.reminders import registry
from intranet.reminders.lead_times import steps_of
from intranet.reminders.registry import DAY, Group, Kind, Message, OnDoubt, Step, at_once
from scheduling.deciders import every_manager, own_managers, who_decides
from scheduling.models import TimeOff, TimeOffState
from scheduling.times import days_touched

ASKED = "after it was asked for"
TOLD_FOR = timedelta(days=7)


class TimeOffAsked(Kind):
    """To whoever decides about a request: at once, and again after two days, until it is decided or its days are over."""

    code: ClassVar[str] = "time-off-asked"
    label: ClassVar[str] = "Time off to decide"
    subject: ClassVar[str] = "scheduling.TimeOff"
    group: ClassVar[Group] = Group.TO_DECIDE
    cause = "Somebody asks for time off, and nobody has decided."
    who = "Managers of the person's clinics; every manager where there is none"
    steps = (at_once("asked", "at once, when it is asked for"), Step("waiting-2", ASKED, 2 * DAY, DAY, 14 * DAY))
    related = ("person",)
    on_doubt: ClassVar[OnDoubt | str] = OnDoubt.RESEND
    icon: ClassVar[str] = "away"

    def concerns(self, person: User) -> bool:
        return bool(person.standing.scope(Capability.EDIT_ROSTER))

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        """Each step until the next one comes, so that there is never more than one to read about a request."""
        on = organisation_day(at)
        waiting = TimeOff.objects.waiting(at)
        own = waiting.annotate(recipient_id=_each(own_managers(on)))
        without = waiting.filter(~Exists(own_managers(on))).annotate(recipient_id=_each(every_manager(on)))
        steps = list(pairwise([*steps_of(self), ("", None)]))
        return [
            _after(rows, code, after, until=until)
            for rows in (own, without)
            for (code, after), (_, until) in steps
            if after is not None
        ]

    def write(self, subject: TimeOff, recipient: User, occasion: str, at: datetime) -> Message:
        asked = subject.requested_at.astimezone(subject.zone)
        return Message(
            title="Time off to decide" if occasion == "asked" else "Time off still to decide",
            paragraphs=[
                f"{subject.person} asks for time off: {when_off(subject)}.",
                f"Asked on {long_day(asked)}, {asked.year}. The page says which shifts and hours it touches.",
            ],
            path=subject.get_absolute_url(),
            action="Look and decide",
            why="You get this because you decide about time off at a clinic, and nobody has decided about this "
            f"{'yet' if occasion == 'asked' else f'for {_waited(subject, at)}'}.",
        )

    def about(self, subject: TimeOff) -> str:
        return str(subject)


class TimeOffUndecided(Kind):
    """To the administrators, when nobody has decided for five days: somebody has to, or somebody else needs the role."""

    code: ClassVar[str] = "time-off-undecided"
    label: ClassVar[str] = "Time off that nobody decides"
    subject: ClassVar[str] = "scheduling.TimeOff"
    group: ClassVar[Group] = Group.TO_DECIDE
    cause = "A request for time off waits, and nobody has decided."
    who = "Administrators"
    steps = (Step("waiting-5", ASKED, 5 * DAY, DAY, 30 * DAY, escalation=True),)
    related = ("person",)
    on_doubt: ClassVar[OnDoubt | str] = OnDoubt.RESEND
    icon: ClassVar[str] = "away"
    tone: ClassVar[str] = "caution"

    def concerns(self, person: User) -> bool:
        return Role.ADMINISTRATOR in person.standing.roles

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        administrators = Membership.objects.on(organisation_day(at)).filter(role=Role.ADMINISTRATOR)
        others = administrators.exclude(user=OuterRef("person")).annotate(manager=F("user"))
        waiting = TimeOff.objects.waiting(at).annotate(recipient_id=_each(others))
        return [_after(waiting, code, after) for code, after in steps_of(self)]

    def write(self, subject: TimeOff, recipient: User, occasion: str, at: datetime) -> Message:
        asked = subject.requested_at.astimezone(subject.zone)
        deciding = who_decides(subject.person, subject.period, organisation_day(at))
        return Message(
            title=f"A request for time off has waited {_waited(subject, at)}",
            paragraphs=[
                f"{subject.person} asked on {long_day(asked)}, {asked.year} for {when_off(subject)}. {deciding}",
                "You cannot decide it yourself. Ask them, or give somebody else the role.",
            ],
            path=reverse("accounts:roles", args=[subject.person_id]),
            action=f"See the roles of {subject.person.given_name}",
            why="You get this because you are an administrator, and it was asked for "
            f"{_waited(subject, at)} ago and is still not decided.",
        )

    def about(self, subject: TimeOff) -> str:
        return str(subject)


class TimeOffDecided(Kind):
    """To the person, with the answer."""

    code: ClassVar[str] = "time-off-decided"
    label: ClassVar[str] = "Answer about your time off"
    subject: ClassVar[str] = "scheduling.TimeOff"
    group: ClassVar[Group] = Group.OWN_TIME_OFF
    asks: ClassVar[bool] = False
    cause = "Time off is approved or declined."
    who = "Whoever asked for it"
    on_doubt: ClassVar[OnDoubt | str] = OnDoubt.RESEND
    icon: ClassVar[str] = "away"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        answered = TimeOff.objects.filter(
            state__in=[TimeOffState.APPROVED, TimeOffState.DECLINED], decided_at__gt=at - TOLD_FOR
        )
        until = ExpressionWrapper(F("decided_at") + Value(TOLD_FOR), output_field=DateTimeField())
        still_here = Membership.objects.on(organisation_day(at)).filter(user=OuterRef("person"))
        return [
            answered.filter(Exists(still_here)).annotate(
                recipient_id=F("person_id"),
                subject_id=F("pk"),
                occasion=F("state"),
                due_at=F("decided_at"),
                not_after=until,
            )
        ]

    def write(self, subject: TimeOff, recipient: User, occasion: str, at: datetime) -> Message:
        granted = occasion == TimeOffState.APPROVED
        answer = f"The answer of {subject.decided_by}: {subject.answer}" if subject.answer else ""
        return Message(
            title="Your time off is approved" if granted else "Your time off is declined",
            paragraphs=[
                line
                for line in (
                    f"{subject.decided_by} {'approved' if granted else 'declined'} your time off: {when_off(subject)}.",
                    answer,
                )
                if line
            ],
            path=reverse("scheduling:time-off"),
            action="See your time off",
            why="You get this because you asked for time off, and somebody has decided.",
        )


class TimeOffGivenBack(Kind):
    """To the managers of the person, when somebody gives back days that were granted: their shifts stay with others."""

    code: ClassVar[str] = "time-off-given-back"
    label: ClassVar[str] = "Granted time off given back"
    subject: ClassVar[str] = "scheduling.TimeOff"
    group: ClassVar[Group] = Group.STAFF_TIME_OFF
    optional: ClassVar[bool] = True
    asks: ClassVar[bool] = False
    cause = "Somebody gives back time off that was approved."
    who = "Managers of the person's clinics"
    related = ("person",)
    on_doubt: ClassVar[OnDoubt | str] = OnDoubt.RESEND
    icon: ClassVar[str] = "away"

    def concerns(self, person: User) -> bool:
        return bool(person.standing.scope(Capability.EDIT_ROSTER))

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        """Only what was granted has somebody who decided; what was declined cannot be withdrawn."""
        given_back = TimeOff.objects.filter(
            state=TimeOffState.WITHDRAWN, decided_by__isnull=False, withdrawn_at__isnull=False, period__endswith__gt=at
        )
        return [
            given_back.annotate(
                recipient_id=_each(own_managers(organisation_day(at))),
                subject_id=F("pk"),
                occasion=Value("given-back"),
                due_at=F("withdrawn_at"),
                not_after=Upper("period"),
            )
        ]

    def write(self, subject: TimeOff, recipient: User, occasion: str, at: datetime) -> Message:
        return Message(
            title="Granted time off is given back",
            paragraphs=[
                f"{subject.person} gives back the time off that {subject.decided_by} approved: {when_off(subject)}.",
                "Shifts that were opened or given to others for it stay as they are.",
            ],
            path=subject.get_absolute_url(),
            action="Look at the request",
            why="You get this because you decide about time off at a clinic, and what was approved is given back.",
        )

    def about(self, subject: TimeOff) -> str:
        return str(subject)


def register_kinds() -> None:
    registry.register(TimeOffGivenBack())
    registry.register(TimeOffAsked())
    registry.register(TimeOffUndecided())
    registry.register(TimeOffDecided())


def when_off(time_off: TimeOff) -> str:
    """`Monday, November 30, 2026`, with another day or with hours and their zone: right whenever it is read."""
    zone = time_off.zone
    days = days_touched((time_off.start, time_off.end), zone)
    first, last = (f"{long_day(day)}, {day.year}" for day in (days[0], days[-1]))
    if not time_off.whole_days:
        return f"{first}, {clock_range(time_off.start, time_off.end, zone)} {time_off.start.astimezone(zone):%Z}"
    return first if first == last else f"{first} to {last}"


def _each(managers: QuerySet[Any, Any]) -> Each:
    return Each(ArraySubquery(managers.values("manager")), output_field=IntegerField())


def _after(
    rows: QuerySet[TimeOff], code: str, waiting: timedelta, until: timedelta | None = None
) -> QuerySet[Any, Any]:
    """When a request has waited so long, until it has waited longer, at the latest until its days are over."""
    over: Any = Upper("period")
    if until is not None:
        over = Least(_waiting_for(until), over, output_field=DateTimeField())
    return rows.annotate(subject_id=F("pk"), occasion=Value(code), due_at=_waiting_for(waiting), not_after=over)


def _waiting_for(time: timedelta) -> ExpressionWrapper:
    return ExpressionWrapper(F("requested_at") + Value(time), output_field=DateTimeField())


def _waited(time_off: TimeOff, at: datetime) -> str:
    """`5 days`: how long a request has waited."""
    return counted((at - time_off.requested_at).days, "day")

"""What time off reminds of: a request that waits, first its managers and then the administrators; an answer, the person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
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
from intranet.core.wording import clock_range, long_day
from intranet.reminders import registry
from intranet.reminders.registry import Group, Kind, Message, OnDoubt
from scheduling.deciders import every_manager, own_managers, who_decides
from scheduling.models import TimeOff, TimeOffState
from scheduling.times import days_touched

SECOND_TIME = timedelta(days=2)
ADMINISTRATORS = timedelta(days=5)
TOLD_FOR = timedelta(days=7)


class TimeOffAsked(Kind):
    """To whoever decides about a request: at once, and again after two days, until it is decided or its days are over."""

    code: ClassVar[str] = "time-off-asked"
    label: ClassVar[str] = "Time off to decide"
    subject: ClassVar[str] = "scheduling.TimeOff"
    group: ClassVar[Group] = Group.TO_DECIDE
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
        return [step for rows in (own, without) for step in (_at_once(rows), _after(rows, SECOND_TIME))]

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
            why="You get this because you decide about time off at a clinic.",
        )


class TimeOffUndecided(Kind):
    """To the administrators, when nobody has decided for five days: somebody has to, or somebody else needs the role."""

    code: ClassVar[str] = "time-off-undecided"
    label: ClassVar[str] = "Time off that nobody decides"
    subject: ClassVar[str] = "scheduling.TimeOff"
    group: ClassVar[Group] = Group.TO_DECIDE
    on_doubt: ClassVar[OnDoubt | str] = OnDoubt.RESEND
    icon: ClassVar[str] = "away"
    tone: ClassVar[str] = "caution"

    def concerns(self, person: User) -> bool:
        return Role.ADMINISTRATOR in person.standing.roles

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        administrators = Membership.objects.on(organisation_day(at)).filter(role=Role.ADMINISTRATOR)
        others = administrators.exclude(user=OuterRef("person")).annotate(manager=F("user"))
        return [_after(TimeOff.objects.waiting(at).annotate(recipient_id=_each(others)), ADMINISTRATORS)]

    def write(self, subject: TimeOff, recipient: User, occasion: str, at: datetime) -> Message:
        asked = subject.requested_at.astimezone(subject.zone)
        deciding = who_decides(subject.person, subject.period, organisation_day(at))
        return Message(
            title="A request for time off waits for five days",
            paragraphs=[
                f"{subject.person} asked on {long_day(asked)}, {asked.year} for {when_off(subject)}. {deciding}",
                "You cannot decide it yourself. Ask them, or give somebody else the role.",
            ],
            path=reverse("accounts:roles", args=[subject.person_id]),
            action=f"See the roles of {subject.person.given_name}",
            why="You get this because you administer the intranet.",
        )


class TimeOffDecided(Kind):
    """To the person, with the answer."""

    code: ClassVar[str] = "time-off-decided"
    label: ClassVar[str] = "Answer about your time off"
    subject: ClassVar[str] = "scheduling.TimeOff"
    group: ClassVar[Group] = Group.OWN_TIME_OFF
    asks: ClassVar[bool] = False
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
            why="You get this because you asked for time off.",
        )


class TimeOffGivenBack(Kind):
    """To the managers of the person, when somebody gives back days that were granted: their shifts stay with others."""

    code: ClassVar[str] = "time-off-given-back"
    label: ClassVar[str] = "Granted time off given back"
    subject: ClassVar[str] = "scheduling.TimeOff"
    group: ClassVar[Group] = Group.STAFF_TIME_OFF
    optional: ClassVar[bool] = True
    asks: ClassVar[bool] = False
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
            why="You get this because you decide about time off at a clinic.",
        )


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


def _at_once(rows: QuerySet[TimeOff]) -> QuerySet[Any, Any]:
    """From the moment of asking until the second time."""
    second = ExpressionWrapper(F("requested_at") + Value(SECOND_TIME), output_field=DateTimeField())
    return rows.annotate(
        subject_id=F("pk"),
        occasion=Value("asked"),
        due_at=F("requested_at"),
        not_after=Least(second, Upper("period"), output_field=DateTimeField()),
    )


def _after(rows: QuerySet[TimeOff], waiting: timedelta) -> QuerySet[Any, Any]:
    """When a request has waited so long, until its days are over."""
    return rows.annotate(
        subject_id=F("pk"),
        occasion=Value(f"waiting-{waiting.days}"),
        due_at=ExpressionWrapper(F("requested_at") + Value(waiting), output_field=DateTimeField()),
        not_after=Upper("period"),
    )

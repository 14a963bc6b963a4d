"""What is told about a lost second step: to the person when it starts and when it is done, to the second administrator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, IntegerField, OuterRef, Q, QuerySet, Value
from django.urls import reverse

from accounts.models import Membership, SecondStepReset, User
from accounts.reminders import Each
from accounts.roles import Capability, Role
from intranet.core.time import organisation_day, organisation_zone
from intranet.core.wording import clock_time, full_day
from intranet.reminders import registry
from intranet.reminders.registry import Group, Kind, Message, OnDoubt

TOLD_FOR = timedelta(days=7)
STARTED, DONE = "started", "done"


class SecondStepIsReset(Kind):
    """To the person, whatever the hour: if it was not they who asked, every minute counts."""

    code = "second-step-reset"
    label = "Your second step is taken away"
    subject = "accounts.SecondStepReset"
    group = Group.SAFETY
    asks = False
    cause = "Somebody asks to take the second steps of a person away, and once more when it is done."
    who = "The person"
    on_doubt = OnDoubt.RESEND
    heeds_quiet_hours = False
    icon = "key"
    tone = "danger"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        resets = SecondStepReset.objects.filter(user__is_active=True).annotate(recipient_id=F("user_id"))
        waiting = resets.filter(confirmed_at=None, cancelled_at=None, expires_at__gt=at)
        done = resets.filter(confirmed_at__gt=at - TOLD_FOR)
        return [
            _row(waiting, STARTED, F("started_at"), F("expires_at")),
            _row(done, DONE, F("confirmed_at"), F("confirmed_at") + TOLD_FOR),
        ]

    def write(self, subject: SecondStepReset, recipient: User, occasion: str, at: datetime) -> Message:
        on = _moment(subject.started_at if occasion == STARTED else subject.confirmed_at or at)
        who = f"{subject.started_by.name}, administrator," if subject.started_by else "Whoever runs the server"
        if occasion == STARTED:
            title, does = "Your second step is about to be taken away", "has asked to take your second steps away"
            then = "A second administrator has to confirm it within a day. Then you sign in with your password alone."
        else:
            title, does = "Your second step was taken away", "has asked for it, and it was done"
            then = "You are signed out everywhere. Sign in with your password, then set up a new second step."
        return Message(
            title=title,
            paragraphs=[
                f"{who} {does}: {on}.",
                then,
                "If that was not you who asked, tell an administrator or your manager at once, and choose a new password.",
            ],
            path=reverse("mfa_index"),
            action="Open Sign-in and security",
            why=f"You get this because the second steps of your account {'are to be' if occasion == STARTED else 'were'} "
            "taken away.",
        )


class SecondStepResetToConfirm(Kind):
    """To every administrator who can be the second one, until somebody has decided."""

    code = "second-step-reset-to-confirm"
    label = "Second step to take away"
    subject = "accounts.SecondStepReset"
    group = Group.SAFETY
    cause = "A lost second step is to be taken away, and a second administrator has to confirm it."
    who = "The other administrators"
    on_doubt = OnDoubt.RESEND
    heeds_quiet_hours = False
    icon = "key"
    tone = "caution"

    def concerns(self, person: User) -> bool:
        return person.standing.may(Capability.RESET_SECOND_STEP)

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        today = organisation_day(at)
        others = Membership.objects.on(today).filter(role=Role.ADMINISTRATOR, user__is_active=True)
        others = others.exclude(Q(user=OuterRef("user")) | Q(user=OuterRef("started_by")))
        waiting = SecondStepReset.objects.pending(at).annotate(
            recipient_id=Each(ArraySubquery(others.values("user_id")), output_field=IntegerField())
        )
        return [_row(waiting, STARTED, F("started_at"), F("expires_at"))]

    def write(self, subject: SecondStepReset, recipient: User, occasion: str, at: datetime) -> Message:
        first = subject.started_by.name if subject.started_by else "Somebody"
        return Message(
            title="A second administrator is needed",
            paragraphs=[
                f"{first} asks to take the lost second steps of {subject.user.name} away.",
                f"Make sure that it is them who asked. It can be confirmed until {_moment(subject.expires_at)}.",
            ],
            path=reverse("accounts:second-step-resets"),
            action="Confirm or cancel it",
            why="You get this because you are an administrator who can confirm it, and nobody has decided yet.",
        )


def register_kinds() -> None:
    registry.register(SecondStepIsReset())
    registry.register(SecondStepResetToConfirm())


def _row(rows: QuerySet[Any, Any], occasion: str, due_at: Any, not_after: Any) -> QuerySet[Any, Any]:
    return rows.annotate(subject_id=F("pk"), occasion=Value(occasion), due_at=due_at, not_after=not_after)


def _moment(at: datetime) -> str:
    local = at.astimezone(organisation_zone())
    return f"{local:%A}, {full_day(local.date())}, {clock_time(local)} {local:%Z}"

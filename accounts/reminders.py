"""Reminders of credentials that end: to the person by the lead days of the type, later to managers and administrators.

Credentials end with a day of the organisation, so that days and mornings are those of its zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    CharField,
    DateField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    QuerySet,
    Value,
)
from django.db.models.functions import Least

from accounts.credentials import last_day, not_renewed
from accounts.models import Credential, Membership, User, organisation_zone
from accounts.roles import Role
from intranet.core.time import local_day
from intranet.core.wording import day_label, full_day, name_list
from intranet.reminders import registry
from intranet.reminders.registry import Kind, Message, OnDoubt

MORNING = timedelta(hours=9)
# Whoever was not reminded in these days (filed too late, out of use) waits for the next step instead of getting two.
STALE_AFTER = timedelta(days=7)
MANAGERS_DAYS = 30
ADMINISTRATORS_DAYS = 7


class Each(Func):
    """`unnest(array)`: a row for each of its members."""

    function = "unnest"
    set_returning = True


class CredentialExpiring(Kind):
    """To the person, on each of the type's lead days, until a later credential of the type is on file."""

    code = "credential-expiring"
    label = "Credential that ends"
    subject = "accounts.Credential"
    on_doubt = OnDoubt.RESEND
    icon = "id"
    tone = "caution"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        each_lead = Each(F("type__lead_days"), output_field=IntegerField())
        return [_on_its_morning(_ending(at).annotate(recipient_id=F("user_id"), lead=each_lead))]

    def write(self, subject: Credential, recipient: User, occasion: str, at: datetime) -> Message:
        ends = _last_day(subject)
        procedures = name_list(list(subject.type.skills.values_list("name", flat=True)))
        needed = f" Without it you cannot be put on shifts that need {procedures}." if procedures else ""
        return Message(
            title=f"Your {subject.type} ends on {day_label(ends, _today(at))}",
            paragraphs=[
                f"{ends:%A}, {full_day(ends)} is the last day of your {subject.type} ({_zone_words()}).",
                f"Hand in the new document before that day.{needed}",
            ],
            path=recipient.get_absolute_url(),
            action="See your file",
            why="You get this because your file has no later document of this kind.",
        )


class StaffCredentialExpiring(Kind):
    """To the managers of the person's clinics, and in the last week to the administrators."""

    code = "staff-credential-expiring"
    label = "Credential of staff that ends"
    subject = "accounts.Credential"
    on_doubt = OnDoubt.RESEND
    icon = "id"
    tone = "caution"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        today = _today(at)
        manages_them = _ending(at).filter(
            user__memberships__period__contains=today,
            user__memberships__clinic__memberships__role=Role.MANAGER,
            user__memberships__clinic__memberships__period__contains=today,
        )
        manager = F("user__memberships__clinic__memberships__user_id")
        administrators = Membership.objects.on(today).filter(role=Role.ADMINISTRATOR).exclude(user=OuterRef("user"))
        administrator = Each(ArraySubquery(administrators.values("user_id")), output_field=IntegerField())
        return [
            _on_its_morning(
                manages_them.exclude(user=manager).annotate(recipient_id=manager, lead=Value(MANAGERS_DAYS))
            ),
            _on_its_morning(_ending(at).annotate(recipient_id=administrator, lead=Value(ADMINISTRATORS_DAYS))),
        ]

    def write(self, subject: Credential, recipient: User, occasion: str, at: datetime) -> Message:
        ends = _last_day(subject)
        return Message(
            title=f"A credential of your staff ends on {day_label(ends, _today(at))}",
            paragraphs=[
                f"{subject.user}: {subject.type}. Its last day is {ends:%A}, {full_day(ends)} ({_zone_words()}).",
                "No later document of this kind is on file.",
            ],
            path=subject.user.get_absolute_url(),
            action=f"See the file of {subject.user.given_name}",
            why="You get this because you answer for the credentials of this person.",
        )


def register_kinds() -> None:
    registry.register(CredentialExpiring())
    registry.register(StaffCredentialExpiring())


def _ending(at: datetime) -> QuerySet[Credential]:
    """Credentials that have a last day and no successor, of active people who work here today."""
    here = Membership.objects.on(_today(at)).filter(user=OuterRef("user"))
    found = not_renewed(Credential.objects.filter(user__is_active=True, valid__endswith__gt=_today(at)))
    return found.filter(Exists(here))


def _on_its_morning(rows: QuerySet[Credential, Any]) -> QuerySet[Any, Any]:
    """Rows with `lead`, the days before the last day, as the columns that a kind owes."""
    morning = ExpressionWrapper(
        ExpressionWrapper(F("valid__endswith") - Value(1) - F("lead"), output_field=DateField()) + Value(MORNING),
        output_field=DateTimeField(),
    )
    end = ExpressionWrapper(F("valid__endswith") + Value(timedelta(0)), output_field=DateTimeField())
    stale = ExpressionWrapper(_moment(morning) + Value(STALE_AFTER), output_field=DateTimeField())
    return rows.annotate(
        subject_id=F("pk"),
        occasion=Func(Value("lead-%s"), F("lead"), function="format", output_field=CharField()),
        due_at=_moment(morning),
        not_after=Least(stale, _moment(end)),
    )


def _moment(local: ExpressionWrapper) -> Func:
    """The moment at which the organisation's clocks show this."""
    return Func(Value(organisation_zone().key), local, function="timezone", output_field=DateTimeField())


def _today(at: datetime) -> date:
    return local_day(at, organisation_zone())


def _last_day(credential: Credential) -> date:
    day = last_day(credential)
    assert day is not None  # noqa: S101 - only credentials with a last day are owed
    return day


def _zone_words() -> str:
    return f"{organisation_zone().key.rpartition('/')[2].replace('_', ' ')} time"

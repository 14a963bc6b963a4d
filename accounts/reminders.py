"""Reminders of credentials that end: to the person by the lead days of the type, later to managers and administrators.

Credentials end with a day of the organisation, so that days and mornings are those of its zone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    CharField,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast
from django.urls import reverse

from accounts.credentials import last_day, not_renewed, renewals
from accounts.models import Credential, CredentialType, Membership, User
from accounts.models.credentials import CredentialQuerySet
from accounts.models.people import held_on
from accounts.roles import Capability, Role
from intranet.core.arrays import Each
from intranet.core.moments import InZone, moment_of
from intranet.core.time import organisation_day, organisation_zone
from intranet.core.wording import counted, day_label, full_day, name_list, zone_words
from intranet.reminders import registry
from intranet.reminders.lead_times import steps_of
from intranet.reminders.registry import DAY, NOW, Group, Kind, Message, OnDoubt, Step

MORNING = timedelta(hours=9)
ENDS = "before its last day, at 9 in the morning"
ADMINISTRATORS = "To administrators"


class CredentialExpiring(Kind):
    """To the person, on each of the type's lead days, until a later credential of the type is on file."""

    code = "credential-expiring"
    label = "Credential that ends"
    subject = "accounts.Credential"
    group = Group.OWN_CREDENTIALS
    cause = "A credential ends, and no later one is on file."
    who = "The person"
    when = "On the days ahead that its type names, at 9 in the morning"
    related = ("type",)
    on_doubt = OnDoubt.RESEND
    icon = "id"
    tone = "caution"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        """Each step until the next one comes, so that there is never more than one to read about a credential."""
        reached = organisation_day(at - MORNING)
        filed = renewals(
            Credential.objects.counting(), organisation_day(at)
        )  # who has handed it in has done their part
        own = _ending(at).filter(~Exists(filed)).annotate(recipient_id=F("user_id"))
        return [
            _by_person(own.filter(type__in=types, valid__endswith__gt=reached + timedelta(days=following + 1)), lead)
            for (lead, following), types in _steps().items()
        ]

    def write(self, subject: Credential, recipient: User, occasion: str, at: datetime) -> Message:
        ends = _last_day(subject)
        procedures = name_list(list(subject.type.skills.values_list("name", flat=True)))
        needed = f" Without it you cannot be put on shifts that need {procedures}." if procedures else ""
        return Message(
            title=f"Renew your {subject.type} by {day_label(ends, organisation_day(at))}",
            paragraphs=[
                f"{ends:%A}, {full_day(ends)} is the last day of your {subject.type} ({_zone_words()}).",
                f"Hand in the new document before that day.{needed}",
            ],
            path=recipient.get_absolute_url(),
            action="See your file",
            why=f"You get this because your {subject.type} ends on {full_day(ends)} and your file has no later document of "
            "this kind.",
        )

    def about(self, subject: Credential) -> str:
        return str(subject.type)


class StaffCredentialExpiring(Kind):
    """To the managers of a clinic, and in the last week and on the last day to the administrators: one for all of a type
    with the same day."""

    code = "staff-credential-expiring"
    label = "Credentials of staff that end"
    subject = "accounts.CredentialType"
    group = Group.STAFF_CREDENTIALS
    cause = "Credentials of staff end, and no later ones are checked."
    who = "Managers of the clinic; later the administrators"
    steps = (
        Step("lead-30", ENDS, 30 * DAY, DAY, 180 * DAY, before=True, needed=True, escalation=True),
        Step("lead-7", ENDS, 7 * DAY, DAY, 90 * DAY, before=True, escalation=True, group=ADMINISTRATORS),
        Step(
            *("lead-0", ENDS, NOW, NOW, NOW),
            before=True,
            escalation=True,
            group=ADMINISTRATORS,
            at_zero="on its last day, at 9 in the morning",
        ),
    )
    on_doubt = OnDoubt.RESEND
    icon = "id"
    tone = "caution"

    def concerns(self, person: User) -> bool:
        return bool(person.standing.scope(Capability.SEE_CREDENTIALS))

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        today = organisation_day(at)
        managed = _ending(at).filter(
            held_on(today, of="user__memberships__"),
            held_on(today, of="user__memberships__clinic__memberships__"),
            user__memberships__clinic__memberships__role=Role.MANAGER,
        )
        # Named before anything is excluded, or Django would join the members of the clinic once more, whatever their role.
        managed = managed.annotate(recipient_id=F("user__memberships__clinic__memberships__user_id"))
        administrators = Membership.objects.on(today).filter(role=Role.ADMINISTRATOR).exclude(user=OuterRef("user"))
        administrator = Each(ArraySubquery(administrators.values("user_id")), output_field=IntegerField())
        sets = {
            "": managed.exclude(user=F("recipient_id")),
            ADMINISTRATORS: _ending(at).annotate(recipient_id=administrator),
        }
        return [
            _by_type(rows, code, -offset.days, -until.days)
            for group, rows in sets.items()
            for (code, offset), (_, until) in pairwise([*steps_of(self, group), ("", DAY)])
        ]

    def write(self, subject: CredentialType, recipient: User, occasion: str, at: datetime) -> Message:
        ends = date.fromisoformat(occasion[-len("2026-12-31") :])
        found = _ending(at, Credential.objects.visible_to(recipient)).exclude(user=recipient)
        found = found.filter(type=subject, valid__endswith=ends + timedelta(days=1))
        people = list(User.objects.filter(pk__in=found.values("user")).by_name())
        return Message(
            title=f"{subject} of your staff ends on {day_label(ends, organisation_day(at))}",
            paragraphs=[
                f"{ends:%A}, {full_day(ends)} is the last day ({_zone_words()}), and no later document is checked for "
                f"{counted(len(people), 'person', 'people')}: {name_list([person.name for person in people])}."
            ],
            path=people[0].get_absolute_url() if len(people) == 1 else reverse("accounts:people"),
            action=f"See the file of {people[0].given_name}" if len(people) == 1 else "Open the directory",
            why=self._why(recipient, occasion, ends),
        )

    def _why(self, recipient: User, occasion: str, ends: date) -> str:
        if occasion.startswith("lead-30"):
            return (
                "You get this because you manage a clinic at which they work, and nobody has checked a later document."
            )
        left = "today is its last day" if occasion.startswith("lead-0-") else f"it ends on {full_day(ends)}"
        return f"You get this because you are an administrator: {left}, and still nobody has checked a later document."

    def about(self, subject: CredentialType) -> str:
        return str(subject)


def register_kinds() -> None:
    registry.register(CredentialExpiring())
    registry.register(StaffCredentialExpiring())


def _ending(at: datetime, among: CredentialQuerySet | None = None) -> QuerySet[Credential]:
    """Credentials that have a last day and no verified successor, of active people who work here today."""
    here = Membership.objects.on(organisation_day(at)).filter(user=OuterRef("user"))
    credentials = Credential.objects.all() if among is None else among
    asked = credentials.counting().filter(type__retired_at=None, valid__endswith__gt=organisation_day(at))
    return not_renewed(asked.filter(Exists(here), user__is_active=True), organisation_day(at))


def _steps() -> dict[tuple[int, int], list[int]]:
    """{(lead days, those of the step after it): types}; a type's last step lasts until the credential ends."""
    steps: dict[tuple[int, int], list[int]] = defaultdict(list)
    for pk, lead_days in CredentialType.objects.values_list("pk", "lead_days"):
        for step in pairwise([*sorted(set(lead_days), reverse=True), -1]):
            steps[step].append(pk)
    return steps


def _by_person(rows: QuerySet[Credential, Any], lead: int) -> QuerySet[Any, Any]:
    """Rows with a recipient as reminders about one credential."""
    return _on_its_morning(rows.annotate(subject_id=F("pk"), occasion=Value(f"lead-{lead}")), lead)


def _by_type(rows: QuerySet[Credential, Any], code: str, lead: int, following: int) -> QuerySet[Any, Any]:
    """Rows with a recipient as reminders about a type; credentials with the same last day are one occasion.

    Until the step that comes so many days before the last one; below nothing: until that is over.
    """
    ends = Cast(ExpressionWrapper(F("valid__endswith") - Value(1), output_field=DateField()), CharField())
    occasion = Func(Value(f"{code}-%s"), ends, function="format", output_field=CharField())
    reminders = _on_its_morning(rows.annotate(subject_id=F("type_id"), occasion=occasion), lead)
    if following < 0:
        return reminders
    return reminders.annotate(not_after=_morning_before(following))


def _on_its_morning(rows: QuerySet[Credential, Any], lead: int) -> QuerySet[Any, Any]:
    """Due in the morning so many days before the last one, until that is over."""
    over = moment_of(F("valid__endswith"), organisation_zone())
    return rows.annotate(due_at=_morning_before(lead), not_after=over)


def _morning_before(lead: int) -> InZone:
    """Nine in the morning so many days before the last one."""
    before = timedelta(days=lead + 1) - MORNING
    return moment_of(F("valid__endswith") - Value(before), organisation_zone())


def _last_day(credential: Credential) -> date:
    day = last_day(credential)
    assert day is not None  # noqa: S101 - only credentials with a last day are owed
    return day


def _zone_words() -> str:
    return zone_words(organisation_zone())

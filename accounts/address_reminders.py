"""What is told about an address to which mail does not arrive: to the person's managers, else to the administrators.

The person is not told by mail, for a good reason; their inbox and their page say it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, IntegerField, OuterRef, QuerySet, Value

from accounts.models import Membership, User
from accounts.models.people import held_on
from accounts.roles import Capability, Role
from intranet.core.arrays import Each
from intranet.core.time import organisation_day, organisation_zone
from intranet.core.wording import full_day
from intranet.reminders import registry
from intranet.reminders.models import AddressTrouble
from intranet.reminders.registry import Kind, Message, OnDoubt

TOLD_FOR = timedelta(days=14)


class MailDoesNotArrive(Kind):
    """Once for each trouble, for as long as it lasts."""

    code = "address-trouble"
    label = "Mail that does not reach your staff"
    subject = "reminders.AddressTrouble"
    cause = "Mail to the address of somebody does not arrive, for as long as that lasts."
    who = "Managers of the person's clinics; the administrators where there is none, or the person manages"
    on_doubt = OnDoubt.RESEND
    icon = "mail"
    tone = "caution"

    def concerns(self, person: User) -> bool:
        return bool(person.standing.scope(Capability.INVITE))

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        today = organisation_day(at)
        troubles = AddressTrouble.objects.open().filter(person__is_active=True, since__gt=at - TOLD_FOR)
        managers = Membership.objects.on(today).filter(role=Role.MANAGER, user__is_active=True)
        managing = managers.filter(user=OuterRef("person"))
        answering = managers.filter(
            held_on(today, of="clinic__memberships__"), clinic__memberships__user=OuterRef("person")
        )
        administrators = Membership.objects.on(today).filter(role=Role.ADMINISTRATOR, user__is_active=True)
        others = administrators.exclude(user=OuterRef("person"))
        managed = Exists(answering) & ~Exists(managing)
        return [
            _once(troubles.filter(managed).annotate(recipient_id=_each(answering))),
            _once(troubles.exclude(managed).annotate(recipient_id=_each(others))),
        ]

    def write(self, subject: AddressTrouble, recipient: User, occasion: str, at: datetime) -> Message:
        person = subject.person
        # Its words are left out: whoever sends us a bounce chooses them, and this goes on by mail.
        code = f" The mail server's code is {subject.code}." if subject.code else ""
        since = subject.since.astimezone(organisation_zone())
        return Message(
            title="Mail to one of your staff does not arrive",
            paragraphs=[
                f"{person.name} gets no mail at {subject.address} since {since:%A}, {full_day(since.date())}.{code}",
                f"Ask {person.given_name} for the right address, or to have the mailbox looked at. Until then reminders "
                "wait; the inbox in the intranet has them all.",
            ],
            path=person.get_absolute_url(),
            action=f"Open the page of {person.given_name}",
            why="You get this because you answer for this person's access, and mail to the address does not arrive.",
        )


def register_kinds() -> None:
    registry.register(MailDoesNotArrive())


def _each(memberships: QuerySet[Membership]) -> Each:
    people = memberships.order_by().values("user_id").distinct()
    return Each(ArraySubquery(people), output_field=IntegerField())


def _once(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    return rows.annotate(subject_id=F("pk"), occasion=Value("once"), due_at=F("since"), not_after=F("since") + TOLD_FOR)

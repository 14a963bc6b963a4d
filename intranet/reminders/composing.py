"""From reminders to one mail: its words, and its bytes, which are frozen here and never written again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from intranet.core.wording import clock_time, day_label
from intranet.reminders import registry, unsubscribing
from intranet.reminders.models import Delivery, DeliveryItem, Reminder
from intranet.reminders.registry import Kind, OnDoubt
from intranet.reminders.weighing import weightiest_first


class OneWord(UnstructuredHeader):
    """A header that is one long word, such as an address: folded or encoded no program would understand it."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]  # the registry mixes it in


HEADERS = HeaderRegistry()
HEADERS.map_to_type("list-unsubscribe", OneWord)  # type: ignore[arg-type]  # as the library itself does
BY_WIRE = SMTP.clone(header_factory=HEADERS)

# A mail lists so many reminders; the inbox has them all.
LISTED = 50


def compose(recipient: Any, reminders: Sequence[Reminder], at: datetime) -> Delivery:
    """Freeze one mail about these reminders of one person and put it into the ledger: a single one, or a digest."""
    mail = draft(recipient, reminders, at)
    put_into_ledger([(mail, reminders)])
    return mail


def draft(recipient: Any, reminders: Sequence[Reminder], at: datetime, *, chosen: bool = False) -> Delivery:
    """One mail about these reminders of one person, its bytes frozen, not saved yet. Asks the database for nothing when
    the standing of the person is known. `chosen` is a digest that the person has asked for."""
    return Delivery(
        recipient=recipient,
        address=deliverable(recipient.email),
        message_id=(message_id := f"<{uuid4().hex}@{urlsplit(settings.SITE_ORIGIN).hostname}>"),
        payload=frozen(message_for(recipient, reminders, message_id, at, chosen)),
        on_doubt=policy_of(reminders),
        created_at=at,
        not_before=at,
        not_after=max(reminder.not_after for reminder in reminders),
    )


def put_into_ledger(mails: Sequence[tuple[Delivery, Sequence[Reminder]]]) -> None:
    """Save drafts, with what is in each. As many queries for many as for one.

    Reminders that were in a mail that has been cancelled move over; the database refuses any other second mail. What
    does not wait for a mail any more is not touched: whoever plans may hold it.
    """
    told = [reminder for _, reminders in mails for reminder in reminders]
    Delivery.objects.bulk_create([mail for mail, _ in mails])
    DeliveryItem.objects.filter(reminder__in=told, delivery__state=Delivery.State.CANCELLED).delete()
    DeliveryItem.objects.bulk_create(
        DeliveryItem(delivery=mail, reminder=reminder) for mail, reminders in mails for reminder in reminders
    )
    Reminder.objects.filter(pk__in=[reminder.pk for reminder in told if reminder.mail_due_at]).update(mail_due_at=None)


def policy_of(reminders: Sequence[Reminder]) -> OnDoubt:
    """What a kind says of its own mails; a digest is held, because the inbox has everything that is in it."""
    kind = registry.find(reminders[0].kind)
    return OnDoubt(kind.on_doubt) if kind and len(reminders) == 1 else OnDoubt.HOLD


def message_for(
    recipient: Any, reminders: Sequence[Reminder], message_id: str, at: datetime, chosen: bool
) -> EmailMessage:
    """The mail with both its parts. Its subject says what it is about and names nobody."""
    optional = optional_kinds(reminders)
    single = reminders[0] if len(reminders) == 1 else None
    local = at.astimezone(recipient.zone)
    context = {
        "recipient": recipient,
        "reminder": single,
        "reminders": weightiest_first(reminders)[:LISTED],
        "unlisted": max(len(reminders) - LISTED, 0),
        "total": len(reminders),
        "as_of": f"{day_label(local.date(), local.date())}, {clock_time(at, recipient.zone)} {local:%Z}",
        "origin": settings.SITE_ORIGIN,
        "chosen": chosen,
        "stops": [(kind, settings.SITE_ORIGIN + unsubscribing.address_of(recipient, [kind])) for kind in optional],
        "inbox": settings.SITE_ORIGIN + reverse("reminders:inbox"),
        "site_name": settings.SITE_NAME,
    }
    name = "reminder" if single else "digest"
    message = EmailMessage(policy=BY_WIRE)
    message["Subject"] = (
        single.title if single else f"{len(reminders)} reminders from the {settings.SITE_NAME} intranet"
    )
    message["From"] = Address(f"{settings.SITE_NAME} intranet", addr_spec=parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
    message["To"] = Address(recipient.name, addr_spec=deliverable(recipient.email))
    message["Date"] = format_datetime(local)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    if optional:
        message["List-Unsubscribe"] = f"<{settings.SITE_ORIGIN}{unsubscribing.address_of(recipient, optional)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["X-Auto-Response-Suppress"] = "All"  # Outlook's way to say that nobody wants to hear of holidays
    message.set_content(render_to_string(f"email/{name}.txt", context), cte="quoted-printable")
    message.add_alternative(render_to_string(f"email/{name}.html", context), subtype="html", cte="quoted-printable")
    return message


def optional_kinds(reminders: Sequence[Reminder]) -> list[Kind]:
    """The kinds among them whose mail may be switched off, by their words."""
    kinds = {kind for reminder in reminders if (kind := registry.find(reminder.kind)) and kind.optional}
    return sorted(kinds, key=lambda kind: kind.label)


def frozen(message: EmailMessage) -> bytes:
    """The bytes as they go over the line: seven-bit, lines ended by CRLF."""
    return message.as_bytes(policy=BY_WIRE)


def deliverable(address: str) -> str:
    """The address in the letters of the old mail system: a domain with accents by its registered name."""
    mailbox, _, domain = address.rpartition("@")
    return f"{mailbox}@{domain.encode('idna').decode('ascii')}"

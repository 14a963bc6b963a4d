from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from accounts.models import User
from intranet.reminders.models import Delivery, DeliveryItem, Reminder

_numbers = count(1)


def reminder(*, recipient: User, at: datetime, **fields: Any) -> Reminder:
    values = {
        "kind": "planted",
        "subject_type": "accounts.user",
        "subject_id": recipient.pk,
        "occasion": "once",
        "due_at": at,
        "not_after": at + timedelta(days=2),
    }
    return Reminder.objects.create(recipient=recipient, **(values | fields))


def released(*, recipient: User, at: datetime, **fields: Any) -> Reminder:
    values = {
        "state": Reminder.State.RELEASED,
        "released_at": at,
        "title": "Something to do",
        "body": "First.\n\nSecond.",
        "path": f"/people/{recipient.pk}/",
        "action": "Do it",
        "why": "You get this because a test wants it.",
        "occasion": f"number {next(_numbers)}",
    }
    return reminder(recipient=recipient, at=at, **(values | fields))


def delivery(*, recipient: User, at: datetime, reminders: list[Reminder] | None = None, **fields: Any) -> Delivery:
    values = {
        "address": recipient.email,
        "message_id": f"<{next(_numbers)}@clinic.example>",
        "payload": b"Subject: Something\r\n\r\nBody\r\n",
        "on_doubt": "resend",
        "created_at": at,
        "not_before": at,
        "not_after": at + timedelta(days=2),
    }
    mail = Delivery.objects.create(recipient=recipient, **(values | fields))
    DeliveryItem.objects.bulk_create(DeliveryItem(delivery=mail, reminder=item) for item in reminders or [])
    return mail

"""Mails as whoever runs the reminders reads them: to whom, of what kind, when, and what the server said. Never the words."""

from __future__ import annotations

from django.db.models import Prefetch

from intranet.reminders.models import Attempt, Delivery, DeliveryItem, DeliveryQuerySet


def with_history(mails: DeliveryQuerySet) -> DeliveryQuerySet:
    """Each with its recipient, the kinds of its reminders and its attempts. Three queries, whatever their number."""
    items = DeliveryItem.objects.select_related("reminder").only("delivery_id", "reminder__kind")
    attempts = Attempt.objects.order_by("pk")
    return (
        mails.defer("payload")
        .select_related("recipient", "written_off_by")
        .prefetch_related(Prefetch("items", items), Prefetch("attempts", attempts))
    )


def kinds_of(mail: Delivery) -> list[str]:
    """The kinds of a mail's reminders in words, each once."""
    return sorted({item.reminder.label for item in mail.items.all()})

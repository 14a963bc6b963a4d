"""The inbox: the bell on a desktop, a place in the bar on a phone."""

from __future__ import annotations

from django.utils import timezone

from intranet.core.access import AnyUser
from intranet.core.navigation import Item, Place
from intranet.core.navigation import register as register_place


def unread(user: AnyUser) -> int:
    from intranet.reminders.models import Reminder  # models do not load before the registry of apps is ready

    return Reminder.objects.visible_to(user).unread(timezone.now()).count()


def register() -> None:
    register_place(
        Item(
            label="Inbox",
            icon="inbox",
            url_name="reminders:inbox",
            order=80,
            count=unread,
            count_words="unread",
            bar_order=40,
            place=Place.INBOX,
        )
    )

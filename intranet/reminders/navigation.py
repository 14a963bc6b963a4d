"""The inbox: the bell on a desktop, a place in the bar on a phone."""

from __future__ import annotations

from django.utils import timezone

from intranet.core.access import AnyUser
from intranet.core.navigation import Item, Place
from intranet.core.navigation import register as register_place
from intranet.reminders.operating import may_operate


def unread(user: AnyUser) -> int:
    from intranet.reminders.models import Reminder  # models do not load before the registry of apps is ready

    return Reminder.objects.visible_to(user).unread(timezone.now()).count()


def to_decide(user: AnyUser) -> int | None:
    from intranet.reminders.models import Delivery  # as above

    return Delivery.objects.unsettled().count() or None


def operates(user: AnyUser) -> bool:
    return bool(may_operate(user))


def register() -> None:
    register_place(
        Item(
            label="Reminders",
            icon="bell",
            url_name="operations:reminders",
            order=85,
            show=operates,
            count=to_decide,
            count_words="mails to decide about",
        )
    )
    register_place(
        Item(
            label="Inbox",
            icon="inbox",
            url_name="reminders:inbox",
            order=80,
            count=unread,
            count_words="unread",
            bar_order=25,
            place=Place.INBOX,
        )
    )

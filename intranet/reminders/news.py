"""What an open page asks for every minute: how much is unread, and what has come since it asked last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from intranet.core.access import AnyUser
from intranet.reminders.models import CAME_AT, Reminder

MOST = 5
# What came at a moment is there only once its transaction has ended; a page knows what it has shown already.
OVERLAP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Item:
    """One reminder, as a page tells of it. It has another key when it comes back after it was put off."""

    pk: int
    key: str
    title: str
    path: str


@dataclass(frozen=True, slots=True)
class News:
    unread: int
    items: tuple[Item, ...]

    @property
    def as_json(self) -> dict[str, Any]:
        items = [{"id": item.pk, "key": item.key, "title": item.title, "path": item.path} for item in self.items]
        return {"unread": self.unread, "items": items}


def news_of(person: AnyUser, since: datetime | None, at: datetime) -> News:
    """What is new to a page that asked `since`, the newest first. One that asks for the first time gets what it will get
    once more because of the overlap, so that it knows that."""
    unread = Reminder.objects.visible_to(person).unread(at)
    rows = unread.annotate(came_at=CAME_AT).filter(came_at__gt=(since or at) - OVERLAP).newest_first()[:MOST]
    items = (Item(row.pk, f"{row.pk}-{row.last_came_at:%Y%m%d%H%M%S}", row.title, row.path) for row in rows)
    return News(unread.count(), tuple(items))

"""What search finds of announcements: those that the person may read, the past ones too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from intranet.announcements.models import Announcement
from intranet.core.access import AnyUser
from intranet.core.wording import full_day
from intranet.search import registry
from intranet.search.registry import Shown


class Announcements(registry.Source):
    kind, label, one, icon = "announcement", "Announcements", "Announcement", "megaphone"
    order = 30

    def visible(self, viewer: AnyUser, at: datetime) -> QuerySet[Any, Any]:
        return Announcement.objects.visible_to(viewer).filter(withdrawn_at=None).order_by().values("pk")

    def show(self, keys: Iterable[int], viewer: AnyUser, at: datetime) -> Mapping[int, Shown]:
        found = Announcement.objects.filter(pk__in=keys).with_vouching().select_related("author")
        return {news.pk: Shown(news.get_absolute_url(), _facts(news, at)) for news in found}


def _facts(news: Announcement, at: datetime) -> tuple[str, ...]:
    day = full_day(news.published_on)
    if not news.vouched:  # type: ignore[attr-defined]  # an annotation
        return (str(news.author), "Held")
    if news.appears_at > at:
        return (str(news.author), f"Appears {day}")
    over = news.expires_at is not None and news.expires_at <= at
    return (str(news.author), day, "Over") if over else (str(news.author), day)


def register() -> None:
    registry.register(Announcements())

"""The places of this app in the main navigation."""

from __future__ import annotations

from intranet.core.navigation import Item, register


def register_places() -> None:
    register(Item(label="Announcements", icon="megaphone", url_name="announcements:list", order=40, bar_order=50))

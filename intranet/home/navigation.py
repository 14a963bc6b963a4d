"""The place of this app in the main navigation."""

from __future__ import annotations

from intranet.core.navigation import Item, register


def register_places() -> None:
    register(Item(label="Home", icon="home", url_name="home:today", order=10, bar_order=10))

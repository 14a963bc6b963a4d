"""The field in the shell's top bar, and the page of whoever keeps the aliases."""

from __future__ import annotations

from intranet.core.navigation import Item, Place, register
from intranet.search.aliases import may_edit


def register_places() -> None:
    label = "Search protocols, people, announcements"
    register(Item(label=label, icon="search", url_name="search:search", place=Place.SEARCH))
    register(
        Item(
            label="Search words",
            icon="search",
            url_name="search:aliases",
            order=80,
            show=lambda user: bool(may_edit(user)),
            in_rail=lambda user: False,
        )
    )

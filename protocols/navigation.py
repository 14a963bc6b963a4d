"""The places of this app in the main navigation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.roles import Capability
from intranet.core.navigation import Item, Place, register

if TYPE_CHECKING:
    from intranet.core.access import AnyUser


def sees_report(user: AnyUser) -> bool:
    return bool(user.standing.scope(Capability.REPORT_ACKNOWLEDGEMENTS))  # type: ignore[union-attr]


def register_places() -> None:
    register(Item(label="Protocols", icon="book", url_name="protocols:library", order=20, bar_order=20))
    register(Item(label="Reports", icon="report", url_name="protocols:report", order=60, show=sees_report))
    register(
        Item(label="What you acknowledged", icon="check-circle", url_name="protocols:certificates", place=Place.ACCOUNT)
    )

"""The places of this app in the main navigation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.roles import Capability
from intranet.core.navigation import Item, register
from scheduling.positions import WORKING_ROLES

if TYPE_CHECKING:
    from intranet.core.access import AnyUser


def works_shifts(user: AnyUser) -> bool:
    return bool(WORKING_ROLES & user.standing.roles)  # type: ignore[union-attr]


def sees_roster(user: AnyUser) -> bool:
    return user.standing.holds(Capability.SEE_ROSTER)  # type: ignore[union-attr]


def looks_at_rosters(user: AnyUser) -> bool:
    """Who plans, or works no shifts, has the roster in the rail; the others reach it from their own schedule."""
    return bool(user.standing.scope(Capability.EDIT_ROSTER)) or not works_shifts(user)  # type: ignore[union-attr]


def busy_with_roster(user: AnyUser) -> int | None:
    return 28 if looks_at_rosters(user) else None  # before the own shifts, which Home shows as well


def decides_time_off(user: AnyUser) -> bool:
    return bool(user.standing.scope(Capability.EDIT_ROSTER))  # type: ignore[union-attr]


def time_off_to_decide(user: AnyUser) -> int | None:
    from scheduling.models import TimeOff  # the models are not loaded yet when this module is

    return TimeOff.objects.entrusted_to(user).waiting(timezone.now()).count() or None  # type: ignore[arg-type]


def register_places() -> None:
    register(Item("Schedule", "calendar", "scheduling:my-schedule", order=30, show=works_shifts, bar_order=30))
    register(
        Item(
            "Roster",
            "roster",
            "scheduling:board",
            order=31,
            show=sees_roster,
            in_rail=looks_at_rosters,
            bar_order=busy_with_roster,
        )
    )
    register(
        Item(
            "Time off",
            "away",
            "scheduling:time-off-requests",
            order=32,
            show=decides_time_off,
            count=time_off_to_decide,
            count_words="requests to decide",
        )
    )

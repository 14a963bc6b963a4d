"""Who is at work today. The roster knows; it lies above this app and registers itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from django.db.models import Q

from accounts.models import Clinic, User
from intranet.core.wording import short_time


class Today(StrEnum):
    """By what the directory can be narrowed; the last three are also what somebody's day can be at a moment."""

    ON = "on"
    OFF = "off"
    NOW = "now"
    LATER = "later"
    GONE = "gone"

    @property
    def label(self) -> str:
        return {
            "on": "On now or later today",
            "off": "Not on today",
            "now": "On now",
            "later": "On later today",
            "gone": "Gone home",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody's shift of today, as the published roster has it at a moment: the one that runs, comes next or was last."""

    clinic: Clinic
    start: datetime
    end: datetime
    at: datetime

    @property
    def state(self) -> Today:
        return Today.LATER if self.at < self.start else Today.GONE if self.end <= self.at else Today.NOW

    @property
    def words(self) -> str:
        """`On until 3:30p`, on the clocks of the clinic."""
        start, end = short_time(self.start, self.clinic.zone), short_time(self.end, self.clinic.zone)
        return {Today.NOW: f"On until {end}", Today.LATER: f"On from {start}"}.get(self.state, f"Gone since {end}")


class Roster(Protocol):
    """What the directory asks of the roster. Whoever may not see it sees nobody's day."""

    def may_see(self, viewer: User) -> bool: ...

    def people(self, wanted: Today, *, clinic: Clinic | None, at: datetime) -> Q:
        """People for whom it is true, at the clinic if one is given."""

    def today(self, people: Iterable[User], *, at: datetime) -> dict[int, Presence]:
        """{person: their presence}, for those with a shift today."""


_rosters: list[Roster] = []


def ask(roster: Roster) -> None:
    """Have the directory ask this roster. Called once, when the app is ready."""
    _rosters[:] = [roster]


def roster_for(viewer: User) -> Roster | None:
    """The roster, for somebody who may see it."""
    return next((roster for roster in _rosters if roster.may_see(viewer)), None)

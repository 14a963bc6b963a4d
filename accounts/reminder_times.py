"""When reminders come, kept by administrators: who may, and what each kind shows of itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from accounts.models import User
from accounts.settings_pages import may_change_settings
from intranet.core.access import Forbidden, require
from intranet.reminders import lead_times, registry
from intranet.reminders.lead_times import Amounts, Set
from intranet.reminders.registry import Kind

# By the package that declares a kind.
AREAS = {
    "scheduling": "Schedule",
    "protocols": "Protocols",
    "intranet.announcements": "Announcements",
    "accounts": "People",
}


@dataclass(frozen=True, slots=True)
class KeptKind:
    """A kind with its steps as they are now."""

    kind: Kind
    steps: list[Set]

    @property
    def changed(self) -> bool:
        return any(one.changed for one in self.steps)

    @property
    def movable(self) -> bool:
        return any(not one.step.fixed or not one.step.needed for one in self.steps)

    @property
    def groups(self) -> list[tuple[str, list[Set]]]:
        return [(name, list(steps)) for name, steps in groupby(self.steps, key=lambda one: one.step.group)]

    @property
    def any_hour(self) -> bool:
        return not self.kind.heeds_quiet_hours

    @property
    def night(self) -> str:
        """What becomes of its mail when it is due at night."""
        kind = self.kind
        if self.any_hour:
            return "Its mail goes out at any hour, because it cannot wait."
        wakes = [
            *([kind.any_hour_when] if kind.any_hour_when else []),
            *(["the morning would be too late"] if kind.worth_waking else []),
        ]
        rest = "" if kind.worth_waking else " Where that is too late, the inbox alone has it."
        but = f", unless {' or '.join(wakes)}" if wakes else ""
        return f"Its mail waits for the morning{but}.{rest}"


def kept_kinds() -> list[KeptKind]:
    """Every kind, by its words. One query."""
    with lead_times.read_once():
        kinds = sorted(registry.registered(), key=lambda kind: kind.label)
        return [KeptKind(kind, lead_times.settings_of(kind)) for kind in kinds]


def kept_kind(kind: Kind) -> KeptKind:
    return KeptKind(kind, lead_times.settings_of(kind))


def by_area(kinds: Iterable[KeptKind]) -> list[tuple[str, list[KeptKind]]]:
    """[(area, its kinds)], in the order of `AREAS`; the rest at the end."""
    found: dict[str, list[KeptKind]] = {area: [] for area in (*AREAS.values(), "Others")}
    for one in kinds:
        found[area_of(one.kind)].append(one)
    return [(area, kinds) for area, kinds in found.items() if kinds]


def area_of(kind: Kind) -> str:
    module = type(kind).__module__
    return next((area for package, area in AREAS.items() if module.startswith(f"{package}.")), "Others")


def change_times(kind: Kind, amounts: Amounts, *, by: User, at: datetime, seen: str = "") -> list[Set]:
    """Have the kind's steps come at these times. Refused with every reason; what became different."""
    require(may_change_settings(by), Forbidden)
    return lead_times.change(kind, amounts, by=by, at=at, seen=seen)

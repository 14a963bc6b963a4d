"""What the rosters of Mt. Prospect are made from, and every request about it."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING, Any

from accounts.models import Clinic, User
from scheduling.making_templates import Cycle, Line, add_week_template
from scheduling.positions import Position
from scheduling.usual_shifts import UsualShift, add_usual_shift
from tests.scheduling.factories import MONDAY

if TYPE_CHECKING:
    from tests.policies.world import World

API = "/api/v1"


def build(clinic: Clinic, manager: User, canary: str) -> dict[str, Any]:
    early = UsualShift(f"{canary} early", Position.THERAPIST, time(7), time(11))
    usual = add_usual_shift(clinic, early, by=manager)
    cycle = Cycle(f"{canary} week", 1, MONDAY, [Line(1, 0, usual)])
    return {
        "usual_shift": usual,
        "week_template": add_week_template(clinic, cycle, by=manager),
    }


def asks() -> list[tuple[Any, ...]]:
    """What an Ask is made of, for each request."""
    found = [*_pages(), *_operations()]
    return [(name, method, _address(where), *data) for name, method, where, *data in found]


def _address(where: Any) -> Any:
    return where if callable(where) else lambda world: where


def _pages() -> list[tuple[Any, ...]]:
    templates, shift, week = "/roster/templates/mt-prospect/", "/roster/usual-shifts/", "/roster/week-templates/"
    return [
        ("scheduling:setup", "GET", "/roster/setup/mt-prospect/"),
        ("scheduling:templates", "GET", templates),
        ("scheduling:usual-shift-add", "GET", f"{templates}shifts/new/"),
        ("scheduling:usual-shift-add", "POST", f"{templates}shifts/new/", _usual_shift),
        ("scheduling:usual-shift", "GET", _of(shift, "usual_shift")),
        ("scheduling:usual-shift", "POST", _of(shift, "usual_shift"), _usual_shift),
        ("scheduling:usual-shift-retire", "POST", _of(shift, "usual_shift", "retire/")),
        ("scheduling:week-template-add", "GET", f"{templates}weeks/new/"),
        ("scheduling:week-template-add", "POST", f"{templates}weeks/new/", _written),
        ("scheduling:week-template", "GET", _of(week, "week_template")),
        ("scheduling:week-template", "POST", _of(week, "week_template"), _written),
        ("scheduling:week-template-retire", "POST", _of(week, "week_template", "retire/")),
        ("scheduling:week-template-apply", "GET", _of(week, "week_template", "apply/")),
        ("scheduling:week-template-apply", "POST", _of(week, "week_template", "apply/")),
    ]


def _operations() -> list[tuple[Any, ...]]:
    shift, week = f"{API}/usual-shifts/", f"{API}/week-templates/"
    return [
        ("api:usual-shift-list", "GET", shift),
        ("api:usual-shift-list", "POST", shift, _usual_shift),
        ("api:usual-shift-detail", "GET", _of(shift, "usual_shift")),
        ("api:usual-shift-detail", "PUT", _of(shift, "usual_shift"), _usual_shift),
        ("api:usual-shift-retire", "POST", _of(shift, "usual_shift", "retire/")),
        ("api:week-template-list", "GET", week),
        ("api:week-template-list", "POST", week, _cycle),
        ("api:week-template-detail", "GET", _of(week, "week_template")),
        ("api:week-template-detail", "PUT", _of(week, "week_template"), _cycle),
        ("api:week-template-retire", "POST", _of(week, "week_template", "retire/")),
        ("api:week-template-apply", "POST", _of(week, "week_template", "apply/"), _week),
    ]


def _of(prefix: str, name: str, tail: str = "") -> Any:
    return lambda world: f"{prefix}{world.things[name].pk}/{tail}"


def _usual_shift(world: World) -> dict[str, Any]:
    shift = {"name": "Late", "position": "therapist", "starts": "12:00", "ends": "16:00", "break_minutes": 0}
    return shift | {"clinic": "mt-prospect", "seen": UsualShift.of(world.usual_shift).fingerprint}


def _written(world: World) -> dict[str, Any]:
    rows = {"lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0}
    return {"name": "Usual", "weeks": "1", "anchor": MONDAY.isoformat(), "version": 1} | rows


def _cycle(world: World) -> dict[str, Any]:
    return {"clinic": "mt-prospect", "name": "Usual", "anchor": MONDAY.isoformat(), "version": 1, "lines": []}


def _week(world: World) -> dict[str, Any]:
    return {"monday": MONDAY.isoformat()}

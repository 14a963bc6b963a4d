"""What the rosters of Mt. Prospect are made from, and every request about it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from accounts.models import Clinic, User
from scheduling.making_templates import Cycle, Line, add_week_template
from scheduling.models import SpecialDay
from scheduling.positions import Position
from scheduling.special_days import add_blackout, add_special_day
from scheduling.usual_shifts import UsualShift, add_usual_shift
from tests.scheduling.factories import MONDAY

if TYPE_CHECKING:
    from tests.policies.world import World

API = "/api/v1"


def build(clinic: Clinic, manager: User, canary: str, at: datetime) -> dict[str, Any]:
    early = UsualShift(f"{canary} early", Position.THERAPIST, time(7), time(11))
    usual = add_usual_shift(clinic, early, by=manager)
    cycle = Cycle(f"{canary} week", 1, MONDAY, [Line(1, 0, usual)])
    holiday = SpecialDay(clinic=clinic, day=MONDAY + timedelta(days=30), name="Holiday")
    return {
        "special_day": add_special_day(holiday, by=manager, at=at),
        "blackout": add_blackout(clinic, MONDAY, MONDAY, "Surveyors", by=manager, at=at),
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
        ("scheduling:days", "GET", "/roster/days/mt-prospect/"),
        ("scheduling:days", "POST", "/roster/days/mt-prospect/", _holiday),
        ("scheduling:special-day-remove", "POST", _of("/roster/special-days/", "special_day", "remove/")),
        ("scheduling:blackout-add", "POST", "/roster/days/mt-prospect/blackouts/", _blackout),
        ("scheduling:blackout-remove", "POST", _of("/roster/blackouts/", "blackout", "remove/")),
        ("scheduling:needs", "GET", "/roster/needs/mt-prospect/"),
        ("scheduling:needs", "POST", "/roster/needs/mt-prospect/", _nobody),
        ("scheduling:rules", "GET", "/roster/rules/mt-prospect/"),
        ("scheduling:rule", "GET", "/roster/rules/mt-prospect/rest/"),
        ("scheduling:rule", "POST", "/roster/rules/mt-prospect/rest/", _rule),
        ("scheduling:rule-usual", "POST", "/roster/rules/mt-prospect/rest/usual/", _rule),
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
    hours, needs = f"{API}/opening-hours/mt-prospect/", f"{API}/coverage-needs/mt-prospect/"
    rules = f"{API}/roster-rules/mt-prospect/"
    return [
        ("api:special-day-list", "GET", f"{API}/special-days/"),
        ("api:special-day-list", "POST", f"{API}/special-days/", _holiday),
        ("api:special-day-detail", "DELETE", _of(f"{API}/special-days/", "special_day")),
        ("api:blackout-list", "GET", f"{API}/blackouts/"),
        ("api:blackout-list", "POST", f"{API}/blackouts/", _blackout),
        ("api:blackout-detail", "DELETE", _of(f"{API}/blackouts/", "blackout")),
        ("api:day-note-list", "GET", f"{API}/day-notes/"),
        ("api:day-note-list", "POST", f"{API}/day-notes/", _day_note),
        ("api:week-copy-list", "POST", f"{API}/week-copies/", _week_copy),
        ("api:opening-hours-detail", "GET", hours),
        ("api:opening-hours-detail", "PUT", hours, _always_closed),
        ("api:coverage-needs-detail", "GET", needs),
        ("api:coverage-needs-detail", "PUT", needs, lambda world: {"needs": [], "seen": "before"}),
        ("api:roster-rule-detail", "GET", rules),
        ("api:roster-rule-set", "PUT", f"{rules}rest/", _rule),
        ("api:roster-rule-usual", "POST", f"{rules}rest/usual/", _rule),
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
        ("api:week-template-foresee", "GET", _of(week, "week_template", f"foresee/?monday={MONDAY}")),
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


def _holiday(world: World) -> dict[str, Any]:
    return {"clinic": "mt-prospect", "day": "2027-01-01", "name": "New Year"}


def _blackout(world: World) -> dict[str, Any]:
    return {"clinic": "mt-prospect", "first": "2027-01-01", "last": "2027-01-02", "reason": "Surveyors"}


def _day_note(world: World) -> dict[str, Any]:
    return {"clinic": "mt-prospect", "day": MONDAY.isoformat(), "text": "Fire drill"}


def _week_copy(world: World) -> dict[str, Any]:
    return {"clinic": "mt-prospect", "source": MONDAY.isoformat(), "target": (MONDAY + timedelta(days=7)).isoformat()}


def _always_closed(world: World) -> dict[str, Any]:
    return {"days": [], "seen": "Closed all week"}


def _nobody(world: World) -> dict[str, Any]:
    return {"needs-TOTAL_FORMS": 0, "needs-INITIAL_FORMS": 0}


def _rule(world: World) -> dict[str, Any]:
    return {"level": "off", "amount": 600, "source": "Policy", "checked_on": "2026-11-20", "seen": "before"}


def _week(world: World) -> dict[str, Any]:
    return {"monday": MONDAY.isoformat()}

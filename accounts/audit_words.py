"""How what an entry of the audit log says about a change reads for people."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field

from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.time import organisation_zone
from intranet.core.wording import clock_time, full_day

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
# Days as PostgreSQL writes them: the last one is not included.
SPAN = re.compile(r"\[(\d{4}-\d\d-\d\d), ?(\d{4}-\d\d-\d\d|None)?\)")
HASH = re.compile(r"[0-9a-f]{64}")
TOLD_FIRST = {"start": 0, "end": 1}
AFTER = ("after", "now")  # what follows "before": the database keeps no order of names
WITHOUT = "Without it from"  # the end of a role is the first day without it
LABELS = {
    ("competency.granted", "start"): "First day",
    ("competency.granted", "end"): "Last day",
    ("roster.published", "number"): "Publication",
    ("role.given", "end"): WITHOUT,
    ("role.taken", "end"): WITHOUT,
    ("invitation.sent", "again"): "Sent again",
}
NOTHING: tuple[Any, ...] = (None, "", [], {})


def detail(entry: Entry) -> list[tuple[str, str]]:
    """What changed, as labels and values for people."""
    told = sorted(entry.changes.items(), key=lambda change: (TOLD_FIRST.get(change[0], len(TOLD_FIRST)), change[0]))
    return [(_label(entry, name), _said(entry, name, value)) for name, value in told if value not in NOTHING]


def _label(entry: Entry, name: str) -> str:
    field = _field(entry, name)
    words = str(field.verbose_name) if field is not None else name.replace("_", " ")
    return LABELS.get((entry.verb, name)) or words[:1].upper() + words[1:]


def _said(entry: Entry, name: str, value: Any) -> str:
    if name == "role" and value in Role.values:
        return str(Role(value).label)
    if entry.verb == "competency.granted" and name in {"start", "end"}:
        return _day_of(name, value)
    codes = _codes(_field(entry, name))
    if isinstance(value, dict) and len(value) == 2 and "before" in value and (after := {*AFTER} & {*value}):
        return _change((value["before"], value[after.pop()]), codes)
    if entry.verb == "shift.changed" and isinstance(value, list) and len(value) == 2:
        return _change(value, codes)
    return _words(_decoded(value, codes))


def _field(entry: Entry, name: str) -> Field[Any, Any] | None:
    """The field of the object that an entry names, for its words; none when it means something else."""
    with suppress(LookupError, ValueError, FieldDoesNotExist):
        field = apps.get_model(entry.target_type)._meta.get_field(name)
        return field if isinstance(field, Field) else None
    return None


def _codes(field: Field[Any, Any] | None) -> dict[Any, str]:
    """What the codes of a field mean."""
    of_items = getattr(field, "base_field", field)
    return {code: str(words) for code, words in getattr(of_items, "flatchoices", [])}


def _decoded(value: Any, codes: dict[Any, str]) -> Any:
    if isinstance(value, list):
        return [_decoded(item, codes) for item in value]
    return codes.get(value, value) if isinstance(value, str | int) else value


def _change(pair: Iterable[Any], codes: dict[Any, str]) -> str:
    """`Avery Testwell → nothing`."""
    return " → ".join("nothing" if value in NOTHING else _words(_decoded(value, codes)) for value in pair)


def _day_of(name: str, value: str) -> str:
    """The first or the last day of what is valid from one moment to another. Days begin and end at midnight."""
    moment = datetime.fromisoformat(value).astimezone(organisation_zone())
    if moment.time() != time.min:
        return _words(value)
    return full_day(moment.date() - timedelta(days=name == "end"))


def _words(value: Any) -> str:
    """A value for people; moments and days as everywhere else, in the zone of the organisation."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_words(item) for item in value if item not in NOTHING)
    if isinstance(value, dict):
        said = ((name, item) for name, item in value.items() if item not in NOTHING)
        return "; ".join(f"{name.replace('_', ' ')}: {_words(item)}" for name, item in said)
    return str(value)


def _text(value: str) -> str:
    with suppress(ValueError):  # it only looked like one
        if MOMENT.fullmatch(value):
            moment = datetime.fromisoformat(value).astimezone(organisation_zone())
            return f"{full_day(moment.date())}, {clock_time(moment)}"
        if DAY.fullmatch(value):
            return full_day(date.fromisoformat(value))
        if span := SPAN.fullmatch(value):
            return _span(*span.groups())
    return f"{value[:12]}…" if HASH.fullmatch(value) else value


def _span(first: str, after: str | None) -> str:
    """`Jan 1, 2026 to Dec 31, 2026`."""
    start = full_day(date.fromisoformat(first))
    if after in (None, "None"):
        return f"from {start}"
    return f"{start} to {full_day(date.fromisoformat(str(after)) - timedelta(days=1))}"

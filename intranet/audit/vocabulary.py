"""What the audit trail can say: the verbs and the kinds of objects that the apps register in `AppConfig.ready()`.

Each app keeps its words in its module `verbs`. `recording.record` refuses any other verb, so that nothing is written
that the page cannot read out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import QuerySet, UUIDField

from intranet.audit.models import Entry
from intranet.core.access import AnyUser
from intranet.core.forms import whole_number


@dataclass(frozen=True, slots=True)
class Action:
    """How a verb reads, and in which tone: what was refused stands out, what was published too."""

    words: str
    tone: str = "neutral"


def _own_address(row: Any) -> str:
    return str(row.get_absolute_url())


@dataclass(frozen=True, slots=True)
class Kind:
    """What entries can be about: its name, and the rows that somebody may open, by the rule of their own page."""

    words: str
    opened_by: Callable[[AnyUser], QuerySet[Any]] | None = None
    address: Callable[[Any], str] = _own_address


UUID_TEXT = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Key = tuple[str, str]  # the kind and the id of an object, as entries hold them

_actions: dict[str, Action] = {}
_kinds: dict[str, Kind] = {}


def register(actions: Mapping[str, Action], kinds: Mapping[str, Kind] | None = None) -> None:
    """Add the words of an app. Kinds go by model label, such as "scheduling.shift". Nobody has the same verb twice."""
    if twice := actions.keys() & _actions.keys() | (kinds or {}).keys() & _kinds.keys():
        raise ValueError(f"Registered twice in the audit trail: {', '.join(sorted(twice))}.")
    _actions.update(actions)
    _kinds.update(kinds or {})


def actions() -> list[tuple[str, Action]]:
    """Every verb, in the order of its words."""
    return sorted(_actions.items(), key=lambda entry: entry[1].words)


def is_known(verb: str) -> bool:
    return verb in _actions


def action_of(verb: str) -> Action:
    """How a verb reads; also one from before it got another name."""
    return _actions.get(verb) or Action(verb.replace(".", " ").replace("_", " ").replace("-", " ").capitalize())


def kind_words(entry: Entry) -> str:
    """What sort of thing the entry is about: "Shift"."""
    if kind := _kinds.get(entry.target_type):
        return kind.words
    try:
        words = str(apps.get_model(entry.target_type)._meta.verbose_name)
    except (LookupError, ValueError):  # a kind from before it got another name, or none at all
        words = entry.target_type
    return words[:1].upper() + words[1:]


def actor_key(entry: Entry) -> Key:
    return settings.AUTH_USER_MODEL.lower(), str(entry.actor_id or "")


def target_key(entry: Entry) -> Key:
    return entry.target_type, entry.target_id


def addresses(entries: Iterable[Entry], viewer: AnyUser) -> dict[Key, str]:
    """Where whoever acted, and what they acted on, can be opened: as far as the viewer may. A query for each kind."""
    wanted: dict[str, set[str]] = {}
    for entry in entries:
        for name, key in (actor_key(entry), target_key(entry)):
            wanted.setdefault(name, set()).add(key)
    return {
        (name, str(row.pk)): kind.address(row)
        for name, keys in wanted.items()
        if (kind := _kinds.get(name)) and kind.opened_by
        for row in _with_keys(kind.opened_by(viewer), keys)
    }


def _with_keys(rows: QuerySet[Any], texts: Iterable[str]) -> QuerySet[Any]:
    """The rows whose keys are given as text, as entries hold them. What cannot be a key finds nothing."""
    if isinstance(rows.model._meta.pk, UUIDField):
        return rows.filter(pk__in=[text for text in texts if UUID_TEXT.fullmatch(text)])
    return rows.filter(pk__in=[key for text in texts if (key := whole_number(text))])

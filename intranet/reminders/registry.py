"""The kinds of reminders. The app that owns a rule registers its kind here in `AppConfig.ready()`.

A kind answers two questions: who is owed a reminder about what (`owed`), and in which words (`write`). Everything
else - planning, quiet hours, mail, inbox - is the same for all kinds and knows none of them by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from django.apps import apps
from django.db.models import Model, QuerySet

# How far ahead a kind looks: reminders due later than this are planned by a later tick.
HORIZON = timedelta(days=14)

# What each queryset of `owed` must give, by these names.
COLUMNS = ("recipient_id", "subject_id", "occasion", "due_at", "not_after")


class OnDoubt(StrEnum):
    """What to do when nobody knows whether the mail server took a message."""

    RESEND = "resend"  # the same bytes once more: a second copy does less harm than none
    HOLD = "hold"  # not again; the inbox has it


class Group(StrEnum):
    """What kinds are about, in the words under which people know it: a line of their settings, a filter of their inbox."""

    SHIFT_CHANGES = "My shifts change"
    BEFORE_A_SHIFT = "Reminder before a shift"
    SWAPS = "Swaps and open shifts"
    OWN_TIME_OFF = "My time off"
    ACKNOWLEDGE = "Something to acknowledge"
    OWN_CREDENTIALS = "My credentials end"
    DRAFTS = "My drafts"
    PROTOCOLS_KEPT = "Protocols that I look after"
    TO_DECIDE = "Requests to decide"
    GAPS = "Gaps in the roster"
    STAFF_TIME_OFF = "Time off of staff"
    NOT_ACKNOWLEDGED = "Staff have not acknowledged"
    STAFF_CREDENTIALS = "Credentials of staff end"
    SAFETY = "Safety and my account"


@dataclass(frozen=True, slots=True)
class Message:
    """The words of one reminder. The title is also the subject of the mail: no personal data in it."""

    title: str
    paragraphs: Sequence[str]
    path: str  # the page that it is about, from "/"
    action: str  # the words on the link to that page
    why: str  # "You get this because ..."


class Kind:
    """One kind of reminder. Subclasses set the attributes and answer `owed` and `write`."""

    code: ClassVar[str]  # "shift-tomorrow"; written into every row, so never changed
    label: ClassVar[str]  # "Shift tomorrow"
    subject: ClassVar[str]  # the model that it is about: "scheduling.PublishedShift"
    on_doubt: ClassVar[OnDoubt | str] = OnDoubt.RESEND
    group: ClassVar[Group | None] = None  # None: it stands for itself, by its label
    asks: ClassVar[bool] = True  # somebody waits until the recipient has done something; False: it only tells
    optional: ClassVar[bool] = False  # people may switch off its mail; the inbox has it anyway
    heeds_quiet_hours: ClassVar[bool] = True  # mail waits for the morning if that is not too late
    icon: ClassVar[str] = "bell"  # in the inbox, by its name in the sprite
    tone: ClassVar[str] = "info"  # in the inbox: info, caution, danger, ok or neutral

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        """Set queries with the annotations of `COLUMNS`: one row for each reminder that is owed.

        A row is in the set from `HORIZON` before `due_at` until `not_after`, for as long as it is true and the recipient
        may see the subject. The same query plans, cancels what has become untrue, and is asked once more right before
        a mail leaves. It must not depend on whether a reminder was sent. `occasion` tells reminders about one subject
        apart ("T-24h", "day7") and stays the same when only `due_at` moves. The words are frozen at release: whatever
        they say that may change later is part of the occasion, so that a change settles the old words and tells the new.
        """
        raise NotImplementedError

    def write(self, subject: Any, recipient: Any, occasion: str, at: datetime) -> Message:
        """The words for one reminder, with weekday, date, time and zone. Called when it becomes due."""
        raise NotImplementedError

    def concerns(self, person: Any) -> bool:
        """Whether the person can ever get one, now: what they cannot get is no setting of theirs."""
        return True

    @property
    def model(self) -> type[Model]:
        return apps.get_model(self.subject)


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Add a kind. Its code is unique and its attributes are valid."""
    if kind.code in _kinds:
        raise ValueError(f"There is already a kind of reminder called {kind.code}.")
    OnDoubt(kind.on_doubt)
    _kinds[kind.code] = kind


def unregister(code: str) -> None:
    """Take a kind away. Its reminders stay where they are; nothing new is planned."""
    del _kinds[code]


def registered() -> list[Kind]:
    """Every kind, by its code."""
    return [_kinds[code] for code in sorted(_kinds)]


def find(code: str) -> Kind | None:
    """The kind with this code; None when the app that owned it is gone."""
    return _kinds.get(code)


def label_of(code: str) -> str:
    kind = find(code)
    return kind.label if kind else "Reminder"

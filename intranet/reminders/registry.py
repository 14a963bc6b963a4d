"""The kinds of reminders. The app that owns a rule registers its kind here in `AppConfig.ready()`.

A kind answers two questions: who is owed a reminder about what (`owed`), and in which words (`write`). Everything
else - planning, quiet hours, mail, inbox - is the same for all kinds and knows none of them by name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db.models import Model, QuerySet

from intranet.core.wording import counted

# How far ahead a kind looks: reminders due later than this are planned by a later tick.
HORIZON = timedelta(days=14)

NOW, HOUR, DAY = timedelta(0), timedelta(hours=1), timedelta(days=1)

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
    ANNOUNCEMENTS = "Other announcements"
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
class Step:
    """One moment at which a kind reminds, counted from something that its label names. An administrator may move it.

    `code` is written into occasions or stands for them, and never changes. Steps of one `group` keep the order in which
    they are declared. What must be said at some time cannot be switched off: it is `needed`.
    """

    code: str
    label: str  # "before the shift begins", after the amount
    default: timedelta
    least: timedelta
    most: timedelta
    before: bool = False  # counted backwards
    needed: bool = False
    escalation: bool = False  # goes to somebody who answers for others
    group: str = ""  # the heading under which it stands where a kind has several ladders
    at_zero: str = "at once"  # the words when the amount is nothing

    @property
    def fixed(self) -> bool:
        return self.least == self.most

    @property
    def unit(self) -> timedelta:
        """What an administrator counts in."""
        whole = all(not amount % DAY for amount in (self.default, self.least, self.most))
        return DAY if whole else HOUR

    def offset(self, amount: timedelta) -> timedelta:
        """From what the label names: below nothing when it comes before that."""
        return -amount if self.before else amount

    def words(self, amount: timedelta) -> str:
        """`2 hours before the shift begins`."""
        if not amount:
            return self.at_zero
        return f"{counted(amount // self.unit, 'day' if self.unit == DAY else 'hour')} {self.label}"


def at_once(code: str, label: str, group: str = "") -> Step:
    """A step that says itself when it comes: nobody moves it or switches it off."""
    return Step(code, label, NOW, NOW, NOW, needed=True, group=group, at_zero=label)


@dataclass(frozen=True, slots=True)
class Message:
    """The words of one reminder. The title is also the subject of the mail: no personal data in it."""

    title: str
    paragraphs: Sequence[str]
    path: str  # the page that it is about, from "/"
    action: str  # the words on the link to that page
    why: str  # "You get this because ..."


@dataclass(frozen=True, slots=True)
class Rung:
    """One moment of a ladder: so long after its beginning, until so long after it. The words begin its occasion."""

    words: str
    after: timedelta
    until: timedelta


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rows each of which owes a reminder at several moments: found once, for all rungs.

    `rows` have `recipient_id`, `subject_id`, `told` (the end of the occasion) and `begins`, from which the rungs count; and
    `lasts`, where a rung counts only before that much is over. With a zone, `begins` is a day, and rungs go by its clocks:
    eight hours into a day is eight in the morning, also on the two days that are not 24 hours.
    """

    rows: QuerySet[Any, Any]
    rungs: Sequence[Rung]
    zone: ZoneInfo | None = None
    lasting: bool = False


Owing = QuerySet[Any, Any] | Ladder


class Kind:
    """One kind of reminder. Subclasses set the attributes and answer `owed` and `write`."""

    code: ClassVar[str]  # "shift-tomorrow"; written into every row, so never changed
    label: ClassVar[str]  # "Shift tomorrow"
    subject: ClassVar[str]  # the model that it is about: "scheduling.PublishedShift"
    cause: ClassVar[str] = ""  # what it is about, for those who keep the times: "A published shift begins."
    who: ClassVar[str] = ""  # who gets it: "Whoever works it"
    steps: ClassVar[Sequence[Step]] = ()  # when it comes. Read through `lead_times`, never by itself
    when: ClassVar[str] = "At once"  # when it comes, for a kind without steps
    on_doubt: ClassVar[OnDoubt | str] = OnDoubt.RESEND
    group: ClassVar[Group | None] = None  # None: it stands for itself, by its label
    asks: ClassVar[bool] = True  # somebody waits until the recipient has done something; False: it only tells
    optional: ClassVar[bool] = False  # people may switch off its mail; the inbox has it anyway
    heeds_quiet_hours: ClassVar[bool] = True  # mail waits for the morning if that is not too late
    any_hour_when: ClassVar[str] = ""  # the case in which `may_wait` says no, in words: "the announcement is urgent"
    worth_waking: ClassVar[bool] = True  # where the morning is too late, it comes at night; False: in the inbox only
    icon: ClassVar[str] = "bell"  # in the inbox, by its name in the sprite
    tone: ClassVar[str] = "info"  # in the inbox: info, caution, danger, ok or neutral

    def owed(self, at: datetime) -> Sequence[Owing]:
        """Set queries with the annotations of `COLUMNS`, or ladders: one row for each reminder that is owed.

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

    related: ClassVar[Sequence[str]] = ()  # what `about` needs of the subject, as of `select_related`

    def may_wait(self, subject: Any, recipient: Any) -> bool:
        """Whether the mail of this reminder waits for the morning when it becomes due at night."""
        return self.heeds_quiet_hours

    def about(self, subject: Any) -> str:
        """What it is about in a few words, to the recipient before it is written. Asks the database for nothing."""
        return ""

    def unheard_of(self, at: datetime) -> QuerySet[Any, Any] | None:
        """Subjects of which the recipients may not hear yet, although reminders about them are planned; None: none ever."""
        return None

    def endings(self, told: Collection[tuple[int, str]]) -> Mapping[tuple[int, str], str]:
        """{(subject id, occasion): word} of those, among what was told and is settled, that ended otherwise than by being
        done: `Withdrawn`. As many queries for many as for one."""
        return {}

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
    if len({step.code for step in kind.steps}) != len(kind.steps):
        raise ValueError(f"Two steps of {kind.code} have the same code.")
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

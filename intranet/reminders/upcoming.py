"""What the next days bring, from what the kinds owe now: the very sets that the ticks will plan and release from.

Not a forecast: a shift that is given away tomorrow, or a protocol that is acknowledged, changes what is owed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db.models import Model, Q, QuerySet

from intranet.core.access import AnyUser, is_staff_member
from intranet.core.time import local_day
from intranet.core.wording import counted
from intranet.reminders import lead_times, registry
from intranet.reminders.lead_times import Amounts
from intranet.reminders.models import Reminder
from intranet.reminders.owing import owed, still_true
from intranet.reminders.registry import HORIZON, Kind, Message

log = logging.getLogger(__name__)

SHOWN = timedelta(days=7)
NOT_TOLD_YET = """
    SELECT o.recipient_id, o.subject_id, o.occasion, o.due_at FROM owed o
    WHERE o.due_at < %s AND NOT EXISTS (
        SELECT FROM reminders_reminder r
        WHERE r.kind = %s AND r.subject_type = %s AND r.state = 'released'
        AND (r.recipient_id, r.subject_id, r.occasion) = (o.recipient_id, o.subject_id, o.occasion))
    ORDER BY o.due_at, o.recipient_id, o.subject_id, o.occasion
"""


@dataclass(frozen=True, slots=True)
class Coming:
    """One reminder to come: to whom, about what, and when."""

    kind: Kind
    recipient_id: int
    subject_id: int
    occasion: str
    due_at: datetime

    @property
    def key(self) -> tuple[int, int, str]:
        return self.recipient_id, self.subject_id, self.occasion


def coming(kind: Kind, at: datetime, until: datetime) -> list[Coming]:
    """What the kind owes before a moment and nobody has been told yet, the first due first. One statement for the set."""
    subject = kind.model._meta.label_lower
    return [Coming(kind, *row) for row in owed(kind, at).rows(NOT_TOLD_YET, until, kind.code, subject)]


def all_coming(at: datetime) -> list[Coming]:
    """What all kinds owe in the next seven days, whatever the number of rows by the same statements."""
    with lead_times.read_once():
        found = [row for kind in registry.registered() for row in coming(kind, at, at + SHOWN)]
    return sorted(found, key=lambda row: row.due_at)


def own_coming(person: AnyUser, at: datetime) -> QuerySet[Reminder]:
    """What is planned for the person in the next seven days: the ledger, which the last tick brought in line.

    Without what is about something that is itself still to appear: what it is called is nobody's to read before.
    """
    if not is_staff_member(person):
        return Reminder.objects.none()
    planned = Reminder.objects.filter(recipient_id=person.pk, state=Reminder.State.SCHEDULED)
    return planned.filter(~_unheard_of(at), due_at__lt=at + SHOWN, not_after__gt=at).order_by("due_at", "id")


def _unheard_of(at: datetime) -> Q:
    hidden = Q(pk__in=[])
    for kind in registry.registered():
        if (subjects := kind.unheard_of(at)) is not None:
            hidden |= Q(kind=kind.code, subject_id__in=subjects.order_by().values("pk"))
    return hidden


@dataclass(frozen=True, slots=True)
class Line:
    """A reminder to come, as its recipient sees it in a list."""

    reminder: Reminder
    about: str

    @property
    def due_at(self) -> datetime:
        return self.reminder.due_at


def lines(reminders: Iterable[Reminder]) -> list[Line]:
    """The reminders with what each is about, without those whose subject is gone. One query for each kind among them."""
    rows = list(reminders)
    subjects: dict[str, dict[int, Model]] = {}
    for code in {row.kind for row in rows}:
        if kind := registry.find(code):
            found = kind.model._base_manager.select_related(*kind.related) if kind.related else kind.model._base_manager
            subjects[code] = found.in_bulk({row.subject_id for row in rows if row.kind == code})
    return [
        Line(row, kind.about(subjects[row.kind][row.subject_id]))
        for row in rows
        if (kind := registry.find(row.kind)) and row.subject_id in subjects[row.kind]
    ]


def expected_words(reminder: Reminder, at: datetime) -> Message | None:
    """What it would say if it came now; None when that cannot be said before its time."""
    kind = registry.find(reminder.kind)
    subject = kind.model._base_manager.filter(pk=reminder.subject_id).first() if kind else None
    if kind is None or subject is None or reminder.pk not in still_true([reminder], at):
        return None
    try:
        return kind.write(subject, reminder.recipient, reminder.occasion, at)
    except Exception:  # a kind may count on its moment having come; the page then says less
        log.info("Reminder %s cannot be written before its time.", reminder.pk, exc_info=True)
        return None


@dataclass
class OfKind:
    """The reminders of one kind on one day: for each person, when."""

    kind: Kind
    people: dict[int, list[datetime]] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return sum(len(moments) for moments in self.people.values())


def by_day(rows: Iterable[Coming], zone: ZoneInfo, today: date) -> Iterator[tuple[date, list[OfKind]]]:
    """[(day, its kinds)]: by the clocks of `zone`. What is due already goes with the next tick: it counts for today."""

    def day(row: Coming) -> date:
        return max(local_day(row.due_at, zone), today)

    for on, group in groupby(rows, key=day):
        kinds: dict[str, OfKind] = {}
        for row in group:
            people = kinds.setdefault(row.kind.code, OfKind(row.kind)).people
            people.setdefault(row.recipient_id, []).append(row.due_at)
        yield on, sorted(kinds.values(), key=lambda found: found.kind.label)


@dataclass(frozen=True, slots=True)
class Effect:
    """What other times of a kind would do to what is planned as far as reminders look ahead."""

    moved: int
    at_once: int
    added: int
    dropped: int

    @property
    def sentences(self) -> list[str]:
        said = []
        if self.moved:
            verb = "comes" if self.moved == 1 else "come"
            said.append(f"{counted(self.moved, 'planned reminder')} {verb} at another time.")
        if self.at_once:
            verb = "goes" if self.at_once == 1 else "go"
            said.append(f"{counted(self.at_once, 'reminder')} {verb} out within a minute: the time has come already.")
        if self.added:
            verb = "is" if self.added == 1 else "are"
            said.append(f"{counted(self.added, 'reminder')} {verb} planned in addition.")
        if self.dropped:
            verb = "is" if self.dropped == 1 else "are"
            said.append(f"{counted(self.dropped, 'planned reminder')} {verb} no longer sent in the next 14 days.")
        return said or ["No reminder that is planned for the next 14 days changes."]


def effect_of(kind: Kind, amounts: Amounts, at: datetime) -> Effect:
    """What changes when the kind's steps come at these times. Nothing is written, nothing is locked."""
    with lead_times.read_once():
        now = {row.key: row.due_at for row in coming(kind, at, at + HORIZON)}
        with lead_times.using(lead_times.current().with_amounts(kind, amounts)):
            then = {row.key: row.due_at for row in coming(kind, at, at + HORIZON)}
    early = {key for key, due_at in then.items() if due_at <= at and now.get(key, due_at + SHOWN) > at}
    both = (now.keys() & then.keys()) - early
    return Effect(
        moved=sum(now[key] != then[key] for key in both),
        at_once=len(early),
        added=len(then.keys() - now.keys() - early),
        dropped=len(now.keys() - then.keys()),
    )

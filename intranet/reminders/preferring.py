"""How a person hears of reminders: of which kinds in which rhythm, and when it is quiet. The inbox has everything at once.

Kinds that may be switched off leave every rhythm. The others are safety and duties: the clinic has to be able to show that
somebody was told, so that their mail comes at once or with the next day's digest; what does not wait for the morning comes
at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.text import slugify

from intranet.audit.recording import record
from intranet.core.access import Refused, require
from intranet.core.wording import name_list
from intranet.reminders import registry
from intranet.reminders.models import MailChoice, QuietHours, Reminder, Rhythm
from intranet.reminders.quiet_hours import USUAL, Hours, may_be, next_daily, next_weekly, quiet_until
from intranet.reminders.registry import Kind

Rhythms = tuple[Rhythm, ...]


def open_to(kind: Kind) -> Rhythms:
    """The rhythms that a kind leaves to choose."""
    if not kind.heeds_quiet_hours:
        return (Rhythm.AT_ONCE,)
    return tuple(Rhythm) if kind.optional else (Rhythm.AT_ONCE, Rhythm.DAILY)


@dataclass(frozen=True, slots=True)
class Habits:
    """How one person hears of reminders, and by which clock."""

    zone: ZoneInfo
    hours: Hours | None
    chosen: Mapping[str, Rhythm]

    def rhythm(self, kind: Kind | None) -> Rhythm:
        """What was chosen, as long as the kind leaves it: it may have become a duty since."""
        chosen = self.chosen.get(kind.code, Rhythm.AT_ONCE) if kind else Rhythm.AT_ONCE
        return chosen if kind and chosen in open_to(kind) else Rhythm.AT_ONCE

    def quiet_until(self, at: datetime) -> datetime | None:
        return quiet_until(at, self.zone, self.hours)

    def digest_after(self, moment: datetime, rhythm: Rhythm) -> datetime | None:
        """When the digest comes into which something from `moment` goes; None for what comes by itself."""
        coming = {Rhythm.DAILY: next_daily, Rhythm.WEEKLY: next_weekly}.get(rhythm)
        return coming(moment, self.zone, self.hours) if coming else None


def habits_of(people: Iterable[Any]) -> dict[int, Habits]:
    """{person's id: how they hear of reminders}. Two queries, and whatever it takes to know a person's zone."""
    by_id = {person.pk: person for person in people}
    chosen: dict[int, dict[str, Rhythm]] = defaultdict(dict)
    for person_id, kind, rhythm in MailChoice.objects.filter(person__in=by_id).values_list("person", "kind", "rhythm"):
        chosen[person_id][kind] = Rhythm(rhythm)
    hours = {row.person_id: _hours(row) for row in QuietHours.objects.filter(person__in=by_id)}
    return {pk: Habits(person.zone, hours.get(pk, USUAL), chosen[pk]) for pk, person in by_id.items()}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a person's settings: kinds that are about the same and leave the same choice."""

    label: str
    kinds: tuple[Kind, ...]
    habits: Habits

    @property
    def name(self) -> str:
        """What the line is called in forms and addresses."""
        return slugify(self.label)

    @property
    def rhythms(self) -> Rhythms:
        return open_to(self.kinds[0])

    @property
    def rhythm(self) -> Rhythm | None:
        """What all its kinds have; None when they differ, which a link in a mail or a program may have done."""
        found = {self.habits.rhythm(kind) for kind in self.kinds}
        return found.pop() if len(found) == 1 else None

    @property
    def each(self) -> list[tuple[Kind, Rhythm]]:
        return [(kind, self.habits.rhythm(kind)) for kind in self.kinds]


def kinds_for(person: Any) -> list[Kind]:
    """Every kind that the person can get: in the order of its groups, then of its words."""
    groups = list(registry.Group)
    kinds = [kind for kind in registry.registered() if kind.concerns(person)]
    return sorted(kinds, key=lambda kind: (groups.index(kind.group) if kind.group else len(groups), kind.label))


def lines_of(person: Any) -> list[Line]:
    """The person's settings. A group whose kinds do not leave the same choice falls into as many lines."""
    habits = habits_of([person])[person.pk]
    lines: list[Line] = []
    for _, group in groupby(kinds_for(person), key=lambda kind: kind.group or kind.code):
        together: dict[Rhythms, list[Kind]] = defaultdict(list)
        for kind in group:
            together[open_to(kind)].append(kind)
        whole = len(together) == 1
        lines += [Line(_label(kinds, whole=whole), tuple(kinds), habits) for kinds in together.values()]
    return lines


def _label(kinds: list[Kind], *, whole: bool) -> str:
    group = kinds[0].group
    return str(group) if group and whole else name_list([kind.label for kind in kinds])


@transaction.atomic
def prefer(person: Any, rhythms: Mapping[str, str], hours: Hours | None, *, at: datetime) -> None:
    """Everything on the person's page of settings at once. Raises Refused as the two parts do."""
    choose_rhythms(person, rhythms, by=person, at=at)
    choose_hours(person, hours, by=person, at=at)


@transaction.atomic
def choose_rhythms(person: Any, wanted: Mapping[str, str], *, by: Any, at: datetime) -> None:
    """From now on the mail of these kinds comes so, also what waits already. `wanted` is {code: rhythm}.

    Raises Refused for a kind that there is not, and for a rhythm that it does not leave. `by` is nobody when a link in a
    mail was pressed.
    """
    _require_open(wanted)
    before = dict(MailChoice.objects.filter(person_id=person.pk).values_list("kind", "rhythm"))
    changed = {code: str(rhythm) for code, rhythm in wanted.items() if before.get(code, Rhythm.AT_ONCE.value) != rhythm}
    if not changed:
        return
    MailChoice.objects.filter(person_id=person.pk, kind__in=changed).delete()
    MailChoice.objects.bulk_create(
        MailChoice(person_id=person.pk, kind=code, rhythm=rhythm)
        for code, rhythm in sorted(changed.items())
        if rhythm != Rhythm.AT_ONCE
    )
    time_anew(person, at)
    record(by, "reminders.mail_chosen", person, rhythms=changed)


def _require_open(wanted: Mapping[str, str]) -> None:
    for code, rhythm in wanted.items():
        kind = registry.find(code)
        if kind is None:
            raise Refused.because("no-kind", "There is no such kind of reminder.")
        if rhythm not in open_to(kind):
            words = name_list([choice.label.lower() for choice in open_to(kind)])
            raise Refused.because("rhythm-not-open", f"“{kind.label}” can come so and no other way: {words}.", code)


def hours_of(person: Any) -> Hours | None:
    """The person's quiet hours; None when they do without."""
    row = QuietHours.objects.filter(person_id=person.pk).first()
    return _hours(row) if row else USUAL


def _hours(row: QuietHours) -> Hours | None:
    return Hours(row.starts, row.ends) if row.starts and row.ends else None


@transaction.atomic
def choose_hours(person: Any, hours: Hours | None, *, by: Any, at: datetime) -> None:
    """From now on it is quiet then, or never (None), also for what waits already. Raises Refused for more than 14 hours."""
    if hours is not None:
        require(may_be(hours))
    if hours == hours_of(person):
        return
    values = {"starts": hours and hours.starts, "ends": hours and hours.ends}
    QuietHours.objects.update_or_create(person_id=person.pk, defaults=values)
    time_anew(person, at)
    record(by, "reminders.hours_chosen", person, quiet=f"{hours.starts:%H:%M}-{hours.ends:%H:%M}" if hours else "never")


def time_anew(person: Any, at: datetime) -> None:
    """Let the next tick decide once more about every mail that waits for its moment."""
    Reminder.objects.filter(recipient_id=person.pk, mail_due_at__gt=at).update(mail_due_at=at)

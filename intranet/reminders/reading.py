"""Having read a reminder, or not: it says nothing about having done anything, so it leaves no trace in the audit. And what
became of what one was reminded of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from intranet.core.access import AnyUser
from intranet.reminders import registry
from intranet.reminders.models import Reminder, ReminderQuerySet


def mark_read(reminders: ReminderQuerySet, *, by: AnyUser, at: datetime) -> int:
    """Mark those of the reminders that are in the person's own inbox and not put off; how many were not read before."""
    return reminders.visible_to(by).here(at).filter(read_at=None).update(read_at=at)


def mark_unread(reminders: ReminderQuerySet, *, by: AnyUser) -> int:
    """Have those of the person's own that are not settled ask for attention again; how many had been read."""
    return reminders.visible_to(by).filter(read_at__isnull=False, settled_at=None).update(read_at=None)


def endings(reminders: Iterable[Reminder]) -> dict[int, str]:
    """{reminder id: word} of settled ones that ended otherwise than by being done: `Withdrawn`. A query per kind at most."""
    of_kind: dict[str, dict[tuple[int, str], int]] = defaultdict(dict)
    for one in reminders:
        if one.settled_at is not None:
            of_kind[one.kind][one.subject_id, one.occasion] = one.pk
    return {
        settled[told]: word
        for code, settled in of_kind.items()
        if (kind := registry.find(code))
        for told, word in kind.endings(settled).items()
    }

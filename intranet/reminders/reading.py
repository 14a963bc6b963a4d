"""Having read a reminder, or not. It says nothing about having done anything, so it leaves no trace in the audit."""

from __future__ import annotations

from datetime import datetime

from intranet.core.access import AnyUser
from intranet.reminders.models import ReminderQuerySet


def mark_read(reminders: ReminderQuerySet, *, by: AnyUser, at: datetime) -> int:
    """Mark those of the reminders that are in the person's own inbox and not put off; how many were not read before."""
    return reminders.visible_to(by).here(at).filter(read_at=None).update(read_at=at)


def mark_unread(reminders: ReminderQuerySet, *, by: AnyUser) -> int:
    """Have those of the person's own that are not settled ask for attention again; how many had been read."""
    return reminders.visible_to(by).filter(read_at__isnull=False, settled_at=None).update(read_at=None)

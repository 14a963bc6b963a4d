"""What comes first where many reminders stand together in one mail: what cannot wait, then duties, then what only tells."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum

from intranet.reminders import registry
from intranet.reminders.models import Reminder
from intranet.reminders.registry import Kind


class Weight(IntEnum):
    """By what the kind declares, and what it said of the case; the weightiest first."""

    URGENT = 0  # not even the night holds it up, or the inbox shows it as a danger
    DUTY = 1  # somebody waits for it, and nobody can switch its mail off
    ASKING = 2
    TELLING = 3


def weight_of(kind: Kind | None) -> Weight:
    """A kind that this process does not know (another release of the product does) is taken to tell something."""
    if kind is None:
        return Weight.TELLING
    if not kind.heeds_quiet_hours or kind.tone == "danger":
        return Weight.URGENT
    if not kind.asks:
        return Weight.TELLING
    return Weight.ASKING if kind.optional else Weight.DUTY


def weightiest_first(reminders: Iterable[Reminder]) -> list[Reminder]:
    """Within one weight what ends soonest, and what has waited longest."""

    def key(reminder: Reminder) -> tuple[Weight, datetime, datetime, int]:
        weight = Weight.URGENT if reminder.at_any_hour else weight_of(registry.find(reminder.kind))
        return weight, reminder.not_after, reminder.due_at, reminder.pk

    return sorted(reminders, key=key)

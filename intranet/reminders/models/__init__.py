"""The ledger: what is owed to whom, in which mail it went, and what every attempt to send it came to.

State lives in these rows alone. The states and who moves them: `planning` and `releasing` move reminders, `releasing`,
`sending` and `reaping` move deliveries. Nothing is ever deleted here except runs that did nothing.
"""

from __future__ import annotations

from intranet.reminders.models.addresses import AddressTrouble, AddressTroubleQuerySet
from intranet.reminders.models.choices import MailChoice, QuietHours, Rhythm
from intranet.reminders.models.deliveries import UNSETTLED, Attempt, Delivery, DeliveryItem, DeliveryQuerySet
from intranet.reminders.models.reminders import CAME_AT, Reminder, ReminderQuerySet
from intranet.reminders.models.runs import Run
from intranet.reminders.models.step_times import StepTime

__all__ = [
    "CAME_AT",
    "UNSETTLED",
    "AddressTrouble",
    "AddressTroubleQuerySet",
    "Attempt",
    "Delivery",
    "DeliveryItem",
    "DeliveryQuerySet",
    "MailChoice",
    "QuietHours",
    "Reminder",
    "ReminderQuerySet",
    "Rhythm",
    "Run",
    "StepTime",
]

"""Putting a reminder off: it leaves the list and its counts, and comes back unread, on top. No job does that: the row says
until when, and every query asks. Its mail, if there is still one to come, comes all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from intranet.core.access import YES, AnyUser, Conflict, Reason, Verdict, require
from intranet.core.time import UTC, at_local, monday_of
from intranet.core.wording import clock_time, near_day
from intranet.reminders.models import Reminder

AN_HOUR = timedelta(hours=1)
A_DAY = timedelta(days=1)
EVENING, MORNING = time(18), time(8)

DONE = Reason("settled", "It is done, or no longer applies: there is nothing to put off.")
PAST = Reason("past", "Choose a moment that is still to come.", field="until")


class Until(StrEnum):
    """The moments that are offered."""

    HOUR = "hour"
    EVENING = "evening"
    TOMORROW = "tomorrow"
    MONDAY = "monday"


@dataclass(frozen=True, slots=True)
class Offer:
    """A moment that is offered, in words."""

    until: Until
    moment: datetime
    label: str


def moment_of(until: Until, at: datetime, zone: ZoneInfo) -> datetime:
    """When that is for somebody in `zone`; on a Monday the next one is meant."""
    today = at.astimezone(zone).date()
    return {
        Until.HOUR: at.astimezone(UTC) + AN_HOUR,
        Until.EVENING: at_local(today, EVENING, zone),
        Until.TOMORROW: at_local(today + A_DAY, MORNING, zone),
        Until.MONDAY: at_local(monday_of(today) + 7 * A_DAY, MORNING, zone),
    }[until]


def offers(reminder: Reminder, at: datetime, zone: ZoneInfo) -> list[Offer]:
    """What may be offered now, the nearest first. On a Sunday tomorrow is Monday, and stands once."""
    found: dict[datetime, Offer] = {}
    for until in Until:
        moment = moment_of(until, at, zone)
        if may_snooze(reminder, moment, at, zone):
            found.setdefault(moment, Offer(until, moment, _label(until, moment, at, zone)))
    return sorted(found.values(), key=lambda offer: offer.moment)


def _label(until: Until, moment: datetime, at: datetime, zone: ZoneInfo) -> str:
    words = {Until.HOUR: "For an hour", Until.EVENING: "This evening", Until.TOMORROW: "Tomorrow morning"}
    return f"{words.get(until, 'Monday morning')}, {clock_time(moment, zone)}"


def may_snooze(reminder: Reminder, until: datetime, at: datetime, zone: ZoneInfo) -> Verdict:
    """What is done needs no putting off, and nothing is put off past the moment at which it is of no more use."""
    reasons = []
    if reminder.settled_at is not None:
        reasons.append(DONE)
    if until <= at:
        reasons.append(PAST)
    if until >= reminder.not_after:
        end = reminder.not_after.astimezone(zone)
        reasons.append(
            Reason("too-late", f"That is too late: it ends {_when(end, at.astimezone(zone).date())}.", field="until")
        )
    return Verdict.of(reasons) if reasons else YES


def _when(moment: datetime, today: date) -> str:
    return f"{near_day(moment.date(), today)} at {clock_time(moment)}"


def snooze(reminder: Reminder, *, until: datetime, by: AnyUser, at: datetime, zone: ZoneInfo) -> None:
    """Put one's own reminder off. Raises Refused with all reasons; Conflict when it was done just now."""
    require(may_snooze(reminder, until, at, zone))
    free = Reminder.objects.visible_to(by).filter(pk=reminder.pk, settled_at=None, not_after__gt=until)
    if not free.update(snoozed_until=until, read_at=None):
        raise Conflict(Verdict.of([DONE]))


def bring_back(reminder: Reminder, *, by: AnyUser, at: datetime) -> bool:
    """Have it here again, unread, at the place where it came first. Says whether it was put off."""
    return bool(Reminder.objects.visible_to(by).put_off(at).filter(pk=reminder.pk).update(snoozed_until=None))

"""Putting a reminder off: it leaves the list and its counts, and comes back unread, on top. No job does that: the row says
until when, and every query asks. Its mail, if there is still one to come, comes all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from intranet.core.access import YES, AnyUser, Conflict, Reason, Verdict, require
from intranet.core.time import UTC, at_local, monday_of
from intranet.core.wording import clock_time, near_day
from intranet.reminders.models import Reminder, ReminderQuerySet

AN_HOUR = timedelta(hours=1)
A_DAY = timedelta(days=1)
EVENING, MORNING = time(18), time(8)
# A time of the day is offered when it is so far away at least: "This evening" is no offer at half past five.
NEAREST = timedelta(hours=2)

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
    """What may be offered now, the nearest first."""
    return [offer for offer in all_offers(at, zone) if may_snooze(reminder, offer.moment, at, zone)]


def all_offers(at: datetime, zone: ZoneInfo) -> list[Offer]:
    """What there is to offer at this time of the week, the nearest first. On a Sunday tomorrow is Monday, and stands once."""
    found: dict[datetime, Offer] = {}
    for until in Until:
        moment = moment_of(until, at, zone)
        if until is Until.HOUR or moment - at.astimezone(UTC) >= NEAREST:
            found.setdefault(moment, Offer(until, moment, _label(until, moment, at, zone)))
    return sorted(found.values(), key=lambda offer: offer.moment)


def shared_offers(each: Iterable[list[Offer]]) -> list[Offer]:
    """What may be offered for several chosen rows of a list: all that one of them, at least, can be put off to."""
    found = {offer.moment: offer for offers_of_one in each for offer in offers_of_one}
    return [found[moment] for moment in sorted(found)]


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


def snooze_several(reminders: ReminderQuerySet, *, until: datetime, by: AnyUser, at: datetime) -> int:
    """Put off those of one's own that may be, each as far as alone; how many. What is done, or ends before, stays.

    Raises Refused for a moment that has passed. One statement, whatever the number.
    """
    require(Verdict.of([PAST]) if until <= at else YES)
    free = reminders.visible_to(by).filter(settled_at=None, not_after__gt=until)
    return free.update(snoozed_until=until, read_at=None)


def bring_back(reminders: ReminderQuerySet, *, by: AnyUser, at: datetime) -> int:
    """Have those of one's own here again, unread, where they came first; how many of them were put off."""
    return reminders.visible_to(by).put_off(at).update(snoozed_until=None)

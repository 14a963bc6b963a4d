"""Somebody's published shifts as a calendar that programs subscribe to: a function of the key and of the data alone.

Nothing in it depends on when it is read but the window of days, so that an unchanged calendar keeps its bytes and its ETag.
RFC 5545 and 7986; Outlook reads time zones only as rules, so those of the United States are written as such.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vDuration, vRecur

from accounts.models import Clinic, User
from intranet.audit.recording import record
from intranet.core.access import Forbidden, require
from intranet.core.time import UTC
from scheduling.models import CalendarFeed, PublishedShift
from scheduling.my_schedule import may_have_schedule

BYTES = 32  # 256 bits
BEFORE, AFTER = timedelta(days=30), timedelta(days=180)
CANCELLED_FOR = timedelta(days=30)  # as long a shift that was taken away stays in the calendar as cancelled
REFRESH = timedelta(hours=1)
UNITED_STATES = {
    "America/New_York": (-5, "EST", "EDT"),
    "America/Chicago": (-6, "CST", "CDT"),
    "America/Denver": (-7, "MST", "MDT"),
    "America/Los_Angeles": (-8, "PST", "PDT"),
}
A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Feed:
    """The calendar as it is sent, and when its newest part changed."""

    body: bytes
    modified: datetime

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:40]}"'


@transaction.atomic
def new_address(person: User, *, at: datetime) -> tuple[CalendarFeed, str]:
    """A calendar address for oneself; one that there was stops working. Returns it with its key, which nobody reads twice."""
    require(may_have_schedule(person), Forbidden)
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
    CalendarFeed.objects.working().filter(person=person).update(revoked_at=at)
    key = secrets.token_urlsafe(BYTES)
    feed = CalendarFeed.objects.create(person=person, digest=digest(key), made_at=at)
    record(person, "calendar-feed.made", feed)
    return feed, key


@transaction.atomic
def revoke(feed: CalendarFeed, *, by: User, at: datetime) -> None:
    """Make the address stop working."""
    if feed.person_id != by.pk:
        raise Forbidden.because("not-yours", "Only its owner revokes a calendar address.")
    if CalendarFeed.objects.working().filter(pk=feed.pk).update(revoked_at=at):
        record(by, "calendar-feed.revoked", feed)


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def find(key: str, at: datetime) -> CalendarFeed | None:
    """The address with this key, if it works and its owner still has a schedule. Notes that it was used, once a minute."""
    feed = CalendarFeed.objects.working().select_related("person").filter(digest=digest(key)).first()
    if feed is None or not may_have_schedule(feed.person):
        return None
    unused = Q(last_used_at=None) | Q(last_used_at__lt=at - A_MINUTE)
    CalendarFeed.objects.filter(unused, pk=feed.pk).update(last_used_at=at)
    return feed


def calendar_of(person: User, at: datetime) -> Feed:
    """The person's published shifts from 30 days back to 180 days ahead; what was taken away, as cancelled for 30 days."""
    around = (at - BEFORE, at + AFTER)
    mine = PublishedShift.objects.visible_to(person).within(*around)
    lost = Q(withdrawn_at__gt=at - CANCELLED_FOR)
    shifts = list(mine.filter(Q(staff=person) & (Q(withdrawn_at=None) | lost)).select_related("clinic", "skill"))
    gone = _given_away(person, around, at)
    shifts.sort(key=lambda one: (one.start, str(one.shift_id)))
    calendar = _empty(person)
    for zone in sorted({one.clinic.time_zone for one in (*shifts, *(shift for shift, _ in gone))}):
        if (described := _timezone(zone)) is not None:
            calendar.add_component(described)
    for shift in shifts:
        calendar.add_component(_event(shift, cancelled=shift.withdrawn_at is not None))
    for shift, moment in gone:
        calendar.add_component(_event(shift, cancelled=True, changed=moment))
    changed = [one.withdrawn_at or one.published_at for one in shifts] + [moment for _, moment in gone]
    return Feed(calendar.to_ical(), max(changed, default=person.date_joined))


def _given_away(person: User, around: tuple[datetime, datetime], at: datetime) -> list[tuple[PublishedShift, datetime]]:
    """Shifts in the window that somebody else has now, or nobody, and that were the person's less than 30 days ago."""
    now_of_others = PublishedShift.objects.standing().within(*around).exclude(staff=person)
    mine_before = now_of_others.filter(
        shift__publication_changes__staff_before=person,
        shift__publication_changes__publication__at__gt=at - CANCELLED_FOR,
    )
    rows = mine_before.select_related("clinic", "skill").distinct().order_by("period", "shift_id")
    return [(one, one.published_at) for one in rows]


def _empty(person: User) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Clinic intranet//Schedule//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "My shifts")
    calendar.add("x-wr-timezone", person.zone.key)
    calendar.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    return calendar


def _event(shift: PublishedShift, *, cancelled: bool, changed: datetime | None = None) -> Event:
    """One shift. The identity is that of the shift, through every move and new holder."""
    changed = changed or shift.withdrawn_at or shift.published_at
    event = Event()
    event.add("uid", f"{shift.shift_id}@{_host()}")
    event.add("sequence", shift.sequence)
    event.add("dtstamp", changed.astimezone(UTC))
    event.add("last-modified", changed.astimezone(UTC))
    for name, moment in (("dtstart", shift.start), ("dtend", shift.end)):
        event.add(name, _in_zone(moment, shift.clinic))
    event.add("summary", _title(shift))
    event.add("location", _place(shift.clinic))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    event.add("url", f"{settings.SITE_ORIGIN}/schedule/")
    return event


def _title(shift: PublishedShift) -> str:
    skill = f", {shift.skill}" if shift.skill else ""
    return f"{shift.get_position_display()}, {shift.clinic}{skill}"


def _place(clinic: Clinic) -> str:
    return ", ".join(part for part in (clinic.name, clinic.address) if part)


def _host() -> str:
    return urlsplit(settings.SITE_ORIGIN).hostname or "intranet"


def _in_zone(moment: datetime, clinic: Clinic) -> datetime:
    """In the clinic's zone where we can describe it to every program, else in UTC."""
    zone = clinic.zone if clinic.time_zone in UNITED_STATES else UTC
    return moment.astimezone(zone)


def _timezone(name: str) -> Timezone | None:
    """The rules of a zone of the United States since 2007: second Sunday of March, first of November, at two o'clock."""
    if name not in UNITED_STATES:
        return None
    hours, standard, daylight = UNITED_STATES[name]
    winter, summer = timedelta(hours=hours), timedelta(hours=hours + 1)
    zone = Timezone()
    zone.add("tzid", name)
    parts: Sequence[tuple[type, str, datetime, timedelta, timedelta, int, str]] = (
        (TimezoneDaylight, daylight, datetime(2007, 3, 11, 2), winter, summer, 3, "2SU"),  # noqa: DTZ001
        (TimezoneStandard, standard, datetime(2007, 11, 4, 2), summer, winter, 11, "1SU"),  # noqa: DTZ001
    )
    for kind, label, start, before, after, month, day in parts:
        part = kind()
        part.add("tzname", label)
        part.add("dtstart", start)
        part.add("tzoffsetfrom", before)
        part.add("tzoffsetto", after)
        part.add("rrule", vRecur({"FREQ": "YEARLY", "BYMONTH": month, "BYDAY": day}))
        zone.add_component(part)
    return zone

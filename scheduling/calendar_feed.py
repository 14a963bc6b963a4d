"""Somebody's published shifts as a calendar that programs subscribe to: a function of the person, the day and the data.

The day moves the window and nothing else, so that an unchanged calendar keeps its bytes and its ETag. RFC 5545 and 7986;
Outlook reads time zones only as rules, so those of the United States are written as such.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vDuration, vRecur

from accounts.models import Clinic, User
from intranet.core.time import UTC, day_span
from scheduling.models import PublicationChange, PublishedShift
from scheduling.positions import Position
from scheduling.times import overlaps

BEFORE, AFTER = timedelta(days=30), timedelta(days=180)
CANCELLED_FOR = timedelta(days=30)  # as long a shift that was taken away stays in the calendar as cancelled
REFRESH = timedelta(hours=1)
# Standard time's offset in hours, and what it and daylight time are called.
UNITED_STATES = {
    "America/New_York": (-5, "EST", "EDT"),
    "America/Chicago": (-6, "CST", "CDT"),
    "America/Denver": (-7, "MST", "MDT"),
    "America/Los_Angeles": (-8, "PST", "PDT"),
}


@dataclass(frozen=True)
class Feed:
    """The calendar as it is sent, and when it last became another one."""

    body: bytes
    modified: datetime

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:40]}"'


@dataclass(frozen=True)
class Happening:
    """What the calendar says of one shift: as the person has it, or as the person had it before it was taken away."""

    shift: UUID
    sequence: int
    clinic: Clinic
    start: datetime
    end: datetime
    position: str
    skill: str
    changed: datetime
    cancelled: bool = False


def calendar_of(person: User, on: date) -> Feed:
    """The person's published shifts from 30 days back to 180 days ahead; what was taken away, as cancelled for 30 days."""
    midnight = day_span(on, person.zone)[0]
    window = (midnight - BEFORE, midnight + AFTER)
    found = [*_held(person, window), *_taken_away(person, window, midnight - CANCELLED_FOR)]
    found.sort(key=lambda one: (one.start, str(one.shift)))
    calendar = _empty(person)
    for zone in sorted({one.clinic.time_zone for one in found} & UNITED_STATES.keys()):
        calendar.add_component(_timezone(zone))
    for one in found:
        calendar.add_component(_event(one))
    # The window moves at midnight: whoever asks by date alone must not be told that nothing has changed since.
    return Feed(calendar.to_ical(), max([midnight, *(one.changed for one in found)]))


def _held(person: User, window: tuple[datetime, datetime]) -> Iterator[Happening]:
    shifts = PublishedShift.objects.visible_to(person).standing().of(person).within(*window)
    for one in shifts.select_related("clinic", "skill"):
        yield Happening(
            shift=one.shift_id,
            sequence=one.sequence,
            clinic=one.clinic,
            start=one.start,
            end=one.end,
            position=one.position,
            skill=str(one.skill or ""),
            changed=one.published_at,
        )


def _taken_away(person: User, window: tuple[datetime, datetime], since: datetime) -> Iterator[Happening]:
    """Shifts that were the person's until a publication since then, as they were.

    From the publications alone: what became of a shift afterwards is somebody else's business. Each change of a shift
    raised its sequence by one, so the number of the change is the sequence that it led to.
    """
    lost = PublicationChange.objects.filter(staff_before=person, publication__at__gte=since).exclude(staff_after=person)
    held = PublishedShift.objects.standing().of(person)
    gone = lost.exclude(shift__in=held.values("shift")).values("shift")
    sequences: dict[UUID, int] = {}
    last: dict[UUID, Happening] = {}
    history = PublicationChange.objects.filter(shift__in=gone).select_related("publication__week__clinic")
    for change in history.order_by("pk"):
        sequences[change.shift_id] = sequences.get(change.shift_id, -1) + 1
        if change.before and change.staff_before_id == person.pk != change.staff_after_id:
            last[change.shift_id] = _as_it_was(change, change.before, sequences[change.shift_id])
    return (one for one in last.values() if overlaps((one.start, one.end), window))


def _as_it_was(change: PublicationChange, said: dict[str, Any], sequence: int) -> Happening:
    return Happening(
        shift=change.shift_id,
        sequence=sequence,
        clinic=change.publication.week.clinic,
        start=datetime.fromisoformat(said["start"]),
        end=datetime.fromisoformat(said["end"]),
        position=said["position"],
        skill=said["skill"],
        changed=change.publication.at,
        cancelled=True,
    )


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


def _event(one: Happening) -> Event:
    """One shift. The identity is that of the shift, through every move and new holder. Notes stay at home."""
    event = Event()
    event.add("uid", f"{one.shift}@{_host()}")
    event.add("sequence", one.sequence)
    event.add("dtstamp", one.changed.astimezone(UTC))
    event.add("last-modified", one.changed.astimezone(UTC))
    event.add("dtstart", _written(one.start, one.clinic))
    event.add("dtend", _written(one.end, one.clinic))
    event.add("summary", ", ".join(part for part in (Position(one.position).label, str(one.clinic), one.skill) if part))
    event.add("location", ", ".join(part for part in (one.clinic.name, one.clinic.address) if part))
    event.add("status", "CANCELLED" if one.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if one.cancelled else "OPAQUE")
    event.add("url", f"{settings.SITE_ORIGIN}/schedule/")
    return event


def _host() -> str:
    return urlsplit(settings.SITE_ORIGIN).hostname or "intranet"


def _written(moment: datetime, clinic: Clinic) -> datetime:
    """By the clinic's clocks where every program knows their rules, else in UTC.

    Of an hour that the clocks show twice, a calendar means the first (RFC 5545, 3.3.5): the second is written in UTC.
    """
    local = moment.astimezone(clinic.zone)
    return local if clinic.time_zone in UNITED_STATES and not local.fold else moment.astimezone(UTC)


def _timezone(name: str) -> Timezone:
    """The rules of a zone of the United States since 2007: second Sunday of March, first of November, at two o'clock."""
    hours, standard, daylight = UNITED_STATES[name]
    winter, summer = timedelta(hours=hours), timedelta(hours=hours + 1)
    zone = Timezone()
    zone.add("tzid", name)
    parts: Sequence[tuple[type, str, datetime, timedelta, timedelta, int, str]] = (
        (TimezoneDaylight, daylight, datetime(2007, 3, 11, 2), winter, summer, 3, "2SU"),  # noqa: DTZ001 - of the wall
        (TimezoneStandard, standard, datetime(2007, 11, 4, 2), summer, winter, 11, "1SU"),  # noqa: DTZ001 - of the wall
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

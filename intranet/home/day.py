"""A person's day: the next shift, what must be read by when, what changed, who is here. Reads, decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from accounts.models import Clinic, User
from intranet.announcements.models import Announcement
from intranet.core.time import local_day, minutes_between
from protocols.acknowledging import must_acknowledge
from protocols.models import Acknowledgement, ProtocolVersion
from scheduling.models import PublishedShift
from scheduling.roster import next_shifts, on_today, with_whom

CHANGED = 4
LATEST = 4


@dataclass(frozen=True)
class Duty:
    """Something to read and acknowledge, whatever it is."""

    title: str
    url: str
    what: tuple[str, ...]
    due_on: date
    late: bool


def duties(user: User, at: datetime) -> list[Duty]:
    """Protocols and announcements that wait for the person, the first due first."""
    today = local_day(at, user.zone)
    found = [*_protocol_duties(user, at, today), *_announcement_duties(user, at, today)]
    return sorted(found, key=lambda duty: (duty.due_on, duty.title))


def _protocol_duties(user: User, at: datetime, today: date) -> Iterable[Duty]:
    versions = list(must_acknowledge(user, at=at))
    signed = dict(
        Acknowledgement.objects.filter(user=user, version__protocol__in=[v.protocol_id for v in versions])
        .order_by("version__number")
        .values_list("version__protocol", "version__number")
    )
    for version in versions:
        earlier = signed.get(version.protocol_id)
        known = f"You acknowledged version {earlier}" if earlier else "New for you"
        yield Duty(
            title=version.title,
            url=version.protocol.get_absolute_url(),
            what=(f"Protocol, version {version.number}", known),
            due_on=(due_on := version.due_on),  # type: ignore[attr-defined]  # an annotation of must_acknowledge
            late=due_on < today,
        )


def _announcement_duties(user: User, at: datetime, today: date) -> Iterable[Duty]:
    for announcement in Announcement.objects.owed_by(user, at):
        yield Duty(
            title=announcement.title,
            url=announcement.get_absolute_url(),
            what=("Announcement", f"From {announcement.author}"),
            due_on=cast("date", announcement.due_on),  # a constraint: what must be acknowledged has its day
            late=cast("datetime", announcement.due_at) <= at,
        )


@dataclass(frozen=True)
class NextShift:
    """The shift that comes, or runs, with who else is there, and the three after it."""

    shift: PublishedShift
    company: list[User]
    after: list[PublishedShift]
    at: datetime

    @property
    def runs(self) -> bool:
        return self.shift.start <= self.at

    @property
    def minutes_to_start(self) -> int:
        return minutes_between(self.at, self.shift.start)

    @property
    def starts_soon(self) -> bool:
        return 0 < self.minutes_to_start <= 12 * 60


def next_shift(user: User, at: datetime) -> NextShift | None:
    """The person's next shift as published; None when there is none."""
    shifts = next_shifts(user, at, limit=4)
    if not shifts:
        return None
    return NextShift(shifts[0], with_whom(shifts[:1]).get(shifts[0].pk, []), shifts[1:], at)


def recently_changed(user: User, at: datetime) -> list[ProtocolVersion]:
    """The protocols that came into force last, among those that the person reads."""
    found = ProtocolVersion.objects.visible_to(user).in_force(at).select_related("protocol", "approved_by")
    return list(found.order_by("-in_force__startswith", "title")[:CHANGED])


@dataclass(frozen=True)
class Presence:
    """Somebody's shift today, as the published roster has it."""

    shift: PublishedShift
    is_you: bool
    here: bool
    gone: bool

    @property
    def words(self) -> str:
        return "Here now" if self.here else "Gone home" if self.gone else "Later"


def here_today(user: User, at: datetime) -> list[tuple[Clinic, list[Presence]]]:
    """Who works today at each clinic, the person's own clinics first."""
    clinics = sorted(
        Clinic.objects.visible_to(user), key=lambda clinic: (clinic.pk not in user.standing.clinic_ids, clinic.number)
    )
    shifts = on_today(clinics, at)
    return [
        (
            clinic,
            [
                Presence(shift, shift.staff_id == user.pk, shift.start <= at < shift.end, shift.end <= at)
                for shift in shifts[clinic.pk]
            ],
        )
        for clinic in clinics
    ]


def latest_announcements(user: User, at: datetime) -> list[Announcement]:
    found = Announcement.objects.visible_to(user).current(at).prefetch_related("audience__clinic")
    return list(found[:LATEST])


def greeting(at: datetime, user: User) -> str:
    """By the clock of the person's clinic."""
    hour = at.astimezone(user.zone).hour
    return "Good morning" if hour < 12 else "Good afternoon" if hour < 18 else "Good evening"

"""A person's day: the next shift, what changed, who is here, what is new. Reads, decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Clinic, User
from intranet.announcements.models import Announcement
from intranet.announcements.reading import Entry, entries, with_parts
from intranet.core.time import minutes_between
from intranet.core.wording import name_list
from protocols.models import ProtocolVersion
from scheduling.models import PublishedShift
from scheduling.roster import next_shifts, on_today, with_whom

CHANGED = 4
LATEST = 4
NAMED = 4


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

    @property
    def company_words(self) -> str:
        """`Marcus, Noor and Bea`, or the first few and how many more."""
        names = [person.given_name for person in self.company]
        if len(names) <= NAMED + 1:
            return name_list(names)
        return name_list([*names[:NAMED], f"{len(names) - NAMED} more"])


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


def latest_announcements(user: User, at: datetime) -> list[Entry]:
    """What is current: what waits for the person first, urgent on top, then pinned and newest first."""
    found = with_parts(Announcement.objects.visible_to(user).current(at).duties_first(user, at))
    return entries(found[:LATEST], user, at)


def greeting(at: datetime, user: User) -> str:
    """By the clock of the person's clinic."""
    hour = at.astimezone(user.zone).hour
    return "Good morning" if hour < 12 else "Good afternoon" if hour < 18 else "Good evening"

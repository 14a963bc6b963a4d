"""What waits for one person: to read and acknowledge, to review, to publish. Reads, decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import cast

from accounts.models import User
from intranet.announcements.models import Announcement, day_that_ends
from intranet.core.time import local_day
from intranet.core.wording import day_label
from intranet.home.starting import version_words
from protocols.acknowledging import must_acknowledge
from protocols.models import Acknowledgement, Protocol, ProtocolVersion, Review, Suspension
from protocols.publishing import to_approve, to_change, to_publish
from protocols.reviewing import to_confirm
from protocols.suspending import in_question
from scheduling.models import PublishedShift

SOON = timedelta(days=7)
MOST_SHOWN = 12  # protocols; somebody new may have dozens, and the library lists them all


@dataclass(frozen=True)
class Duty:
    """Something to read and acknowledge, whatever it is. `purpose` says what depends on it, where something does."""

    title: str
    url: str
    what: tuple[str, ...]
    due_on: date
    days_left: int
    purpose: str = ""
    is_protocol: bool = False

    @property
    def late(self) -> bool:
        return self.days_left < 0

    @property
    def tone(self) -> str:
        return "danger" if self.late else "caution" if self.days_left <= SOON.days else "neutral"


@dataclass(frozen=True)
class Duties:
    """Everything that waits for a person: to read, the first due first; to change; to review; to publish."""

    all: list[Duty]
    to_change: list[ProtocolVersion] = field(default_factory=list)  # own drafts that were sent back
    to_approve: list[ProtocolVersion] = field(default_factory=list)
    to_confirm: list[Review] = field(default_factory=list)  # somebody else found nothing to change
    to_publish: list[ProtocolVersion] = field(default_factory=list)
    suspended: list[Suspension] = field(default_factory=list)  # until the lead has decided

    @property
    def on_protocols(self) -> bool:
        """Whether anything waits besides what is to be read."""
        return bool(self.to_change or self.to_approve or self.to_confirm or self.to_publish or self.suspended)

    @property
    def late(self) -> int:
        return sum(duty.late for duty in self.all)

    @property
    def shown(self) -> list[Duty]:
        """Every announcement, and the protocols that are due first."""
        return [duty for duty in self.all if duty not in self._beyond]

    @property
    def more(self) -> int:
        """How many protocols are not shown."""
        return len(self._beyond)

    @cached_property
    def _beyond(self) -> frozenset[Duty]:
        return frozenset([duty for duty in self.all if duty.is_protocol][MOST_SHOWN:])

    @property
    def waiting_words(self) -> str:
        """`2 more waiting` beside the late ones, `3 waiting` without."""
        rest = len(self.all) - self.late
        return f"{rest} {'more ' if self.late else ''}waiting" if rest else ""


def duties(user: User, at: datetime) -> Duties:
    """Protocols and announcements that wait for the person. The same number of queries, however many there are."""
    today = local_day(at, user.zone)
    found = [*_protocol_duties(user, at, today), *_announcement_duties(user, at, today)]
    in_order = sorted(found, key=lambda duty: (duty.due_on, duty.title))
    return Duties(
        in_order,
        to_change=list(to_change(user)),
        to_approve=list(to_approve(user)),
        to_confirm=list(to_confirm(user, at)),
        to_publish=list(to_publish(user)),
        suspended=list(in_question(user, at)),
    )


def _protocol_duties(user: User, at: datetime, today: date) -> Iterable[Duty]:
    versions = must_acknowledge(user, at=at)
    protocols = [version.protocol_id for version in versions]
    signed = dict(
        Acknowledgement.objects.filter(user=user, version__protocol__in=protocols)
        .order_by("version__number")
        .values_list("version__protocol", "version__number")
    )
    shifts = _shifts_that_need(protocols, user, at)
    for version in versions:
        earlier = signed.get(version.protocol_id)
        shift = shifts.get(version.protocol_id)
        yield Duty(
            title=version.title,
            url=version.protocol.get_absolute_url(),
            what=(
                f"Protocol, {version_words(version, today)}",
                f"You acknowledged version {earlier}" if earlier else "New for you",
            ),
            due_on=version.due_on,
            days_left=(version.due_on - today).days,
            is_protocol=True,
            purpose=f"You need it for your shift on {day_label(shift.day, today)}: {shift.skill}." if shift else "",
        )


def _shifts_that_need(protocols: list[int], user: User, at: datetime) -> dict[int, PublishedShift]:
    """{protocol: the person's next shift for a skill that the protocol governs}. Two queries."""
    coming = PublishedShift.objects.standing().of(user).filter(period__startswith__gt=at, skill__isnull=False)
    next_with = {shift.skill_id: shift for shift in coming.select_related("clinic", "skill").order_by("-period")}
    governs = Protocol.skills.through.objects.filter(protocol__in=protocols, skill__in=next_with)
    pairs = [(protocol, next_with[skill]) for protocol, skill in governs.values_list("protocol", "skill")]
    return dict(sorted(pairs, key=lambda pair: pair[1].start, reverse=True))


def _announcement_duties(user: User, at: datetime, today: date) -> Iterable[Duty]:
    for announcement in Announcement.objects.owed_by(user, at):
        due_on = cast("date", day_that_ends(announcement.own_due_at))  # type: ignore[attr-defined]  # an annotation
        yield Duty(
            title=announcement.title,
            url=announcement.get_absolute_url(),
            what=("Announcement", f"From {announcement.author}"),
            due_on=due_on,
            days_left=(due_on - today).days,
        )

"""The reminder kinds of announcements: to those who must acknowledge and their managers once it is late, and what only tells."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, Greatest, Least
from django.urls import reverse
from django.utils.text import Truncator

from accounts.models import Membership, User
from accounts.models.people import held_on
from accounts.roles import Capability, Role
from intranet.announcements.acknowledging import Progress, answers_for
from intranet.announcements.audience import addressed_rows
from intranet.announcements.models import Announcement, Audience, Receipt, ReceiptQuerySet, asked_at
from intranet.core.arrays import each_of
from intranet.core.moments import InZone, clock_after, moment_of
from intranet.core.time import organisation_day, organisation_zone
from intranet.core.wording import clock_time, counted, full_day, name_list, zone_words
from intranet.reminders.lead_times import steps_of
from intranet.reminders.registry import HORIZON, HOUR, NOW, Group, Kind, Message, OnDoubt, Step, at_once, register

APPEARED = "after it appeared or the person was added"
URGENT = "Urgent announcements"  # their steps are called like the others' after this prefix
PREFIX = "urgent "
KEPT = timedelta(days=30)
TOLD_FOR = timedelta(days=14)
QUOTED = 400  # characters of a message; the page has it all
FOR_EVER = timedelta(days=36500)
AGAIN = "-edition-"


def outstanding(at: datetime) -> QuerySet[Any]:
    """A row per announcement, audience row and recipient who still has to acknowledge it, also soon to appear."""
    return _addressed_without(
        Receipt.objects.acknowledged(), Announcement.objects.asking(at, at + HORIZON), organisation_day(at)
    )


def _addressed_without(receipts: ReceiptQuerySet, among: QuerySet[Announcement], day: date) -> QuerySet[Any]:
    """A row per announcement, audience row and recipient of whom such a receipt does not count yet."""
    given = receipts.counting().filter(announcement=OuterRef("announcement"), user=OuterRef("user_id"))
    return addressed_rows(among, day).filter(~Exists(given))


def _named(announcement: Announcement) -> str:
    return f"Urgent: {announcement.title}" if announcement.urgent else announcement.title


def _quoted(announcement: Announcement) -> str:
    """How it begins; the page has it all."""
    return Truncator(announcement.words).chars(QUOTED)


def _own_start(asked: Any) -> Greatest:
    """When an announcement asked a recipient: whoever joined later is asked then."""
    return Greatest(asked, moment_of(F("clinic__memberships__period__startswith"), organisation_zone()))


def _in_words_of(occasion: str) -> Case:
    """The occasion, and the edition whose words the reminder tells, once a correction has asked again."""
    again = Concat(Value(f"{occasion}{AGAIN}"), Cast("announcement__told_in", CharField()))
    return Case(When(announcement__told_in__gt=1, then=again), default=Value(occasion), output_field=CharField())


def _edition_told(occasion: str) -> int:
    """The edition whose words a reminder tells: see `_in_words_of`."""
    return int(occasion.partition(AGAIN)[2] or 1)


def _after(moment: Any, delay: timedelta) -> ExpressionWrapper:
    return ExpressionWrapper(moment + Value(delay), output_field=DateTimeField())


def _clock_after(moment: Any, delay: timedelta) -> InZone:
    """What the clocks show then, also in the night in which they are put forward or back."""
    zone = organisation_zone()
    return clock_after(InZone(Value(zone.key), moment), delay, zone)


def _until_over(latest: ExpressionWrapper, *, of: str = "announcement__") -> Least:
    """Reminders are of use until the announcement is over, at the longest until then."""
    return Least(Coalesce(F(f"{of}expires_at"), latest), latest)


def _long_due() -> ExpressionWrapper:
    """A month past the due date."""
    return _after(F("announcement__due_at"), KEPT)


class OfAnnouncement(Kind):
    """About an announcement, of which nobody hears before it appears."""

    subject = "announcements.Announcement"
    icon = "megaphone"

    def about(self, subject: Announcement) -> str:
        return subject.title

    def unheard_of(self, at: datetime) -> QuerySet[Announcement]:
        return Announcement.objects.scheduled(at)

    def endings(self, told: Collection[tuple[int, str]]) -> dict[tuple[int, str], str]:
        """What was withdrawn, and what says something else by now than the reminder did."""
        rows = Announcement.objects.filter(pk__in={pk for pk, _ in told}).values_list("pk", "edition", "withdrawn_at")
        found = {pk: (edition, withdrawn_at) for pk, edition, withdrawn_at in rows}
        ended = {}
        for pk, occasion in told:
            edition, withdrawn_at = found.get(pk, (1, None))
            if withdrawn_at:
                ended[pk, occasion] = "Withdrawn"
            elif edition > _edition_told(occasion):
                ended[pk, occasion] = "Corrected"
        return ended


class AnnouncementToAcknowledge(OfAnnouncement):
    """When it appears, and twice more while the person has not acknowledged it. Whoever comes later is asked then.

    Each step gives way to the next, so that there is never more than one to read about an announcement.
    """

    code = "announcement-to-acknowledge"
    label = "Announcement to acknowledge"
    group = Group.ACKNOWLEDGE
    tone = "caution"
    cause = "An announcement asks for an acknowledgement."
    any_hour_when = "the announcement is urgent"
    who = "Everybody to whom it is addressed and who has not acknowledged it"
    steps = (
        at_once("published", "at once, when it appears"),
        Step("24h", APPEARED, 24 * HOUR, HOUR, 240 * HOUR),
        Step("72h", APPEARED, 72 * HOUR, HOUR, 480 * HOUR),
        at_once(f"{PREFIX}published", "at once, when it appears", group=URGENT),
        Step(f"{PREFIX}4h", APPEARED, 4 * HOUR, HOUR, 96 * HOUR, group=URGENT),
        Step(f"{PREFIX}24h", APPEARED, 24 * HOUR, HOUR, 240 * HOUR, group=URGENT),
    )

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        asked = _own_start(asked_at("announcement__"))
        rows = outstanding(at).annotate(recipient_id=F("user_id"), subject_id=F("announcement_id"), asked_at=asked)
        return [
            rows.filter(announcement__urgent=urgent, asked_at__gt=at - until).annotate(
                occasion=_in_words_of(code.removeprefix(PREFIX)),
                due_at=_after(F("asked_at"), delay),
                not_after=_until_over(_long_due()),
            )
            for urgent, group in ((False, ""), (True, URGENT))
            for (code, delay), (_, until) in pairwise([*steps_of(self, group), ("", FOR_EVER)])
        ]

    def may_wait(self, subject: Announcement, recipient: User) -> bool:
        """An urgent one is a notice about safety: it comes at night, too."""
        return not subject.urgent

    def write(self, subject: Announcement, recipient: User, occasion: str, at: datetime) -> Message:
        step, corrected, _ = occasion.partition(AGAIN)
        again = "Reminder: " if step != "published" else "Corrected: " if corrected else ""
        return Message(
            title=f"{again}{_named(subject)}",
            paragraphs=[f"{subject.author} asks you to acknowledge this: {_quoted(subject)}", _by_when(subject, at)],
            path=subject.get_absolute_url(),
            action="Read and acknowledge",
            why="You get this because the announcement is for your role at your clinic and asks you to acknowledge it, and "
            "you have not yet.",
        )


class AnnouncementOverdue(OfAnnouncement):
    """To the managers of a clinic, the morning after the due date, while somebody there has not acknowledged."""

    code = "announcement-overdue"
    label = "Announcement not acknowledged"
    group = Group.NOT_ACKNOWLEDGED
    tone = "danger"
    cause = "The due date of an announcement is over, and people have not acknowledged it."
    who = "Managers of the clinics to which it is addressed"
    steps = (Step("due", "into the day after the due date", 8 * HOUR, NOW, 72 * HOUR, needed=True, escalation=True),)

    def concerns(self, person: User) -> bool:
        return bool(person.standing.scope(Capability.SEE_RECEIPTS))

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        managed = Audience.objects.filter(
            held_on(organisation_day(at), of="clinic__memberships__"),
            announcement__in=Announcement.objects.asking(at, at + HORIZON),
            clinic__memberships__role=Role.MANAGER,
            clinic__memberships__user__is_active=True,
        )
        missing = outstanding(at).filter(announcement=OuterRef("announcement"), clinic=OuterRef("clinic"))
        return [
            managed.filter(Exists(missing)).annotate(
                recipient_id=F("clinic__memberships__user_id"),
                subject_id=F("announcement_id"),
                occasion=_in_words_of(code),
                due_at=_clock_after(F("announcement__due_at"), after),
                not_after=_until_over(_long_due()),
            )
            for code, after in steps_of(self)
        ]

    def write(self, subject: Announcement, recipient: User, occasion: str, at: datetime) -> Message:
        found = answers_for([subject], recipient, organisation_day(at)).get(subject.pk, [])
        progress = Progress.of(found)
        missing = counted(progress.missing, "person has", "people have")
        return Message(
            title=f"Not everybody has acknowledged: {subject.title}",
            paragraphs=[_by_when(subject, at), f"Of your clinic, {missing} not acknowledged it yet."],
            path=reverse("announcements:receipts", args=[subject.pk]),
            action="See who is missing",
            why="You get this because you manage a clinic to which the announcement is addressed, and it was due and is "
            "still not acknowledged by everybody.",
        )


class AnnouncementAppeared(OfAnnouncement):
    """To everybody to whom an announcement that only tells something is addressed, until they have had it before them."""

    code = "announcement-appeared"
    label = "Announcement"
    group = Group.ANNOUNCEMENTS
    asks = False
    optional = True
    on_doubt = OnDoubt.HOLD
    cause = "An announcement appears that asks for no acknowledgement."
    who = "Everybody to whom it is addressed and who has not opened it; its author knows it"
    urgent = False

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        rows = self._unopened(at).annotate(told=asked_at("announcement__")).filter(told__gt=at - TOLD_FOR)
        return [
            rows.annotate(
                recipient_id=F("user_id"),
                subject_id=F("announcement_id"),
                occasion=_in_words_of("appeared"),
                due_at=_own_start(F("told")),
                not_after=_until_over(_after(F("told"), TOLD_FOR)),
            )
        ]

    def _unopened(self, at: datetime) -> QuerySet[Any]:
        telling = Announcement.objects.telling(at, at + HORIZON).filter(urgent=self.urgent)
        rows = _addressed_without(Receipt.objects.opened(), telling, organisation_day(at))
        return rows.exclude(user_id=F("announcement__author_id"))

    def write(self, subject: Announcement, recipient: User, occasion: str, at: datetime) -> Message:
        corrected = "Corrected: " if AGAIN in occasion else ""
        return Message(
            title=f"{corrected}{_named(subject)}",
            paragraphs=[f"{subject.author} writes: {_quoted(subject)}"],
            path=subject.get_absolute_url(),
            action="Read the announcement",
            why="You get this because the announcement is for your role at your clinic.",
        )


class UrgentAnnouncement(AnnouncementAppeared):
    """The same of an urgent one: a notice about safety, which nobody switches off and which comes at night, too."""

    code = "announcement-urgent"
    label = "Urgent announcement"
    group = Group.SAFETY
    optional = False
    heeds_quiet_hours = False
    on_doubt = OnDoubt.RESEND
    tone = "danger"
    cause = "An urgent announcement appears that asks for no acknowledgement."
    urgent = True


class AnnouncementHeld(Kind):
    """To those who could publish it: what is scheduled does not appear, because its author may no longer post it then.

    The words name the author and the moment, so the occasion does too: what somebody took over and is held once more is
    told once more.
    """

    code = "announcement-held"
    label = "Announcement held"
    subject = "announcements.Announcement"
    icon = "megaphone"
    group = Group.TO_DECIDE
    tone = "caution"
    cause = "A scheduled announcement does not appear, because its author may no longer post it."
    who = "Managers who answer for all of its clinics, the clinical lead and administrators"
    steps = (Step("ahead", "before it was to appear", 72 * HOUR, NOW, 168 * HOUR, before=True, needed=True),)

    def about(self, subject: Announcement) -> str:
        return subject.title

    def concerns(self, person: User) -> bool:
        return bool(person.standing.scope(Capability.WEIGH_ANNOUNCEMENT))

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        held = (
            Announcement.objects.held(at + HORIZON).order_by().values("pk")
        )  # without its own due date: the reminder has another
        rows = held.annotate(recipient_id=each_of(_who_could_send_it(organisation_day(at))), subject_id=F("pk"))
        appears = F("published_at")
        return [
            rows.annotate(
                occasion=_held_by_author_and_moment(),
                due_at=_after(appears, ahead),
                not_after=_until_over(_after(appears, KEPT), of=""),
            )
            for _, ahead in steps_of(self)
        ]

    def write(self, subject: Announcement, recipient: User, occasion: str, at: datetime) -> Message:
        moment = subject.appears_at.astimezone(organisation_zone())
        when = f"{moment:%A}, {full_day(moment.date())}, {clock_time(moment)} ({zone_words(organisation_zone())})"
        return Message(
            title=f"Held: {subject.title}",
            paragraphs=[
                f"{subject.author} scheduled this announcement for {when}, and may no longer post it.",
                "It reaches nobody until somebody who may post it publishes it as their own.",
            ],
            path=subject.get_absolute_url(),
            action="Publish or withdraw it",
            why="You get this because you may post announcements to everybody for whom this one is, and its author may not "
            "any more.",
        )


def _who_could_send_it(day: date) -> QuerySet[User]:
    """Who answers on the day for announcements at every clinic that the announcement of an outer query addresses."""
    everywhere = User.objects.members(day, roles=[Role.CLINICAL_LEAD, Role.ADMINISTRATOR])
    managers = User.objects.members(day, roles=[Role.MANAGER])
    managed = Membership.objects.on(day).filter(user=OuterRef(OuterRef("pk")), role=Role.MANAGER).values("clinic")
    elsewhere = Audience.objects.filter(announcement=OuterRef(OuterRef("pk"))).exclude(clinic__in=managed)
    return User.objects.filter(
        Q(pk__in=everywhere.order_by().values("pk")) | (Q(pk__in=managers.order_by().values("pk")) & ~Exists(elsewhere))
    )


def _held_by_author_and_moment() -> Concat:
    """`held 12 2026-11-26 16:00`: at most 40 characters; the minute in UTC."""
    minute = InZone(Value("UTC"), F("published_at"))
    moment = Func(minute, Value("YYYY-MM-DD HH24:MI"), function="to_char", output_field=CharField())
    return Concat(Value("held "), Cast("author_id", CharField()), Value(" "), moment)


def _by_when(announcement: Announcement, at: datetime) -> str:
    day = announcement.due_on
    assert day is not None  # noqa: S101 - a constraint: what must be acknowledged has a due date
    verb = "was" if organisation_day(at) > day else "is"
    return f"The last day to acknowledge it {verb} {day:%A}, {full_day(day)} ({zone_words(organisation_zone())})."


def when_reminded(*, urgent: bool) -> str:
    """`when it appears, after 1 day and after 3 days`: when it goes to whoever must acknowledge it, as the times are now."""
    steps = steps_of(AnnouncementToAcknowledge(), URGENT if urgent else "")
    return name_list(["when it appears", *(f"after {_amount(delay)}" for _, delay in steps if delay)])


def _amount(delay: timedelta) -> str:
    return counted(delay // HOUR, "hour") if delay % (24 * HOUR) else counted(delay.days, "day")


def register_kinds() -> None:
    register(AnnouncementToAcknowledge())
    register(AnnouncementOverdue())
    register(AnnouncementAppeared())
    register(UrgentAnnouncement())
    register(AnnouncementHeld())

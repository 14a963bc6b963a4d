"""The reminder kinds of announcements: to those who must acknowledge, and to their manager when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, QuerySet, Value

from accounts.models import User, organisation_zone
from accounts.roles import Role
from intranet.announcements.models import Announcement, Audience, Receipt
from intranet.core.time import local_day
from intranet.core.wording import clock_time, day_label
from intranet.reminders.registry import HORIZON, Kind, Message, register

AFTER_PUBLISHING = {"published": timedelta(0), "24h": timedelta(hours=24), "72h": timedelta(hours=72)}
AFTER_PUBLISHING_URGENT = {"published": timedelta(0), "4h": timedelta(hours=4), "24h": timedelta(hours=24)}
KEPT = timedelta(days=30)


def _rows(at: datetime, role: Any) -> QuerySet[Audience]:
    """Audience rows of announcements to acknowledge, joined with the memberships of a role at their clinic today."""
    today = local_day(at, organisation_zone())
    return Audience.objects.filter(
        announcement__in=Announcement.objects.current(at + HORIZON).filter(must_acknowledge=True),
        clinic__memberships__role=role,
        clinic__memberships__period__contains=today,
        clinic__memberships__user__is_active=True,
    ).annotate(recipient_id=F("clinic__memberships__user_id"), subject_id=F("announcement_id"))


def _receipt(user: Any) -> QuerySet[Receipt]:
    return Receipt.objects.acknowledged().filter(announcement=OuterRef("announcement"), user=user)


def _at(moment: str, delay: timedelta) -> ExpressionWrapper:
    return ExpressionWrapper(F(moment) + Value(delay), output_field=DateTimeField())


class AnnouncementToAcknowledge(Kind):
    """When it appears, and again while the person has not acknowledged it."""

    code = "announcement-to-acknowledge"
    label = "Announcement to acknowledge"
    subject = "announcements.Announcement"
    icon = "megaphone"
    tone = "caution"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        waiting = _rows(at, F("role")).filter(~Exists(_receipt(OuterRef("recipient_id"))))
        return [
            waiting.filter(announcement__urgent=urgent).annotate(
                occasion=Value(occasion),
                due_at=_at("announcement__published_at", delay),
                not_after=_at("announcement__due_at", KEPT),
            )
            for urgent, steps in ((False, AFTER_PUBLISHING), (True, AFTER_PUBLISHING_URGENT))
            for occasion, delay in steps.items()
        ]

    def write(self, subject: Announcement, recipient: User, occasion: str, at: datetime) -> Message:
        again = "" if occasion == "published" else "Reminder: "
        return Message(
            title=f"{again}{subject.title}",
            paragraphs=[
                f"{subject.author} asks you to read and acknowledge “{subject.title}”.",
                f"Acknowledge it by {_until(subject.due_at, recipient, at)}.",
            ],
            path=subject.get_absolute_url(),
            action="Read and acknowledge",
            why="You get this because the announcement is addressed to your role at your clinic and asks for an answer.",
        )


class AnnouncementOverdue(Kind):
    """To the clinic's managers on the due date, while somebody of theirs has not acknowledged."""

    code = "announcement-overdue"
    label = "Announcement not acknowledged"
    subject = "announcements.Announcement"
    icon = "megaphone"
    tone = "danger"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        missing = (
            Audience.objects.filter(
                announcement=OuterRef("announcement"),
                clinic=OuterRef("clinic"),
                clinic__memberships__role=F("role"),
                clinic__memberships__period__contains=local_day(at, organisation_zone()),
                clinic__memberships__user__is_active=True,
            )
            .annotate(person=F("clinic__memberships__user_id"))
            .filter(~Exists(_receipt(OuterRef("person"))))
        )
        return [
            _rows(at, Role.MANAGER)
            .filter(Exists(missing))
            .annotate(
                occasion=Value("due"), due_at=F("announcement__due_at"), not_after=_at("announcement__due_at", KEPT)
            )
        ]

    def write(self, subject: Announcement, recipient: User, occasion: str, at: datetime) -> Message:
        return Message(
            title=f"Not everybody has acknowledged: {subject.title}",
            paragraphs=[
                f"“{subject.title}” was to be acknowledged by {_until(subject.due_at, recipient, at)}.",
                "The page shows who of your clinic has not done so yet.",
            ],
            path=f"{subject.get_absolute_url()}receipts/",
            action="See who is missing",
            why="You get this because you manage a clinic to which the announcement is addressed.",
        )


def _until(moment: datetime | None, recipient: User, at: datetime) -> str:
    assert moment is not None  # noqa: S101 - a constraint: what must be acknowledged has a due date
    zone = recipient.zone
    day = day_label(local_day(moment, zone), local_day(at, zone))
    return f"{day}, {clock_time(moment, zone)} ({zone.key.rpartition('/')[2]} time)"


def register_kinds() -> None:
    register(AnnouncementToAcknowledge())
    register(AnnouncementOverdue())

"""Announcements still to appear of somebody who loses a role or leaves: they are held, and somebody else sees to them."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from accounts.leaving import Ahead, LeftToDo
from accounts.models import Clinic, User
from intranet.announcements.models import Announcement, AnnouncementQuerySet
from intranet.announcements.reading import appears_on
from intranet.core.wording import counted

SHOWN = 12


def announcements_ahead(person: User, clinic: Clinic | None, viewer: User, at: datetime) -> Ahead | None:
    """What `accounts.leaving` tells before a role or an access is ended: those that the viewer sees, the first one first."""
    found = _scheduled_by(person, viewer, at).order_by("published_at", "pk")
    if clinic:
        found = found.filter(audience__clinic=clinic).distinct()
    if not (total := found.count()):
        return None
    then = f"What {person.given_name} may no longer post is held, until somebody who may publishes it as their own."
    lines = [f"{appears_on(one, at)}: {one.title}" for one in found[:SHOWN]]
    return Ahead(total, lines, then, what="scheduled announcement", icon="megaphone")


def announcements_held(person: User, viewer: User, at: datetime) -> LeftToDo | None:
    """What `accounts.leaving` asks of this app about everybody who left."""
    if not (number := _scheduled_by(person, viewer, at).not_over(at).count()):
        return None
    verb = "is" if number == 1 else "are"
    words = f"{counted(number, 'announcement')} of {person.name} {verb} held"
    return LeftToDo(words, f"{reverse('announcements:list')}?show=scheduled")


def _scheduled_by(person: User, viewer: User, at: datetime) -> AnnouncementQuerySet:
    return Announcement.objects.visible_to(viewer).scheduled(at).filter(author=person)

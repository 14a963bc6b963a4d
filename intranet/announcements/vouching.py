"""Whether the author of an announcement could still post it at the moment at which it was to appear.

What is sent at once was checked as it was sent. What is scheduled appears only if its author still may post it then:
somebody who lost the role or left speaks for the clinic no more. It is held until somebody else stands for it.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Membership
from accounts.roles import Capability, Reach, Role, roles_with


def posts_everywhere() -> Q:
    """Of a query on announcements: their author posts to the whole organisation then, whatever they ask for."""
    held = _held(author="author", moment="published_at")
    return Q(Exists(held.filter(role__in=roles_with(Capability.WEIGH_ANNOUNCEMENT, Reach.ALL))))


def posts_there() -> Q:
    """Of a query on audience rows: the author of their announcement posts it to their clinic then.

    A granted writer posts only what is neither urgent nor pinned nor to be acknowledged, and only while at the front
    desk of the clinic; `accounts.standing` says the same of a person.
    """
    held = _held(author="announcement__author", moment="announcement__published_at").filter(clinic=OuterRef("clinic"))
    weighing = held.filter(role__in=roles_with(Capability.WEIGH_ANNOUNCEMENT, Reach.OWN))
    granted, at_the_desk = held.filter(role=Role.POSTER), held.filter(role=Role.FRONT_DESK)
    plain = Q(announcement__must_acknowledge=False, announcement__urgent=False, announcement__pinned=False)
    return Q(Exists(weighing)) | (plain & Q(Exists(granted)) & Q(Exists(at_the_desk)))


def _held(*, author: str, moment: str) -> QuerySet[Membership]:
    return Membership.objects.in_force_at(OuterRef(moment)).filter(user=OuterRef(author))

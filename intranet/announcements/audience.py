"""Whom an announcement reaches: clinic by role, counted before it is sent, and one set of people afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import Clinic, Membership, User
from accounts.roles import Capability, Role
from intranet.announcements.models import ADDRESSED_ROLES, Announcement, Audience
from intranet.core.access import Reason, Verdict


@dataclass(frozen=True)
class Cell:
    """A role at a clinic, with the number of people who hold it there."""

    clinic: Clinic
    role: Role
    people: int = 0

    @property
    def key(self) -> str:
        """How forms and the API name it: "therapist@mt-prospect"."""
        return f"{self.role.value}@{self.clinic.slug}"


def cells_for(author: User, on: date) -> list[Cell]:
    """Every role at every clinic to which the person may post, with its number of people. Two queries."""
    counts = {
        (row["clinic"], row["role"]): row["people"]
        for row in Membership.objects.on(on)
        .filter(role__in=ADDRESSED_ROLES, user__is_active=True)
        .values("clinic", "role")
        .annotate(people=Count("user", distinct=True))
    }
    clinics = Clinic.objects.where(author, Capability.POST_ANNOUNCEMENT)
    return [Cell(clinic, role, counts.get((clinic.pk, role), 0)) for clinic in clinics for role in ADDRESSED_ROLES]


def reached(cells: Iterable[Cell], on: date) -> QuerySet[User]:
    """The people behind the cells, each once, by name."""
    held = Q(pk__in=[])
    for cell in cells:
        held |= Q(clinic=cell.clinic, role=cell.role)
    memberships = Membership.objects.on(on).filter(held, user=OuterRef("pk"))
    return User.objects.active().filter(Exists(memberships)).by_name()


def recipients(announcement: Announcement, on: date) -> QuerySet[User]:
    """Everybody whom the announcement addresses on the day, each once, by name."""
    rows = Audience.objects.filter(announcement=announcement, role=OuterRef("role"), clinic=OuterRef("clinic"))
    memberships = Membership.objects.on(on).filter(Exists(rows), user=OuterRef("pk"))
    return User.objects.active().filter(Exists(memberships)).by_name()


def may_address(author: User, cells: Iterable[Cell], on: date) -> Verdict:
    """Somebody must be reached, and only people to whom the author may post."""
    cells = list(cells)
    if not cells or not reached(cells, on).exists():
        return Verdict.no("empty-audience", "Choose who gets it: with this choice it reaches nobody.", "audience")
    scope = author.standing.scope(Capability.POST_ANNOUNCEMENT)
    outside = {cell.clinic for cell in cells if cell.clinic.pk not in scope}
    return Verdict.of(
        Reason("not-your-clinic", f"You may not post to {clinic}.", "audience")
        for clinic in sorted(outside, key=lambda clinic: clinic.number)
    )

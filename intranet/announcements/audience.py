"""Whom an announcement reaches: clinic by role, counted before it is sent, and one set of people afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from accounts.models import Clinic, Membership, User
from accounts.models.people import held_on
from accounts.roles import Capability, Role
from intranet.announcements.models import ADDRESSED_ROLES, Announcement, Audience
from intranet.core.access import Reason, Verdict

PLURALS = {
    Role.THERAPIST: "Therapists",
    Role.ASSISTANT: "Assistants and aides",
    Role.FRONT_DESK: "Front desk",
    Role.MANAGER: "Managers",
}


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

    @property
    def role_words(self) -> str:
        return PLURALS[self.role]


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


def addressed_rows(announcements: Iterable[Announcement] | QuerySet[Announcement], on: date) -> QuerySet[Audience]:
    """One row per announcement, audience row and person behind it on the day: `user_id`, `clinic_id`, `role`."""
    rows = Audience.objects.filter(
        held_on(on, of="clinic__memberships__"),
        announcement__in=announcements,
        clinic__memberships__role=F("role"),
        clinic__memberships__user__is_active=True,
    )
    return rows.annotate(user_id=F("clinic__memberships__user_id")).order_by()


def may_address(author: User, cells: Iterable[Cell], on: date) -> Verdict:
    """Somebody must be reached, and only people to whom the author may post."""
    cells = list(cells)
    verdict = outside_scope(author, cells)
    if reached(cells, on).exists():
        return verdict
    return verdict + Verdict.no("empty-audience", "Choose who gets it: with this choice it reaches nobody.", "audience")


def outside_scope(author: User, cells: Iterable[Cell]) -> Verdict:
    """No clinic but those to which the author may post."""
    scope = author.standing.scope(Capability.POST_ANNOUNCEMENT)
    outside = {cell.clinic for cell in cells if cell.clinic.pk not in scope}
    return Verdict.of(
        Reason("not-your-clinic", f"You may not post to {clinic}.", "audience")
        for clinic in sorted(outside, key=lambda clinic: clinic.number)
    )

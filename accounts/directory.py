"""The staff directory: finding people, and the roles that they hold on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Greatest
from django.db.models.lookups import Contains

from accounts.finding import Folded, contact_words, likeness
from accounts.models import Clinic, Membership, User
from accounts.presence import Presence, roster_for
from accounts.roles import Role
from intranet.core.access import AnyUser
from intranet.core.arrays import Each

# Half of the groups of three letters: a letter too many, too few or wrong in a name of six.
ALIKE = 0.5
SUGGESTIONS = 5


def staff(viewer: AnyUser, on: date) -> QuerySet[User]:
    """Everybody whom the viewer may see, by name, each with `roles_on_day`: the memberships of the day. Two queries.

    Whoever may deactivate people sees those who left as well.
    """
    memberships = Membership.objects.on(on).select_related("clinic").order_by("clinic__number", "role")
    return (
        User.objects.visible_to(viewer)
        .prefetch_related(Prefetch("memberships", memberships, to_attr="roles_on_day"))
        .by_name()
    )


def directory(viewer: AnyUser, on: date) -> QuerySet[User]:
    """Those who work here."""
    return staff(viewer, on).filter(is_active=True)


def matching(words: str) -> Q:
    """People in whose name, title, languages, phone or address every word occurs, whatever the accents."""
    condition = Q()
    for word in words.split():
        condition &= Q(Contains(contact_words(), Folded(Value(word))))
    return condition


def named(words: str) -> Q:
    """People in whose name every word occurs, whatever the accents."""
    condition = Q()
    for word in words.split():
        condition &= Q(Contains(Folded("name"), Folded(Value(word))))
    return condition


def named_like(people: QuerySet[User], words: str) -> list[User]:
    """The few whose names come closest to the words, for somebody who has found nobody."""
    alike = [likeness(word) for word in words.split()]
    if not alike:
        return []
    closest = people.alias(alike=Greatest(*alike) if len(alike) > 1 else alike[0])
    return list(closest.filter(alike__gte=ALIKE).order_by("-alike", "name")[:SUGGESTIONS])


def holding(on: date, *, clinic: Clinic | None = None, role: str = "") -> Q:
    """People with a membership on the day: at the clinic, with the role, or both in one."""
    held = Membership.objects.on(on).filter(user=OuterRef("pk"))
    if clinic:
        held = held.filter(clinic=clinic)
    if role:
        held = held.filter(role=role)
    return Q(Exists(held)) if clinic or role else Q()


def languages_spoken(viewer: AnyUser) -> list[str]:
    """The languages of those who work here, each once, by name."""
    rows = User.objects.visible_to(viewer).active().order_by()
    return sorted(rows.annotate(language=Each("languages")).values_list("language", flat=True).distinct())


def presences(people: Iterable[User], viewer: User, at: datetime) -> dict[int, Presence]:
    """{person: their shift of today as published}, for whoever may see the roster."""
    roster = roster_for(viewer)
    return roster.today(people, at=at) if roster else {}


def role_words(memberships: Iterable[Membership]) -> str:
    """The roles as words, each once: "Therapist, Delegated approver"."""
    return ", ".join(dict.fromkeys(Role(membership.role).label for membership in memberships))


def clinics_of(memberships: Iterable[Membership]) -> list[Clinic]:
    """The clinics of these memberships, each once; none for roles of the whole organisation."""
    return list(dict.fromkeys(membership.clinic for membership in memberships if membership.clinic is not None))

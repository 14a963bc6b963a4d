"""The staff directory: finding people, and the roles that they hold on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from accounts.models import Clinic, Membership, User
from accounts.roles import Role
from intranet.core.access import AnyUser


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
        condition &= (
            Q(name__unaccent__icontains=word)
            | Q(title__icontains=word)
            | Q(languages__icontains=word)
            | Q(phone__icontains=word)
            | Q(email__icontains=word)
        )
    return condition


def at_clinic(clinic: Clinic, on: date) -> Q:
    """People with a membership at the clinic on the day."""
    return Q(Exists(Membership.objects.on(on).filter(user=OuterRef("pk"), clinic=clinic)))


def in_role(role: str, on: date) -> Q:
    """People who hold the role somewhere on the day."""
    return Q(Exists(Membership.objects.on(on).filter(user=OuterRef("pk"), role=role)))


def role_words(memberships: Iterable[Membership]) -> str:
    """The roles as words, each once: "Therapist, Delegated approver"."""
    return ", ".join(dict.fromkeys(Role(membership.role).label for membership in memberships))


def clinics_of(memberships: Iterable[Membership]) -> list[Clinic]:
    """The clinics of these memberships, each once; none for roles of the whole organisation."""
    return list(dict.fromkeys(membership.clinic for membership in memberships if membership.clinic is not None))

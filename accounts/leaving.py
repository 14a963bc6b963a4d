"""People leave: every door closes at once, and what they did and held stays on record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts import sessions, tokens
from accounts.hiring import may_give_all, place_of, take_role
from accounts.models import Membership, User, organisation_zone
from intranet.audit.recording import record
from intranet.core.access import Forbidden, Refused, Verdict, require
from intranet.core.time import local_day


@dataclass(frozen=True, slots=True)
class LeftToDo:
    """Something that a leaver leaves behind, and the page on which somebody sees to it."""

    words: str
    path: str


# What other parts of the product ask of whoever let somebody go: (leaver, who looks, when) to something or nothing.
_askers: list[Callable[[User, User, datetime], LeftToDo | None]] = []


def ask(asker: Callable[[User, User, datetime], LeftToDo | None]) -> None:
    """Have something asked about everybody who leaves. Called once, when the app is ready."""
    _askers.append(asker)


def left_to_do(person: User, viewer: User, at: datetime) -> list[LeftToDo]:
    """What the viewer still has to see to after the person has left; nothing while they are here."""
    if person.is_active:
        return []
    return [found for asker in _askers if (found := asker(person, viewer, at))]


def may_let_go(person: User, *, by: User, at: datetime) -> Verdict:
    """Whoever could give every role that the person holds or will hold, except oneself."""
    if person.pk == by.pk:
        return Verdict.no("yourself", "Somebody else has to end your access.")
    if not person.is_active:
        return Verdict.no("left-already", f"{person.name} has left already.")
    return may_give_all([place_of(held) for held in _held(person, at)], to=person, by=by)


def may_bring_back(person: User, *, by: User) -> Verdict:
    """Somebody without a role belongs to no clinic: that is for an administrator."""
    return may_give_all([], to=person, by=by)


@transaction.atomic
def let_go(person: User, *, by: User, at: datetime) -> None:
    """End somebody's access now: roles after today, sessions, and with them every page, link, feed and reminder.

    Nothing is deleted: the person stays where their name stands on record.
    """
    person = User.objects.select_for_update().get(pk=person.pk)
    require(may_let_go(person, by=by, at=at), Forbidden)
    roles = _held(person, at)
    tomorrow = local_day(at, organisation_zone()) + timedelta(days=1)
    for held in roles:
        if held.period.upper is None or held.period.upper > tomorrow:
            take_role(held, end=tomorrow, by=by)
    person.is_active = False
    person.save(update_fields=["is_active"])
    sessions.end_all(person)
    tokens.revoke_all(person, by=by, at=at)
    record(by, "person.left", person, clinics=[held.clinic_id for held in roles if held.clinic_id is not None])


@transaction.atomic
def bring_back(person: User, *, by: User) -> None:
    """Open an account again. The person holds no role until somebody gives one."""
    require(may_bring_back(person, by=by), Forbidden)
    person = User.objects.select_for_update().get(pk=person.pk)
    if person.is_active:
        raise Refused.because("here", f"{person.name} has not left.")
    person.is_active = True
    person.save(update_fields=["is_active"])
    record(by, "person.returned", person)


def _held(person: User, at: datetime) -> list[Membership]:
    """What the person holds today or will hold."""
    today = local_day(at, organisation_zone())
    return list(person.memberships.not_over(today).select_related("clinic").order_by("pk"))

"""People leave: every door closes at once, and what they did and held stays on record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts import sessions, tokens
from accounts.hiring import cut_off, end_role, lock_people, may_give_all, place_of, zone_of
from accounts.models import Clinic, Membership, User
from accounts.roles import GRANTED_ROLES, Capability
from intranet.audit.recording import record
from intranet.core.access import Forbidden, Refused, Verdict, require
from intranet.core.time import local_day, organisation_day


@dataclass(frozen=True, slots=True)
class LeftToDo:
    """Something that a leaver leaves behind, and the page on which somebody sees to it."""

    words: str
    path: str


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is still expected of somebody, in words, the first ones of `total`; and what becomes of them."""

    total: int
    lines: list[str]
    then: str
    what: str = "shift"
    icon: str = "calendar"

    @property
    def more(self) -> int:
        return self.total - len(self.lines)


# What other parts of the product know to come: (person, at this clinic or anywhere, who looks, when).
_foretellers: list[Callable[[User, Clinic | None, User, datetime], Ahead | None]] = []
# What other parts of the product ask of whoever let somebody go: (leaver, who looks, when) to something or nothing.
_askers: list[Callable[[User, User, datetime], LeftToDo | None]] = []


# Doors that other parts of the product have opened for people, as something that shuts those of a leaver.
_closers: list[Callable[[User, datetime], None]] = []


def close(closer: Callable[[User, datetime], None]) -> None:
    """Have a door shut for everybody who leaves, within the same transaction. Called once, when the app is ready."""
    _closers.append(closer)


def ask(asker: Callable[[User, User, datetime], LeftToDo | None]) -> None:
    """Have something asked about everybody who leaves. Called once, when the app is ready."""
    _askers.append(asker)


def foretell(teller: Callable[[User, Clinic | None, User, datetime], Ahead | None]) -> None:
    """Have something told before an access or a role is ended. Called once, when the app is ready."""
    _foretellers.append(teller)


def ahead(person: User, viewer: User, at: datetime, clinic: Clinic | None = None) -> list[Ahead]:
    """What is still expected of the person, at a clinic or anywhere, for whoever is about to end role or access."""
    return [found for teller in _foretellers if (found := teller(person, clinic, viewer, at))]


def left_to_do(person: User, viewer: User, at: datetime) -> list[LeftToDo]:
    """What the viewer still has to see to after the person has left; nothing while they are here."""
    if person.is_active:
        return []
    return [found for asker in _askers if (found := asker(person, viewer, at))]


def may_let_go(person: User, *, by: User, at: datetime) -> Verdict:
    """Whoever could give every role that the person holds or will hold, except oneself. A delegated grant is none."""
    if person.pk == by.pk:
        return Verdict.no("yourself", "Somebody else has to end your access.")
    if not person.is_active:
        return Verdict.no("left-already", f"{person.name} has left already.")
    working = [place_of(held) for held in _held(person, at) if held.role not in GRANTED_ROLES]
    return may_give_all(working, to=person, by=by)


def may_bring_back(person: User, *, by: User) -> Verdict:
    """Somebody without a role belongs to no clinic: that is for an administrator."""
    if not by.standing.may(Capability.INVITE):
        return Verdict.no("only-administrators", f"An administrator opens the account of {person.name} again.")
    return may_give_all([], to=person, by=by)


@transaction.atomic
def let_go(person: User, *, by: User, at: datetime) -> None:
    """End somebody's access now: roles, sessions, and with them every page, link, feed and reminder.

    Nothing is deleted: the person stays where their name stands on record.
    """
    person, acting = lock_people(person, by)
    require(may_let_go(person, by=acting or by, at=at), Forbidden)
    roles = _held(person, at)
    for held in roles:
        today = local_day(at, zone_of(place_of(held)))
        tomorrow = today + timedelta(days=1)
        if held.period.upper is None or held.period.upper > tomorrow:
            held = end_role(held, end=tomorrow, by=by, at=at)
        if held.pk is not None and held.in_force_on(today):
            cut_off(held, by=by, at=at)
    person.is_active = False
    person.save(update_fields=["is_active"])
    sessions.end_all(person)
    tokens.revoke_all(person, by=by, at=at)
    for closer in _closers:
        closer(person, at)
    record(by, "person.left", person, clinics=[held.clinic_id for held in roles if held.clinic_id is not None])


@transaction.atomic
def bring_back(person: User, *, by: User) -> None:
    """Open an account again. The person holds no role until somebody gives one."""
    require(may_bring_back(person, by=by), Forbidden)
    person, _ = lock_people(person, by)
    if person.is_active:
        raise Refused.because("here", f"{person.name} has not left.")
    person.is_active = True
    person.save(update_fields=["is_active"])
    record(by, "person.returned", person)


def _held(person: User, at: datetime) -> list[Membership]:
    """What the person holds now or will hold."""
    yesterday = organisation_day(at) - timedelta(days=1)  # of a clinic further west it may be today
    held = person.memberships.filter(ended_at=None).not_over(yesterday).select_related("clinic").order_by("pk")
    return [one for one in held if one.period.upper is None or one.period.upper > local_day(at, zone_of(place_of(one)))]

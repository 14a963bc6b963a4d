"""What somebody who starts has to do, read from the facts: nothing is ticked, so that nothing can go stale.

Reads, decides nothing. Whoever has done everything is no longer on the list of new starters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThan
from django.urls import reverse

from accounts.models import (
    Clinic,
    Credential,
    CredentialType,
    Invitation,
    Membership,
    Profession,
    User,
)
from accounts.roles import Capability
from accounts.second_step import DEMANDING
from accounts.standing import Scope
from intranet.core.time import organisation_day
from intranet.core.wording import day_label
from protocols.acknowledging import duties, outstanding_rows
from protocols.models import ProtocolVersion

NEW_FOR = timedelta(days=90)
EVERYWHERE = Scope(everywhere=True)


class Group(StrEnum):
    """The parts of a checklist, in the order in which one does them."""

    ACCESS = "access"
    PROFILE = "profile"
    CREDENTIALS = "credentials"
    PROTOCOLS = "protocols"

    @property
    def label(self) -> str:
        return {"access": "Access", "profile": "Your profile", "credentials": "Credentials", "protocols": "Protocols"}[
            self.value
        ]

    @property
    def title_of_others(self) -> str:
        """As it stands above the list of somebody else."""
        return "Profile" if self == Group.PROFILE else self.label


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do: whether it is done, what is known about it, and where the person does it."""

    group: Group
    title: str
    done: bool
    url: str
    note: str = ""
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Checklist:
    """Everything that role and clinic ask of a person who started on a day."""

    person: User
    started: date
    today: date
    items: list[Item]

    @property
    def done(self) -> int:
        return sum(item.done for item in self.items)

    @property
    def total(self) -> int:
        return len(self.items)

    @property
    def complete(self) -> bool:
        return self.done == self.total

    @property
    def open(self) -> list[Item]:
        return [item for item in self.items if not item.done]

    @property
    def late(self) -> int:
        return sum(item.due_on is not None and item.due_on < self.today for item in self.open)

    @property
    def days(self) -> int:
        """Since the first day; negative before it."""
        return (self.today - self.started).days

    @property
    def ahead(self) -> bool:
        """Whether the first day is still to come: then what a role demands is not asked yet."""
        return self.started > self.today

    @property
    def groups(self) -> list[tuple[Group, list[Item], int]]:
        """Each part with its items, what is open first, and how many of them are done."""
        first = sorted(self.items, key=lambda item: item.done)
        parts = [(group, [item for item in first if item.group == group]) for group in Group]
        return [(group, items, sum(item.done for item in items)) for group, items in parts if items]


def checklist_of(person: User, at: datetime) -> Checklist:
    """What role and clinic ask of somebody, as they see it themselves."""
    [found] = _with_start(User.objects.filter(pk=person.pk), at)
    return checklists([found], at, protocols=EVERYWHERE)[0]


def checklist_for(person: User, viewer: User, at: datetime) -> Checklist:
    """The checklist of somebody as whoever answers for them sees it: acknowledgements only of their own clinics."""
    [found] = _with_start(User.objects.filter(pk=person.pk), at)
    return checklists([found], at, protocols=protocols_seen_by(viewer))[0]


def own_checklist(person: User, at: datetime) -> Checklist | None:
    """The checklist for somebody's home page: while they are new and have something left. One query for all others."""
    found = new_people(at).filter(pk=person.pk).first()
    checklist = checklists([found], at, protocols=EVERYWHERE)[0] if found else None
    return checklist if checklist and not checklist.complete else None


def new_people(at: datetime, within: timedelta = NEW_FOR) -> QuerySet[Any]:
    """Active people with a role, now or to come, whose first one began within the time, each with `started`."""
    today = organisation_day(at)
    roles = Membership.objects.filter(user=OuterRef("pk"))
    before = roles.filter(period__startswith__lt=today - within)
    return _with_start(User.objects.active().filter(~Exists(before), Exists(roles.not_over(today))), at)


def starters(
    viewer: User, at: datetime, *, within: timedelta = NEW_FOR, clinic: Clinic | None = None
) -> QuerySet[User]:
    """New people of the viewer's clinics (or of one) who have something left to do, the first to start first."""
    today = organisation_day(at)
    seen = User.objects.with_file_visible_to(viewer).exclude(pk=viewer.pk)
    people = new_people(at, within).filter(pk__in=seen.values("pk"))
    if clinic:
        people = people.filter(Exists(Membership.objects.not_over(today).filter(user=OuterRef("pk"), clinic=clinic)))
    return people.filter(_something_left(at, protocols_seen_by(viewer))).order_by("started", "name", "pk")


def invited(viewer: User, clinic: Clinic | None = None) -> QuerySet[Invitation]:
    """Who was asked in by somebody at the viewer's clinics (or at one) and has not come yet, the latest first."""
    waiting = Invitation.objects.visible_to(viewer).waiting().select_related("clinic", "invited_by")
    return waiting.filter(clinic=clinic) if clinic else waiting


def protocols_seen_by(viewer: User) -> Scope:
    """Where the viewer sees who has acknowledged what; an administrator does not."""
    return viewer.standing.scope(Capability.REPORT_ACKNOWLEDGEMENTS)


def checklists(people: Sequence[User], at: datetime, *, protocols: Scope) -> list[Checklist]:
    """The checklists of people with `started`, in their order. Seven queries, however many people there are.

    `protocols` is where acknowledgements are seen: what is asked of somebody at another clinic is left out.
    """
    facts = _Facts(people, at, protocols)
    return [
        Checklist(
            person,
            person.started,  # type: ignore[attr-defined]  # an annotation of new_people
            facts.today,
            [*_access(person, facts), _profile(person), *_credentials(person, facts), *_protocols(person, facts)],
        )
        for person in people
    ]


class _Facts:
    """What is known of some people, each thing asked once for all of them."""

    def __init__(self, people: Sequence[User], at: datetime, protocols: Scope) -> None:
        ids = [person.pk for person in people]
        self.today = organisation_day(at)
        demanding = Membership.objects.on(self.today).filter(user__in=ids, role__in=DEMANDING)
        self.needs_second_step = (
            set() if settings.SECOND_STEP_OPTIONAL else set(demanding.values_list("user", flat=True))
        )
        self.has_second_step = set(_second_steps().filter(user__in=ids).values_list("user", flat=True))
        self.types = _required_types()
        self.in_force = set(Credential.objects.in_force(self.today).filter(user__in=ids).values_list("user", "type"))
        waiting = Credential.objects.waiting().filter(user__in=ids)
        self.waiting = set(waiting.values_list("user", "type"))
        self.asked = defaultdict(list)
        for row in _at_places(duties(at), protocols).filter(user_id__in=ids):
            self.asked[row["user_id"]].append(row)
        left = _at_places(outstanding_rows(at), protocols).filter(user__in=ids)
        self.unsigned = set(left.values_list("user", "version"))
        asked = {row["version_id"] for rows in self.asked.values() for row in rows}
        self.versions = ProtocolVersion.objects.select_related("protocol").in_bulk(asked)


def _access(person: User, facts: _Facts) -> Iterator[Item]:
    yield Item(Group.ACCESS, "Sign in for the first time", person.last_login is not None, reverse("home:today"))
    if person.pk in facts.needs_second_step:
        done = person.pk in facts.has_second_step
        yield Item(Group.ACCESS, "Set up a passkey or another second step", done, reverse("mfa_index"))


def _profile(person: User) -> Item:
    missing = [words for words, value in (("work phone", person.phone), ("languages", person.languages)) if not value]
    url = reverse("accounts:profile", args=[person.pk])
    note = f"Missing: {' and '.join(missing)}" if missing else ""
    return Item(Group.PROFILE, "Give your work phone and languages", not missing, url, note)


def _credentials(person: User, facts: _Facts) -> Iterator[Item]:
    for type in facts.types.get(person.profession, []):
        done = (person.pk, type.pk) in facts.in_force
        waiting = not done and (person.pk, type.pk) in facts.waiting
        note = "" if done else "Waiting for a check" if waiting else "Not on file"
        file = f"{reverse('accounts:credential-file', args=[person.pk])}?type={type.code}"
        url = f"{person.get_absolute_url()}#credentials" if waiting else file
        yield Item(Group.CREDENTIALS, type.name, done, url, note)


def _protocols(person: User, facts: _Facts) -> Iterator[Item]:
    rows = [(facts.versions[row["version_id"]], row["due_on"]) for row in facts.asked[person.pk]]
    for version, due_on in sorted(rows, key=lambda row: (row[1], row[0].title)):
        done = (person.pk, version.pk) not in facts.unsigned
        note = _sentence(version_words(version, facts.today))
        yield Item(Group.PROTOCOLS, version.title, done, version.protocol.get_absolute_url(), note, due_on)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def version_words(version: ProtocolVersion, today: date) -> str:
    """Its number; and that another one follows, for whoever is asked for both within a few days."""
    words = f"version {version.number}"
    ends = version.in_force.upper if version.in_force else None
    if ends is None:
        return words
    return f"{words}, until the next one comes into force on {day_label(organisation_day(ends), today)}"


def _something_left(at: datetime, protocols: Scope) -> Q:
    """The same questions as `checklists` asks, of everybody at once."""
    today = organisation_day(at)
    left = Q(last_login__isnull=True) | Q(phone="") | Q(languages=[])
    if not settings.SECOND_STEP_OPTIONAL:
        demanding = Membership.objects.on(today).filter(user=OuterRef("pk"), role__in=DEMANDING)
        left |= Q(Exists(demanding)) & ~Q(Exists(_second_steps().filter(user=OuterRef("pk"))))
    for profession, types in _required_types().items():
        left |= Q(profession=profession) & _fewer_than(types, today)
    unsigned = _at_places(outstanding_rows(at), protocols).filter(user=OuterRef("pk"))
    return left | Q(Exists(unsigned))


def _fewer_than(types: list[CredentialType], today: date) -> Q:
    """People who have not all of the types in force."""
    filed = Credential.objects.in_force(today).filter(user=OuterRef("pk"), type__in=types).order_by().values("user")
    number = Coalesce(Subquery(filed.annotate(number=Count("type", distinct=True)).values("number")), 0)
    return Q(LessThan(number, len(types)))


def _required_types() -> dict[str, list[CredentialType]]:
    """{profession: what its people must have on file}, by name. One query."""
    required = list(CredentialType.objects.in_use().filter(required=True).order_by("name"))
    asked = {value: [type for type in required if type.is_for(User(profession=value))] for value in Profession.values}
    return {profession: types for profession, types in asked.items() if types}


def _second_steps() -> QuerySet[Authenticator]:
    """Recovery codes are none by themselves."""
    return Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES)


def _at_places(rows: Any, places: Scope) -> Any:
    return rows if places.everywhere else rows.filter(clinic__in=places.clinic_ids)


def _with_start(people: QuerySet[User], at: datetime) -> QuerySet[Any]:
    first = Membership.objects.filter(user=OuterRef("pk")).order_by("period").values("period__startswith")[:1]
    return people.annotate(started=Coalesce(Subquery(first), organisation_day(at)))


def places_of(people: Iterable[User], at: datetime) -> dict[int, list[Clinic]]:
    """{person: the clinics at which they work or will work}. One query."""
    found: dict[int, list[Clinic]] = defaultdict(list)
    held = Membership.objects.not_over(organisation_day(at)).filter(user__in=[person.pk for person in people])
    for membership in held.select_related("clinic").order_by("clinic__number"):
        if membership.clinic and membership.clinic not in found[membership.user_id]:
            found[membership.user_id].append(membership.clinic)
    return found

"""What search finds of people: whoever works here, by what the directory shows of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from accounts.directory import clinics_of, directory, role_words
from accounts.models import User
from accounts.roles import Capability
from intranet.core.access import AnyUser
from intranet.core.time import organisation_day
from intranet.reminders import ticking
from intranet.reminders.runs import Clock
from intranet.search import aliases, misses, registry
from intranet.search.registry import Shown


class People(registry.Source):
    kind, label, one, icon = "person", "People", "Person", "person"
    order = 20

    def visible(self, viewer: AnyUser, at: datetime) -> QuerySet[Any, Any]:
        return User.objects.visible_to(viewer).active().order_by().values("pk")

    def show(self, keys: Iterable[int], viewer: AnyUser, at: datetime) -> Mapping[int, Shown]:
        people = directory(viewer, organisation_day(at)).filter(pk__in=keys)
        return {
            person.pk: Shown(reverse("accounts:person-detail", args=[person.pk]), _facts(person)) for person in people
        }


def _facts(person: Any) -> tuple[str, ...]:
    """Title, roles and clinics of the day."""
    roles = role_words(person.roles_on_day)
    clinics = ", ".join(clinic.name for clinic in clinics_of(person.roles_on_day))
    return tuple(fact for fact in (person.title, roles, clinics) if fact)


def forget_old_misses(clock: Clock, stopping: Callable[[], bool]) -> Counter[str]:
    """A step of the tick: nothing that was looked for in vain is kept for ever."""
    return Counter({"search_misses_forgotten": misses.forget_old(organisation_day(clock()))})


def register() -> None:
    registry.register(People())
    aliases.kept_by(lambda user: user.standing.may(Capability.KEEP_SEARCH_WORDS))  # type: ignore[union-attr]
    ticking.also(forget_old_misses)

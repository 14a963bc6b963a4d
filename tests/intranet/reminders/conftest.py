"""A kind of reminders for the tests of the machinery, which knows no kind by name, and a mail server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import CharField, DateTimeField, F, QuerySet, Value

from accounts.models import User
from intranet.reminders import registry
from intranet.reminders.models import Reminder
from intranet.reminders.registry import Kind, Message, OnDoubt
from intranet.reminders.ticking import tick

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Owing:
    person: User
    occasion: str
    due_at: datetime
    not_after: datetime


class Planted(Kind):
    """Owes what a test has put into `owing`; every reminder is about the recipient."""

    code = "planted"
    label = "Planted"
    subject = "accounts.User"
    tone = "caution"
    icon = "calendar"

    def __init__(self) -> None:
        self.owing: list[Owing] = []
        self.unwritable: set[str] = set()

    def owe(
        self, person: User, occasion: str = "once", *, due: datetime, until: datetime | None = None, times: int = 1
    ) -> None:
        names = [occasion] if times == 1 else [f"{occasion}-{number}" for number in range(times)]
        self.owing += [Owing(person, name, due, until or due + 48 * HOUR) for name in names]

    def forgive(self, occasion: str) -> None:
        self.owing = [owing for owing in self.owing if owing.occasion != occasion]

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        return [
            User.objects.filter(pk=owing.person.pk).annotate(
                recipient_id=F("pk"),
                subject_id=F("pk"),
                occasion=Value(owing.occasion, CharField()),
                due_at=Value(owing.due_at, DateTimeField()),
                not_after=Value(owing.not_after, DateTimeField()),
            )
            for owing in self.owing
        ]

    def write(self, subject: User, recipient: User, occasion: str, at: datetime) -> Message:
        if occasion in self.unwritable:
            raise LookupError(occasion)
        return Message(
            title=f"Planted: {occasion}",
            paragraphs=["The first paragraph.", "The second, with <angles> & an ampersand."],
            path=f"/people/{subject.pk}/",
            action="Look at it",
            why="You get this because a test wants it.",
        )


class PlantedUrgent(Planted):
    """Cannot wait for the morning, and is not sent twice."""

    code = "planted-urgent"
    label = "Planted, urgent"
    heeds_quiet_hours = False
    on_doubt = OnDoubt.HOLD


@pytest.fixture(autouse=True)
def _no_other_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machinery is tested with kinds of its own; those of the apps have their tests in the apps."""
    monkeypatch.setattr(registry, "_kinds", {})


@pytest.fixture
def planted() -> Iterator[Planted]:
    kind = Planted()
    registry.register(kind)
    yield kind
    registry.unregister(kind.code)


@pytest.fixture
def urgent() -> Iterator[PlantedUrgent]:
    kind = PlantedUrgent()
    registry.register(kind)
    yield kind
    registry.unregister(kind.code)


@pytest.fixture
def run_tick() -> Callable[..., dict[str, int]]:
    """One tick at a moment, by hand."""

    def run(at: datetime) -> dict[str, int]:
        return tick(at, "manual")

    return run


@pytest.fixture
def states() -> Callable[[], dict[str, str]]:
    """The state of every reminder, by occasion."""

    def read() -> dict[str, str]:
        return dict(Reminder.objects.order_by("occasion").values_list("occasion", "state"))

    return read

"""What is asked right before a mail leaves stays small, however much is owed to others."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import CharField, DateTimeField, F, QuerySet, Value

from accounts.models import User
from intranet.reminders import registry
from intranet.reminders.owing import FIND, owed, still_true
from intranet.reminders.registry import Kind, Message
from tests import factories
from tests.intranet.reminders import factories as reminders

OWED = "owes"


class ToEverybody(Kind):
    """Whoever is marked is owed one, about themselves."""

    code, label, subject = "to-everybody", "To everybody", "accounts.User"

    def owed(self, at: datetime) -> Sequence[QuerySet[Any, Any]]:
        return [
            User.objects.filter(title=OWED).annotate(
                recipient_id=F("pk"),
                subject_id=F("pk"),
                occasion=Value("once", CharField()),
                due_at=Value(at, DateTimeField()),
                not_after=Value(at + timedelta(days=1), DateTimeField()),
            )
        ]

    def write(self, subject: User, recipient: User, occasion: str, at: datetime) -> Message:
        raise NotImplementedError


@pytest.fixture
def kind() -> Iterator[Kind]:
    registry.register(planted := ToEverybody())
    yield planted
    registry.unregister(planted.code)


def rows_touched(kind: Kind, at: datetime, ids: list[int], people: list[int]) -> int:
    """The most rows that any step of the last look has read."""
    due = owed(kind, at)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + due.sql + FIND, (*due.params, ids, people))
        answer = cursor.fetchone()[0]
    plans = json.loads(answer) if isinstance(answer, str) else answer
    return max(_rows(plans[0]["Plan"]))


def _rows(plan: dict[str, Any]) -> Iterator[int]:
    yield int(plan["Actual Rows"] * plan["Actual Loops"]) + int(plan.get("Rows Removed by Filter", 0))
    for step in plan.get("Plans", []):
        yield from _rows(step)


@pytest.mark.django_db
def test_the_last_look_reads_the_rows_of_one_person(kind, at):
    User.objects.bulk_create(User(email=f"{n}@clinic.example", name=f"Person {n}", title=OWED) for n in range(3000))
    person = factories.person(title=OWED)  # the last of them, so that nobody comes upon it early
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_user")
    mine = reminders.released(recipient=person, at=at, kind=kind.code, occasion="once")
    assert still_true([mine], at) == {mine.pk}
    assert rows_touched(kind, at, [mine.pk], [person.pk]) <= 5

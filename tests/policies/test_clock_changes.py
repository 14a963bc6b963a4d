"""Mornings and evenings are those on the wall, also in the nights in which the clocks of Chicago are changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
import time_machine

from accounts.roles import Role
from intranet.reminders.owing import owed
from intranet.reminders.registry import find
from protocols.publishing import Readers
from tests import factories as people
from tests.conftest import CHICAGO
from tests.intranet.announcements import factories as announcements
from tests.policies.reminder_scenarios import World
from tests.protocols import factories as protocols
from tests.scheduling import factories as roster

pytestmark = pytest.mark.django_db
FALL, SPRING = date(2026, 11, 1), date(2027, 3, 14)  # 25 and 23 hours long
DAY = timedelta(days=1)
AUTHORED = [Readers(Role.THERAPIST, None, True)]


def published(world: World, on: date, **fields: object) -> object:
    at = datetime.combine(on, time(10), tzinfo=CHICAGO)
    return protocols.published(
        by=world.approver, lead=world.clinical_lead, at=at, title="Falls", readers=AUTHORED, **fields
    )


def last_day(world: World, day: date) -> None:
    published(world, day - 5 * DAY, due_days=5)


def day_after_the_last(world: World, day: date) -> None:
    published(world, day - 6 * DAY, due_days=5)


def review(world: World, day: date) -> None:
    published(world, day.replace(year=day.year - 1))


def credential(world: World, day: date) -> None:
    kind = people.credential_type(name="Life support", lead_days=[1])
    people.credential(user=world.therapist, type=kind, start=date(2025, 1, 1), end=day + 2 * DAY)


def last_day_of_credential(world: World, day: date) -> None:
    kind = people.credential_type(name="Life support", lead_days=[1])
    people.credential(user=world.therapist, type=kind, start=date(2025, 1, 1), end=day + DAY)


def shift_on_the_next_day(world: World, day: date) -> None:
    roster.published(clinic=world.mt_prospect, day=day + DAY, staff=world.therapist)


def unread(world: World, day: date) -> None:
    version = published(world, day - 5 * DAY)
    protocols.governing(version, world.skill, by=world.clinical_lead, at=world.at)  # type: ignore[arg-type]
    people.competency(user=world.therapist, skill=world.skill, granted_by=world.clinical_lead)
    roster.published(clinic=world.mt_prospect, day=day + DAY, staff=world.therapist, skill=world.skill)


def overdue(world: World, day: date) -> None:
    announcements.announcement(by=world.clinical_lead, at=world.at, to=[world.mt_prospect], due_on=day - DAY)


@pytest.mark.parametrize("day", [FALL, SPRING])
@pytest.mark.parametrize(
    ("code", "arrange", "clock"),
    [
        ("protocol-to-acknowledge", last_day, 8),
        ("acknowledgement-late", day_after_the_last, 8),
        ("protocol-review-due", review, 8),
        ("credential-expiring", credential, 9),
        ("staff-credential-expiring", last_day_of_credential, 9),
        ("shift-tomorrow", shift_on_the_next_day, 18),
        ("unread-before-shift", unread, 8),
        ("staff-unread-before-shift", unread, 8),
        ("announcement-overdue", overdue, 8),
    ],
)
def test_it_comes_at_the_hour_that_the_clock_shows(
    code: str, arrange: Callable[[World, date], None], clock: int, day: date, cast, mt_prospect
):
    at = datetime.combine(day - 2 * DAY, time(10), tzinfo=CHICAGO)
    with time_machine.travel(at, tick=False):
        arrange(World(cast, mt_prospect, people.skill(), at), day)
    rows = owed(find(code), at).rows("SELECT due_at FROM owed")
    due = {moment.astimezone(CHICAGO) for (moment,) in rows}
    assert {moment.hour for moment in due if moment.date() == day} == {clock}
    assert {moment.minute for moment in due if moment.date() == day} == {0}

"""The demo's announcements on any day of the year: they tell the truth about the days that they name."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
import time_machine

from accounts.models import Clinic, User
from accounts.roles import Role
from intranet.announcements.models import Announcement
from intranet.announcements.publishing import may_take_over
from intranet.core.time import at_local
from intranet.demo.announcements import load_announcements, load_held, load_receipts, next_holiday


@pytest.fixture
def load(
    mt_prospect: Clinic,
    oakbrook: Clinic,
    manager: User,
    manager_oakbrook: User,
    clinical_lead: User,
    administrator: User,
    therapist: User,
    therapist_oakbrook: User,
    floater: User,
):
    """Load as if it were this moment."""
    people = {person.given_name.lower(): person for person in User.objects.all()}

    def load_at(now: datetime) -> dict[str, Announcement]:
        posted = load_announcements(
            lead=clinical_lead,
            managers={"M": manager, "O": manager_oakbrook},
            administrator=administrator,
            clinics={"M": mt_prospect, "O": oakbrook},
            now=now,
        )
        load_receipts(posted, people, now=now)
        return posted

    return load_at


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 11, 25),
        date(2026, 12, 31),
        date(2027, 2, 28),
        date(2027, 3, 14),  # the clocks change
        date(2027, 7, 3),
        date(2028, 1, 1),
    ],
)
@pytest.mark.parametrize("clock", [time(0, 5), time(12), time(23, 55)])
def test_it_loads_on_any_day_at_any_hour(load, therapist: User, mt_prospect: Clinic, day: date, clock: time):
    now = at_local(day, clock, mt_prospect.zone)
    posted = load(now)
    assert [one.title for one in Announcement.objects.owed_by(therapist, now)] == [posted["sharps"].title]
    assert posted["sharps"].due_on == day - timedelta(days=1)
    assert list(Announcement.objects.over(now)) == [posted["drill"]]
    assert list(Announcement.objects.filter(published_at__gt=now)) == [posted["flu"]]
    assert [one.note for one in posted["parking"].corrections.all()] == ["The lot opens at 2 PM, not at noon."]
    assert [file.name for file in posted["flu"].attachments.all()] == ["Consent to the flu shot"]
    assert [draft.author.name for draft in Announcement.objects.filter(published_at=None)] == ["Dana Mockridge"]


@pytest.mark.parametrize("clock", [time(0, 5), time(23, 55)])
def test_one_is_held_and_waits_for_the_manager(front_desk: User, manager: User, mt_prospect: Clinic, clock: time):
    now = at_local(date(2026, 11, 25), clock, mt_prospect.zone)
    held = load_held(front_desk, manager=manager, clinic=mt_prospect, now=now)
    assert (held.author, held.appears_at > now) == (front_desk, True)
    assert list(Announcement.objects.held(now + timedelta(days=3))) == [held]
    with time_machine.travel(now, tick=False):
        assert may_take_over(held, by=manager, at=now)
        assert Announcement.objects.sees(manager, held)
        assert Role.POSTER not in {grant.role for grant in User.objects.get(pk=front_desk.pk).standing.grants}


@pytest.mark.parametrize(
    ("day", "name", "holiday"),
    [
        (date(2026, 1, 1), "New Year’s Day", date(2026, 1, 1)),
        (date(2026, 1, 2), "Memorial Day", date(2026, 5, 25)),
        (date(2026, 7, 5), "Labor Day", date(2026, 9, 7)),
        (date(2026, 9, 8), "Thanksgiving", date(2026, 11, 26)),
        (date(2026, 12, 26), "New Year’s Day", date(2027, 1, 1)),
    ],
)
def test_the_next_holiday(day: date, name: str, holiday: date):
    assert next_holiday(day) == (name, holiday)

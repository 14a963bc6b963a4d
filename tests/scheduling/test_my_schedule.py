"""My schedule: only what is published, only one's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling.models import DayNote, PublishedShift, RosterWeek
from scheduling.my_schedule import my_month, my_schedule
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

URL = "/schedule/"
TODAY = factories.TODAY
FRIDAY = date(2026, 11, 27)


@pytest.fixture(autouse=True)
def _today(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def text(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_it_shows_the_next_shift_and_both_weeks_and_with_whom(
    sign_in, mt_prospect, oakbrook, therapist, floater, therapist_oakbrook
):
    factories.published(clinic=mt_prospect, day=TODAY, times="13-17", staff=therapist, note="Room 2")
    factories.published(clinic=mt_prospect, day=TODAY, times="9-14", staff=floater)
    factories.published(clinic=oakbrook, day=TODAY, times="9-17", staff=therapist_oakbrook)
    factories.published(clinic=mt_prospect, times="7-15:30", staff=therapist, break_minutes=30)
    body = text(sign_in(therapist).get(URL))
    assert "Your next shift, today" in body
    assert "1:00 PM – 5:00 PM" in body
    assert "Starts in 3 h" in body
    assert "With Theo" in body
    assert "Priya" not in body
    assert "Room 2" in body
    assert "4 hours this week, 8 so far next week." in body


def test_drafts_withdrawn_shifts_and_those_of_others_are_not_there(sign_in, mt_prospect, therapist, floater, at):
    factories.shift(clinic=mt_prospect, day=FRIDAY, times="6:13-8", staff=therapist)
    factories.published(clinic=mt_prospect, day=FRIDAY, times="9-16:17", staff=therapist, withdrawn_at=at)
    factories.published(clinic=mt_prospect, day=FRIDAY, times="6:19-12", staff=floater)
    body = text(sign_in(therapist).get(URL))
    assert [minute for minute in ("6:13", "4:17", "6:19") if minute in body] == []
    assert "No shift ahead" in body


def test_a_shift_that_may_be_lost_says_why(sign_in, mt_prospect, therapist, needling, sign_off, at):
    sign_off(therapist)
    factories.published(clinic=mt_prospect, day=FRIDAY, staff=therapist, skill=needling)
    browser = sign_in(therapist)
    assert "You may lose this shift" not in text(browser.get(URL))
    therapist.competencies.update(ended_at=at)
    body = text(browser.get(URL))
    assert "You may lose this shift" in body
    assert "competency for Dry needling, neck was ended on Nov 25, 2026" in body


def test_a_week_that_a_clinic_has_not_published_is_named(mt_prospect, oakbrook, floater, at):
    RosterWeek.objects.create(clinic=mt_prospect, monday=date(2026, 11, 23), published_at=at)
    this, following = my_schedule(floater, at).weeks
    assert [str(one) for one in this.missing] == ["Oakbrook Terrace: not published yet"]
    assert [one.clinic for one in following.missing] == [mt_prospect, oakbrook]


def test_open_days_after_the_last_published_shift_are_not_taken_for_days_off(
    sign_in, mt_prospect, therapist, floater, at
):
    factories.opening(clinic=mt_prospect, weekdays=range(6))
    RosterWeek.objects.create(clinic=mt_prospect, monday=factories.MONDAY, published_at=at)
    RosterWeek.objects.create(clinic=mt_prospect, monday=date(2026, 11, 23), published_at=at)
    factories.published(clinic=mt_prospect, day=date(2026, 12, 1), staff=therapist)
    factories.published(clinic=mt_prospect, day=date(2026, 12, 3), staff=floater)
    factories.shift(clinic=mt_prospect, day=date(2026, 12, 4), staff=therapist)
    factories.published(clinic=mt_prospect, day=date(2026, 11, 28), staff=floater)
    assert "Mt. Prospect: Fri and Sat are not published yet." in text(sign_in(therapist).get(URL))
    assert [week.missing == [] for week in my_schedule(therapist, at).weeks] == [True, False]


def test_days_that_are_over_are_not_waited_for(mt_prospect, therapist, at):
    factories.opening(clinic=mt_prospect, weekdays=range(5))
    RosterWeek.objects.create(clinic=mt_prospect, monday=date(2026, 11, 23), published_at=at)
    [missing] = my_schedule(therapist, at).weeks[0].missing
    assert missing.days == (TODAY, date(2026, 11, 26), FRIDAY)


def test_an_overnight_shift_stands_on_the_day_it_starts_and_counts_in_both_weeks(mt_prospect, therapist, at):
    factories.published(clinic=mt_prospect, day=date(2026, 11, 29), times="22-6", staff=therapist)
    this, following = my_schedule(therapist, at).weeks
    assert ([one.shift.day for one in this.shifts], this.minutes) == ([date(2026, 11, 29)], 90)
    assert (following.shifts, following.minutes) == ([], 360)


def test_more_colleagues_than_three_are_counted(mt_prospect, therapist, at):
    mine = factories.published(clinic=mt_prospect, day=FRIDAY, staff=therapist)
    for name in ("Ada A", "Ben B", "Cal C", "Dot D", "Eve E"):
        factories.published(clinic=mt_prospect, day=FRIDAY, staff=people.person(name=name))
    assert my_schedule(therapist, at).next.shift == mine
    assert my_schedule(therapist, at).next.together_with == "Ada, Ben, Cal and 2 others"


def note(clinic, day: date, words: str, by) -> None:
    DayNote.objects.create(clinic=clinic, day=day, text=words, by=by, at=factories.CREATED)


def test_notes_of_the_days_at_ones_own_clinics_stand_in_their_week(
    mt_prospect, oakbrook, therapist, manager, manager_oakbrook, sign_in, at
):
    note(mt_prospect, FRIDAY, "Fire drill at noon", manager)
    note(oakbrook, FRIDAY, "Painters in room 2", manager_oakbrook)
    this, following = my_schedule(therapist, at).weeks
    assert ([str(one) for one in this.notes], following.notes) == (["Mt. Prospect: Fire drill at noon"], [])
    assert "Fire drill at noon" in text(sign_in(therapist).get(URL))


def test_it_says_up_to_which_day_the_roster_is_published(mt_prospect, oakbrook, floater, therapist, sign_in):
    factories.published(clinic=mt_prospect, day=date(2026, 12, 10), staff=therapist)
    factories.shift(clinic=mt_prospect, day=date(2026, 12, 17), staff=therapist)
    factories.published(clinic=oakbrook, day=date(2026, 12, 11), times="22-6", staff=floater)
    assert "Published up to Thu, Dec 10. Times" in text(sign_in(therapist).get(URL))
    both = text(sign_in(floater).get(URL))
    assert "Published up to Thu, Dec 10 at Mt. Prospect, Fri, Dec 11 at Oakbrook Terrace. Times" in both


class TestMonth:
    def test_it_shows_the_weeks_that_hold_a_day_of_it(self, mt_prospect, therapist, floater, at, sign_in):
        for number, day in enumerate([date(2026, 11, 29), date(2026, 11, 30), date(2027, 1, 3), date(2027, 1, 4)]):
            factories.published(clinic=mt_prospect, day=day, times=f"{7 + number}-12", staff=therapist)
        factories.published(clinic=mt_prospect, day=date(2026, 12, 8), times="6-7", staff=floater)
        factories.shift(clinic=mt_prospect, day=date(2026, 12, 9), times="5-6", staff=therapist)
        weeks = my_month(therapist, date(2026, 12, 1), at)
        assert [(week.label, week.minutes) for week in weeks] == [
            ("Nov 30 – Dec 6", 240),
            ("Dec 7 – 13", 0),
            ("Dec 14 – 20", 0),
            ("Dec 21 – 27", 0),
            ("Dec 28 – Jan 3", 180),
        ]
        body = text(sign_in(therapist).get(URL, {"month": "2026-12"}))
        assert [f"{hour}:00 AM – 12:00 PM" in body for hour in (7, 8, 9, 10)] == [False, True, True, False]
        assert ("6:00 AM" in body, "5:00 AM" in body) == (False, False)
        assert "?month=2026-11" in body
        assert "?month=2027-01" in body

    @pytest.mark.parametrize("month", ["", "2026", "2026-13", "1926-12", "2026-12-01", "x"])
    def test_what_is_no_month_is_not_there(self, sign_in, therapist, month: str):
        assert sign_in(therapist).get(URL, {"month": month}).status_code == 404

    def test_an_administrator_has_none(self, sign_in, administrator):
        assert sign_in(administrator).get(URL, {"month": "2026-12"}).status_code == 403

    def test_it_costs_the_same_for_1_and_for_3_shifts(self, sign_in, mt_prospect, therapist, floater):
        browser, costs = sign_in(therapist), []
        for days in ([1], [8, 15]):
            for day in days:
                factories.published(clinic=mt_prospect, day=date(2026, 12, day), staff=therapist)
                factories.published(clinic=mt_prospect, day=date(2026, 12, day), staff=floater)
            with CaptureQueriesContext(connection) as captured:
                browser.get(URL, {"month": "2026-12"})
            costs.append(len(captured))
        assert costs[0] == costs[1]


@pytest.mark.parametrize(
    "who", ["therapist", "floater", "assistant", "front_desk", "manager", "clinical_lead", "approver"]
)
def test_everybody_who_works_has_one(request, sign_in, who):
    assert sign_in(request.getfixturevalue(who)).get(URL).status_code == 200


def test_an_administrator_has_none(sign_in, administrator):
    response = sign_in(administrator).get(URL)
    assert response.status_code == 403
    assert "Administrators are in no roster" in response.content.decode()


def test_it_costs_the_same_for_1_and_for_3_shifts(sign_in, mt_prospect, therapist, floater):
    browser, costs = sign_in(therapist), []
    for days in ([26], [27, 28]):
        for day in days:
            factories.published(clinic=mt_prospect, day=date(2026, 11, day), staff=therapist)
            factories.published(clinic=mt_prospect, day=date(2026, 11, day), staff=floater)
        with CaptureQueriesContext(connection) as captured:
            browser.get(URL)
        costs.append(len(captured))
    assert costs[0] == costs[1]
    assert PublishedShift.objects.count() == 6

"""Hours and overtime of a period: true minutes, all clinics together, and the same sum whichever way one adds."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Clinic, User
from intranet.audit.models import Entry
from scheduling.hours import hours_report
from scheduling.models import PublishedShift, RosterRule, RuleCode, RuleLevel, Shift
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

URL, FILE, API = "/roster/reports/hours/", "/roster/reports/hours/csv/", "/api/v1/roster-hours/"
MONDAY = factories.MONDAY
DAY, A_WEEK = timedelta(days=1), timedelta(days=7)


@pytest.fixture(autouse=True)
def _today(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


def of(report, person: User):
    return next(one for one in report.people if one.person == person)


def five_days(clinic: Clinic, person: User, *, times: str = "8-16", **fields: object) -> None:
    for number in range(5):
        factories.published(clinic=clinic, day=MONDAY + number * DAY, times=times, staff=person, **fields)


class TestOvertime:
    def test_it_counts_all_clinics_together(self, mt_prospect: Clinic, oakbrook: Clinic, floater: User):
        five_days(mt_prospect, floater, break_minutes=0)
        factories.published(clinic=oakbrook, day=MONDAY + 5 * DAY, times="8-11", staff=floater)
        one = of(hours_report([mt_prospect], MONDAY, MONDAY), floater)
        assert (one.minutes, one.overtime) == (43 * 60, 3 * 60)
        assert (one.minutes_at(mt_prospect), one.minutes_at(oakbrook)) == (40 * 60, 3 * 60)

    def test_forty_hours_are_none(self, mt_prospect: Clinic, therapist: User):
        five_days(mt_prospect, therapist, break_minutes=0)
        report = hours_report([mt_prospect], MONDAY, MONDAY)
        assert (report.minutes, report.overtime, report.over) == (40 * 60, 0, [])

    def test_weeks_do_not_make_up_for_each_other(self, mt_prospect: Clinic, therapist: User):
        five_days(mt_prospect, therapist, times="8-17", break_minutes=0)
        factories.published(clinic=mt_prospect, day=MONDAY + A_WEEK, times="8-9", staff=therapist)
        one = of(hours_report([mt_prospect], MONDAY, MONDAY + A_WEEK), therapist)
        assert [week.overtime for week in one.weeks] == [5 * 60, 0]
        assert [week.monday for week in one.weeks_over] == [MONDAY]

    def test_of_two_clinics_the_stricter_one_says_from_when(self, mt_prospect: Clinic, oakbrook: Clinic, floater: User):
        for clinic, hours in ((mt_prospect, 38), (oakbrook, 36)):
            RosterRule.objects.create(
                clinic=clinic,
                code=RuleCode.WEEK,
                level=RuleLevel.WARNS,
                amount=hours * 60,
                source="Policy",
                checked_on=date(2026, 11, 1),
            )
        five_days(mt_prospect, floater, break_minutes=0)
        assert of(hours_report([mt_prospect], MONDAY, MONDAY), floater).overtime == 2 * 60
        factories.published(clinic=oakbrook, day=MONDAY + 5 * DAY, times="8-9", staff=floater)
        assert of(hours_report([mt_prospect], MONDAY, MONDAY), floater).overtime == 5 * 60


class TestMinutes:
    @pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 7), 7), (date(2026, 10, 31), 9), (date(2026, 12, 5), 8)])
    def test_a_night_is_as_long_as_it_is(self, mt_prospect: Clinic, therapist: User, day: date, hours: int):
        """Of 10p to 6a, in the nights in which the clocks change: the Sunday is still of that week."""
        factories.published(clinic=mt_prospect, day=day, times="22-6", staff=therapist, break_minutes=0)
        monday = day - 5 * DAY
        assert hours_report([mt_prospect], monday, monday).minutes == hours * 60

    def test_a_night_from_sunday_on_is_shared_out(self, mt_prospect: Clinic, therapist: User):
        factories.published(clinic=mt_prospect, day=MONDAY - DAY, times="22-6", staff=therapist, break_minutes=30)
        report = hours_report([mt_prospect], MONDAY - A_WEEK, MONDAY)
        assert [week.minutes for week in of(report, therapist).weeks] == [90, 360]
        assert hours_report([mt_prospect], MONDAY, MONDAY).minutes == 360

    def test_only_what_is_published_and_has_somebody(self, mt_prospect: Clinic, therapist: User, at: datetime):
        factories.shift(clinic=mt_prospect, staff=therapist)
        factories.published(clinic=mt_prospect, day=MONDAY + DAY, staff=therapist, withdrawn_at=at)
        factories.published(clinic=mt_prospect, day=MONDAY + DAY)
        report = hours_report([mt_prospect], MONDAY, MONDAY)
        assert (report.people, report.clinics, report.minutes) == ([], [], 0)

    def test_only_people_of_the_clinics_asked_for(
        self, mt_prospect: Clinic, oakbrook: Clinic, therapist: User, therapist_oakbrook: User
    ):
        five_days(mt_prospect, therapist)
        five_days(oakbrook, therapist_oakbrook)
        assert [one.person for one in hours_report([oakbrook], MONDAY, MONDAY).people] == [therapist_oakbrook]


# Days around both clock changes, apart enough that no shift of a person meets the next.
SHIFTS = st.lists(
    st.tuples(
        st.integers(0, 2),  # whose
        st.integers(0, 1),  # where
        st.sampled_from([date(2026, 3, 7), date(2026, 10, 31)]),
        st.integers(0, 12),  # every other day after it
        st.integers(0, 95),  # from which quarter of an hour on
        st.integers(2, 64),  # how many quarters long
        st.sampled_from([0, 15, 30]),
    ),
    max_size=12,
    unique_by=lambda one: (one[0], one[2], one[3]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SHIFTS)
def test_hours_sum_to_the_same_over_people_clinics_and_weeks(
    mt_prospect: Clinic, therapist: User, shifts: list
) -> None:
    denver = Clinic.objects.filter(slug="denver").first() or people.clinic(
        name="Denver", letter="D", number=3, slug="denver", time_zone="America/Denver"
    )
    others = [User.objects.filter(name=name).first() or people.person(name=name) for name in ("Ada A", "Ben B")]
    PublishedShift.objects.all().delete()
    Shift.objects.all().delete()
    truth = 0
    for whose, where, first, number, quarter, quarters, unpaid in shifts:
        clinic = (mt_prospect, denver)[where]
        midnight = datetime.combine(first + 2 * number * DAY, datetime.min.time(), ZoneInfo(clinic.time_zone))
        start = midnight.astimezone(UTC) + timedelta(minutes=15 * quarter)
        span = (start, start + timedelta(minutes=15 * quarters))
        paid = 15 * quarters - min(unpaid, 15 * quarters - 15)
        one = factories.published(clinic=clinic, day=first, times="8-9", staff=None)
        PublishedShift.objects.filter(pk=one.pk).update(
            period=span, break_minutes=15 * quarters - paid, staff=[therapist, *others][whose]
        )
        truth += paid
    report = hours_report([mt_prospect, denver], date(2026, 3, 2), date(2026, 11, 30))
    assert report.minutes == truth
    assert sum(minutes for _, minutes in report.by_clinic) == truth
    assert sum(week.minutes for one in report.people for week in one.weeks) == truth
    assert sum(number for _, minutes in report.rows for _, number in minutes) == truth


class TestPage:
    def test_it_names_who_went_over_and_by_how_much(self, sign_in, mt_prospect, oakbrook, manager, floater, therapist):
        five_days(mt_prospect, floater, break_minutes=0)
        factories.published(clinic=oakbrook, day=MONDAY + 5 * DAY, times="8-11", staff=floater)
        factories.published(clinic=mt_prospect, staff=therapist, times="8-12")
        body = sign_in(manager).get(URL, {"first": "2026-12-02", "last": "2026-12-02"}).content.decode()
        assert "Nov 30, 2026 to Dec 6, 2026, as published: 47 hours of 2 people, 3 of them overtime." in body
        assert "3 h</span> Nov 30 – Dec 6: 43 h, overtime from 40" in body

    def test_without_a_choice_it_shows_this_week_and_the_three_before(self, sign_in, manager):
        assert "Nov 2, 2026 to Nov 29, 2026" in sign_in(manager).get(URL).content.decode()

    @pytest.mark.parametrize("last", ["2026-11-01", "2028-11-01", "x"])
    def test_what_makes_no_sense_is_left_out_and_said(self, sign_in, manager, last: str):
        browser, query = sign_in(manager), {"first": "2026-11-25", "last": last}
        assert "left out" in browser.get(URL, query).content.decode()
        assert browser.get(FILE, query).url.startswith(URL)

    def test_a_manager_reads_of_the_own_clinics_only(self, sign_in, manager, oakbrook, therapist_oakbrook):
        five_days(oakbrook, therapist_oakbrook)
        query = {"first": "2026-12-02", "clinic": "oakbrook-terrace"}
        assert "Priya" not in sign_in(manager).get(URL, query).content.decode()

    def test_it_costs_the_same_for_1_and_for_3_people(self, sign_in, mt_prospect: Clinic, manager: User):
        browser, costs = sign_in(manager), []
        for names in (["Ada A"], ["Ben B", "Cal C"]):
            for name in names:
                five_days(mt_prospect, people.person(name=name))
            with CaptureQueriesContext(connection) as captured:
                body = browser.get(URL, {"first": "2026-12-02", "last": "2026-12-02"}).content.decode()
            costs.append(len(captured))
            assert names[-1] in body
        assert costs[0] == costs[1]


class TestFile:
    def test_a_line_for_each_person_week_and_clinic(self, sign_in, mt_prospect, oakbrook, manager, floater):
        five_days(mt_prospect, floater, break_minutes=0)
        factories.published(clinic=oakbrook, day=MONDAY + 5 * DAY, times="8-11", staff=floater)
        User.objects.filter(pk=floater.pk).update(name="=cmd()")
        answer = sign_in(manager).get(FILE, {"first": "2026-12-02", "last": "2026-12-02"})
        lines = list(csv.reader(StringIO(answer.getvalue().decode("utf-8-sig"))))
        assert lines[1:] == [
            ["'=cmd()", "2026-11-30", "Mt. Prospect", "40.00", "43.00", "40.00", "3.00"],
            ["'=cmd()", "2026-11-30", "Oakbrook Terrace", "3.00", "43.00", "40.00", "3.00"],
        ]
        assert Entry.objects.get(verb="roster.exported").changes["file"] == "hours-2026-11-30-2026-12-06"


class TestApi:
    def test_the_same_numbers(self, api, mt_prospect, oakbrook, manager, floater):
        five_days(mt_prospect, floater, break_minutes=0)
        factories.published(clinic=oakbrook, day=MONDAY + 5 * DAY, times="8-11", staff=floater)
        answer = api(manager).get(API, {"first": "2026-12-02", "last": "2026-12-02"}).json()
        assert answer == {
            "first_day": "2026-11-30",
            "last_day": "2026-12-06",
            "minutes": 2580,
            "overtime": 180,
            "clinics": [
                {"clinic": "mt-prospect", "minutes": 2400},
                {"clinic": "oakbrook-terrace", "minutes": 180},
            ],
            "people": [
                {
                    "person": {"id": floater.pk, "name": "Theo Fictus"},
                    "minutes": 2580,
                    "overtime": 180,
                    "weeks": [{"monday": "2026-11-30", "minutes": 2580, "overtime_from": 2400, "overtime": 180}],
                }
            ],
        }

    def test_what_makes_no_sense_is_refused(self, api, manager):
        program = api(manager)
        for query in ({"first": "x"}, {"clinic": "oakbrook-terrace"}, {"who": "me"}):
            assert program.get(API, query).status_code == 400

"""Clock times: both nights of the clock change, overnight shifts, weeks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from hypothesis import given
from hypothesis import strategies as st

from intranet.core.time import minutes_between
from scheduling import publishing, roster
from scheduling.eligibility import may_work
from scheduling.models import Shift, week_span
from scheduling.plans import Plan
from scheduling.times import clock_change, minutes_within, shift_span, skipped_times, week_of
from tests import factories as people
from tests.scheduling import factories

CHICAGO = ZoneInfo("America/Chicago")
FALL_BACK = date(2026, 10, 31)  # Saturday; the clocks go back in the night
SPRING_FORWARD = date(2027, 3, 13)


def minutes(day: date, starts: str, ends: str) -> int:
    return minutes_between(*shift_span(day, factories.clock(starts), factories.clock(ends), CHICAGO))


@pytest.mark.parametrize(
    ("day", "starts", "ends", "expected"),
    [
        (factories.MONDAY, "7", "15:30", 510),
        (factories.MONDAY, "22", "6", 480),
        (FALL_BACK, "22", "6", 540),
        (SPRING_FORWARD, "22", "6", 420),
        (FALL_BACK + timedelta(days=1), "9", "17", 480),
        (SPRING_FORWARD + timedelta(days=1), "0", "6", 300),
        (factories.MONDAY, "7", "7", 1440),
    ],
)
def test_a_shift_lasts_as_long_as_it_really_does(day, starts, ends, expected):
    assert minutes(day, starts, ends) == expected


@pytest.mark.parametrize("day", [FALL_BACK + timedelta(days=1), SPRING_FORWARD + timedelta(days=1)])
def test_nine_o_clock_stays_nine_o_clock_on_the_day_of_the_change(day):
    start, _ = shift_span(day, time(9), time(17), CHICAGO)
    assert (start.astimezone(CHICAGO).time(), start.astimezone(CHICAGO).date()) == (time(9), day)


def test_a_time_that_does_not_exist_is_refused_with_the_time_to_take():
    sunday = date(2027, 3, 14)
    verdict = skipped_times(sunday, time(2, 30), time(10), CHICAGO)
    assert [(reason.field, reason.message) for reason in verdict.reasons] == [
        (
            "starts",
            "2:30 AM does not exist on Sun, Mar 14: the clocks go forward. Choose 3:30 AM or a time before the change.",
        )
    ]
    assert bool(skipped_times(sunday, time(3), time(10), CHICAGO))
    assert [reason.field for reason in skipped_times(SPRING_FORWARD, time(22), time(2, 15), CHICAGO).reasons] == [
        "ends"
    ]


def test_a_clock_change_inside_a_shift_is_known():
    night = (time(22), time(6), CHICAGO)
    assert clock_change(shift_span(FALL_BACK, *night), CHICAGO) == timedelta(hours=1)
    assert clock_change(shift_span(SPRING_FORWARD, *night), CHICAGO) == -timedelta(hours=1)
    assert clock_change(shift_span(factories.MONDAY, *night), CHICAGO) == timedelta(0)


def worked(start: datetime, length: int, unpaid: int) -> Shift:
    period = DateTimeTZRange(start, (start.astimezone(UTC) + timedelta(minutes=length)).astimezone(CHICAGO))
    return Shift(period=period, break_minutes=unpaid)


@given(
    start=st.datetimes(datetime(2026, 10, 25), datetime(2027, 4, 1), timezones=st.just(CHICAGO)),  # noqa: DTZ001  (wall clocks; the zone is beside them)
    length=st.integers(15, 16 * 60),
    unpaid=st.integers(0, 8 * 60),
    cuts=st.lists(st.integers(-60, 17 * 60), max_size=5),
)
def test_the_parts_of_a_shift_are_never_negative_and_sum_to_the_whole(start, length, unpaid, cuts):
    shift = worked(start, length, min(unpaid, length - 1))
    moments = sorted(start.astimezone(UTC) + timedelta(minutes=cut) for cut in cuts)
    edges = [start.astimezone(UTC) - timedelta(days=1), *moments, start.astimezone(UTC) + timedelta(days=2)]
    parts = [minutes_within(shift, span) for span in pairwise(edges)]
    assert min(parts) >= 0
    assert sum(parts) == shift.minutes == length - shift.break_minutes


@pytest.mark.django_db
class TestWeeks:
    def test_a_week_with_a_clock_change_is_169_or_167_hours_long(self, mt_prospect):
        lengths = [
            minutes_between(*week_span(monday, mt_prospect)) / 60
            for monday in (date(2026, 10, 26), date(2027, 3, 8), factories.MONDAY)
        ]
        assert lengths == [169, 167, 168]

    def test_a_shift_belongs_to_the_week_of_its_local_start(self, mt_prospect):
        start, _ = factories.span(mt_prospect, date(2026, 12, 6), "22-6")
        assert week_of(start, mt_prospect) == factories.MONDAY
        midnight, _ = factories.span(mt_prospect, date(2026, 12, 7), "0-6")
        assert week_of(midnight, mt_prospect) == date(2026, 12, 7)

    def test_hours_of_a_sunday_night_fall_into_both_weeks(self, mt_prospect):
        night = factories.shift(clinic=mt_prospect, day=date(2026, 12, 6), times="22-6", break_minutes=30)
        this, following = (week_span(monday, mt_prospect) for monday in (factories.MONDAY, date(2026, 12, 7)))
        assert (minutes_within(night, this), minutes_within(night, following)) == (90, 360)
        assert night.minutes == 450

    @pytest.mark.parametrize(("times", "parts"), [("23:45-6", (0, 345)), ("23:30-6", (0, 360)), ("23-6", (30, 360))])
    def test_a_break_longer_than_what_a_week_has_of_the_shift_goes_on_in_the_next(self, mt_prospect, times, parts):
        night = factories.shift(clinic=mt_prospect, day=date(2026, 12, 6), times=times, break_minutes=30)
        weeks = (week_span(monday, mt_prospect) for monday in (factories.MONDAY, date(2026, 12, 7)))
        assert tuple(minutes_within(night, week) for week in weeks) == parts

    def test_paid_minutes_know_the_clock_change(self, mt_prospect):
        night = factories.shift(clinic=mt_prospect, day=FALL_BACK, times="22-6", break_minutes=30)
        assert night.minutes == 510

    def test_each_clinic_has_its_own_clocks(self, mt_prospect):
        denver = people.clinic(name="Denver", letter="D", number=3, time_zone="America/Denver")
        start, _ = factories.span(denver, factories.MONDAY, "7-15:30")
        assert start == datetime(2026, 11, 30, 8, 0, tzinfo=CHICAGO)
        assert factories.shift(clinic=denver, times="7-15:30").day == factories.MONDAY

    def test_an_overnight_shift_clashes_with_the_next_morning(self, mt_prospect, manager, therapist, at):
        factories.shift(clinic=mt_prospect, times="22-6", staff=therapist)
        early = factories.shift(clinic=mt_prospect, day=date(2026, 12, 1), times="5-12")
        verdict = may_work(Plan.of(early), therapist, at, shift_id=early.pk)
        assert [reason.message for reason in verdict.reasons] == [
            "Avery already works 10p–6a on Mon, Nov 30 at Mt. Prospect."
        ]

    def test_a_shift_past_the_end_of_the_week_is_published_with_it(self, mt_prospect, manager, therapist, at):
        night = factories.shift(clinic=mt_prospect, day=date(2026, 12, 6), times="22-6", staff=therapist)
        publishing.publish(night.week, version=0, by=manager, at=at)
        assert [one.shift for one in roster.next_shifts(therapist, at)] == [night]

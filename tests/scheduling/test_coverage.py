"""Coverage: people on the floor against people needed, half hour by half hour."""

from __future__ import annotations

from datetime import date, time

import pytest

from intranet.core.access import Forbidden
from intranet.core.wording import short_range
from scheduling.charts import Bar, Chart
from scheduling.coverage import Cover, DayCoverage, Demand
from scheduling.models import CoverageNeed, OpeningHours, Shift
from scheduling.needs import WeeklyNeed, set_coverage_needs
from scheduling.opening import set_opening_hours
from scheduling.positions import Position
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

THERAPISTS = Cover(position=Position.THERAPIST)


def coverage(clinic, day=factories.MONDAY, cover=THERAPISTS) -> DayCoverage:
    return Demand.of([clinic]).coverage(clinic, day, cover, list(Shift.objects.select_related("clinic")))


def gaps(found: DayCoverage) -> list[tuple[str, int]]:
    return [(short_range(gap.start, gap.end, gap.clinic.zone), gap.short) for gap in found.gaps]


@pytest.fixture
def open_all_week(mt_prospect):
    factories.opening(clinic=mt_prospect, times="7-13")


def test_enough_people_at_every_half_hour(mt_prospect, therapist, open_all_week):
    factories.need(clinic=mt_prospect, times="7-13")
    factories.shift(clinic=mt_prospect, times="7-13", staff=therapist)
    found = coverage(mt_prospect)
    assert (len(found.slots), gaps(found), found.missing_minutes) == (12, [], 0)


def test_needs_that_overlap_add_up_and_a_gap_is_named(mt_prospect, therapist, floater, open_all_week):
    factories.need(clinic=mt_prospect, times="7-13")
    factories.need(clinic=mt_prospect, times="9-11")
    factories.shift(clinic=mt_prospect, times="7-10", staff=therapist)
    factories.shift(clinic=mt_prospect, times="9-10", staff=floater)
    found = coverage(mt_prospect)
    assert gaps(found) == [("10a–1p", 2)]
    assert found.missing_minutes == 60 * 2 + 120
    assert str(found.worst) == "2 therapists"


def test_a_need_before_the_clinic_opens_counts_as_well(mt_prospect, therapist, open_all_week):
    factories.need(clinic=mt_prospect, times="6-8")
    factories.shift(clinic=mt_prospect, times="7-13", staff=therapist)
    assert gaps(coverage(mt_prospect)) == [("6a–7a", 1)]


def test_open_shifts_and_other_positions_cover_nothing(mt_prospect, assistant, open_all_week):
    factories.need(clinic=mt_prospect, times="7-8")
    factories.shift(clinic=mt_prospect, times="7-13")
    factories.shift(clinic=mt_prospect, times="7-13", staff=assistant, position=Position.ASSISTANT)
    assert gaps(coverage(mt_prospect)) == [("7a–8a", 1)]


def test_a_shift_of_another_clinic_covers_nothing(mt_prospect, oakbrook, floater, open_all_week):
    factories.need(clinic=mt_prospect, times="7-8")
    factories.shift(clinic=oakbrook, times="7-13", staff=floater)
    assert gaps(coverage(mt_prospect)) == [("7a–8a", 1)]


def test_half_an_half_hour_is_not_covered(mt_prospect, therapist, open_all_week):
    factories.need(clinic=mt_prospect, times="7-8")
    factories.shift(clinic=mt_prospect, times="7:15-13", staff=therapist)
    assert gaps(coverage(mt_prospect)) == [("7a–7:30a", 1)]


def test_a_skill_is_covered_by_shifts_that_ask_for_it(mt_prospect, therapist, needling, sign_off, open_all_week):
    sign_off(therapist)
    factories.need(clinic=mt_prospect, times="7-10", skill=needling)
    factories.shift(clinic=mt_prospect, times="7-9", staff=therapist, skill=needling)
    factories.shift(clinic=mt_prospect, times="9-13", staff=therapist)
    found = coverage(mt_prospect, cover=Cover(skill=needling))
    assert gaps(found) == [("9a–10a", 1)]
    assert str(found.worst) == "1 person for Dry needling, neck"


def test_a_closed_day_needs_nobody(mt_prospect, open_all_week):
    factories.need(clinic=mt_prospect, weekday=5)
    found = coverage(mt_prospect, date(2026, 12, 5))
    assert (found.closed, found.slots, gaps(found)) == (True, (), [])


def test_a_night_shift_covers_the_early_morning(mt_prospect, therapist):
    factories.opening(clinic=mt_prospect, weekdays=range(7), times="0-8")
    factories.need(clinic=mt_prospect, weekday=1, times="0-8")
    factories.shift(clinic=mt_prospect, times="22-6", staff=therapist)
    assert gaps(coverage(mt_prospect, date(2026, 12, 1))) == [("6a–8a", 1)]


@pytest.mark.parametrize("sunday", [date(2026, 11, 1), date(2027, 3, 14)])
def test_the_days_of_the_clock_change_have_their_wall_clock_hours(mt_prospect, therapist, sunday):
    factories.opening(clinic=mt_prospect, weekdays=range(7), times="7-13")
    factories.need(clinic=mt_prospect, weekday=6, times="7-13")
    factories.shift(clinic=mt_prospect, day=sunday, times="8-13", staff=therapist)
    found = coverage(mt_prospect, sunday)
    assert (len(found.slots), gaps(found)) == (12, [("7a–8a", 1)])


def test_a_chart_draws_what_the_slots_say(mt_prospect, therapist, open_all_week):
    factories.need(clinic=mt_prospect, times="7-9")
    factories.need(clinic=mt_prospect, times="8-10")
    factories.shift(clinic=mt_prospect, times="7-9:30", staff=therapist)
    chart = Chart(coverage(mt_prospect), 3)
    assert chart.view_box == "0 0 12 3"
    assert chart.have == [Bar(0, 2, 5, 1)]
    assert chart.gaps == [Bar(2, 1, 2, 1), Bar(5, 2, 1, 1)]
    assert chart.need == "M0 2H2V1H4V2H6V3H12"
    assert chart.summary == (
        "Mt. Prospect, Mon 30: short 1 therapist 8:00 AM – 9:00 AM; short 1 therapist 9:30 AM – 10:00 AM"
    )
    assert chart.more_needed == "1 therapist more needed 8a–9a and 9:30a–10a."
    assert [tick for tick in chart.ticks if tick] == ["7a", "9", "11"]


def test_managers_state_needs_and_hours_of_their_own_clinic(mt_prospect, oakbrook, manager):
    set_opening_hours(mt_prospect, {0: (time(7), time(19))}, by=manager)
    set_coverage_needs(mt_prospect, [WeeklyNeed(range(5), time(7), time(19), 2, THERAPISTS)], by=manager)
    set_coverage_needs(mt_prospect, [WeeklyNeed([0], time(7), time(19), 1, THERAPISTS)], by=manager)
    assert OpeningHours.objects.count() == 1
    assert list(CoverageNeed.objects.values_list("weekday", "count", "position")) == [(0, 1, "therapist")]
    for attempt in (
        lambda: set_opening_hours(oakbrook, {}, by=manager),
        lambda: set_coverage_needs(oakbrook, [], by=manager),
    ):
        with pytest.raises(Forbidden):
            attempt()

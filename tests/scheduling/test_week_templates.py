"""Filling a week from a template or from another week: what is made, what is not and why, and nothing twice."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest

from accounts.models import Clinic, User
from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.access import Forbidden, Refused
from intranet.core.time import minutes_between
from scheduling import assigning
from scheduling.making_templates import Cycle, Line, add_week_template, change_week_template, retire_week_template
from scheduling.models import AcceptedWarning, PublishedShift, Shift, WeekTemplate
from scheduling.plans import Plan
from scheduling.positions import Position
from scheduling.usual_shifts import UsualShift, add_usual_shift
from scheduling.week_templates import Filled, apply_template, copy_week, foresee, week_of_cycle
from tests import factories as people
from tests.races import results
from tests.scheduling import factories

pytestmark = pytest.mark.django_db
MONDAY = factories.MONDAY
WEEK = timedelta(days=7)
SPRING, AUTUMN = date(2027, 3, 8), date(2027, 11, 1)  # the Mondays of the weeks that end with a change of the clocks


def usual(clinic: Clinic, by: User, times: str = "7-15:30", **fields: object):
    starts, ends = map(factories.clock, times.split("-"))
    minutes = {"break_minutes": 30} if times == "7-15:30" else {}
    wanted = UsualShift(times, Position.THERAPIST, starts, ends, **(minutes | fields))  # type: ignore[arg-type]
    return add_usual_shift(clinic, wanted, by=by)


def template(clinic: Clinic, by: User, *lines: Line, weeks: int = 1) -> WeekTemplate:
    return add_week_template(clinic, Cycle("Usual week", weeks, MONDAY, lines), by=by)


def counts(filled: Filled) -> tuple[int, int, int, int]:
    return len(filled.created), len(filled.opened), len(filled.skipped), filled.there_already


def planned(monday: date = MONDAY) -> list[Shift]:
    return list(Shift.objects.planned().filter(week__monday=monday).order_by("period", "pk"))


@pytest.fixture
def early(mt_prospect, manager):
    return usual(mt_prospect, manager)


def test_a_week_is_filled_with_drafts_and_again_with_nothing(mt_prospect, manager, therapist, early, at):
    usual_week = template(mt_prospect, manager, Line(1, 0, early, 1, therapist), Line(1, 2, early, 2))
    filled = apply_template(usual_week, MONDAY, by=manager, at=at)
    assert counts(filled) == (3, 0, 0, 0)
    made = [(shift.day.weekday(), shift.staff, shift.minutes) for shift in planned()]
    assert made == [(0, therapist, 480), (2, None, 480), (2, None, 480)]
    assert PublishedShift.objects.count() == 0
    assert counts(apply_template(usual_week, MONDAY, by=manager, at=at)) == (0, 0, 0, 3)
    assert Shift.objects.count() == 3
    entry = Entry.objects.filter(verb="roster-week.filled").earliest("pk")
    assert {name: entry.changes[name] for name in ("created", "opened", "skipped", "template")} == {
        "created": 3,
        "opened": 0,
        "skipped": 0,
        "template": "Usual week",
    }


def test_what_somebody_moved_gave_away_or_made_by_hand_is_not_made_again(
    mt_prospect, manager, therapist, floater, early, at
):
    usual_week = template(mt_prospect, manager, Line(1, 0, early, 1, therapist), Line(1, 1, early), Line(1, 2, early))
    factories.shift(clinic=mt_prospect, day=MONDAY + timedelta(days=2))
    assert counts(apply_template(usual_week, MONDAY, by=manager, at=at)) == (2, 0, 0, 1)
    monday, tuesday, _ = planned()
    start, end = factories.span(mt_prospect, MONDAY + timedelta(days=4), "9-17")
    assigning.move_shift(monday, start=start, end=end, version=1, by=manager, at=at)
    assigning.assign(tuesday, floater, version=1, by=manager, at=at)
    assert counts(apply_template(usual_week, MONDAY, by=manager, at=at)) == (0, 0, 0, 3)


def test_what_somebody_deleted_is_made_again(mt_prospect, manager, early, at):
    usual_week = template(mt_prospect, manager, Line(1, 0, early, 2))
    apply_template(usual_week, MONDAY, by=manager, at=at)
    assigning.delete_shift(planned()[0], version=1, by=manager, at=at)
    assert counts(apply_template(usual_week, MONDAY, by=manager, at=at)) == (1, 0, 0, 1)


def test_another_template_with_the_same_shift_makes_its_own(mt_prospect, manager, early, at):
    apply_template(template(mt_prospect, manager, Line(1, 0, early)), MONDAY, by=manager, at=at)
    more = add_week_template(mt_prospect, Cycle("More", 1, MONDAY, [Line(1, 0, early)]), by=manager)
    assert counts(apply_template(more, MONDAY, by=manager, at=at)) == (1, 0, 0, 0)


def test_who_may_not_work_it_leaves_it_open_with_every_reason(mt_prospect, manager, therapist, front_desk, early, at):
    factories.shift(clinic=mt_prospect, times="12-16", staff=therapist)
    lines = [Line(1, 0, early, 1, person) for person in (therapist, front_desk)]
    filled = apply_template(template(mt_prospect, manager, *lines), MONDAY, by=manager, at=at)
    assert counts(filled) == (0, 2, 0, 0)
    assert [one.wanted for one in filled.opened] == [therapist, front_desk]
    assert [[reason.code for reason in one.reasons] for one in filled.opened] == [
        ["double-booking"],
        ["profession", "not-here"],
    ]
    clash = "Avery already works 12p–4p on Mon, Nov 30 at Mt. Prospect."
    assert str(filled.opened[0].reasons[0]) == clash
    again = apply_template(WeekTemplate.objects.get(), MONDAY, by=manager, at=at)
    assert counts(again) == (0, 0, 0, 2)


def test_what_needs_a_reason_is_open_without_one_and_made_with_one(mt_prospect, manager, therapist, at):
    long = usual(mt_prospect, manager, "7-16")  # nine hours without a meal
    usual_week = template(mt_prospect, manager, Line(1, 0, long, 1, therapist))
    [one] = apply_template(usual_week, MONDAY, by=manager, at=at).opened
    assert [reason.code for reason in one.reasons] == ["meal"]
    [made] = apply_template(usual_week, MONDAY + WEEK, by=manager, at=at, reason="She asked for it.").created
    assert made.shift is not None
    assert made.shift.staff == therapist
    assert [row.reason for row in AcceptedWarning.objects.filter(shift=made.shift)] == ["She asked for it."]


def test_a_closed_day_makes_nothing_and_short_hours_are_said(mt_prospect, manager, early, at):
    factories.opening(clinic=mt_prospect)
    factories.special_day(clinic=mt_prospect, day=MONDAY, name="Founders’ Day")
    factories.special_day(clinic=mt_prospect, day=MONDAY + timedelta(days=1), name="Inventory", times="7-12")
    lines = [Line(1, day, early) for day in range(3)]
    usual_week = template(mt_prospect, manager, *lines)
    seen = foresee(usual_week, MONDAY)
    assert ([place.plan.day.weekday() for place in seen.missing], seen.there_already) == ([1, 2], 0)
    filled = apply_template(usual_week, MONDAY, by=manager, at=at)
    assert counts(filled) == (2, 0, 1, 0)
    closed = ["Mt. Prospect is closed on Monday, November 30 (Founders’ Day)."]
    assert [str(reason) for reason in filled.skipped[0].reasons] == closed
    assert [str(reason) for _, reason in seen.closed] == closed
    short = "Mt. Prospect is open 7a–12p on Tuesday, December 1 (Inventory): part of this shift lies outside."
    assert [[str(reason) for reason in one.reasons] for one in filled.created] == [[short], []]


def test_the_weeks_of_a_cycle_take_turns_also_before_it_begins(mt_prospect, manager, at):
    early, late = usual(mt_prospect, manager), usual(mt_prospect, manager, "12-19")
    cycle = template(mt_prospect, manager, Line(1, 0, early), Line(2, 0, late), weeks=2)
    assert [week_of_cycle(cycle, MONDAY + number * WEEK) for number in range(-2, 3)] == [1, 2, 1, 2, 1]
    for number in range(2):
        apply_template(cycle, MONDAY + number * WEEK, by=manager, at=at)
    assert [shift.start.astimezone(mt_prospect.zone).hour for shift in Shift.objects.order_by("period")] == [7, 12]


@pytest.mark.parametrize(
    ("monday", "times", "start", "minutes"),
    [
        (SPRING, "22-6", datetime(2027, 3, 14, 4, tzinfo=UTC), 7 * 60),
        (AUTUMN, "22-6", datetime(2027, 11, 7, 3, tzinfo=UTC), 9 * 60),
        (SPRING - WEEK, "22-6", datetime(2027, 3, 7, 4, tzinfo=UTC), 8 * 60),
        (SPRING, "18-2:30", datetime(2027, 3, 14, 0, tzinfo=UTC), 8 * 60 + 30),  # 2:30 is not: as long as ever
    ],
)
def test_a_saturday_night_is_as_long_as_the_clocks_make_it(mt_prospect, manager, at, monday, times, start, minutes):
    night = usual(mt_prospect, manager, times)
    usual_week = template(mt_prospect, manager, Line(1, 5, night))
    apply_template(usual_week, monday, by=manager, at=at)
    [shift] = planned(monday)
    assert (shift.start, minutes_between(shift.start, shift.end)) == (start, minutes)


@pytest.mark.parametrize(("monday", "utc"), [(SPRING, [13, 12]), (AUTUMN, [12, 13])])
def test_seven_in_the_morning_stays_seven_across_the_change(mt_prospect, manager, early, at, monday, utc):
    usual_week = template(mt_prospect, manager, Line(1, 5, early), Line(1, 6, early))
    apply_template(usual_week, monday, by=manager, at=at)
    assert [shift.start.astimezone(UTC).hour for shift in planned(monday)] == utc
    assert [shift.start.astimezone(mt_prospect.zone).time() for shift in planned(monday)] == [time(7), time(7)]


def test_a_sunday_night_belongs_to_the_week_in_which_it_begins(mt_prospect, manager, at):
    night = usual(mt_prospect, manager, "22-6")
    apply_template(template(mt_prospect, manager, Line(1, 6, night)), MONDAY, by=manager, at=at)
    [shift] = planned()
    assert (shift.day, shift.end.astimezone(mt_prospect.zone).date()) == (date(2026, 12, 6), date(2026, 12, 7))


@pytest.mark.parametrize(
    ("monday", "code"),
    [(MONDAY + timedelta(days=1), "not-a-monday"), (MONDAY - 2 * WEEK, "week-is-past")],
)
def test_a_week_that_is_none_or_over_is_not_filled(mt_prospect, manager, early, at, monday, code):
    usual_week = template(mt_prospect, manager, Line(1, 0, early))
    with pytest.raises(Refused) as refused:
        apply_template(usual_week, monday, by=manager, at=at)
    assert [reason.code for reason in refused.value.verdict.reasons] == [code]
    assert Shift.objects.count() == 0


def test_a_retired_template_and_a_manager_of_another_clinic_fill_nothing(
    mt_prospect, manager, manager_oakbrook, early, at
):
    usual_week = template(mt_prospect, manager, Line(1, 0, early))
    with pytest.raises(Forbidden):
        apply_template(usual_week, MONDAY, by=manager_oakbrook, at=at)
    retire_week_template(usual_week, by=manager)
    with pytest.raises(Refused) as refused:
        apply_template(usual_week, MONDAY, by=manager, at=at)
    assert [reason.code for reason in refused.value.verdict.reasons] == ["retired"]
    assert Shift.objects.count() == 0


def test_a_changed_template_makes_only_what_is_new_in_it(mt_prospect, manager, therapist, early, at):
    usual_week = template(mt_prospect, manager, Line(1, 0, early, 1, therapist), Line(1, 1, early, 2))
    apply_template(usual_week, MONDAY, by=manager, at=at)
    lines = [Line(1, 0, early), Line(1, 1, early, 3), Line(1, 3, early)]
    change_week_template(usual_week, Cycle("Usual week", 1, MONDAY, lines), version=1, by=manager)
    assert counts(apply_template(usual_week, MONDAY, by=manager, at=at)) == (2, 0, 0, 3)
    assert Counter(shift.day.weekday() for shift in planned()) == {0: 1, 1: 3, 3: 1}


class TestCopying:
    def test_a_week_is_copied_once(self, mt_prospect, manager, therapist, at):
        factories.shift(clinic=mt_prospect, staff=therapist, note="Bring the keys.")
        factories.shift(clinic=mt_prospect, day=MONDAY + timedelta(days=1), times="22-6")
        copied = [copy_week(mt_prospect, MONDAY, MONDAY + WEEK, by=manager, at=at) for _ in range(2)]
        assert [counts(one) for one in copied] == [(2, 0, 0, 0), (0, 0, 0, 2)]
        first, second = planned(MONDAY + WEEK)
        assert (first.staff, first.note, first.minutes) == (therapist, "", 480)
        assert (second.staff, minutes_between(second.start, second.end)) == (None, 480)

    def test_who_cannot_leaves_it_open_and_once_only(self, mt_prospect, manager, therapist, at):
        factories.shift(clinic=mt_prospect, staff=therapist)
        factories.time_off(person=therapist, clinic=mt_prospect, day=MONDAY + WEEK, decided_by=manager)
        copied = [copy_week(mt_prospect, MONDAY, MONDAY + WEEK, by=manager, at=at) for _ in range(2)]
        assert [counts(one) for one in copied] == [(0, 1, 0, 0), (0, 0, 0, 1)]
        assert [reason.code for reason in copied[0].opened[0].reasons] == ["time-off"]

    def test_another_persons_shift_at_the_time_does_not_stand_for_it(
        self, mt_prospect, manager, therapist, floater, at
    ):
        factories.shift(clinic=mt_prospect, staff=therapist)
        factories.shift(clinic=mt_prospect, day=MONDAY + WEEK, staff=floater)
        assert counts(copy_week(mt_prospect, MONDAY, MONDAY + WEEK, by=manager, at=at)) == (1, 0, 0, 0)

    def test_what_a_template_made_there_is_not_copied_again(self, mt_prospect, manager, early, at):
        usual_week = template(mt_prospect, manager, Line(1, 0, early))
        for monday in (MONDAY, MONDAY + WEEK):
            apply_template(usual_week, monday, by=manager, at=at)
        assert counts(copy_week(mt_prospect, MONDAY, MONDAY + WEEK, by=manager, at=at)) == (0, 0, 0, 1)

    @pytest.mark.parametrize(("source", "minutes"), [(SPRING, 7 * 60), (AUTUMN, 9 * 60)])
    def test_a_night_of_changing_clocks_is_usual_again_a_week_later(self, mt_prospect, manager, at, source, minutes):
        night = factories.shift(clinic=mt_prospect, day=source + timedelta(days=5), times="22-6")
        assert minutes_between(night.start, night.end) == minutes
        copy_week(mt_prospect, source, source + WEEK, by=manager, at=at)
        [copy] = planned(source + WEEK)
        assert (minutes_between(copy.start, copy.end), copy.start.astimezone(mt_prospect.zone).hour) == (480, 22)

    def test_a_closed_day_and_the_same_week_get_no_copy(self, mt_prospect, manager, at):
        factories.shift(clinic=mt_prospect)
        factories.special_day(clinic=mt_prospect, day=MONDAY + WEEK)
        assert counts(copy_week(mt_prospect, MONDAY, MONDAY + WEEK, by=manager, at=at)) == (0, 0, 1, 0)
        with pytest.raises(Refused) as refused:
            copy_week(mt_prospect, MONDAY, MONDAY, by=manager, at=at)
        assert [reason.code for reason in refused.value.verdict.reasons] == ["same-week"]

    def test_managers_copy_at_their_own_clinic_only(self, mt_prospect, manager_oakbrook, at):
        factories.shift(clinic=mt_prospect)
        with pytest.raises(Forbidden):
            copy_week(mt_prospect, MONDAY, MONDAY + WEEK, by=manager_oakbrook, at=at)
        assert Shift.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_eight_managers_fill_a_week_and_each_place_is_filled_once(self, mt_prospect, manager, therapist, at):
        early = usual(mt_prospect, manager)
        usual_week = template(mt_prospect, manager, Line(1, 0, early, 1, therapist), Line(1, 1, early, 3))
        found = results([lambda: apply_template(usual_week, MONDAY, by=manager, at=at)] * 8)
        assert sorted(counts(one) for one in found) == [(0, 0, 0, 4)] * 7 + [(4, 0, 0, 0)]
        assert Shift.objects.count() == 4

    def test_two_clinics_that_want_the_same_people_do_not_deadlock(
        self, mt_prospect, oakbrook, manager, manager_oakbrook, floater, at
    ):
        other = people.staff(name="Sam Invento", role=Role.THERAPIST, clinics=[mt_prospect, oakbrook], profession="pt")
        deeds = []
        for clinic, by, pair in (
            (mt_prospect, manager, (floater, other)),
            (oakbrook, manager_oakbrook, (other, floater)),
        ):
            early = usual(clinic, by)
            usual_week = template(clinic, by, *(Line(1, day, early, 1, one) for day in range(4) for one in pair))
            deeds += [lambda one=usual_week, by=by: apply_template(one, MONDAY, by=by, at=at)] * 3
        found = results(deeds)
        assert sum(len(one.created) for one in found) == 8
        assert sum(len(one.opened) for one in found) == 8
        assert Shift.objects.filter(staff=None).count() == 8

    def test_a_week_that_is_filled_while_its_template_changes_has_one_or_the_other(
        self, mt_prospect, manager, therapist, at
    ):
        early = usual(mt_prospect, manager)
        usual_week = template(mt_prospect, manager, Line(1, 0, early))
        wanted = Cycle("Usual week", 1, MONDAY, [Line(1, 0, early), Line(1, 4, early, 2)])
        results(
            [
                lambda: apply_template(usual_week, MONDAY, by=manager, at=at),
                lambda: change_week_template(usual_week, wanted, version=1, by=manager),
            ]
        )
        assert Shift.objects.count() in {1, 3}


def test_the_plan_of_a_place_is_that_of_its_shift(mt_prospect, manager, early, at):
    usual_week = template(mt_prospect, manager, Line(1, 0, early))
    [place] = foresee(usual_week, MONDAY).missing
    apply_template(usual_week, MONDAY, by=manager, at=at)
    assert Plan.of(planned()[0]) == place.plan

"""What people say about when they can work: lines that never contradict each other, and what a planner is told of them."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
import time_machine

from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from scheduling import assigning
from scheduling.absences import absences
from scheduling.availability import (
    MOST_LINES,
    Line,
    add_availability,
    change_availability,
    lines_of,
    may_be_said,
    remove_availability,
)
from scheduling.eligibility import may_work
from scheduling.models import Availability, Wish
from tests.scheduling import factories
from tests.scheduling.factories import MONDAY, TODAY

pytestmark = pytest.mark.django_db

NO, YES_PLEASE, RATHER_NOT = Wish.UNAVAILABLE, Wish.PREFERRED, Wish.PREFERRED_OFF
TUESDAY, SUNDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=6)


@pytest.fixture(autouse=True)
def _today(at):
    with time_machine.travel(at, tick=False):
        yield


def mondays(wish: Wish = NO, **fields) -> Line:
    return Line(wish, MONDAY, weekday=0, **fields)


class TestContradiction:
    @pytest.mark.parametrize(
        ("other", "contradicts"),
        [
            (mondays(YES_PLEASE), True),
            (mondays(NO), False),  # the same once more does no harm
            (Line(YES_PLEASE, MONDAY, weekday=1), False),
            (Line(YES_PLEASE, MONDAY, MONDAY), True),
            (Line(YES_PLEASE, TUESDAY, SUNDAY), False),  # no Monday among them
            (Line(YES_PLEASE, TUESDAY, MONDAY + timedelta(days=7)), True),
            (
                Line(YES_PLEASE, date(2026, 11, 23), TODAY + timedelta(days=4), weekday=0),
                False,
            ),  # over before the other begins
            (Line(RATHER_NOT, TODAY, weekday=0), True),
        ],
    )
    def test_it_takes_a_common_day_and_another_wish(self, other, contradicts):
        for one, against in ((mondays(), other), (other, mondays())):
            assert (not may_be_said(one, [against], TODAY)) == contradicts

    @pytest.mark.parametrize(
        ("mine", "theirs", "contradicts"),
        [
            ((7, 12), None, True),
            ((7, 12), (12, 16), False),
            ((7, 12), (11, 16), True),
            ((9, 10), (7, 12), True),
        ],
    )
    def test_it_takes_a_common_hour(self, mine, theirs, contradicts):
        one, other = (
            mondays(wish, **({"starts": time(hours[0]), "ends": time(hours[1])} if hours else {}))
            for wish, hours in ((NO, mine), (YES_PLEASE, theirs))
        )
        assert (not may_be_said(one, [other], TODAY)) == contradicts

    def test_the_sentence_names_the_other_line(self):
        other = mondays(YES_PLEASE, starts=time(7), ends=time(12), last_day=date(2026, 12, 31))
        [reason] = may_be_said(mondays(), [other], TODAY).reasons
        assert str(reason) == (
            "You say already “Prefers to work” for Mondays, 7a–12p, from Mon, Nov 30, until Thu, Dec 31. "
            "Change that line, or choose other days or times."
        )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (mondays(), []),
        (Line(NO, MONDAY), [("no-last-day", "last_day")]),
        (Line(NO, TUESDAY, MONDAY), [("ends-before-it-begins", "last_day")]),
        (Line(NO, date(2026, 11, 1), date(2026, 11, 24)), [("past", "last_day")]),
        (Line(NO, MONDAY, MONDAY + timedelta(days=366)), [("too-long", "last_day")]),
        (Line(NO, MONDAY, MONDAY + timedelta(days=366), weekday=0), []),
        (Line(NO, TUESDAY, SUNDAY, weekday=0), [("no-such-day", "last_day")]),
        (mondays(starts=time(7)), [("one-time", "ends")]),
        (mondays(ends=time(7)), [("one-time", "starts")]),
        (mondays(starts=time(22), ends=time(6)), [("ends-before-it-begins", "ends")]),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(line, expected):
    assert [(one.code, one.field) for one in may_be_said(line, [], TODAY).reasons] == expected


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (Line(NO, date(2026, 11, 2), weekday=0), "Mondays"),
        (mondays(starts=time(7), ends=time(12)), "Mondays, 7a–12p, from Mon, Nov 30"),
        (Line(NO, MONDAY, MONDAY), "Mon, Nov 30"),
        (Line(NO, MONDAY, TUESDAY, starts=time(7), ends=time(12)), "Mon, Nov 30 – Tue, Dec 1, 7a–12p"),
    ],
)
def test_a_line_in_words(line, words):
    assert line.spoken(TODAY) == words


class TestWriting:
    def test_lines_are_added_changed_and_removed(self, therapist, at):
        row = add_availability(mondays(note="  Evening   class "), by=therapist, at=at)
        assert (Line.of(row), row.added_at) == (mondays(note="Evening class"), at)
        later = mondays(YES_PLEASE, last_day=date(2026, 12, 31))
        assert Line.of(change_availability(row, later, by=therapist, at=at)) == later
        remove_availability(row, by=therapist)
        assert not Availability.objects.exists()

    def test_a_changed_line_is_not_in_its_own_way(self, therapist, at):
        row = factories.availability(person=therapist)
        factories.availability(person=therapist, weekday=1)
        change_availability(row, mondays(YES_PLEASE), by=therapist, at=at)
        with pytest.raises(Refused, match="“Not available” for Tuesdays"):
            change_availability(row, Line(YES_PLEASE, MONDAY, weekday=1), by=therapist, at=at)

    def test_what_others_say_and_what_is_over_is_in_nobodys_way(self, therapist, floater, at):
        factories.availability(person=floater)
        factories.availability(person=therapist, first=date(2026, 11, 1), last=date(2026, 11, 24))
        add_availability(Line(YES_PLEASE, date(2026, 11, 1), weekday=0), by=therapist, at=at)

    def test_only_about_oneself(self, therapist, manager, administrator, at):
        row = factories.availability(person=therapist)
        with pytest.raises(Forbidden):
            change_availability(row, mondays(YES_PLEASE), by=manager, at=at)
        with pytest.raises(Forbidden):
            remove_availability(row, by=manager)
        with pytest.raises(Forbidden):
            add_availability(mondays(), by=administrator, at=at)

    def test_a_line_that_is_gone_is_a_conflict(self, therapist, at):
        row = factories.availability(person=therapist)
        stale = Availability.objects.get(pk=row.pk)
        remove_availability(row, by=therapist)
        with pytest.raises(Conflict, match="You removed this line"):
            remove_availability(stale, by=therapist)

    def test_there_is_an_end_to_lines(self, therapist, at):
        for number in range(MOST_LINES):
            factories.availability(person=therapist, weekday=None, last=MONDAY + timedelta(days=number))
        with pytest.raises(Refused, match="Keep to 60 lines"):
            add_availability(mondays(), by=therapist, at=at)
        change_availability(Availability.objects.first(), mondays(), by=therapist, at=at)

    def test_the_weeks_come_first_and_what_is_over_is_gone(self, therapist):
        days = factories.availability(person=therapist, weekday=None, last=MONDAY)
        tuesdays, mornings, on_mondays = (
            factories.availability(person=therapist, weekday=weekday, times=times)
            for weekday, times in ((1, ""), (0, "10-12"), (0, "7-9"))
        )
        factories.availability(person=therapist, first=date(2026, 11, 1), last=date(2026, 11, 24))
        assert lines_of(therapist, TODAY) == [on_mondays, mornings, tuesdays, days]

    def test_the_trail_says_when_and_never_the_note(self, mt_prospect, therapist, at):
        row = add_availability(mondays(note="Canary", starts=time(7), ends=time(12)), by=therapist, at=at)
        change_availability(row, mondays(note="Canary"), by=therapist, at=at)
        change_availability(row, mondays(note="Canary"), by=therapist, at=at)  # nothing new: no entry
        remove_availability(row, by=therapist)
        entries = Entry.objects.filter(target_type="scheduling.availability").order_by("pk")
        assert [one.verb for one in entries] == ["availability.added", "availability.changed", "availability.removed"]
        assert entries[0].clinic_ids == [mt_prospect.pk]
        assert entries[0].changes == {
            "wish": "Not available",
            "weekday": "Monday",
            "first": "2026-11-30",
            "last": None,
            "times": "7a–12p",
        }
        assert "Canary" not in str(list(entries.values()))


class TestPlanning:
    @pytest.mark.parametrize(
        ("wish", "times", "expected"),
        [
            (NO, "", ["Avery is not available on Monday."]),
            (NO, "12-20", ["Avery is not available 12p–8p on Monday."]),
            (RATHER_NOT, "", ["Avery would rather be off on Monday."]),
            (NO, "16-20", []),
            (YES_PLEASE, "", []),
        ],
    )
    def test_a_shift_against_it_is_a_concern(self, mt_prospect, therapist, at, wish, times, expected):
        factories.availability(person=therapist, wish=wish, times=times, note="Canary")
        verdict = may_work(factories.plan(clinic=mt_prospect), therapist, at)
        assert (bool(verdict), [str(one) for one in verdict.warnings]) == (True, expected)

    def test_a_manager_plans_it_all_the_same_with_a_reason(self, mt_prospect, therapist, manager, at):
        factories.availability(person=therapist)
        plan = factories.plan(clinic=mt_prospect, staff=therapist)
        with pytest.raises(Refused, match="Say why you plan it all the same"):
            assigning.create_shift(plan, by=manager, at=at)
        assigning.create_shift(plan, by=manager, at=at, reason="She agreed.")

    @pytest.mark.parametrize(("wish", "may"), [(NO, False), (RATHER_NOT, True), (YES_PLEASE, True)])
    def test_only_not_available_keeps_somebody_from_taking_a_shift(self, mt_prospect, therapist, wish, may):
        factories.availability(person=therapist, wish=wish)
        plan = factories.plan(clinic=mt_prospect)
        assert bool(absences([therapist], plan.span).unavailable(plan, therapist)) == may

    @pytest.mark.parametrize(("times", "warned"), [("22-6", True), ("22-23:30", False)])
    def test_a_night_touches_both_its_days(self, mt_prospect, therapist, at, times, warned):
        factories.availability(person=therapist, weekday=1)
        verdict = may_work(factories.plan(clinic=mt_prospect, day=MONDAY, times=times), therapist, at)
        assert ("unavailable" in [one.code for one in verdict.warnings]) == warned

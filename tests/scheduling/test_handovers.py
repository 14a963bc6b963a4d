"""What a change of hands would mean, for managers by the plan, for staff by what they see."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Profession
from accounts.roles import Role
from scheduling.eligibility import Case, gather, gather_each
from scheduling.handovers import Handover, judge, judge_for
from scheduling.models import Availability, Wish
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 12, 1)


def codes(gain) -> list[str]:
    return [reason.code for reason in gain.verdict.reasons]


def told(viewer, shift, person, at) -> list[str]:
    [gain] = judge_for(viewer, [Handover([(shift, person)])], at)[0].gains
    return codes(gain)


def test_many_cases_are_judged_as_each_by_itself(
    mt_prospect, oakbrook, therapist, floater, assistant, needling, sign_off, manager, at
):
    sign_off(floater)
    factories.shift(clinic=mt_prospect, times="7-12", staff=therapist)
    factories.shift(clinic=oakbrook, day=TUESDAY, times="13-17", staff=floater)
    factories.time_off(person=therapist, clinic=mt_prospect, day=TUESDAY, decided_by=manager)
    given = factories.shift(clinic=mt_prospect, day=TUESDAY, times="8-12", staff=floater)
    everybody = [therapist, floater, assistant]
    cases = [
        Case(factories.plan(clinic=mt_prospect, skill=needling), everybody),
        Case(factories.plan(clinic=mt_prospect, day=TUESDAY, times="9-13"), everybody, {given.pk}),
        Case(factories.plan(clinic=oakbrook, day=date(2026, 12, 9), times="9-13", skill=needling), everybody),
    ]
    found = gather_each(cases)
    for case, evidence in zip(cases, found, strict=True):
        single = gather(case.plan, everybody, leaving=case.without)
        verdicts = [(evidence.verdict(one, at), evidence.minutes(one)) for one in everybody]
        assert verdicts == [(single.verdict(one, at), single.minutes(one)) for one in everybody]
    assert [[bool(one.verdict(person, at)) for person in everybody] for one in found] == [
        [False, True, False],
        [False, False, False],
        [False, True, False],
    ]


@pytest.mark.parametrize("number", [1, 3])
def test_many_handovers_take_as_many_queries_as_one(number, mt_prospect, therapist, floater, needling, sign_off, at):
    sign_off(floater)
    handovers = []
    for index in range(number):
        day = TUESDAY + timedelta(days=index)
        mine = factories.published(clinic=mt_prospect, day=day, times="7-11", staff=therapist)
        theirs = factories.published(clinic=mt_prospect, day=day, times="12-16", staff=floater)
        free = factories.published(clinic=mt_prospect, day=day + timedelta(days=7), skill=needling)
        handovers += [Handover([(mine, floater), (theirs, therapist)]), Handover([(free, floater)])]
    with CaptureQueriesContext(connection) as captured:
        found = judge_for(therapist, handovers, at)
    assert [len(outcome.gains) for outcome in found] == [2, 1] * number
    assert len(captured) == 12


def test_what_is_given_away_is_in_nobodys_way(mt_prospect, therapist, floater, at):
    mine = factories.published(clinic=mt_prospect, times="7-12", staff=therapist)
    theirs = factories.published(clinic=mt_prospect, times="8-13", staff=floater)
    [outcome] = judge([Handover([(mine.shift, floater), (theirs.shift, therapist)])], at)
    assert [codes(gain) for gain in outcome.gains] == [[], []]
    [gain] = judge([Handover([(mine.shift, floater)])], at)[0].gains
    assert codes(gain) == ["double-booking"]


def test_hours_are_those_of_the_week_without_and_with_it(mt_prospect, therapist, at):
    factories.published(clinic=mt_prospect, day=TUESDAY, times="7-12", staff=therapist)
    factories.shift(clinic=mt_prospect, day=date(2026, 12, 2), times="7-10", staff=therapist)
    free = factories.published(clinic=mt_prospect, times="13-15")
    [for_managers] = judge([Handover([(free.shift, therapist)])], at)[0].gains
    [for_staff] = judge_for(therapist, [Handover([(free, therapist)])], at)[0].gains
    assert (for_managers.minutes_before, for_managers.minutes_after) == (480, 600)
    assert (for_staff.minutes_before, for_staff.minutes_after) == (300, 420)


class TestWhatStaffHear:
    def test_a_draft_decides_and_is_not_told(self, mt_prospect, therapist, at):
        free = factories.published(clinic=mt_prospect, times="7-12")
        assert told(therapist, free, therapist, at) == []
        factories.shift(clinic=mt_prospect, times="8-10", staff=therapist, note="Canary")
        [gain] = judge_for(therapist, [Handover([(free, therapist)])], at)[0].gains
        assert [str(reason) for reason in gain.verdict.reasons] == [
            "The managers are planning this time just now. Talk to them."
        ]

    def test_what_is_published_still_bars_when_a_draft_would_not(self, mt_prospect, therapist, at):
        free = factories.published(clinic=mt_prospect, times="7-12")
        seen = factories.published(clinic=mt_prospect, times="8-10", staff=therapist)
        seen.shift.staff = None
        seen.shift.save()
        assert told(therapist, free, therapist, at) == ["double-booking"]

    def test_of_oneself_everything(self, mt_prospect, therapist, needling, at):
        Availability.objects.create(
            person=therapist,
            wish=Wish.UNAVAILABLE,
            days=(factories.MONDAY, TUESDAY),
            added_at=factories.CREATED,
        )
        free = factories.published(clinic=mt_prospect, times="7-12", skill=needling)
        assert told(therapist, free, therapist, at) == ["competency-missing", "unavailable"]

    def test_of_a_colleague_what_everybody_can_see(self, mt_prospect, oakbrook, therapist, floater, assistant, at):
        mine = factories.published(clinic=mt_prospect, times="7-12", staff=therapist)
        assert told(therapist, mine, assistant, at) == ["profession", "not-here"]
        assert told(therapist, mine, floater, at) == []
        factories.published(clinic=oakbrook, times="9-12", staff=floater)
        assert told(therapist, mine, floater, at) == ["double-booking"]

    @pytest.mark.parametrize("cause", ["file", "time off", "wish", "draft"])
    def test_of_a_colleague_nothing_else(self, cause, mt_prospect, therapist, floater, manager, needling, at):
        mine = factories.published(clinic=mt_prospect, times="7-12", skill=needling if cause == "file" else None)
        if cause == "time off":
            factories.time_off(person=floater, clinic=mt_prospect, decided_by=manager)
        if cause == "wish":
            days = (factories.MONDAY, TUESDAY)
            Availability.objects.create(person=floater, wish=Wish.UNAVAILABLE, days=days, added_at=factories.CREATED)
        if cause == "draft":
            factories.shift(clinic=mt_prospect, times="8-10", staff=floater)
        [gain] = judge_for(therapist, [Handover([(mine, floater)])], at)[0].gains
        assert [str(reason) for reason in gain.verdict.reasons] == ["Theo cannot take this shift as things stand."]

    def test_no_warnings_about_a_colleague(self, mt_prospect, therapist, at):
        busy = people.staff(name="Bo Full", role=Role.THERAPIST, clinics=[mt_prospect], profession=Profession.PT)
        for index in range(1, 6):
            day = factories.MONDAY + timedelta(days=index)
            factories.published(clinic=mt_prospect, day=day, times="7-15:30", staff=busy)
        mine = factories.published(clinic=mt_prospect, times="7-12", staff=therapist)
        [of_them] = judge_for(therapist, [Handover([(mine, busy)])], at)[0].gains
        [of_oneself] = judge_for(busy, [Handover([(mine, busy)])], at)[0].gains
        assert (of_them.concerns, [one.code for one in of_oneself.concerns]) == ([], ["over-hours"])

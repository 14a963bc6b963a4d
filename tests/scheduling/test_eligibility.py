"""Who could work a shift, who could not, and why."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Profession
from accounts.roles import Role
from scheduling.eligibility import attention, candidates, may_work
from scheduling.models import Shift
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 12, 1)


def names(found) -> list[tuple[str, list[str]]]:
    return [(one.person.name, [reason.code for reason in one.verdict.reasons]) for one in found]


def test_everybody_of_the_profession_is_listed_with_every_reason(
    mt_prospect, oakbrook, therapist, floater, therapist_oakbrook, assistant, needling, sign_off, at
):
    sign_off(floater)
    sign_off(therapist_oakbrook)
    factories.shift(clinic=mt_prospect, times="7-12", staff=therapist)
    found = candidates(factories.plan(clinic=mt_prospect, times="9-17", skill=needling), at)
    assert names(found) == [
        ("Theo Fictus", []),
        ("Priya Fakenham", ["not-here"]),
        ("Avery Testwell", ["competency-missing", "double-booking"]),
    ]


def test_the_list_agrees_with_the_single_answer(
    mt_prospect, therapist, floater, therapist_oakbrook, needling, sign_off, at
):
    sign_off(floater)
    plan = factories.plan(clinic=mt_prospect, skill=needling)
    for one in candidates(plan, at):
        assert one.verdict == may_work(plan, one.person, at)


def test_those_with_most_hours_missing_come_first(mt_prospect, therapist, floater, at):
    for day in range(1, 4):
        factories.shift(clinic=mt_prospect, day=factories.MONDAY + timedelta(days=day), staff=therapist)
    found = candidates(factories.plan(clinic=mt_prospect, break_minutes=30), at)
    assert [(one.person, one.minutes_before, one.minutes_after) for one in found] == [
        (floater, 0, 480),
        (therapist, 1530, 2010),
    ]


def test_long_weeks_and_short_rest_are_warned_of(mt_prospect, therapist, at):
    factories.shift(clinic=mt_prospect, times="14-22", staff=therapist)
    for day in range(2, 6):
        factories.shift(clinic=mt_prospect, day=factories.MONDAY + timedelta(days=day), times="8-17", staff=therapist)
    verdict = may_work(factories.plan(clinic=mt_prospect, day=TUESDAY, times="7-15"), therapist, at)
    assert bool(verdict)
    assert [reason.message for reason in verdict.warnings] == [
        "12 h over 40 h in the week.",
        "Only 9 h rest: 2p–10p on Mon, Nov 30.",
    ]


def test_attention_finds_who_may_not_work_their_shift_any_more(mt_prospect, therapist, floater, needling, sign_off, at):
    sign_off(therapist)
    good = factories.shift(clinic=mt_prospect, times="7-9", staff=therapist)
    lapsed = factories.shift(clinic=mt_prospect, times="9-12", staff=therapist, skill=needling)
    left = factories.shift(clinic=mt_prospect, staff=floater)
    assert attention([good, lapsed, left], at) == {}
    therapist.competencies.update(ended_at=at)
    floater.memberships.filter(clinic=mt_prospect).delete()
    found = attention(Shift.objects.select_related("clinic", "staff", "skill"), at)
    assert {pk: [reason.code for reason in verdict.reasons] for pk, verdict in found.items()} == {
        lapsed.pk: ["not-cleared"],
        left.pk: ["not-here"],
    }


@pytest.mark.parametrize("number", [1, 3])
def test_attention_costs_the_same_for_any_number_of_people(mt_prospect, needling, sign_off, number, at):
    for _ in range(number):
        person = people.person(profession=Profession.PT)
        people.membership(user=person, role=Role.THERAPIST, clinic=mt_prospect)
        sign_off(person)
        factories.shift(clinic=mt_prospect, staff=person, skill=needling)
    shifts = list(Shift.objects.select_related("clinic", "staff", "skill"))
    with CaptureQueriesContext(connection) as queries:
        attention(shifts, at)
    assert len(queries) == 5

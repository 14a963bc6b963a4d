"""Where a shift that was picked up may go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Profession
from accounts.roles import Role
from scheduling.eligibility import may_work
from scheduling.fitting import fits
from scheduling.moving import on_day
from scheduling.plans import Plan
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

DAYS = [factories.MONDAY + timedelta(days=number) for number in range(7)]


@pytest.fixture
def staff(therapist, floater, assistant, therapist_oakbrook, front_desk):
    return [therapist, floater, assistant, therapist_oakbrook, front_desk]


@pytest.fixture
def _trouble(mt_prospect, oakbrook, manager, therapist, floater, needling, sign_off):
    """Something of everything: other shifts, a way between clinics, time off, many hours, a competency for one."""
    sign_off(therapist)
    for day in DAYS[:4]:
        factories.shift(clinic=mt_prospect, day=day, times="7-17", staff=therapist)
    factories.shift(clinic=oakbrook, day=DAYS[2], times="16-20", staff=floater)
    factories.time_off(person=floater, clinic=mt_prospect, day=DAYS[3], decided_by=manager)
    factories.time_off(person=floater, clinic=mt_prospect, day=DAYS[4])


@pytest.mark.usefixtures("_trouble")
@pytest.mark.parametrize("with_skill", [True, False])
@pytest.mark.parametrize("times", ["7-15:30", "22-6"])
def test_a_cell_says_what_saving_there_would_say(mt_prospect, staff, needling, at, with_skill, times):
    shift = factories.shift(
        clinic=mt_prospect, day=DAYS[5], times=times, skill=needling if with_skill else None, break_minutes=30
    )
    plan = Plan.of(shift)
    found = fits(plan, staff, DAYS, at, shift_id=shift.pk)
    for person in staff:
        for day in DAYS:
            expected = may_work(on_day(plan, day), person, at, shift_id=shift.pk)
            assert found[person.pk, day] == expected, (person, day)
    answers = [bool(found[person.pk, day]) for person in staff for day in DAYS]
    assert {True, False} == set(answers) if not with_skill else False in answers
    assert all(found[None, day] for day in DAYS)


def test_a_shift_is_not_in_its_own_way_unless_it_is_copied(mt_prospect, therapist, at):
    shift = factories.shift(clinic=mt_prospect, staff=therapist)
    for moves, allowed in ((shift.pk, True), (None, False)):
        found = fits(Plan.of(shift), [therapist], DAYS, at, shift_id=moves)
        assert bool(found[therapist.pk, factories.MONDAY]) == allowed


def test_a_long_shift_without_its_meal_needs_a_reason_anywhere(mt_prospect, therapist, at):
    shift = factories.shift(clinic=mt_prospect, break_minutes=0)
    found = fits(Plan.of(shift), [therapist], DAYS, at, shift_id=shift.pk)
    assert {one.code for one in found[therapist.pk, DAYS[1]].warnings} == {"meal"}


def test_it_costs_the_same_for_3_and_for_30_people(mt_prospect, manager, needling, sign_off, at):
    shift = factories.shift(clinic=mt_prospect, skill=needling)
    staff, costs = [], []
    for more in (3, 27):
        for _ in range(more):
            person = people.person(profession=Profession.PT)
            people.membership(user=person, role=Role.THERAPIST, clinic=mt_prospect)
            sign_off(person)
            factories.shift(clinic=mt_prospect, day=DAYS[1], staff=person)
            factories.time_off(person=person, clinic=mt_prospect, day=DAYS[2], decided_by=manager)
            staff.append(person)
        with CaptureQueriesContext(connection) as captured:
            fits(Plan.of(shift), staff, DAYS, at, shift_id=shift.pk)
        costs.append(len(captured))
    assert costs[0] == costs[1]
    assert costs[0] < 90

"""Several shifts at once, by several managers at the same moment: one winner, no deadlock, and undone once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from scheduling.models import Shift
from scheduling.moving import by_days, change_several, copy_shift, deleted, opened, place_shift
from scheduling.undoing import undo
from tests.races import outcomes
from tests.scheduling import factories

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = [factories.MONDAY + timedelta(days=number) for number in range(3)]


def days_of(person) -> list:
    return [shift.day for shift in Shift.objects.filter(staff=person).select_related("clinic").order_by("period")]


def test_twelve_managers_change_the_same_shifts_and_one_does(mt_prospect, manager, therapist, at):
    shifts = [factories.shift(clinic=mt_prospect, day=day, staff=therapist) for day in DAYS]
    orders = [shifts, shifts[::-1], shifts[1:] + shifts[:1]]
    aims = [by_days(1), by_days(7), opened, deleted]
    outcome = outcomes(
        lambda seen=orders[number % 3], aim=aims[number % 4]: change_several(
            {shift.pk: 1 for shift in seen}, aim, by=manager, at=at
        )
        for number in range(12)
    )
    assert Counter(code.replace("deleted", "changed") for code in outcome) == {"done": 1, "changed-meanwhile": 11}


def test_two_shifts_that_go_to_one_cell_find_one_place(mt_prospect, manager, therapist, at):
    shifts = [factories.shift(clinic=mt_prospect, day=DAYS[number % 2]) for number in range(8)]
    outcome = outcomes(
        lambda shift=shift: place_shift(shift, day=DAYS[2], staff=therapist, version=1, by=manager, at=at)
        for shift in shifts
    )
    assert Counter(outcome) == {"done": 1, "double-booking": 7}
    assert days_of(therapist) == [DAYS[2]]


def test_a_shift_is_copied_into_one_cell_once(mt_prospect, manager, therapist, at):
    shift = factories.shift(clinic=mt_prospect)
    outcome = outcomes(lambda: copy_shift(shift, day=DAYS[1], staff=therapist, by=manager, at=at) for _ in range(8))
    assert Counter(outcome) == {"done": 1, "double-booking": 7}


def test_what_is_undone_by_many_is_undone_once(mt_prospect, manager, therapist, at):
    shifts = [factories.published(clinic=mt_prospect, day=day, staff=therapist).shift for day in DAYS]
    seen = {shift.pk: 1 for shift in shifts}
    done = [one for _, one in change_several(seen, deleted, by=manager, at=at)]
    outcome = outcomes(lambda: undo(done, by=manager, at=at) for _ in range(8))
    assert Counter(outcome) == {"done": 1, "changed-meanwhile": 7}
    assert days_of(therapist) == DAYS
    assert set(Shift.objects.values_list("state", "version")) == {("planned", 3)}

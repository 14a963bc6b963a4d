"""Several people at the same moment around one person's time off: one winner each, and the others get a sentence."""

from __future__ import annotations

from collections import Counter
from datetime import time, timedelta

import pytest

from accounts.models import User
from accounts.roles import Role
from intranet.core.access import Conflict
from scheduling import assigning
from scheduling.asking_off import Wanted, ask_for_time_off, withdraw_time_off
from scheduling.availability import Line, add_availability
from scheduling.deciding_off import approve_time_off, decline_time_off
from scheduling.models import Availability, Occupancy, PublishedShift, Shift, TimeOff, Wish
from tests import factories as people
from tests.races import outcomes, results
from tests.scheduling import factories
from tests.scheduling.factories import MONDAY

pytestmark = pytest.mark.django_db(transaction=True)


def test_approving_while_shifts_are_assigned(mt_prospect, manager, therapist, at):
    """Either the time off comes first, and no shift is assigned; or a shift does, and has to be decided about."""
    wanted = factories.time_off(person=therapist, clinic=mt_prospect)
    shifts = [factories.shift(clinic=mt_prospect, times=f"{hour}-{hour + 1}") for hour in range(7, 12)]
    found = results(
        [
            *(
                lambda shift=shift: assigning.assign(
                    shift, therapist, version=1, by=User.objects.get(pk=manager.pk), at=at, reason="Busy day."
                )
                for shift in shifts
            ),
            lambda: approve_time_off(wanted, {}, version=1, by=User.objects.get(pk=manager.pk), at=at),
        ]
    )
    *assigned, granted = found
    refused = [one for one in found if isinstance(one, Exception)]
    assert all(isinstance(one, Conflict) for one in refused)
    assert {one.verdict.reasons[0].code for one in refused} <= {"time-off", "undecided"}
    if isinstance(granted, Conflict):
        assert Shift.objects.filter(staff=therapist).exists()
        assert TimeOff.objects.get().state == "requested"
    else:
        assert not Shift.objects.filter(staff=therapist).exists()
        assert len(refused) == len(assigned)


def test_a_shift_is_opened_or_changed_but_not_both(mt_prospect, manager, therapist, at):
    wanted = factories.time_off(person=therapist, clinic=mt_prospect)
    published = factories.published(clinic=mt_prospect, staff=therapist)
    start, end = factories.span(mt_prospect, MONDAY, "8-16:30")
    outcome = outcomes(
        [
            lambda: approve_time_off(wanted, {published.shift_id: 1}, version=1, by=manager, at=at),
            lambda: assigning.move_shift(
                published.shift, start=start, end=end, version=1, by=manager, at=at, reason="A late patient."
            ),
        ]
    )
    assert Counter(outcome) == {"done": 1, "changed-meanwhile": 1}
    opened = outcome[0] == "done"
    assert (Shift.objects.get().staff is None, PublishedShift.objects.get().staff is None) == (opened, opened)


def test_managers_who_decide_at_once(mt_prospect, manager, therapist, at):
    wanted = factories.time_off(person=therapist, clinic=mt_prospect)
    shift = factories.published(clinic=mt_prospect, staff=therapist).shift
    seconds = [people.staff(name=f"Chief {number}", role=Role.MANAGER, clinics=[mt_prospect]) for number in range(3)]
    outcome = outcomes(
        [
            *(
                lambda by=by: approve_time_off(wanted, {shift.pk: 1}, version=1, by=by, at=at)
                for by in (manager, *seconds)
            ),
            *(
                lambda by=by: decline_time_off(wanted, version=1, by=by, at=at, answer="Two are away.")
                for by in (manager, *seconds)
            ),
        ]
    )
    assert Counter(outcome) == {"done": 1, "changed-meanwhile": 7}
    assert TimeOff.objects.get().version == 2
    assert (Shift.objects.get().staff is None) == (TimeOff.objects.get().state == "approved")


def test_withdrawing_while_it_is_approved(mt_prospect, manager, therapist, at):
    wanted = factories.time_off(person=therapist, clinic=mt_prospect)
    outcome = outcomes(
        [
            lambda: withdraw_time_off(wanted, version=1, by=therapist, at=at),
            lambda: approve_time_off(wanted, {}, version=1, by=manager, at=at),
        ]
    )
    assert Counter(outcome) == {"done": 1, "changed-meanwhile": 1}
    granted = outcome[1] == "done"
    assert (TimeOff.objects.get().state, Occupancy.objects.count()) == (
        "approved" if granted else "withdrawn",
        int(granted),
    )


def test_approving_at_two_clinics_crosswise_deadlocks_nobody(
    mt_prospect, oakbrook, manager, manager_oakbrook, floater, at
):
    """Two managers, two requests of one person, a shift at each clinic in each of them."""
    deeds = []
    for number in range(4):
        day = MONDAY + timedelta(days=number)
        wanted = factories.time_off(person=floater, clinic=mt_prospect, day=day)
        clinic, by = ((mt_prospect, manager), (oakbrook, manager_oakbrook))[number % 2]
        shift = factories.published(clinic=clinic, day=day, staff=floater).shift
        deeds.append(
            lambda wanted=wanted, shift=shift, by=by: approve_time_off(wanted, {shift.pk: 1}, version=1, by=by, at=at)
        )
    assert outcomes(deeds) == ["done"] * 4
    assert not Shift.objects.filter(staff=floater).exists()


def test_the_same_days_are_asked_for_once(therapist, at):
    outcome = outcomes(lambda: ask_for_time_off(Wanted(MONDAY, MONDAY), by=therapist, at=at) for _ in range(5))
    assert Counter(outcome) == {"done": 1, "asked-already": 4}


def test_two_windows_never_contradict_each_other(therapist, at):
    lines = [
        Line(wish, MONDAY, weekday=0, starts=time(hour), ends=time(12))
        for hour, wish in ((7, Wish.UNAVAILABLE), (8, Wish.PREFERRED), (9, Wish.PREFERRED_OFF))
    ]
    outcome = outcomes(lambda line=line: add_availability(line, by=therapist, at=at) for line in lines)
    assert Counter(outcome) == {"done": 1, "contradiction": 2}
    assert Availability.objects.count() == 1

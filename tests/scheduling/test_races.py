"""Several managers at the same moment: one winner each, the others get a sentence, and the database holds no double booking."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from accounts.models import Profession
from accounts.roles import Role
from intranet.core.access import Refused
from scheduling import assigning, pending, publishing
from scheduling.models import Publication, PublishedShift, Shift
from scheduling.times import overlaps
from tests import factories as people
from tests.races import outcomes, results
from tests.scheduling import factories

pytestmark = pytest.mark.django_db(transaction=True)


def clashing_pairs() -> int:
    shifts = list(Shift.objects.planned().exclude(staff=None))
    return sum(
        one.staff_id == other.staff_id and overlaps((one.start, one.end), (other.start, other.end))
        for number, one in enumerate(shifts)
        for other in shifts[number + 1 :]
    )


def test_twenty_four_managers_give_one_person_as_many_overlapping_shifts(
    mt_prospect, oakbrook, manager, manager_oakbrook, floater, at
):
    shifts = [
        (factories.shift(clinic=clinic, times=f"{7 + number % 3}-16"), by)
        for number in range(12)
        for clinic, by in ((mt_prospect, manager), (oakbrook, manager_oakbrook))
    ]
    found = results(
        lambda shift=shift, by=by: assigning.assign(shift, floater, version=1, by=by, at=at) for shift, by in shifts
    )
    refused = [one for one in found if isinstance(one, Refused)]
    assert Counter(one.status for one in refused) == {409: 23}
    assert all("Theo already works " in str(one) and "on Mon, Nov 30" in str(one) for one in refused)
    assert Shift.objects.filter(staff=floater).count() == 1


def test_one_shift_goes_to_one_of_several_people(mt_prospect, manager, therapist, floater, at):
    shift = factories.shift(clinic=mt_prospect)
    people = [therapist, floater] * 3
    outcome = outcomes(
        lambda person=person: assigning.assign(shift, person, version=1, by=manager, at=at) for person in people
    )
    shift.refresh_from_db()
    assert Counter(outcome) == {"done": 1, "changed-meanwhile": 5}
    assert shift.version == 2


def test_exchanging_people_crosswise_deadlocks_nobody(mt_prospect, oakbrook, manager, manager_oakbrook, floater, at):
    other = people.staff(
        name="Sam Invento", role=Role.THERAPIST, clinics=[mt_prospect, oakbrook], profession=Profession.PT
    )
    attempts = []
    for day in range(4):
        on = factories.MONDAY + timedelta(days=day)
        first = factories.shift(clinic=mt_prospect, day=on, staff=floater)
        second = factories.shift(clinic=oakbrook, day=on, staff=other)
        attempts += [
            lambda shift=first: assigning.assign(shift, other, version=1, by=manager, at=at),
            lambda shift=second: assigning.assign(shift, floater, version=1, by=manager_oakbrook, at=at),
        ]
    assert Counter(outcomes(attempts)) == {"double-booking": 8}
    assert clashing_pairs() == 0


def test_a_new_week_is_made_once(mt_prospect, manager, at):
    outcome = outcomes(
        lambda hour=hour: assigning.create_shift(
            factories.plan(clinic=mt_prospect, times=f"{hour}-{hour + 1}"), by=manager, at=at
        )
        for hour in range(7, 13)
    )
    assert Counter(outcome) == {"done": 6}
    shift = Shift.objects.select_related("week").first()
    assert (Shift.objects.count(), shift.week.version) == (6, 6)


def test_a_week_is_published_once(mt_prospect, manager, therapist, at):
    week = factories.shift(clinic=mt_prospect, staff=therapist).week
    outcome = outcomes(lambda: publishing.publish(week, version=0, by=manager, at=at) for _ in range(5))
    assert Counter(outcome) == {"done": 1, "nothing-to-publish": 4}
    assert (Publication.objects.count(), PublishedShift.objects.count()) == (1, 1)


def test_editing_while_publishing_leaves_no_half_week(mt_prospect, manager, therapist, at):
    shift = factories.shift(clinic=mt_prospect, staff=therapist)
    start, end = factories.span(mt_prospect, factories.MONDAY, "9-17")
    outcomes(
        [
            lambda: publishing.publish(shift.week, version=0, by=manager, at=at),
            lambda: assigning.move_shift(shift, start=start, end=end, version=1, by=manager, at=at),
        ]
    )
    shift.refresh_from_db()
    published = PublishedShift.objects.filter(shift=shift).first()
    differs = published is None or published.period != shift.period
    assert len(pending.pending_changes(shift.week)) == int(differs)

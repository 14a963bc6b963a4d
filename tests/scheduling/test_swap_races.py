"""Several people at the same shift in the same moment: one has it, the others get a sentence, and nobody a deadlock."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date

import pytest

from accounts.models import Profession
from accounts.roles import Role
from scheduling import assigning, claiming, offering, publishing
from scheduling.models import (
    Claim,
    Offer,
    OfferKind,
    OfferState,
    OpenShifts,
    Permission,
    Publication,
    PublishedShift,
    Shift,
)
from scheduling.offers import Wanted
from scheduling.positions import Position
from scheduling.settling import settle
from tests import factories as people
from tests.races import outcomes, results
from tests.scheduling import factories

pytestmark = pytest.mark.django_db(transaction=True)

TUESDAY = date(2026, 12, 1)


@pytest.fixture
def pair(mt_prospect, therapist, floater):
    """A shift of each of two therapists."""
    mine = factories.published(clinic=mt_prospect, times="7-12", staff=therapist)
    theirs = factories.published(clinic=mt_prospect, day=TUESDAY, times="8-12", staff=floater)
    return mine, theirs


@pytest.fixture
def offered(pair, therapist, floater, at):
    mine, theirs = pair
    return offering.offer(Wanted(OfferKind.SWAP, mine, to=floater, in_return=theirs), by=therapist, at=at)


def in_step() -> bool:
    """Whether staff see every shift with whoever the plan gives it."""
    return all(one.staff_id == one.shift.staff_id for one in PublishedShift.objects.select_related("shift"))


def test_twenty_four_people_take_one_open_shift(mt_prospect, at):
    free = factories.published(clinic=mt_prospect)
    crowd = [
        people.staff(name=f"Racer {n}", role=Role.THERAPIST, clinics=[mt_prospect], profession=Profession.PT)
        for n in range(24)
    ]
    found = results(lambda one=one: claiming.claim(free, sequence=0, by=one, at=at) for one in crowd)
    [winner] = [one.person for one in found if isinstance(one, Claim)]
    said = Counter((one.status, str(one)) for one in found if not isinstance(one, Claim))
    assert said == {(409, claiming.TAKEN): 23}
    shift, seen = Shift.objects.get(), PublishedShift.objects.get()
    assert (shift.staff, seen.staff, shift.version, seen.sequence) == (winner, winner, 2, 1)
    assert (Claim.objects.count(), Publication.objects.count()) == (1, 1)


def test_one_person_takes_two_shifts_at_the_same_time_of_day(mt_prospect, oakbrook, floater, at):
    both = [factories.published(clinic=clinic, times="8-12") for clinic in (mt_prospect, oakbrook)]
    outcome = outcomes(lambda one=one: claiming.claim(one, sequence=0, by=floater, at=at) for one in both)
    assert Counter(outcome) == {"done": 1, "double-booking": 1}


def test_two_therapists_hand_back_at_once_and_somebody_decides_about_the_second(
    mt_prospect, oakbrook, therapist, therapist_oakbrook, assistant, at
):
    for clinic in (mt_prospect, oakbrook):
        factories.policy(clinic=clinic, drop=Permission.FREE)
    pair = [
        factories.published(clinic=clinic, times="7-12", staff=one)
        for clinic, one in ((mt_prospect, therapist), (oakbrook, therapist_oakbrook))
    ]
    factories.published(clinic=mt_prospect, times="8-12", staff=assistant, position=Position.ASSISTANT)
    found = results(
        lambda one=one: offering.offer(Wanted(OfferKind.DROP, one), by=one.staff, at=at).state for one in pair
    )
    assert Counter(found) == {OfferState.DONE: 1, OfferState.TAKEN: 1}
    assert PublishedShift.objects.filter(staff=None).count() == 1


def test_a_manager_assigns_what_somebody_takes(mt_prospect, manager, therapist, floater, at):
    free = factories.published(clinic=mt_prospect)
    outcome = outcomes(
        [
            lambda: claiming.claim(free, sequence=0, by=therapist, at=at),
            lambda: assigning.assign(free.shift, floater, version=1, by=manager, at=at),
        ]
    )
    assert sorted(outcome) in (["changed-meanwhile", "done"], ["done", "not-as-published"])


def test_a_shift_is_given_to_one_of_those_who_asked(mt_prospect, manager, therapist, floater, at):
    factories.policy(clinic=mt_prospect, open_shifts=OpenShifts.PICKED)
    free = factories.published(clinic=mt_prospect)
    claims = [claiming.claim(free, sequence=0, by=one, at=at) for one in (therapist, floater)]
    outcome = outcomes(
        [
            *(lambda one=one: claiming.grant(one, by=manager, at=at) for one in claims * 2),
            *(lambda one=one: claiming.withdraw(one, by=one.person, at=at) for one in claims),
            lambda: settle(at),
        ]
    )
    states = sorted(Claim.objects.values_list("state", flat=True))
    assert states in (["granted", "lapsed"], ["granted", "withdrawn"], ["withdrawn", "withdrawn"])
    assert outcome[:4].count("done") == states.count("granted")
    assert in_step()


def test_two_swaps_crosswise(pair, therapist, floater, at):
    mine, theirs = pair
    outcome = outcomes(
        [
            lambda: offering.offer(Wanted(OfferKind.SWAP, mine, to=floater, in_return=theirs), by=therapist, at=at),
            lambda: offering.offer(Wanted(OfferKind.SWAP, theirs, to=therapist, in_return=mine), by=floater, at=at),
        ]
        * 4
    )
    assert Counter(outcome) == {"done": 1, "offered-already": 7}
    assert Offer.objects.count() == 1


def test_an_offer_to_anybody_is_taken_by_one(mt_prospect, pair, therapist, at):
    factories.policy(clinic=mt_prospect, give=Permission.FREE)
    made = offering.offer(Wanted(OfferKind.GIVE, pair[0]), by=therapist, at=at)
    crowd = [
        people.staff(name=f"Racer {n}", role=Role.THERAPIST, clinics=[mt_prospect], profession=Profession.PT)
        for n in range(12)
    ]
    outcome = outcomes(lambda one=one: offering.take(made, version=1, by=one, at=at) for one in crowd)
    assert Counter(outcome) == {"done": 1, "changed-meanwhile": 11}
    assert in_step()


def test_taking_while_it_is_withdrawn(offered, therapist, floater, at):
    outcome = outcomes(
        [
            lambda: offering.take(offered, version=1, by=floater, at=at),
            lambda: offering.withdraw(offered, version=1, by=therapist, at=at),
        ]
        * 3
    )
    offered.refresh_from_db()
    assert Counter(outcome) == {"done": 1, "changed-meanwhile": 5}
    assert offered.state in (OfferState.TAKEN, OfferState.WITHDRAWN)


def test_agreeing_while_the_week_is_published(offered, manager, floater, at):
    made = offering.take(offered, version=1, by=floater, at=at)
    week = factories.shift(clinic=made.shift.clinic, day=date(2026, 12, 3)).week
    week.refresh_from_db()
    outcome = outcomes(
        [
            lambda: offering.agree(made, version=2, by=manager, at=at),
            lambda: publishing.publish(week, version=week.version, by=manager, at=at, reason="Known."),
            lambda: settle(at),
        ]
    )
    made.refresh_from_db()
    assert (outcome[0], outcome[2], made.state) == ("done", "done", OfferState.DONE)
    assert outcome[1] in ("done", "changed-meanwhile")  # the change of hands counts as a change of the week
    assert in_step()


def test_agreeing_while_the_shift_is_edited(offered, manager, floater, at):
    made = offering.take(offered, version=1, by=floater, at=at)
    start, end = factories.span(made.shift.clinic, factories.MONDAY, "8-12")
    outcome = outcomes(
        [
            lambda: offering.agree(made, version=2, by=manager, at=at),
            lambda: assigning.move_shift(made.shift, start=start, end=end, version=1, by=manager, at=at),
            lambda: settle(at),
        ]
    )
    settle(at)
    made.refresh_from_db()
    kept = made.state == OfferState.DONE
    assert made.state in (OfferState.DONE, OfferState.VOID)
    assert (outcome[0] == "done", outcome[1] == "done") == (kept, not kept)


def test_managers_of_both_clinics_agree_at_once(
    mt_prospect, oakbrook, therapist, floater, manager, manager_oakbrook, at
):
    people.membership(user=therapist, role=Role.THERAPIST, clinic=oakbrook)
    mine = factories.published(clinic=mt_prospect, times="7-12", staff=therapist)
    theirs = factories.published(clinic=oakbrook, day=TUESDAY, times="8-12", staff=floater)
    made = offering.offer(Wanted(OfferKind.SWAP, mine, to=floater, in_return=theirs), by=therapist, at=at)
    made = offering.take(made, version=1, by=floater, at=at)
    outcome = outcomes(
        lambda by=by: offering.agree(made, version=2, by=by, at=at) for by in (manager, manager_oakbrook)
    )
    made.refresh_from_db()
    assert (outcome, made.state) == (["done", "done"], OfferState.DONE)
    assert in_step()


def test_many_hands_at_once_leave_everybody_with_one_shift_at_a_time(
    mt_prospect, oakbrook, therapist, floater, manager, at
):
    """Gives, swaps, claims, edits and the tick over the same people and shifts, in both directions."""
    for clinic in (mt_prospect, oakbrook):
        factories.policy(clinic=clinic, give=Permission.FREE, swap=Permission.FREE, drop=Permission.FREE)
    deeds = []
    for index in range(3):
        day = date(2026, 12, 1 + index)
        mine = factories.published(clinic=mt_prospect, day=day, times="7-10", staff=therapist)
        theirs = factories.published(clinic=mt_prospect, day=day, times="11-14", staff=floater)
        free = factories.published(clinic=mt_prospect, day=day, times="9-12")
        swap = offering.offer(Wanted(OfferKind.SWAP, mine, to=floater, in_return=theirs), by=therapist, at=at)
        deeds += [
            lambda swap=swap: offering.take(swap, version=1, by=floater, at=at),
            lambda one=theirs: offering.offer(Wanted(OfferKind.DROP, one), by=floater, at=at),
            lambda free=free: claiming.claim(free, sequence=0, by=therapist, at=at),
            lambda free=free: claiming.claim(free, sequence=0, by=floater, at=at),
            lambda free=free: assigning.assign(free.shift, therapist, version=1, by=manager, at=at),
            lambda: settle(at),
        ]
    assert set(outcomes(deeds)) <= {
        "done",
        "offered-already",
        "changed-meanwhile",
        "double-booking",
        "being-planned",
        "not-as-published",
        "taken",
    }
    seen = list(PublishedShift.objects.exclude(staff=None).order_by("staff", "period"))
    pairs = itertools.pairwise(seen)
    assert not any(one.staff_id == other.staff_id and other.start < one.end for one, other in pairs)

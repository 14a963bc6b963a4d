"""Granting time off with a decision about every shift that it hits, and declining it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from accounts.models import User
from accounts.roles import Role
from intranet.core.access import Conflict, Forbidden, Refused
from scheduling import assigning
from scheduling.deciding_off import (
    approve_time_off,
    decline_time_off,
    gaps_without,
    hits,
    may_decide,
    others_away,
    shifts_hit,
)
from scheduling.models import Occupancy, Publication, PublishedShift, Shift, TimeOff
from tests import factories as people
from tests.scheduling import factories
from tests.scheduling.factories import MONDAY, TODAY

pytestmark = pytest.mark.django_db

TUESDAY, WEDNESDAY = (MONDAY + timedelta(days=number) for number in (1, 2))


@pytest.fixture(autouse=True)
def _today(at):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def wanted(mt_prospect, therapist) -> TimeOff:
    """The therapist asks for Monday and Tuesday."""
    return factories.time_off(person=therapist, clinic=mt_prospect, days=2)


def sentences(refused) -> list[tuple[str, str]]:
    return [(reason.code, reason.message) for reason in refused.value.verdict.reasons]


def versions(*shifts: Shift) -> dict:
    return {shift.pk: shift.version for shift in shifts}


class TestMayDecide:
    def test_the_manager_of_the_clinic(self, wanted, manager):
        assert may_decide(wanted, manager)

    def test_nobody_decides_about_oneself(self, mt_prospect, manager):
        own = factories.time_off(person=manager, clinic=mt_prospect)
        assert [str(one) for one in may_decide(own, manager).reasons] == ["Somebody else decides about your time off."]

    @pytest.mark.parametrize("who", ["manager_oakbrook", "clinical_lead", "administrator", "floater"])
    def test_everybody_else_reads_who_does(self, request, wanted, manager, who):
        verdict = may_decide(wanted, request.getfixturevalue(who))
        assert [str(one) for one in verdict.reasons] == ["Dana Mockridge decides."]

    def test_the_actions_ask_before_anything_else(self, wanted, manager, manager_oakbrook, at):
        with pytest.raises(Forbidden):
            approve_time_off(wanted, {}, version=1, by=manager_oakbrook, at=at)
        with pytest.raises(Forbidden):
            decline_time_off(wanted, version=1, by=manager_oakbrook, at=at, answer="No.")


class TestApproving:
    def test_without_shifts_it_takes_the_time(self, wanted, therapist, manager, at):
        granted = approve_time_off(wanted, {}, version=1, by=manager, at=at, answer="  Enjoy  it. ")
        assert (granted.state, granted.decided_by, granted.decided_at) == ("approved", manager, at)
        assert (granted.answer, granted.version) == ("Enjoy it.", 2)
        assert list(Occupancy.objects.values_list("person", "time_off")) == [(therapist.pk, wanted.pk)]

    def test_each_shift_is_decided_about_or_nothing_happens(self, wanted, mt_prospect, therapist, manager, at):
        first, second = (factories.shift(clinic=mt_prospect, day=day, staff=therapist) for day in (MONDAY, TUESDAY))
        with pytest.raises(Conflict) as refused:
            approve_time_off(wanted, versions(first), version=1, by=manager, at=at)
        assert sentences(refused) == [("undecided", "Decide about 1 shift first: 7a–3:30p on Tue, Dec 1.")]
        assert Shift.objects.filter(staff=therapist).count() == 2
        approve_time_off(wanted, versions(first, second), version=1, by=manager, at=at)
        assert Shift.objects.filter(staff=None).count() == 2

    def test_what_staff_see_changes_at_once_and_the_person_is_told(self, wanted, mt_prospect, therapist, manager, at):
        published = factories.published(clinic=mt_prospect, staff=therapist)
        approve_time_off(wanted, versions(published.shift), version=1, by=manager, at=at)
        seen = PublishedShift.objects.get()
        assert (seen.staff, seen.sequence, Shift.objects.get().staff) == (None, 1, None)
        publication = Publication.objects.get()
        assert (publication.occasion, publication.by) == ("time_off", manager)
        assert [recipient.person for recipient in publication.recipients.all()] == [therapist]

    def test_a_shift_that_is_being_changed_waits_for_the_next_publication(
        self, wanted, mt_prospect, therapist, manager, at
    ):
        published = factories.published(clinic=mt_prospect, staff=therapist)
        start, end = factories.span(mt_prospect, MONDAY, "8-16:30")
        moved = assigning.move_shift(
            published.shift, start=start, end=end, version=1, by=manager, at=at, reason="Before she asked."
        )
        draft = factories.shift(clinic=mt_prospect, day=TUESDAY, staff=therapist)
        assert [hit.seen_as_planned for hit in hits(wanted, by=manager, at=at)] == [False, False]
        approve_time_off(wanted, versions(moved, draft), version=1, by=manager, at=at)
        assert list(Shift.objects.values_list("staff", flat=True)) == [None, None]
        assert (PublishedShift.objects.get().staff, Publication.objects.count()) == (therapist, 0)

    def test_a_shift_given_to_somebody_else_first_is_no_matter(
        self, wanted, mt_prospect, therapist, floater, manager, at
    ):
        shift = factories.shift(clinic=mt_prospect, staff=therapist)
        assigning.assign(shift, floater, version=1, by=manager, at=at)
        approve_time_off(wanted, {}, version=1, by=manager, at=at)
        assert Shift.objects.get().staff == floater

    def test_a_shift_that_somebody_changed_meanwhile_is_decided_about_again(
        self, wanted, mt_prospect, therapist, manager, at
    ):
        published = factories.published(clinic=mt_prospect, staff=therapist)
        Shift.objects.update(version=5, changed_by=manager)
        with pytest.raises(Conflict) as refused:
            approve_time_off(wanted, {published.shift_id: 4}, version=1, by=manager, at=at)
        assert sentences(refused) == [
            ("changed-meanwhile", "7a–3:30p on Mon, Nov 30: Dana Mockridge changed this shift. Decide again.")
        ]

    def test_shifts_of_another_clinic_are_its_managers_business(
        self, mt_prospect, oakbrook, floater, manager, manager_oakbrook, at
    ):
        wanted = factories.time_off(person=floater, clinic=mt_prospect, days=2)
        here = factories.shift(clinic=mt_prospect, staff=floater)
        there = factories.shift(clinic=oakbrook, day=TUESDAY, staff=floater)
        with pytest.raises(Conflict) as refused:
            approve_time_off(wanted, versions(here, there), version=1, by=manager, at=at)
        words = "7a–3:30p on Tue, Dec 1: the managers of Oakbrook Terrace decide about this shift first."
        assert sentences(refused) == [("elsewhere", words)]
        assert Shift.objects.filter(staff=floater).count() == 2
        assigning.make_open(there, version=1, by=manager_oakbrook, at=at)
        assert approve_time_off(wanted, versions(here), version=1, by=manager, at=at).state == "approved"

    def test_a_shift_that_has_begun_is_not_taken_away(self, mt_prospect, therapist, manager, at):
        wanted = factories.time_off(person=therapist, clinic=mt_prospect, day=TODAY)
        shift = factories.shift(clinic=mt_prospect, day=TODAY, times="9-12", staff=therapist)
        with pytest.raises(Conflict) as refused:
            approve_time_off(wanted, versions(shift), version=1, by=manager, at=at)
        words = "9a–12p on Wed, Nov 25: this shift has begun. End it earlier on the roster, or decline."
        assert sentences(refused) == [("begun", words)]

    def test_days_that_are_over_are_granted_to_nobody(self, mt_prospect, therapist, manager, at):
        over = factories.time_off(person=therapist, clinic=mt_prospect, day=TODAY - timedelta(days=1))
        with pytest.raises(Refused, match="These days are over"):
            approve_time_off(over, {}, version=1, by=manager, at=at)

    def test_in_a_blackout_it_takes_a_reason(self, wanted, mt_prospect, manager, at):
        factories.blackout(clinic=mt_prospect, first=TUESDAY, last=TUESDAY)
        with pytest.raises(Refused) as refused:
            approve_time_off(wanted, {}, version=1, by=manager, at=at, answer="  ")
        assert [code for code, _ in sentences(refused)] == ["blackout", "needs-reason"]
        assert approve_time_off(wanted, {}, version=1, by=manager, at=at, answer="Agreed.").state == "approved"

    def test_shifts_around_it_and_of_others_are_left_alone(self, wanted, mt_prospect, therapist, floater, manager, at):
        factories.shift(clinic=mt_prospect, day=WEDNESDAY, staff=therapist)
        factories.shift(clinic=mt_prospect, day=MONDAY, staff=floater)
        assert shifts_hit(wanted) == []
        night = factories.shift(clinic=mt_prospect, day=MONDAY - timedelta(days=1), times="22-6", staff=therapist)
        assert shifts_hit(wanted) == [night]

    def test_the_lead_without_a_clinic_is_decided_by_any_manager(
        self, clinical_lead, mt_prospect, manager, manager_oakbrook, at
    ):
        wanted = factories.time_off(person=clinical_lead, clinic=mt_prospect)
        assert approve_time_off(wanted, {}, version=1, by=manager_oakbrook, at=at).decided_by == manager_oakbrook


class TestDeciding:
    def test_declining_says_why(self, wanted, mt_prospect, therapist, manager, at):
        shift = factories.shift(clinic=mt_prospect, staff=therapist)
        with pytest.raises(Refused, match="Say why"):
            decline_time_off(wanted, version=1, by=manager, at=at, answer=" ")
        declined = decline_time_off(wanted, version=1, by=manager, at=at, answer="Two are away.")
        assert (declined.state, declined.answer, declined.decided_by) == ("declined", "Two are away.", manager)
        shift.refresh_from_db()
        assert (shift.staff, Occupancy.objects.count()) == (therapist, 1)

    def test_what_is_decided_is_not_decided_again(self, wanted, manager, at):
        declined = decline_time_off(wanted, version=1, by=manager, at=at, answer="No.")
        with pytest.raises(Conflict, match="This is declined already"):
            approve_time_off(declined, {}, version=2, by=manager, at=at)

    def test_who_decided_first_is_named(self, wanted, mt_prospect, manager, at):
        second = people.staff(name="Nadia Second", role=Role.MANAGER, clinics=[mt_prospect])
        decline_time_off(wanted, version=1, by=manager, at=at, answer="No.")
        with pytest.raises(Conflict, match="Dana Mockridge declined this request meanwhile"):
            approve_time_off(wanted, {}, version=1, by=second, at=at)


class TestEffect:
    def test_only_gaps_that_are_new_or_worse_are_named(self, mt_prospect, therapist, floater):
        for weekday in range(3):
            factories.opening(clinic=mt_prospect, weekdays=range(weekday, weekday + 1), times="7-20")
            factories.need(clinic=mt_prospect, weekday=weekday, times="7-17")
        mine = factories.shift(clinic=mt_prospect, day=MONDAY, staff=therapist)
        covered = factories.shift(clinic=mt_prospect, day=TUESDAY, staff=therapist)
        factories.shift(clinic=mt_prospect, day=TUESDAY, staff=floater)
        gaps = gaps_without([mine, covered])
        assert [(gap.day, str(gap), gap.minutes) for gap in gaps] == [(MONDAY, "1 therapist", 600)]

    def test_a_night_from_sunday_is_covered_by_whoever_is_there_on_monday(self, mt_prospect, therapist, floater):
        factories.opening(clinic=mt_prospect, weekdays=range(7), times="0-8")
        factories.need(clinic=mt_prospect, weekday=0, times="0-8")
        night = factories.shift(clinic=mt_prospect, day=MONDAY - timedelta(days=1), times="22-6", staff=therapist)
        assert [str(gap) for gap in gaps_without([night])] == ["1 therapist"]
        factories.shift(clinic=mt_prospect, day=MONDAY, times="0-8", staff=floater)
        assert gaps_without([night]) == []

    def test_nothing_is_missing_without_shifts(self):
        assert gaps_without([]) == []

    def test_others_away_are_those_of_the_own_people(
        self, wanted, cast, mt_prospect, oakbrook, floater, front_desk, assistant, therapist_oakbrook, manager
    ):
        granted = factories.time_off(person=floater, clinic=mt_prospect, day=TUESDAY, decided_by=manager)
        asked = factories.time_off(person=front_desk, clinic=mt_prospect, day=MONDAY)
        factories.time_off(person=assistant, clinic=mt_prospect, day=WEDNESDAY)
        factories.time_off(person=therapist_oakbrook, clinic=oakbrook, day=MONDAY)
        factories.time_off(person=User.objects.get(pk=manager.pk), clinic=mt_prospect, day=MONDAY)
        assert others_away(wanted, by=manager) == [asked, granted]


def test_assigning_during_time_off_is_a_conflict_that_says_when_but_never_why(
    wanted, mt_prospect, therapist, manager, at
):
    TimeOff.objects.update(reason="Canary")
    approve_time_off(wanted, {}, version=1, by=manager, at=at, answer="Canary")
    shift = factories.shift(clinic=mt_prospect)
    with pytest.raises(Conflict) as refused:
        assigning.assign(shift, therapist, version=1, by=manager, at=at)
    words = "Avery Testwell was not assigned. Avery has time off Mon, Nov 30 – Tue, Dec 1. Nothing was changed."
    assert sentences(refused) == [("time-off", words)]

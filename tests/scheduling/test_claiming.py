"""Open shifts: who sees them, who gets them, and who decides."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Clinic, User
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from scheduling import assigning, claiming, publishing
from scheduling.models import (
    AcceptedWarning,
    Availability,
    Claim,
    ClaimState,
    Occasion,
    OpenShifts,
    Publication,
    PublishedShift,
    Shift,
    Wish,
)
from scheduling.plans import Plan
from scheduling.positions import Position
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 12, 1)


def refused(attempt) -> list[str]:
    with pytest.raises(Refused) as caught:
        attempt()
    return [reason.code for reason in caught.value.verdict.reasons]


def seen_by(person, at) -> list[PublishedShift]:
    return [one.shift for one in claiming.open_to(person, at)]


def claim(shift: PublishedShift, by: User, at) -> Claim:
    return claiming.claim(shift, sequence=shift.sequence, by=by, at=at)


def work_a_full_week(person: User, clinic: Clinic) -> None:
    """Forty hours from Tuesday on."""
    for index in range(1, 6):
        factories.published(clinic=clinic, day=factories.MONDAY + timedelta(days=index), staff=person)


@pytest.fixture
def picked(mt_prospect):
    factories.policy(clinic=mt_prospect, open_shifts=OpenShifts.PICKED)


class TestSeeing:
    def test_published_ones_to_come_at_own_clinics_in_the_own_position(
        self, mt_prospect, oakbrook, therapist, front_desk, floater, at
    ):
        here = factories.published(clinic=mt_prospect)
        there = factories.published(clinic=oakbrook, day=TUESDAY)
        desk = factories.published(clinic=mt_prospect, position=Position.FRONT_DESK)
        factories.shift(clinic=mt_prospect, day=TUESDAY, times="7-9")
        factories.published(clinic=mt_prospect, day=at.date(), times="7-9")
        factories.published(clinic=mt_prospect, day=TUESDAY, times="9-10", withdrawn_at=at)
        factories.published(clinic=mt_prospect, times="16-18", staff=floater)
        assert seen_by(therapist, at) == [here]
        assert seen_by(floater, at) == [here, there]
        assert seen_by(front_desk, at) == [desk]

    def test_not_those_that_the_person_may_not_take(
        self, mt_prospect, therapist, floater, manager, needling, sign_off, at
    ):
        sign_off(floater)
        needled = factories.published(clinic=mt_prospect, skill=needling)
        clashing = factories.published(clinic=mt_prospect, day=TUESDAY, times="7-12")
        away = factories.published(clinic=mt_prospect, day=date(2026, 12, 2), times="7-12")
        unwanted = factories.published(clinic=mt_prospect, day=date(2026, 12, 3), times="7-12")
        assert seen_by(floater, at) == [needled, clashing, away, unwanted]
        assert seen_by(therapist, at) == [clashing, away, unwanted]
        factories.published(clinic=mt_prospect, day=TUESDAY, times="10-14", staff=therapist)
        factories.time_off(person=therapist, clinic=mt_prospect, day=date(2026, 12, 2), decided_by=manager)
        days = (date(2026, 12, 3), date(2026, 12, 4))
        Availability.objects.create(person=therapist, wish=Wish.UNAVAILABLE, days=days, added_at=factories.CREATED)
        assert seen_by(therapist, at) == []

    def test_not_those_that_managers_are_changing(self, mt_prospect, therapist, manager, at):
        free = factories.published(clinic=mt_prospect, times="7-12")
        assert seen_by(therapist, at) == [free]
        start, end = factories.span(mt_prospect, factories.MONDAY, "8-12")
        assigning.move_shift(free.shift, start=start, end=end, version=1, by=manager, at=at)
        assert seen_by(therapist, at) == []

    def test_not_too_late(self, mt_prospect, therapist, at):
        free = factories.published(clinic=mt_prospect)
        assert seen_by(therapist, free.start - timedelta(hours=12, seconds=1)) == [free]
        assert seen_by(therapist, free.start - timedelta(hours=12)) == []

    def test_what_it_means_and_whether_a_manager_decides(self, mt_prospect, therapist, at):
        factories.published(clinic=mt_prospect)
        [one] = claiming.open_to(therapist, at)
        assert (one.gain.minutes_after, one.has_to_wait, one.claim) == (480, False, None)
        work_a_full_week(therapist, mt_prospect)
        [one] = claiming.open_to(therapist, at)
        assert (one.gain.minutes_after, one.has_to_wait) == (48 * 60, True)
        assert [str(reason) for reason in one.gain.concerns] == ["8 h over 40 h in the week."]

    def test_what_speaks_against_it_in_a_draft_is_not_told_but_a_manager_decides(self, mt_prospect, therapist, at):
        free = factories.published(clinic=mt_prospect)
        for index in range(2, 7):
            day = factories.MONDAY + timedelta(days=index)
            factories.shift(clinic=mt_prospect, day=day, times="12-20:30", staff=therapist)
        [one] = claiming.open_to(therapist, at)
        assert (one.gain.minutes_after, one.gain.concerns, one.has_to_wait) == (480, [], True)
        assert claim(free, therapist, at).state == ClaimState.WAITING

    def test_where_a_manager_picks_it_waits(self, picked, mt_prospect, therapist, at):
        free = factories.published(clinic=mt_prospect)
        assert claiming.open_to(therapist, at)[0].has_to_wait
        asked = claim(free, therapist, at)
        assert claiming.open_to(therapist, at)[0].claim == asked

    def test_administrators_see_none(self, mt_prospect, administrator, at):
        factories.published(clinic=mt_prospect)
        assert seen_by(administrator, at) == []

    @pytest.mark.parametrize("number", [1, 3])
    def test_any_number_takes_as_many_queries(self, number, mt_prospect, floater, needling, sign_off, at):
        sign_off(floater)
        for index in range(number):
            factories.published(clinic=mt_prospect, day=TUESDAY + timedelta(days=index), skill=needling)
        floater.standing  # noqa: B018 - every request knows it already
        with CaptureQueriesContext(connection) as captured:
            assert len(claiming.open_to(floater, at)) == number
        assert len(captured) == 15


class TestTaking:
    def test_whoever_comes_first_has_it(self, mt_prospect, therapist, at):
        free = factories.published(clinic=mt_prospect)
        made = claim(free, therapist, at)
        free.refresh_from_db()
        shift = Shift.objects.get(pk=free.shift_id)
        assert (made.state, made.person, made.ended_at) == (ClaimState.GRANTED, therapist, at)
        assert (free.staff, free.sequence) == (therapist, 1)
        assert (shift.staff, shift.version, shift.week.version, shift.changed_by) == (therapist, 2, 1, therapist)
        publication = Publication.objects.get()
        assert (publication.occasion, publication.by) == (Occasion.CLAIM, therapist)
        assert [one.person for one in publication.recipients.all()] == [therapist]
        assert list(Entry.objects.order_by("pk").values_list("verb", flat=True)) == [
            "shift.changed",
            "roster.published",
            "shift-claim.taken",
        ]

    def test_other_changes_of_the_week_stay_drafts(self, mt_prospect, therapist, at):
        free = factories.published(clinic=mt_prospect)
        draft = factories.shift(clinic=mt_prospect, day=TUESDAY)
        claim(free, therapist, at)
        assert [change.shift for change in publishing.pending_changes(draft.week)] == [draft]

    def test_the_second_hears_that_it_is_taken(self, mt_prospect, therapist, floater, at):
        free = factories.published(clinic=mt_prospect)
        claim(free, therapist, at)
        with pytest.raises(Conflict, match="Somebody was quicker: this shift is taken"):
            claim(free, floater, at)
        with pytest.raises(Conflict, match="yours already"):
            claim(free, therapist, at)

    def test_what_changed_meanwhile_is_looked_at_again(self, mt_prospect, therapist, at):
        free = factories.published(clinic=mt_prospect)
        PublishedShift.objects.update(sequence=1)
        assert refused(lambda: claim(free, therapist, at)) == ["changed-meanwhile"]
        PublishedShift.objects.update(withdrawn_at=at)
        assert refused(lambda: claim(free, therapist, at)) == ["gone"]

    def test_what_is_being_changed_waits(self, mt_prospect, therapist, manager, at):
        free = factories.published(clinic=mt_prospect, times="7-12")
        start, end = factories.span(mt_prospect, factories.MONDAY, "8-12")
        assigning.move_shift(free.shift, start=start, end=end, version=1, by=manager, at=at)
        with pytest.raises(Conflict, match="The managers are changing this shift"):
            claim(free, therapist, at)

    def test_every_reason_against_it_at_once(self, mt_prospect, therapist, needling, at):
        free = factories.published(clinic=mt_prospect, skill=needling)
        factories.published(clinic=mt_prospect, times="15-17", staff=therapist)
        late = free.start - timedelta(hours=1)
        codes = ["too-late", "competency-missing", "double-booking"]
        assert refused(lambda: claim(free, therapist, late)) == codes

    def test_a_clash_with_a_draft_is_not_told(self, mt_prospect, therapist, at):
        free = factories.published(clinic=mt_prospect)
        factories.shift(clinic=mt_prospect, times="15-17", staff=therapist)
        assert refused(lambda: claim(free, therapist, at)) == ["being-planned"]

    def test_it_settles_what_others_asked(self, mt_prospect, therapist, floater, at):
        free = factories.published(clinic=mt_prospect)
        factories.policy(clinic=mt_prospect, open_shifts=OpenShifts.PICKED)
        waiting = claim(free, floater, at)
        factories.policy(clinic=mt_prospect, open_shifts=OpenShifts.FIRST_COME)
        claim(free, therapist, at)
        waiting.refresh_from_db()
        assert (waiting.state, waiting.ended_at) == (ClaimState.LAPSED, at)


class TestAsking:
    def test_where_a_manager_picks(self, picked, mt_prospect, therapist, at):
        free = factories.published(clinic=mt_prospect)
        asked = claim(free, therapist, at)
        free.refresh_from_db()
        assert (asked.state, asked.ended_at, free.staff, Publication.objects.count()) == ("waiting", None, None, 0)
        assert refused(lambda: claim(free, therapist, at)) == ["asked-already"]

    def test_where_something_speaks_against_it(self, mt_prospect, therapist, at):
        work_a_full_week(therapist, mt_prospect)
        free = factories.published(clinic=mt_prospect)
        assert claim(free, therapist, at).state == ClaimState.WAITING
        free.refresh_from_db()
        assert (free.staff, free.shift.staff) == (None, None)

    def test_only_whoever_asked_withdraws_once(self, picked, mt_prospect, therapist, floater, manager, at):
        asked = claim(factories.published(clinic=mt_prospect), therapist, at)
        for person in (floater, manager):
            with pytest.raises(Forbidden):
                claiming.withdraw(asked, by=person, at=at)
        assert claiming.withdraw(asked, by=therapist, at=at).state == ClaimState.WITHDRAWN
        assert refused(lambda: claiming.withdraw(asked, by=therapist, at=at)) == ["decided"]

    def test_who_sees_a_request(self, picked, mt_prospect, therapist, floater, manager, manager_oakbrook, at):
        asked = claim(factories.published(clinic=mt_prospect), therapist, at)
        seers = [one for one in (therapist, floater, manager, manager_oakbrook) if Claim.objects.sees(one, asked)]
        assert seers == [therapist, manager]


class TestDeciding:
    @pytest.fixture
    def asked(self, picked, mt_prospect, therapist, at):
        return claim(factories.published(clinic=mt_prospect), therapist, at)

    def test_the_manager_gives_it_and_the_others_lapse(self, asked, floater, manager, at):
        other = claim(asked.shift.published, floater, at)
        granted = claiming.grant(asked, by=manager, at=at)
        other.refresh_from_db()
        shift = Shift.objects.get()
        assert (granted.state, other.state, shift.staff) == (ClaimState.GRANTED, ClaimState.LAPSED, asked.person)
        assert PublishedShift.objects.get().staff == asked.person
        assert refused(lambda: claiming.grant(other, by=manager, at=at)) == ["decided"]

    def test_concerns_need_a_reason_that_is_kept(self, asked, mt_prospect, therapist, manager, at):
        work_a_full_week(therapist, mt_prospect)
        assert refused(lambda: claiming.grant(asked, by=manager, at=at)) == ["over-hours", "needs-reason"]
        claiming.grant(asked, by=manager, at=at, reason="She wants the hours.")
        row = AcceptedWarning.objects.get()
        assert (row.code, row.reason, row.shift_version, row.by) == ("over-hours", "She wants the hours.", 2, manager)
        shift = Shift.objects.get(pk=asked.shift_id)
        assigning.change_shift(shift, Plan.of(shift), version=2, by=manager, at=at)  # nobody is asked for it twice

    def test_everything_is_looked_at_again(self, asked, mt_prospect, therapist, manager, at):
        factories.shift(clinic=mt_prospect, times="15-17", staff=therapist)
        with pytest.raises(Conflict, match="already works 3p–5p"):
            claiming.grant(asked, by=manager, at=at)
        asked.refresh_from_db()
        assert asked.state == ClaimState.WAITING

    def test_not_once_the_shift_was_published_anew(self, asked, manager, at):
        PublishedShift.objects.update(sequence=1)
        assert refused(lambda: claiming.grant(asked, by=manager, at=at)) == ["changed-meanwhile"]

    def test_declining_needs_words(self, asked, manager, at):
        assert refused(lambda: claiming.decline(asked, by=manager, at=at, answer=" ")) == ["no-answer"]
        declined = claiming.decline(asked, by=manager, at=at, answer="We  train somebody.")
        assert (declined.state, declined.answer) == (ClaimState.DECLINED, "We train somebody.")

    def test_others_do_not_decide(self, asked, floater, manager_oakbrook, at):
        for person in (asked.person, floater, manager_oakbrook):
            with pytest.raises(Forbidden):
                claiming.grant(asked, by=person, at=at)
            with pytest.raises(Forbidden):
                claiming.decline(asked, by=person, at=at, answer="No.")

    def test_nobody_decides_about_oneself(self, asked, manager, at):
        Claim.objects.update(person=manager)
        asked.refresh_from_db()
        assert refused(lambda: claiming.grant(asked, by=manager, at=at)) == ["own"]

    @pytest.mark.parametrize("number", [1, 3])
    def test_what_each_request_means_takes_as_many_queries(self, number, picked, mt_prospect, therapist, at):
        for index in range(number):
            claim(factories.published(clinic=mt_prospect, day=TUESDAY + timedelta(days=index)), therapist, at)
        claims = list(Claim.objects.select_related("shift__clinic", "shift__skill", "person"))
        with CaptureQueriesContext(connection) as captured:
            assert [one.gains[0].minutes_after for one in claiming.outcomes(claims, at)] == [480] * number
        assert len(captured) == 7


class TestSettling:
    @pytest.fixture
    def asked(self, picked, mt_prospect, therapist, at):
        return claim(factories.published(clinic=mt_prospect), therapist, at)

    def test_a_request_that_still_makes_sense_stays(self, asked, at):
        assert claiming.settle(at) == 0
        asked.refresh_from_db()
        assert asked.state == ClaimState.WAITING

    @pytest.mark.parametrize("cause", ["withdrawn", "taken", "changed", "begun"])
    def test_one_for_what_is_gone_lapses(self, asked, floater, at, cause):
        changes = {"withdrawn": {"withdrawn_at": at}, "taken": {"staff": floater}, "changed": {"sequence": 4}}
        if cause in changes:
            PublishedShift.objects.update(**changes[cause])
        when = asked.shift.start if cause == "begun" else at
        assert claiming.settle(when) == 1
        asked.refresh_from_db()
        assert (asked.state, asked.ended_at, asked.ended_by) == (ClaimState.LAPSED, when, None)
        assert Entry.objects.filter(verb="shift-claim.lapsed").get().actor_id is None


def test_the_database_keeps_claims_in_order(picked, mt_prospect, therapist, at):
    asked = claim(factories.published(clinic=mt_prospect), therapist, at)
    with pytest.raises(IntegrityError, match="open_shift_is_asked_for_once"), transaction.atomic():
        Claim.objects.create(shift=asked.shift, sequence=0, person=therapist, state="waiting", made_at=at)
    with pytest.raises(IntegrityError, match="claim_says_when_it_ended"), transaction.atomic():
        Claim.objects.update(state="granted")

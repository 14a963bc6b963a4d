"""Giving, swapping and handing back: who may, what it takes, and that the shift stays where it is until it is done."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Profession
from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from scheduling import assigning, offering, offers, publishing
from scheduling.models import (
    AcceptedWarning,
    Availability,
    Occasion,
    Offer,
    OfferConsent,
    OfferKind,
    OfferState,
    Permission,
    Publication,
    PublishedShift,
    Shift,
    Wish,
)
from scheduling.offers import Wanted
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 12, 1)
GIVE, SWAP, DROP = OfferKind.GIVE, OfferKind.SWAP, OfferKind.DROP


def refused(attempt) -> list[str]:
    with pytest.raises(Refused) as caught:
        attempt()
    return [reason.code for reason in caught.value.verdict.reasons]


def holders() -> list[tuple[str, str]]:
    """Who has each shift, in the plan and as published, in order of time."""
    rows = PublishedShift.objects.select_related("staff", "shift__staff").order_by("period", "pk")
    return [(str(row.shift.staff or ""), str(row.staff or "")) for row in rows]


@pytest.fixture
def mine(mt_prospect, therapist):
    """Monday morning of the therapist."""
    return factories.published(clinic=mt_prospect, times="7-12", staff=therapist)


@pytest.fixture
def theirs(mt_prospect, floater):
    """Tuesday morning of the floater."""
    return factories.published(clinic=mt_prospect, day=TUESDAY, times="8-12", staff=floater)


@pytest.fixture
def make(mine, at):
    """The therapist offers the Monday."""

    def give(kind=GIVE, **wanted) -> Offer:
        return offering.offer(Wanted(kind, mine, **wanted), by=mine.staff, at=at)

    return give


@pytest.fixture
def swap(make, theirs, floater):
    return make(SWAP, to=floater, in_return=theirs)


def take(made: Offer, by, at) -> Offer:
    return offering.take(made, version=made.version, by=by, at=at)


def agree(made: Offer, by, at, reason="") -> Offer:
    return offering.agree(made, version=made.version, by=by, at=at, reason=reason)


class TestOffering:
    def test_the_shift_stays_where_it_is(self, make, mine, floater, at):
        made = make(to=floater, note=" I  am away. ")
        assert (made.state, made.sequence, made.by, made.to) == (OfferState.OPEN, 0, mine.staff, floater)
        assert (made.note, made.made_at, made.expires_at) == ("I am away.", at, mine.start - timedelta(hours=12))
        assert holders() == [("Avery Testwell", "Avery Testwell")]
        assert Publication.objects.count() == 0
        assert Entry.objects.get().verb == "shift-offer.given"

    def test_an_answer_is_awaited_for_a_week(self, mt_prospect, therapist, at):
        later = factories.published(clinic=mt_prospect, day=date(2026, 12, 14), staff=therapist)
        made = offering.offer(Wanted(GIVE, later), by=therapist, at=at)
        assert made.expires_at == at + timedelta(days=7)

    def test_only_ones_own(self, theirs, therapist, at):
        assert refused(lambda: offering.offer(Wanted(GIVE, theirs), by=therapist, at=at)) == ["not-yours"]

    def test_where_and_while_the_clinic_allows_it(self, make, mt_prospect, theirs, floater, at):
        factories.policy(clinic=mt_prospect, give=Permission.OFF, swap=Permission.OFF, drop=Permission.OFF)
        assert refused(make) == ["not-here"]
        assert refused(lambda: make(DROP)) == ["not-here"]
        assert refused(lambda: make(SWAP, to=floater, in_return=theirs)) == ["not-here", "not-here"]

    def test_not_for_the_same_work_at_the_same_time(self, make, mt_prospect, floater):
        same = factories.published(clinic=mt_prospect, times="7-12", staff=floater)
        assert refused(lambda: make(SWAP, to=floater, in_return=same)) == ["same-shift"]

    def test_not_too_late(self, mine, therapist):
        late = mine.start - timedelta(hours=12)
        assert refused(lambda: offering.offer(Wanted(GIVE, mine), by=therapist, at=late)) == ["too-late"]

    def test_to_somebody_who_may_work_it(self, make, mine, assistant, floater, oakbrook):
        assert refused(lambda: make(to=assistant)) == ["profession", "not-here"]
        assert refused(lambda: make(to=mine.staff)) == ["to-yourself"]
        factories.published(clinic=oakbrook, times="11-15", staff=floater)
        assert refused(lambda: make(to=floater)) == ["double-booking"]

    def test_a_swap_names_a_shift_of_the_colleague(self, make, mt_prospect, theirs, therapist_oakbrook, floater):
        assert refused(lambda: make(SWAP, to=floater)) == ["no-shift-in-return"]
        assert refused(lambda: make(SWAP, to=therapist_oakbrook, in_return=theirs)) == ["not-theirs"]

    def test_a_swap_looks_at_both(self, make, mt_prospect, oakbrook, theirs, therapist, floater):
        factories.published(clinic=mt_prospect, day=TUESDAY, times="11-15", staff=therapist)
        factories.published(clinic=oakbrook, times="11-15", staff=floater)
        found = refused(lambda: make(SWAP, to=floater, in_return=theirs))
        assert found == ["double-booking", "double-booking"]

    def test_one_live_offer_for_each_shift(self, swap, make, theirs, therapist, floater, at):
        assert refused(make) == ["offered-already"]
        assert refused(lambda: offering.offer(Wanted(GIVE, theirs), by=floater, at=at)) == ["offered-already"]
        back = Wanted(SWAP, theirs, to=therapist, in_return=swap.shift.published)
        assert refused(lambda: offering.offer(back, by=floater, at=at)) == ["offered-already"]
        offering.withdraw(swap, version=1, by=therapist, at=at)
        assert make().state == OfferState.OPEN

    def test_what_was_seen_is_what_is_offered(self, make, mine, manager, at):
        PublishedShift.objects.update(sequence=3)
        assert refused(make) == ["changed-meanwhile"]
        PublishedShift.objects.update(sequence=0)
        start, end = factories.span(mine.clinic, factories.MONDAY, "8-12")
        assigning.move_shift(mine.shift, start=start, end=end, version=1, by=manager, at=at)
        assert refused(make) == ["not-as-published"]

    def test_administrators_offer_nothing(self, mt_prospect, administrator, at):
        odd = factories.published(clinic=mt_prospect, staff=administrator)
        assert refused(lambda: offering.offer(Wanted(GIVE, odd), by=administrator, at=at)) == ["no-schedule"]


class TestTaking:
    def test_the_managers_decide_usually(self, make, mine, floater, at):
        made = take(make(to=floater), floater, at)
        assert (made.state, made.taken_by, made.taken_at) == (OfferState.TAKEN, floater, at)
        assert holders() == [("Avery Testwell", "Avery Testwell")]

    def test_a_manager_has_until_the_deadline(self, mt_prospect, therapist, floater, at):
        later = factories.published(clinic=mt_prospect, day=date(2026, 12, 14), staff=therapist)
        made = offering.offer(Wanted(GIVE, later), by=therapist, at=at)
        assert take(made, floater, at).expires_at == later.start - timedelta(hours=12)

    def test_where_the_clinic_lets_people_it_is_done_at_once(self, make, mine, mt_prospect, floater, at):
        factories.policy(clinic=mt_prospect, give=Permission.FREE)
        made = take(make(to=floater), floater, at)
        assert (made.state, made.ended_by, holders()) == (OfferState.DONE, floater, [("Theo Fictus", "Theo Fictus")])
        publication = Publication.objects.get()
        told = {one.person for one in publication.recipients.all()}
        assert (publication.occasion, told) == (Occasion.OFFER, {mine.staff, floater})

    def test_unless_something_speaks_against_it(self, make, mt_prospect, floater, at):
        factories.policy(clinic=mt_prospect, give=Permission.FREE)
        for index in range(1, 6):
            day = factories.MONDAY + timedelta(days=index)
            factories.published(clinic=mt_prospect, day=day, staff=floater)
        made = take(make(to=floater), floater, at)
        made.refresh_from_db()
        assert (made.state, made.version) == (OfferState.TAKEN, 2)
        assert ("Avery Testwell", "Avery Testwell") in holders()

    def test_a_swap_changes_both_at_once(self, swap, mt_prospect, floater, at):
        factories.policy(clinic=mt_prospect, swap=Permission.FREE)
        assert take(swap, floater, at).state == OfferState.DONE
        assert holders() == [("Theo Fictus", "Theo Fictus"), ("Avery Testwell", "Avery Testwell")]
        assert list(PublishedShift.objects.values_list("sequence", flat=True)) == [1, 1]
        assert Publication.objects.get().changes.count() == 2

    def test_a_swap_of_shifts_at_the_same_time(self, make, mt_prospect, oakbrook, mine, floater, at):
        for clinic in (mt_prospect, oakbrook):
            factories.policy(clinic=clinic, swap=Permission.FREE)
        people.membership(user=mine.staff, role=Role.THERAPIST, clinic=oakbrook)
        same_time = factories.published(clinic=oakbrook, times="8-12", staff=floater)
        made = take(make(SWAP, to=floater, in_return=same_time), floater, at)
        assert (made.state, holders()) == (
            OfferState.DONE,
            [("Theo Fictus", "Theo Fictus"), ("Avery Testwell", "Avery Testwell")],
        )
        assert Publication.objects.count() == 2

    def test_not_into_what_is_still_published_elsewhere(self, make, mt_prospect, oakbrook, floater, at):
        factories.policy(clinic=mt_prospect, give=Permission.FREE)
        made = make(to=floater)
        elsewhere = factories.published(clinic=oakbrook, times="8-11", staff=floater)
        Shift.objects.filter(pk=elsewhere.shift_id).update(staff=None)
        assert refused(lambda: take(made, floater, at)) == ["double-booking"]
        assert holders() == [("Avery Testwell", "Avery Testwell"), ("", "Theo Fictus")]

    def test_only_whoever_it_is_for(self, make, mine, floater, assistant, at):
        made = make(to=floater)
        with pytest.raises(Forbidden, match="offered to somebody else"):
            take(made, assistant, at)
        with pytest.raises(Forbidden, match="your own offer"):
            take(made, mine.staff, at)

    def test_to_anybody_who_may_work_it(self, make, floater, assistant, therapist_oakbrook, at):
        made = make()
        assert refused(lambda: take(made, assistant, at)) == ["profession", "not-here"]
        assert refused(lambda: take(made, therapist_oakbrook, at)) == ["not-here"]
        assert take(made, floater, at).taken_by == floater

    def test_everything_is_looked_at_again(self, make, mine, mt_prospect, floater, manager, at):
        made = make(to=floater)
        days = (factories.MONDAY, TUESDAY)
        Availability.objects.create(person=floater, wish=Wish.UNAVAILABLE, days=days, added_at=factories.CREATED)
        factories.time_off(person=floater, clinic=mt_prospect, decided_by=manager)
        assert refused(lambda: take(made, floater, at)) == ["time-off", "unavailable"]

    def test_in_a_swap_also_for_the_other_one(self, swap, mt_prospect, therapist, floater, at):
        factories.published(clinic=mt_prospect, day=TUESDAY, times="11-15", staff=therapist)
        with pytest.raises(Refused, match="Avery already works 11a–3p on Tue, Dec 1 at Mt"):
            take(swap, floater, at)

    def test_not_once_it_is_over(self, make, floater, at):
        made = make(to=floater)
        assert refused(lambda: take(made, floater, made.expires_at)) == ["not-open"]
        offering.withdraw(made, version=1, by=made.by, at=at)
        with pytest.raises(Conflict, match="This has changed meanwhile: withdrawn"):
            offering.take(made, version=1, by=floater, at=at)
        with pytest.raises(Conflict, match="no longer open"):
            offering.take(made, version=2, by=floater, at=at)

    def test_not_while_the_managers_change_the_shift(self, make, mine, floater, manager, at):
        made = make(to=floater)
        start, end = factories.span(mine.clinic, factories.MONDAY, "8-12")
        assigning.move_shift(mine.shift, start=start, end=end, version=1, by=manager, at=at)
        with pytest.raises(Conflict, match="The managers are changing this shift"):
            take(made, floater, at)


class TestHandingBack:
    def test_it_waits_for_a_manager(self, make, mine):
        made = make(DROP)
        assert (made.state, made.taken_by, made.expires_at) == ("taken", None, mine.start - timedelta(hours=12))
        assert holders() == [("Avery Testwell", "Avery Testwell")]

    def test_and_is_open_then(self, make, manager, at):
        made = agree(make(DROP), manager, at)
        assert (made.state, holders()) == (OfferState.DONE, [("", "")])

    def test_or_at_once(self, make, mt_prospect):
        factories.policy(clinic=mt_prospect, drop=Permission.FREE)
        assert (make(DROP).state, holders()) == (OfferState.DONE, [("", "")])


class TestDeciding:
    @pytest.fixture
    def taken(self, swap, floater, at):
        return take(swap, floater, at)

    def test_a_manager_agrees(self, taken, manager, at):
        made = agree(taken, manager, at)
        assert (made.state, made.ended_by) == (OfferState.DONE, manager)
        assert holders() == [("Theo Fictus", "Theo Fictus"), ("Avery Testwell", "Avery Testwell")]
        assert list(Entry.objects.order_by("pk").values_list("verb", flat=True)) == [
            "shift-offer.swap",
            "shift-offer.taken",
            "shift-offer.agreed",
            "shift.changed",
            "shift.changed",
            "roster.published",
            "shift-offer.done",
        ]

    def test_concerns_need_a_reason_that_is_kept_with_the_right_shift(self, taken, mt_prospect, floater, manager, at):
        for index in range(2, 7):
            factories.published(clinic=mt_prospect, day=factories.MONDAY + timedelta(days=index), staff=floater)
        assert refused(lambda: agree(taken, manager, at)) == ["over-hours", "needs-reason"]
        agree(taken, manager, at, "They asked for it.")
        row = AcceptedWarning.objects.get()
        assert (row.shift, row.code, row.reason) == (taken.shift, "over-hours", "They asked for it.")
        assert OfferConsent.objects.get().reason == "They asked for it."
        assert Publication.objects.get().reason == "They asked for it."

    def test_everything_is_looked_at_again(self, taken, mt_prospect, floater, manager, at):
        factories.shift(clinic=mt_prospect, times="11-14", staff=floater)
        with pytest.raises(Conflict, match="Theo already works 11a–2p"):
            agree(taken, manager, at)
        assert holders() == [("Avery Testwell", "Avery Testwell"), ("Theo Fictus", "Theo Fictus")]

    @pytest.mark.parametrize("times", ["8-11", "12:15-14"])
    def test_not_into_what_staff_still_see_elsewhere(self, taken, oakbrook, floater, manager, times, at):
        """At the same time, or too soon after it for the way between the clinics."""
        elsewhere = factories.published(clinic=oakbrook, times=times, staff=floater)
        Shift.objects.filter(pk=elsewhere.shift_id).update(staff=None)
        assert refused(lambda: agree(taken, manager, at)) == ["still-published-elsewhere"]
        assert Publication.objects.count() == 0

    def test_refusing_needs_words(self, taken, manager, at):
        assert refused(lambda: offering.refuse(taken, version=2, by=manager, at=at, answer="")) == ["no-answer"]
        made = offering.refuse(taken, version=2, by=manager, at=at, answer="The team needs her on Monday.")
        assert (made.state, made.answer, holders()[0][1]) == (
            OfferState.REFUSED,
            "The team needs her on Monday.",
            "Avery Testwell",
        )

    def test_not_before_somebody_took_it(self, swap, manager, at):
        assert refused(lambda: agree(swap, manager, at)) == ["decided"]
        assert refused(lambda: offering.refuse(swap, version=1, by=manager, at=at, answer="No.")) == ["decided"]

    def test_not_when_it_is_too_late(self, taken, manager, at):
        assert refused(lambda: agree(taken, manager, taken.expires_at)) == ["expired"]

    def test_others_do_not_decide(self, taken, therapist, floater, assistant, manager_oakbrook, at):
        for person in (therapist, floater, assistant, manager_oakbrook):
            with pytest.raises(Forbidden):
                agree(taken, person, at)
            with pytest.raises(Forbidden):
                offering.refuse(taken, version=2, by=person, at=at, answer="No.")

    def test_nobody_decides_about_own_shifts(self, taken, manager, at):
        Offer.objects.update(taken_by=manager)
        taken.refresh_from_db()
        assert refused(lambda: agree(taken, manager, at)) == ["own"]

    def test_the_second_manager_sees_that_it_is_decided(self, taken, manager, at):
        agree(taken, manager, at)
        with pytest.raises(Conflict, match="changed meanwhile: done"):
            agree(taken, manager, at)


class TestTwoClinics:
    @pytest.fixture
    def taken(self, make, mine, oakbrook, floater, at):
        people.membership(user=mine.staff, role=Role.THERAPIST, clinic=oakbrook)
        there = factories.published(clinic=oakbrook, day=TUESDAY, times="8-12", staff=floater)
        return take(make(SWAP, to=floater, in_return=there), floater, at)

    def test_the_managers_of_both_agree(self, taken, manager, manager_oakbrook, at):
        made = agree(taken, manager_oakbrook, at)
        assert (made.state, holders()[0][1]) == (OfferState.TAKEN, "Avery Testwell")
        assert refused(lambda: agree(made, manager_oakbrook, at)) == ["agreed-already"]
        made = agree(made, manager, at)
        assert made.state == OfferState.DONE
        assert holders() == [("Theo Fictus", "Theo Fictus"), ("Avery Testwell", "Avery Testwell")]
        agreed = OfferConsent.objects.values_list("clinic__slug", "by")
        assert list(agreed) == [("oakbrook-terrace", manager_oakbrook.pk), ("mt-prospect", manager.pk)]

    def test_one_of_them_refuses(self, taken, manager_oakbrook, at):
        made = offering.refuse(taken, version=2, by=manager_oakbrook, at=at, answer="We need Theo.")
        assert made.state == OfferState.REFUSED

    def test_somebody_who_manages_both_agrees_for_both(self, taken, manager, oakbrook, at):
        people.membership(user=manager, role=Role.MANAGER, clinic=oakbrook)
        assert agree(taken, manager, at).state == OfferState.DONE

    def test_consents_are_evidence(self, taken, manager, at):
        agree(taken, manager, at)
        with pytest.raises(IntegrityError, match="evidence"), transaction.atomic():
            OfferConsent.objects.update(reason="Something else.")
        again = OfferConsent(offer=taken, clinic=taken.shift.clinic, by=manager, at=at)
        with pytest.raises(IntegrityError, match="each_clinic_agrees_once"), transaction.atomic():
            again.save()


class TestStoppingIt:
    def test_whoever_offered_withdraws_also_when_it_was_taken(self, swap, floater, therapist, at):
        made = take(swap, floater, at)
        with pytest.raises(Forbidden):
            offering.withdraw(made, version=2, by=floater, at=at)
        assert offering.withdraw(made, version=2, by=therapist, at=at).state == OfferState.WITHDRAWN

    def test_whoever_was_asked_declines(self, swap, floater, assistant, at):
        with pytest.raises(Forbidden):
            offering.decline(swap, version=1, by=assistant, at=at)
        made = offering.decline(swap, version=1, by=floater, at=at)
        assert (made.state, made.ended_by) == (OfferState.DECLINED, floater)

    def test_whoever_took_it_steps_back_before_it_is_done(self, make, floater, manager, at):
        made = take(make(), floater, at)
        assert offering.decline(made, version=2, by=floater, at=at).state == OfferState.DECLINED
        assert refused(lambda: agree(made, manager, at)) == ["changed-meanwhile"]


class TestSeeing:
    def test_who_sees_an_offer_to_one(self, make, mine, floater, assistant, manager, manager_oakbrook):
        made = make(to=floater)
        everybody = [mine.staff, floater, assistant, manager, manager_oakbrook]
        assert [one for one in everybody if Offer.objects.sees(one, made)] == [mine.staff, floater, manager]

    def test_who_sees_an_offer_to_anybody(
        self, make, mt_prospect, floater, assistant, therapist_oakbrook, administrator, at
    ):
        made = make()
        everybody = [floater, assistant, therapist_oakbrook, administrator]
        assert [one for one in everybody if Offer.objects.sees(one, made)] == [floater]
        another = people.staff(name="Una Another", role=Role.THERAPIST, clinics=[mt_prospect], profession=Profession.PT)
        assert Offer.objects.sees(another, made)
        take(made, floater, at)
        assert [one for one in [*everybody, another] if Offer.objects.sees(one, made)] == [floater]

    def test_managers_of_the_clinic_of_the_shift_in_return_see_it(
        self, make, mine, oakbrook, floater, manager_oakbrook
    ):
        people.membership(user=mine.staff, role=Role.THERAPIST, clinic=oakbrook)
        there = factories.published(clinic=oakbrook, day=TUESDAY, times="8-12", staff=floater)
        made = make(SWAP, to=floater, in_return=there)
        assert Offer.objects.sees(manager_oakbrook, made)
        assert list(Offer.objects.at([oakbrook.pk])) == [made]

    def test_what_i_may_take(self, make, theirs, therapist, floater, assistant, oakbrook, at):
        made = make()
        [one] = offers.open_to(floater, at)
        assert (one.offer, one.verdict, one.gain.minutes_before, one.gain.minutes_after) == (
            made,
            one.verdict,
            240,
            540,
        )
        assert (bool(one.verdict), one.in_return) == (True, None)
        assert [offers.open_to(person, at) for person in (therapist, assistant)] == [[], []]
        factories.published(clinic=oakbrook, times="11-15", staff=floater)
        assert offers.open_to(floater, at) == []

    def test_what_is_offered_to_me_is_shown_with_what_stands_against_it(self, swap, mt_prospect, floater, theirs, at):
        [one] = offers.open_to(floater, at)
        assert (one.offer, one.in_return, one.gain.minutes_after, bool(one.verdict)) == (swap, theirs, 300, True)
        factories.published(clinic=mt_prospect, times="11-15", staff=floater)
        [one] = offers.open_to(floater, at)
        assert [reason.code for reason in one.verdict.reasons] == ["double-booking"]

    def test_not_what_is_over_or_being_changed(self, make, mine, floater, manager, at):
        made = make()
        assert offers.open_to(floater, made.expires_at) == []
        start, end = factories.span(mine.clinic, factories.MONDAY, "8-12")
        assigning.move_shift(mine.shift, start=start, end=end, version=1, by=manager, at=at)
        assert offers.open_to(floater, at) == []

    def test_administrators_see_none(self, make, administrator, at):
        make()
        assert offers.open_to(administrator, at) == []

    @pytest.mark.parametrize("number", [1, 3])
    def test_any_number_takes_as_many_queries(self, number, mt_prospect, therapist, floater, needling, sign_off, at):
        sign_off(therapist)
        sign_off(floater)
        factories.policy(clinic=mt_prospect, hours_before=0)
        for index in range(number):
            day = TUESDAY + timedelta(days=index)
            one = factories.published(clinic=mt_prospect, day=day, times="7-10", staff=therapist, skill=needling)
            other = factories.published(clinic=mt_prospect, day=day, times="13-16", staff=floater)
            offering.offer(Wanted(SWAP, one, to=floater, in_return=other), by=therapist, at=at)
        floater.standing  # noqa: B018 - every request knows it already
        with CaptureQueriesContext(connection) as captured:
            assert len(offers.open_to(floater, at)) == number
        assert len(captured) == 14


class TestSettling:
    def test_an_offer_that_still_makes_sense_stays(self, swap, at):
        assert offering.settle(at) == 0
        swap.refresh_from_db()
        assert swap.state == OfferState.OPEN

    def test_one_whose_time_is_over_expires(self, swap):
        assert offering.settle(swap.expires_at - timedelta(seconds=1)) == 0
        assert offering.settle(swap.expires_at) == 1
        swap.refresh_from_db()
        assert (swap.state, swap.ended_at, swap.ended_by, swap.version) == ("expired", swap.expires_at, None, 2)
        assert Entry.objects.filter(verb="shift-offer.expired", actor_id=None).count() == 1

    @pytest.mark.parametrize("which", ["shift", "in_return"])
    @pytest.mark.parametrize("how", ["edit", "publish", "assign", "delete"])
    def test_editing_or_publishing_either_shift_voids_it(
        self, swap, manager, clinical_lead, mt_prospect, at, which, how
    ):
        shift = getattr(swap, which)
        if how == "delete":
            assigning.delete_shift(shift, version=1, by=manager, at=at)
        elif how == "assign":
            assigning.make_open(shift, version=1, by=manager, at=at)
        else:
            start, end = factories.span(mt_prospect, shift.day, "9-12")
            assigning.move_shift(shift, start=start, end=end, version=1, by=manager, at=at)
        if how == "publish":
            week = shift.week
            week.refresh_from_db()
            publishing.publish(week, version=week.version, by=manager, at=at, reason="Agreed.")
        assert offering.settle(at) == 1
        swap.refresh_from_db()
        assert swap.state == OfferState.VOID

    def test_what_is_edited_back_is_no_change(self, swap, manager, mt_prospect, at):
        for times, version in (("9-12", 1), ("7-12", 2)):
            start, end = factories.span(mt_prospect, factories.MONDAY, times)
            assigning.move_shift(swap.shift, start=start, end=end, version=version, by=manager, at=at)
        assert offering.settle(at) == 0

    def test_another_shift_of_the_week_voids_nothing(self, swap, mt_prospect, manager, at):
        factories.shift(clinic=mt_prospect, day=date(2026, 12, 3))
        week = Shift.objects.first().week
        publishing.publish(week, version=0, by=manager, at=at, reason="Known.")
        assert offering.settle(at) == 0


def test_the_database_keeps_offers_in_order(swap, mt_prospect, therapist, floater, theirs, at):
    def refused_by(**changes) -> None:
        row = Offer.objects.get(pk=swap.pk)
        row.pk = None
        for name, value in changes.items():
            setattr(row, name, value)
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            row.save(force_insert=True)
        names.append(caught.value.__cause__.diag.constraint_name)

    names: list[str] = []
    refused_by(in_return=None, return_sequence=None, kind="give")
    refused_by(shift=theirs.shift, in_return=swap.in_return)
    refused_by(state="done")
    refused_by(state="done", ended_at=at, in_return=None)
    refused_by(state="done", ended_at=at, to=therapist)
    assert names == [
        "one_live_offer_for_a_shift",
        "one_live_swap_for_a_shift_in_return",
        "offer_says_when_it_ended",
        "offer_names_what_its_kind_needs",
        "offer_is_to_somebody_else",
    ]

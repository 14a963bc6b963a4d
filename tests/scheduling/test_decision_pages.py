"""What waits for managers, deciding it, the history of a shift, and what staff of a clinic may do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from scheduling import assigning, claiming, offering, publishing
from scheduling.decisions import waiting_count
from scheduling.hands import hands
from scheduling.models import (
    AcceptedWarning,
    Claim,
    ClaimState,
    Offer,
    OfferKind,
    OfferState,
    OpenShifts,
    Permission,
    PublishedShift,
)
from scheduling.offers import Wanted
from scheduling.policies import Policy, policy_of
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

URL = "/roster/swaps/"
TUESDAY = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def _today(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def taken(mt_prospect, therapist, floater, at):
    mine = factories.published(clinic=mt_prospect, times="7-12", staff=therapist)
    theirs = factories.published(clinic=mt_prospect, day=TUESDAY, times="8-12", staff=floater)
    wanted = Wanted(OfferKind.SWAP, mine, to=floater, in_return=theirs, note="Exam day.")
    made = offering.offer(wanted, by=therapist, at=at)
    return offering.take(made, version=1, by=floater, at=at)


@pytest.fixture
def asked(mt_prospect, therapist, at):
    factories.policy(clinic=mt_prospect, open_shifts=OpenShifts.PICKED)
    free = factories.published(clinic=mt_prospect, day=date(2026, 12, 3), times="7-12")
    return claiming.claim(free, sequence=0, by=therapist, at=at)


def work_a_full_week(person, clinic) -> None:
    for index in range(2, 7):
        factories.published(clinic=clinic, day=factories.MONDAY + timedelta(days=index), times="12-20:30", staff=person)


def text(response) -> str:
    return response.content.decode()


def followed(response) -> str:
    assert (response.status_code, response.url) == (302, URL)
    return text(response.client.get(URL))


class TestTheList:
    def test_what_waits(self, sign_in, taken, asked, manager):
        body = text(sign_in(manager).get(URL))
        assert "Avery Testwell and Theo Fictus swap" in body
        assert "against Tue, Dec 1, 8a–12p" in body
        assert "Avery Testwell asks for it" in body
        assert waiting_count(manager) == 2

    def test_managers_of_other_clinics_have_other_lists(self, sign_in, taken, asked, manager_oakbrook):
        assert "Nothing waits for you" in text(sign_in(manager_oakbrook).get(URL))
        assert waiting_count(manager_oakbrook) == 0

    def test_those_who_make_no_roster_have_none(self, sign_in, taken, therapist, administrator):
        for person in (therapist, administrator):
            assert sign_in(person).get(URL).status_code == 403

    def test_what_one_has_agreed_to_waits_for_the_other_clinic(
        self, sign_in, mt_prospect, oakbrook, therapist, floater, manager, manager_oakbrook, at
    ):
        people.membership(user=therapist, role=Role.THERAPIST, clinic=oakbrook)
        mine = factories.published(clinic=mt_prospect, times="7-12", staff=therapist)
        there = factories.published(clinic=oakbrook, day=TUESDAY, times="8-12", staff=floater)
        made = offering.offer(Wanted(OfferKind.SWAP, mine, to=floater, in_return=there), by=therapist, at=at)
        made = offering.take(made, version=1, by=floater, at=at)
        body = followed(sign_in(manager).post(f"{URL}offers/{made.pk}/", {"do": "agree", "version": 2}))
        assert "You have agreed. It is done once the other clinic has, too." in body
        assert "Nothing waits for you" in body
        assert "Dana Mockridge agrees for Mt. Prospect" in text(sign_in(manager_oakbrook).get(URL))

    @pytest.mark.parametrize("number", [1, 3])
    def test_queries_do_not_grow(self, number, sign_in, mt_prospect, therapist, floater, manager, at):
        factories.policy(clinic=mt_prospect, hours_before=0, open_shifts=OpenShifts.PICKED)
        for index in range(number):
            day = factories.MONDAY + timedelta(days=index)
            mine = factories.published(clinic=mt_prospect, day=day, times="7-9", staff=therapist)
            made = offering.offer(Wanted(OfferKind.GIVE, mine), by=therapist, at=at)
            offering.take(made, version=1, by=floater, at=at)
            free = factories.published(clinic=mt_prospect, day=day, times="13-15")
            for person in (therapist, floater):
                claiming.claim(free, sequence=0, by=person, at=at)
        browser = sign_in(manager)
        browser.get(URL)
        with CaptureQueriesContext(connection) as captured:
            assert text(browser.get(URL)).count(">Decide<") == 2 * number
        assert len(captured) == 25


class TestAnOffer:
    def url(self, made: Offer) -> str:
        return f"{URL}offers/{made.pk}/"

    def test_what_it_means_for_both(self, sign_in, taken, manager):
        body = text(sign_in(manager).get(self.url(taken)))
        assert "Theo Fictus gets Mon, Nov 30, 7:00 AM – 12:00 PM" in body
        assert "Avery Testwell gets Tue, Dec 1, 8:00 AM – 12:00 PM" in body
        assert "Avery writes: “Exam day.”" in body
        assert body.count("Nothing against it") == 2

    def test_agreeing(self, sign_in, taken, manager):
        body = followed(sign_in(manager).post(self.url(taken), {"do": "agree", "version": 2}))
        assert "Done. The roster shows it, and everybody concerned is told." in body
        assert Offer.objects.get().state == OfferState.DONE

    def test_concerns_ask_for_a_reason(self, sign_in, taken, mt_prospect, floater, manager):
        work_a_full_week(floater, mt_prospect)
        browser = sign_in(manager)
        body = text(browser.get(self.url(taken)))
        assert "5 h over 40 h in the week." in body
        assert 'name="reason"' in body
        response = browser.post(self.url(taken), {"do": "agree", "version": 2, "reason": ""})
        assert response.status_code == 422
        assert "Say why you agree all the same." in text(response)
        followed(browser.post(self.url(taken), {"do": "agree", "version": 2, "reason": "They want it."}))
        assert AcceptedWarning.objects.get().reason == "They want it."

    def test_what_cannot_be_has_no_button_and_says_why(self, sign_in, taken, mt_prospect, floater, manager):
        factories.shift(clinic=mt_prospect, times="11-14", staff=floater)
        browser = sign_in(manager)
        body = text(browser.get(self.url(taken)))
        assert "Theo already works 11a–2p on Mon, Nov 30 at Mt. Prospect." in body
        assert 'value="agree"' not in body
        assert browser.post(self.url(taken), {"do": "agree", "version": 2}).status_code == 409

    def test_refusing_needs_words(self, sign_in, taken, manager):
        browser = sign_in(manager)
        response = browser.post(self.url(taken), {"do": "refuse", "version": 2, "answer": ""})
        assert response.status_code == 422
        assert "Why not is missing" in text(response)
        body = followed(browser.post(self.url(taken), {"do": "refuse", "version": 2, "answer": "Too few that day."}))
        assert "Not approved. They are told why, and everything stays as it was." in body
        assert Offer.objects.get().answer == "Too few that day."

    def test_what_is_handed_back(self, sign_in, mt_prospect, therapist, manager, at):
        mine = factories.published(clinic=mt_prospect, times="7-12", staff=therapist)
        made = offering.offer(Wanted(OfferKind.DROP, mine), by=therapist, at=at)
        body = text(sign_in(manager).get(self.url(made)))
        assert "Avery Testwell hands a shift back" in body
        assert "Nobody has the shift then: it becomes open" in body

    def test_what_is_over_says_so(self, sign_in, taken, manager, at):
        offering.withdraw(taken, version=2, by=taken.by, at=at)
        body = text(sign_in(manager).get(self.url(taken)))
        assert "Withdrawn, by Avery Testwell. Nothing is left to decide." in body
        response = sign_in(manager).post(self.url(taken), {"do": "agree", "version": 2})
        assert response.status_code == 409
        assert "This has changed meanwhile: withdrawn." in text(response)

    def test_nobody_decides_about_own_shifts(self, sign_in, taken, manager):
        Offer.objects.update(taken_by=manager)
        body = text(sign_in(manager).get(self.url(taken)))
        assert "Somebody else decides about your own shifts." in body
        assert 'name="do"' not in body
        assert waiting_count(manager) == 0

    @pytest.mark.parametrize("kind", [OfferKind.SWAP, OfferKind.GIVE])
    def test_what_nobody_has_taken_says_that_it_waits(
        self, sign_in, mt_prospect, therapist, floater, manager, at, kind
    ):
        mine = factories.published(clinic=mt_prospect, times="7-12", staff=therapist)
        theirs = factories.published(clinic=mt_prospect, day=TUESDAY, times="8-12", staff=floater)
        swap = {"to": floater, "in_return": theirs} if kind == OfferKind.SWAP else {}
        made = offering.offer(Wanted(kind, mine, **swap), by=therapist, at=at)
        body = text(sign_in(manager).get(self.url(made)))
        if kind == OfferKind.SWAP:
            assert "Avery Testwell offers Theo Fictus a swap" in body
            assert "Theo Fictus has not answered yet. You are told once" in body
        else:
            assert "Avery Testwell gives a shift away" in body
            assert "Nobody has taken it yet. You are told once" in body
        assert "What it would mean" not in body
        assert 'name="do"' not in body

    def test_what_was_refused_says_why(self, sign_in, taken, manager, at):
        offering.refuse(taken, version=2, by=manager, at=at, answer="Too few that day.")
        body = text(sign_in(manager).get(self.url(taken)))
        assert "Not approved, by Dana Mockridge. Nothing is left to decide." in body
        assert "“Too few that day.”" in body

    def test_it_does_not_exist_elsewhere(self, sign_in, taken, assistant, therapist, floater, manager_oakbrook):
        for person in (manager_oakbrook, assistant):
            assert sign_in(person).get(self.url(taken)).status_code == 404
        for person in (therapist, floater):
            assert sign_in(person).get(self.url(taken)).status_code == 403

    def test_what_it_means_is_not_for_managers_of_another_clinic_who_take_part(
        self, sign_in, taken, mt_prospect, manager_oakbrook, floater
    ):
        Offer.objects.update(taken_by=manager_oakbrook)
        response = sign_in(manager_oakbrook).get(self.url(taken))
        assert response.status_code == 403
        assert "What it would mean" not in text(response)


class TestRequests:
    def url(self, claim: Claim) -> str:
        return f"{URL}shifts/{claim.shift_id}/"

    def test_who_asks_with_hours(self, sign_in, asked, mt_prospect, floater, manager, at):
        work_a_full_week(floater, mt_prospect)
        claiming.claim(asked.shift.published, sequence=0, by=floater, at=at)
        body = text(sign_in(manager).get(self.url(asked)))
        assert "0 h planned, 5 h with it" in body
        assert "40 h planned, 45 h with it" in body
        assert body.index("Avery Testwell") < body.index("Theo Fictus")  # fewest concerns first

    def test_giving_it(self, sign_in, asked, manager):
        body = followed(sign_in(manager).post(self.url(asked), {"do": "grant", "claim": asked.pk}))
        assert "Avery Testwell has the shift, and everybody is told." in body
        assert PublishedShift.objects.get().staff == asked.person

    def test_a_reason_is_asked_for_at_the_right_person(self, sign_in, asked, mt_prospect, therapist, manager):
        work_a_full_week(therapist, mt_prospect)
        browser = sign_in(manager)
        response = browser.post(self.url(asked), {"do": "grant", "claim": asked.pk, "reason": ""})
        assert response.status_code == 422
        assert f'id="claim-{asked.pk}-reason_error"' in text(response)
        data = {"do": "grant", "claim": asked.pk, "reason": "She wants the hours."}
        assert "has the shift" in followed(browser.post(self.url(asked), data))

    def test_saying_no(self, sign_in, asked, manager):
        browser = sign_in(manager)
        response = browser.post(self.url(asked), {"do": "decline", "claim": asked.pk, "answer": ""})
        assert response.status_code == 422
        assert "Why not is missing" in text(response)
        data = {"do": "decline", "claim": asked.pk, "answer": "We train somebody."}
        assert "does not get it and is told why" in followed(browser.post(self.url(asked), data))
        assert Claim.objects.get().state == ClaimState.DECLINED

    def test_somebody_was_quicker(self, sign_in, asked, manager, at):
        claiming.withdraw(asked, by=asked.person, at=at)
        response = sign_in(manager).post(self.url(asked), {"do": "grant", "claim": asked.pk})
        assert response.status_code == 409
        assert "This is decided already: withdrawn." in text(response)
        assert "Nobody asks for it now" in text(response)

    @pytest.mark.parametrize("claim", ["", "x", "0", "99999999999"])
    def test_a_request_that_is_not_there(self, sign_in, asked, manager, claim):
        assert sign_in(manager).post(self.url(asked), {"do": "grant", "claim": claim}).status_code == 404

    def test_one_of_another_shift_is_not_there(self, sign_in, asked, mt_prospect, manager):
        other = factories.published(clinic=mt_prospect, day=TUESDAY)
        response = sign_in(manager).post(f"{URL}shifts/{other.shift_id}/", {"do": "grant", "claim": asked.pk})
        assert response.status_code == 404

    def test_it_does_not_exist_elsewhere(self, sign_in, asked, therapist, manager_oakbrook):
        for person in (therapist, manager_oakbrook):
            assert sign_in(person).get(self.url(asked)).status_code == 404


class TestHistory:
    def test_everything_that_happened(self, sign_in, mt_prospect, therapist, floater, manager, at):
        shift = factories.shift(clinic=mt_prospect, times="7-12", staff=therapist)
        hour = timedelta(hours=1)
        publishing.publish(shift.week, version=0, by=manager, at=at, reason="Known.")
        made = offering.offer(
            Wanted(OfferKind.GIVE, shift.published, to=floater, note="Exam day."), by=therapist, at=at + hour
        )
        made = offering.take(made, version=1, by=floater, at=at + 2 * hour)
        offering.agree(made, version=2, by=manager, at=at + 3 * hour)
        factories.policy(clinic=mt_prospect, drop=Permission.FREE)
        shift.published.refresh_from_db()
        offering.offer(Wanted(OfferKind.DROP, shift.published), by=floater, at=at + 4 * hour)
        shift.published.refresh_from_db()
        claiming.claim(shift.published, sequence=2, by=therapist, at=at + 5 * hour)
        found = [(one.title, one.words) for one in reversed(hands(shift))]
        assert found == [
            (
                "Published for Avery Testwell, 7a–12p on Mon, Nov 30",
                "The week was published, by Dana Mockridge. Known.",
            ),
            ("Avery Testwell offers it to Theo Fictus", "Exam day."),
            ("Theo Fictus takes what Avery Testwell offers", ""),
            ("Dana Mockridge agrees for Mt. Prospect", ""),
            (
                "From Avery Testwell to Theo Fictus",
                "A shift was given, swapped or handed back, by Dana Mockridge.",
            ),
            ("Offer of Avery Testwell: done by Dana Mockridge", ""),
            ("Theo Fictus wants to hand it back", ""),
            ("From Theo Fictus to nobody", "A shift was given, swapped or handed back, by Theo Fictus."),
            ("Offer of Theo Fictus: done by Theo Fictus", ""),
            ("Avery Testwell takes it", ""),
            ("From nobody to Avery Testwell", "Somebody took an open shift, by Avery Testwell."),
        ]
        assert [one.at for one in hands(shift)] == sorted((one.at for one in hands(shift)), reverse=True)
        body = text(sign_in(manager).get(f"/roster/shifts/{shift.pk}/hands/"))
        assert "Dana Mockridge agrees for Mt. Prospect" in body

    def test_requests_and_removal(self, asked, manager, at):
        claiming.decline(asked, by=manager, at=at, answer="We train somebody.")
        assigning.delete_shift(asked.shift, version=1, by=manager, at=at)
        week = asked.shift.week
        week.refresh_from_db()
        publishing.publish(week, version=week.version, by=manager, at=at)
        titles = {one.title for one in hands(asked.shift)}
        assert titles == {
            "Avery Testwell asks for it",
            "Request of Avery Testwell: not granted by Dana Mockridge",
            "No longer published; nobody had it",
        }

    def test_nothing_yet(self, sign_in, mt_prospect, manager):
        shift = factories.shift(clinic=mt_prospect)
        assert "Nothing yet" in text(sign_in(manager).get(f"/roster/shifts/{shift.pk}/hands/"))

    def test_only_for_managers_of_the_clinic(self, sign_in, taken, therapist, manager_oakbrook):
        for person in (therapist, manager_oakbrook):
            assert sign_in(person).get(f"/roster/shifts/{taken.shift_id}/hands/").status_code == 404

    @pytest.mark.parametrize("number", [1, 3])
    def test_any_length_takes_four_queries(self, number, mt_prospect, therapist, at, django_assert_num_queries):
        mine = factories.published(clinic=mt_prospect, staff=therapist)
        for _ in range(number):
            made = offering.offer(Wanted(OfferKind.GIVE, mine), by=therapist, at=at)
            offering.withdraw(made, version=1, by=therapist, at=at)
        with django_assert_num_queries(4):
            assert len(hands(mine.shift)) == 2 * number


class TestPolicy:
    URL = "/roster/policy/mt-prospect/"
    DATA = {
        "seen": Policy().fingerprint,
        "open_shifts": "picked",
        "give": "free",
        "swap": "off",
        "drop": "decided",
        "hours_before": "24",
    }

    @pytest.mark.parametrize("who", ["manager", "administrator"])
    def test_it_is_set(self, request, sign_in, mt_prospect, who):
        browser = sign_in(request.getfixturevalue(who))
        assert "Whoever comes first has it" in text(browser.get(self.URL))
        response = browser.post(self.URL, self.DATA)
        assert (response.status_code, response.url) == (302, self.URL)
        assert "Saved. It holds at Mt. Prospect from now on." in text(browser.get(self.URL))
        wanted = Policy(OpenShifts.PICKED, Permission.FREE, Permission.OFF, Permission.DECIDED, 24)
        assert policy_of(mt_prospect) == wanted

    def test_what_makes_no_sense_is_said_at_its_field(self, sign_in, manager):
        response = sign_in(manager).post(self.URL, self.DATA | {"hours_before": "169", "give": "maybe"})
        assert response.status_code == 422
        assert "At most 168." in text(response)
        assert "Choose from those offered." in text(response)

    def test_the_second_of_two_managers_keeps_what_was_chosen(self, sign_in, mt_prospect, manager):
        factories.policy(clinic=mt_prospect, hours_before=48)
        browser = sign_in(manager)
        response = browser.post(self.URL, self.DATA)
        assert response.status_code == 409
        body = text(response)
        assert "Somebody changed this meanwhile." in body
        assert "Open shifts: now <strong>Whoever comes first has it</strong>" in body
        assert "until which all of this is possible: now <strong>48</strong>" in body
        assert "Handing a shift back: now" not in body
        seen = Policy(hours_before=48).fingerprint
        assert f'value="{seen}"' in text(response)
        assert browser.post(self.URL, self.DATA | {"seen": seen}).status_code == 302

    def test_others_do_not(self, sign_in, mt_prospect, therapist, manager_oakbrook):
        for person in (therapist, manager_oakbrook):
            assert sign_in(person).get(self.URL).status_code == 403
            assert sign_in(person).post(self.URL, self.DATA).status_code == 403
        assert policy_of(mt_prospect) == Policy()

"""Open shifts and swaps, as staff see and use them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Profession
from accounts.roles import Role
from scheduling import assigning, claiming, offering
from scheduling.models import Claim, Offer, OfferKind, OfferState, OpenShifts, Permission, PublishedShift
from scheduling.offers import Wanted
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

URL = "/schedule/swaps/"
TUESDAY = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def _today(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def mine(mt_prospect, therapist):
    return factories.published(clinic=mt_prospect, times="7-12", staff=therapist)


@pytest.fixture
def theirs(mt_prospect, floater):
    return factories.published(clinic=mt_prospect, day=TUESDAY, times="8-12", staff=floater)


@pytest.fixture
def swap(mine, theirs, therapist, floater, at):
    return offering.offer(Wanted(OfferKind.SWAP, mine, to=floater, in_return=theirs), by=therapist, at=at)


def text(response) -> str:
    return response.content.decode()


def followed(response) -> str:
    """The page after a redirect, with what was said."""
    assert (response.status_code, response.url) == (302, URL)
    return text(response.client.get(URL))


class TestOpenShifts:
    def test_what_i_may_take_and_what_it_means(self, sign_in, mt_prospect, therapist, front_desk):
        factories.published(clinic=mt_prospect, times="7-12", note="Bring the keys")
        body = text(sign_in(therapist).get(URL))
        assert "Monday, 7:00 AM – 12:00 PM" in body
        assert "5 h, brings you to 5" in body
        assert "Bring the keys" in body
        assert "Take it" in body
        assert "No open shift for you" in text(sign_in(front_desk).get(URL))

    def test_where_a_manager_decides_it_is_asked_for(self, sign_in, mt_prospect, therapist):
        factories.policy(clinic=mt_prospect, open_shifts=OpenShifts.PICKED)
        factories.published(clinic=mt_prospect)
        body = text(sign_in(therapist).get(URL))
        assert "Ask for it" in body
        assert "A manager of Mt. Prospect decides." in body

    def test_taking(self, sign_in, mt_prospect, therapist):
        free = factories.published(clinic=mt_prospect, times="7-12")
        response = sign_in(therapist).post(f"/schedule/open/{free.shift_id}/take/", {"sequence": 0})
        assert "The shift is yours: 7a–12p on Mon, Nov 30 at Mt. Prospect." in followed(response)
        assert PublishedShift.objects.get().staff == therapist

    def test_asking_and_withdrawing(self, sign_in, mt_prospect, therapist):
        factories.policy(clinic=mt_prospect, open_shifts=OpenShifts.PICKED)
        free = factories.published(clinic=mt_prospect, times="7-12")
        browser = sign_in(therapist)
        body = followed(browser.post(f"/schedule/open/{free.shift_id}/take/", {"sequence": 0}))
        assert "You asked for 7a–12p on Mon, Nov 30 at Mt. Prospect. A manager of Mt. Prospect decides." in body
        assert "You asked for it" in body
        claim = Claim.objects.get()
        assert "You no longer ask for the shift" in followed(browser.post(f"/schedule/claims/{claim.pk}/withdraw/"))
        assert "You asked for an open shift" in text(browser.get(URL))

    def test_being_too_slow_shows_the_page_again_with_why(self, sign_in, mt_prospect, therapist, floater, at):
        free = factories.published(clinic=mt_prospect)
        claiming.claim(free, sequence=0, by=floater, at=at)
        response = sign_in(therapist).post(f"/schedule/open/{free.shift_id}/take/", {"sequence": 0})
        assert response.status_code == 409
        assert "Somebody was quicker: this shift is taken. Nothing was changed." in text(response)

    @pytest.mark.parametrize("sequence", ["", "x", "1", "99999999999"])
    def test_what_was_not_seen_is_not_taken(self, sign_in, mt_prospect, therapist, sequence):
        free = factories.published(clinic=mt_prospect)
        response = sign_in(therapist).post(f"/schedule/open/{free.shift_id}/take/", {"sequence": sequence})
        assert (response.status_code, PublishedShift.objects.get().staff) == (409, None)

    def test_every_reason_is_said(self, sign_in, mt_prospect, therapist, needling):
        free = factories.published(clinic=mt_prospect, skill=needling)
        factories.published(clinic=mt_prospect, times="15-17", staff=therapist)
        response = sign_in(therapist).post(f"/schedule/open/{free.shift_id}/take/", {"sequence": 0})
        assert response.status_code == 422
        body = text(response)
        assert "Avery has no competency for Dry needling, neck." in body
        assert "Avery already works 3p–5p on Mon, Nov 30 at Mt. Prospect." in body


class TestOffers:
    def test_what_a_colleague_offers(self, sign_in, swap, floater):
        body = text(sign_in(floater).get(URL))
        assert "Avery Testwell wants your Tue, Dec 1, 8a–12p" in body
        assert "5 h, brings you to 5" in body
        assert "Open until Sun, Nov 29, 7:00 PM." in body

    def test_taking_declining_and_stepping_back(self, sign_in, swap, therapist, floater):
        browser = sign_in(floater)
        body = followed(browser.post(f"/schedule/offers/{swap.pk}/take/", {"version": 1}))
        assert "It is done once a manager has agreed; until then Avery has the shift." in body
        assert "Both shifts stay where they are until a manager of Mt. Prospect has agreed." in body
        assert "Step back" in body
        body = followed(browser.post(f"/schedule/offers/{swap.pk}/decline/", {"version": 2}))
        assert "Declined. Avery keeps the shift and is told." in body
        assert Offer.objects.get().state == OfferState.DECLINED

    def test_where_it_is_free_it_is_done(self, sign_in, swap, mt_prospect, floater):
        factories.policy(clinic=mt_prospect, swap=Permission.FREE)
        body = followed(sign_in(floater).post(f"/schedule/offers/{swap.pk}/take/", {"version": 1}))
        assert "Done. Your schedule shows it." in body

    def test_what_stands_against_an_offer_to_me(self, sign_in, swap, mt_prospect, floater):
        factories.published(clinic=mt_prospect, times="11-13", staff=floater)
        browser = sign_in(floater)
        body = text(browser.get(URL))
        assert "Theo already works 11a–1p on Mon, Nov 30 at Mt. Prospect." in body
        assert f"/schedule/offers/{swap.pk}/take/" not in body
        assert f"/schedule/offers/{swap.pk}/decline/" in body
        assert browser.post(f"/schedule/offers/{swap.pk}/take/", {"version": 1}).status_code == 422

    def test_my_own_offer_says_that_the_shift_is_mine(self, sign_in, swap, therapist):
        browser = sign_in(therapist)
        body = text(browser.get(URL))
        words = "Both shifts stay where they are until Theo has said yes and a manager of Mt. Prospect has agreed."
        assert words in body
        assert "Withdrawn. You keep the shift." in followed(
            browser.post(f"/schedule/offers/{swap.pk}/withdraw/", {"version": 1})
        )
        assert "You offered Theo a swap" in text(browser.get(URL))

    def test_a_second_withdrawal_says_what_it_is(self, sign_in, swap, therapist, at):
        offering.withdraw(swap, version=1, by=therapist, at=at)
        response = sign_in(therapist).post(f"/schedule/offers/{swap.pk}/withdraw/", {"version": 1})
        assert response.status_code == 409
        assert "This has changed meanwhile: withdrawn." in text(response)

    def test_others_offers_do_not_exist(self, sign_in, swap, assistant, therapist_oakbrook):
        for person in (assistant, therapist_oakbrook):
            browser = sign_in(person)
            codes = {
                browser.post(f"/schedule/offers/{swap.pk}/{what}/", {"version": 1}).status_code
                for what in ("take", "decline", "withdraw")
            }
            assert codes == {404}
        assert Offer.objects.get().state == OfferState.OPEN

    def test_the_page_shows_what_is_published(self, sign_in, swap, mt_prospect, therapist, manager, at):
        start, end = factories.span(mt_prospect, factories.MONDAY, "9:13-12")
        assigning.move_shift(swap.shift, start=start, end=end, version=1, by=manager, at=at)
        body = text(sign_in(therapist).get(URL))
        assert "Monday, 7:00 AM – 12:00 PM" in body
        assert "9:13" not in body

    @pytest.mark.parametrize("number", [1, 3])
    def test_queries_do_not_grow(self, number, sign_in, mt_prospect, therapist, floater, at):
        factories.policy(clinic=mt_prospect, hours_before=0, open_shifts=OpenShifts.PICKED)
        for index in range(number):
            day = factories.MONDAY + timedelta(days=index)
            asked = factories.published(clinic=mt_prospect, day=day, times="13-15")
            claiming.claim(asked, sequence=0, by=therapist, at=at)
            factories.published(clinic=mt_prospect, day=day, times="16-17")
            own = factories.published(clinic=mt_prospect, day=day, times="7-9", staff=therapist)
            other = factories.published(clinic=mt_prospect, day=day, times="10-12", staff=floater)
            offering.offer(Wanted(OfferKind.GIVE, own, to=floater), by=therapist, at=at)
            offering.offer(Wanted(OfferKind.GIVE, other, to=therapist), by=floater, at=at)
            over = factories.published(clinic=mt_prospect, day=day, times="18-19", staff=therapist)
            made = offering.offer(Wanted(OfferKind.GIVE, over), by=therapist, at=at)
            offering.withdraw(made, version=1, by=therapist, at=at)
        browser = sign_in(therapist)
        browser.get(URL)
        with CaptureQueriesContext(connection) as captured:
            body = text(browser.get(URL))
        assert body.count('class="date-block"') == 5 * number
        assert len(captured) == 31


class TestGiving:
    def url(self, shift: PublishedShift) -> str:
        return f"/schedule/shifts/{shift.shift_id}/give/"

    def test_to_whom_and_why_not(self, sign_in, mine, therapist, floater, manager, mt_prospect):
        body = text(sign_in(therapist).get(self.url(mine)))
        assert "The shift stays yours until a colleague has taken it and a manager of Mt. Prospect has agreed." in body
        assert "Anybody who may take it" in body
        assert f'value="{floater.pk}"' in body
        factories.time_off(person=floater, clinic=mt_prospect, decided_by=manager)
        body = text(sign_in(therapist).get(self.url(mine)))
        assert f'value="{floater.pk}"' not in body
        assert "1 colleague who cannot take it, and why" in body
        assert "Theo cannot take this shift as things stand." in body

    @pytest.mark.parametrize("to", ["somebody", "anybody"])
    def test_it_is_offered(self, sign_in, mine, therapist, floater, to):
        data = {"sequence": 0, "to": floater.pk if to == "somebody" else "", "note": "Exam day."}
        body = followed(sign_in(therapist).post(self.url(mine), data))
        assert "is told. Until it is done the shift is yours." in body
        made = Offer.objects.get()
        assert (made.kind, made.to, made.note) == ("give", floater if to == "somebody" else None, "Exam day.")

    def test_not_to_somebody_who_is_not_offered(self, sign_in, mine, therapist, assistant):
        response = sign_in(therapist).post(self.url(mine), {"sequence": 0, "to": assistant.pk})
        assert (response.status_code, Offer.objects.count()) == (422, 0)
        assert "Choose from those offered." in text(response)

    def test_what_was_published_anew_meanwhile_is_looked_at_again(self, sign_in, mine, therapist):
        PublishedShift.objects.update(sequence=1)
        response = sign_in(therapist).post(self.url(mine), {"sequence": 0, "to": "", "note": "My words"})
        assert response.status_code == 409
        assert "This shift was changed meanwhile. Nothing was changed." in text(response)
        assert "My words" in text(response)

    def test_where_it_is_not_possible_the_page_says_why(self, sign_in, mine, mt_prospect, therapist):
        factories.policy(clinic=mt_prospect, give=Permission.OFF)
        body = text(sign_in(therapist).get(self.url(mine)))
        assert "At Mt. Prospect shifts are not given away. Talk to your manager." in body
        assert "Offer it" not in body

    def test_what_is_on_offer_already(self, sign_in, mine, therapist, at):
        offering.offer(Wanted(OfferKind.GIVE, mine), by=therapist, at=at)
        assert "This shift is on offer already." in text(sign_in(therapist).get(self.url(mine)))

    @pytest.mark.parametrize("what", ["give", "swap", "hand-back"])
    def test_only_ones_own_published_shifts(self, sign_in, mine, mt_prospect, therapist, floater, what):
        draft = factories.shift(clinic=mt_prospect, day=TUESDAY, staff=therapist)
        assert sign_in(therapist).get(f"/schedule/shifts/{mine.shift_id}/{what}/").status_code == 200
        assert sign_in(floater).get(f"/schedule/shifts/{mine.shift_id}/{what}/").status_code == 404
        assert sign_in(therapist).get(f"/schedule/shifts/{draft.pk}/{what}/").status_code == 404

    @pytest.mark.parametrize("number", [1, 3])
    def test_queries_do_not_grow(self, number, sign_in, mine, mt_prospect, therapist):
        for index in range(number):
            people.staff(name=f"More {index}", role=Role.THERAPIST, clinics=[mt_prospect], profession=Profession.PT)
        browser = sign_in(therapist)
        browser.get(self.url(mine))
        with CaptureQueriesContext(connection) as captured:
            assert text(browser.get(self.url(mine))).count('name="to"') == number + 1
        assert len(captured) == 17


class TestSwapping:
    def url(self, shift: PublishedShift, colleague=None) -> str:
        return f"/schedule/shifts/{shift.shift_id}/swap/" + (f"?colleague={colleague.pk}" if colleague else "")

    def test_first_with_whom(self, sign_in, mine, theirs, therapist, floater, assistant):
        body = text(sign_in(therapist).get(self.url(mine)))
        assert f'<option value="{floater.pk}"' in body
        assert f'<option value="{assistant.pk}"' not in body
        assert "Tue, Dec 1" not in body

    def test_then_for_which_and_why_not(self, sign_in, mine, theirs, mt_prospect, oakbrook, therapist, floater):
        factories.published(clinic=oakbrook, day=date(2026, 12, 2), times="8-12", staff=floater)
        factories.shift(clinic=mt_prospect, day=date(2026, 12, 3), times="6:13-12", staff=floater)
        body = text(sign_in(therapist).get(self.url(mine, floater)))
        assert f'value="{theirs.shift_id}:0"' in body
        assert "4 h, brings you to 4 h in that week" in body
        assert "1 shift that cannot be swapped, and why" in body
        assert "Avery does not work at Oakbrook Terrace on Wed, Dec 2." in body
        assert "6:13" not in body

    def test_it_is_offered(self, sign_in, mine, theirs, therapist, floater):
        data = {"sequence": 0, "in_return": f"{theirs.shift_id}:0", "note": ""}
        assert "Theo is told." in followed(sign_in(therapist).post(self.url(mine, floater), data))
        made = Offer.objects.get()
        assert (made.kind, made.to, made.in_return, made.return_sequence) == ("swap", floater, theirs.shift, 0)

    def test_nothing_chosen_is_said_at_the_field(self, sign_in, mine, theirs, therapist, floater):
        response = sign_in(therapist).post(self.url(mine, floater), {"sequence": 0})
        assert response.status_code == 422
        assert "Shift in return is missing" in text(response)

    def test_a_shift_on_offer_already_is_not_chosen(self, sign_in, mine, theirs, therapist, floater, at):
        offering.offer(Wanted(OfferKind.GIVE, theirs), by=floater, at=at)
        body = text(sign_in(therapist).get(self.url(mine, floater)))
        assert "This shift is on offer already." in body
        assert "None of their coming shifts can be swapped for this one." in body

    @pytest.mark.parametrize("number", [1, 3])
    def test_queries_do_not_grow(self, number, sign_in, mine, mt_prospect, therapist, floater):
        for index in range(number):
            day = TUESDAY + timedelta(days=index)
            factories.published(clinic=mt_prospect, day=day, times="8-12", staff=floater)
        browser = sign_in(therapist)
        browser.get(self.url(mine, floater))
        with CaptureQueriesContext(connection) as captured:
            assert text(browser.get(self.url(mine, floater))).count('name="in_return"') == number
        assert len(captured) == 21


class TestHandingBack:
    def test_a_manager_decides(self, sign_in, mine, therapist):
        url = f"/schedule/shifts/{mine.shift_id}/hand-back/"
        browser = sign_in(therapist)
        assert "The shift stays yours until a manager of Mt. Prospect has agreed." in text(browser.get(url))
        body = followed(browser.post(url, {"sequence": 0, "note": ""}))
        assert "A manager decides. Until then the shift is yours." in body
        assert Offer.objects.get().state == OfferState.TAKEN

    def test_or_it_is_open_at_once(self, sign_in, mine, mt_prospect, therapist):
        factories.policy(clinic=mt_prospect, drop=Permission.FREE)
        url = f"/schedule/shifts/{mine.shift_id}/hand-back/"
        browser = sign_in(therapist)
        assert "It is no longer yours as soon as you press the button" in text(browser.get(url))
        assert "Done. The shift is open now, and no longer yours." in followed(browser.post(url, {"sequence": 0}))
        assert PublishedShift.objects.get().staff is None


class TestMySchedule:
    def test_each_shift_to_come_has_its_menu(self, sign_in, mine, therapist):
        body = text(sign_in(therapist).get("/schedule/"))
        assert f"/schedule/shifts/{mine.shift_id}/swap/" in body
        assert "/schedule/swaps/" in body

    def test_what_is_on_offer_says_so(self, sign_in, swap, therapist, floater):
        for person, words in ((therapist, "Waits for a colleague"), (floater, "Waits for your answer")):
            browser = sign_in(person)
            body = text(browser.get("/schedule/"))
            assert words in body
            assert "What to do with" not in body
            assert f'id="offer-{swap.pk}"' in text(browser.get(URL))


def test_administrators_have_none(sign_in, administrator):
    assert sign_in(administrator).get(URL).status_code == 403


def test_past_ones_come_in_pages(sign_in, mine, therapist, at):
    for _ in range(11):
        made = offering.offer(Wanted(OfferKind.GIVE, mine), by=therapist, at=at)
        offering.withdraw(made, version=1, by=therapist, at=at)
    browser = sign_in(therapist)
    assert text(browser.get(URL)).count("You offered it to anybody") == 10
    assert text(browser.get(f"{URL}?page=2")).count("You offered it to anybody") == 1

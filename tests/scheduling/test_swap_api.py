"""Open shifts, requests, offers and policies over the API: the same rules as the pages, a problem document for each no."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts import tokens
from scheduling import assigning, claiming, offering
from scheduling.models import Claim, Offer, OfferKind, OpenShifts, Permission, PublishedShift
from scheduling.offers import Wanted
from scheduling.policies import Policy, policy_of
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

OPEN, CLAIMS, OFFERS, HANDS, POLICIES = (
    f"/api/v1/{name}/" for name in ("open-shifts", "shift-claims", "shift-offers", "shift-hands", "shift-policies")
)
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


@pytest.fixture
def taken(swap, floater, at):
    return offering.take(swap, version=1, by=floater, at=at)


@pytest.fixture
def asked(mt_prospect, therapist, at):
    factories.policy(clinic=mt_prospect, open_shifts=OpenShifts.PICKED)
    free = factories.published(clinic=mt_prospect, day=date(2026, 12, 3), times="7-12")
    return claiming.claim(free, sequence=0, by=therapist, at=at)


def refused(response, code: int) -> list[str]:
    """The codes of a problem document."""
    assert (response.status_code, response["Content-Type"]) == (code, "application/problem+json")
    return [reason["code"] for reason in response.json()["reasons"]]


def holder(person) -> dict[str, Any]:
    return {"id": person.pk, "name": person.name}


class TestOpenShifts:
    def test_what_i_may_take(self, api, mt_prospect, therapist, assistant, manager):
        free = factories.published(clinic=mt_prospect, times="7-12")
        [one] = api(therapist).get(OPEN).json()
        assert one.pop("shift")["id"] == str(free.shift_id)
        assert one == {"minutes_before": 0, "minutes_after": 300, "concerns": [], "waits": False, "claim": None}
        assert [api(person).get(OPEN).json() for person in (assistant, manager)] == [[], []]

    def test_taking(self, api, mt_prospect, therapist, floater):
        free = factories.published(clinic=mt_prospect)
        response = api(therapist).post(f"{OPEN}{free.shift_id}/claim/", {"sequence": 0})
        assert (response.status_code, response.json()["state"]) == (201, "granted")
        assert response.json()["shift"]["person"] == holder(therapist)
        assert refused(api(floater).post(f"{OPEN}{free.shift_id}/claim/", {"sequence": 0}), 409) == ["taken"]

    def test_every_reason_against_it(self, api, mt_prospect, therapist, needling):
        free = factories.published(clinic=mt_prospect, skill=needling)
        factories.published(clinic=mt_prospect, times="15-17", staff=therapist)
        response = api(therapist).post(f"{OPEN}{free.shift_id}/claim/", {"sequence": 0})
        assert refused(response, 422) == ["competency-missing", "double-booking"]

    def test_what_is_sent_makes_sense(self, api, mt_prospect, therapist):
        free = factories.published(clinic=mt_prospect)
        assert api(therapist).post(f"{OPEN}{free.shift_id}/claim/", {}).status_code == 400
        draft = factories.shift(clinic=mt_prospect, day=TUESDAY)
        assert api(therapist).post(f"{OPEN}{draft.pk}/claim/", {"sequence": 0}).status_code == 404

    def test_administrators_have_none(self, api, administrator):
        assert refused(api(administrator).get(OPEN), 403) == ["no-schedule"]


class TestClaims:
    def test_who_sees_them(self, api, asked, therapist, floater, manager, manager_oakbrook):
        found = {
            person.name: [one["id"] for one in api(person).get(CLAIMS).json()["results"]]
            for person in (therapist, floater, manager, manager_oakbrook)
        }
        assert [name for name, ids in found.items() if ids == [asked.pk]] == ["Avery Testwell", "Dana Mockridge"]
        assert [name for name, ids in found.items() if ids == []] == ["Theo Fictus", "Rosa Sampleton"]

    def test_filters(self, api, asked, manager, therapist):
        client = api(manager)
        queries = ("state=waiting", f"person={therapist.pk}", "state=granted", "person=0")
        assert [client.get(f"{CLAIMS}?{query}").json()["count"] for query in queries] == [1, 1, 0, 0]

    def test_what_waits_for_managers(self, api, asked, therapist, manager, manager_oakbrook):
        [one] = api(manager).get(f"{CLAIMS}waiting/").json()
        assert one["shift"]["id"] == str(asked.shift_id)
        [who] = one["asked"]
        assert who["claim"] == asked.pk
        assert who["gain"] == {
            "person": holder(therapist),
            "minutes_before": 0,
            "minutes_after": 300,
            "reasons": [],
            "concerns": [],
        }
        assert api(manager_oakbrook).get(f"{CLAIMS}waiting/").json() == []
        assert refused(api(therapist).get(f"{CLAIMS}waiting/"), 403) == ["not-a-manager"]

    def test_granting_and_declining(self, api, asked, floater, therapist, manager, at):
        other = claiming.claim(asked.shift.published, sequence=0, by=floater, at=at)
        client = api(manager)
        assert client.post(f"{CLAIMS}{other.pk}/decline/", {}).status_code == 400
        response = client.post(f"{CLAIMS}{other.pk}/decline/", {"answer": "We train somebody."})
        assert (response.status_code, response.json()["state"]) == (200, "declined")
        response = client.post(f"{CLAIMS}{asked.pk}/grant/", {})
        assert (response.json()["state"], response.json()["shift"]["person"]) == ("granted", holder(therapist))
        assert refused(client.post(f"{CLAIMS}{asked.pk}/grant/", {}), 409) == ["decided"]

    def test_withdrawing(self, api, asked, therapist, manager):
        assert refused(api(manager).post(f"{CLAIMS}{asked.pk}/withdraw/"), 403) == ["not-yours"]
        assert api(therapist).post(f"{CLAIMS}{asked.pk}/withdraw/").json()["state"] == "withdrawn"

    def test_nobody_decides_about_oneself(self, api, asked, therapist):
        for what in ("grant", "decline"):
            assert refused(api(therapist).post(f"{CLAIMS}{asked.pk}/{what}/", {}), 403) == ["own"]

    @pytest.mark.parametrize("number", [1, 3])
    def test_queries_do_not_grow(self, number, api, mt_prospect, therapist, manager, at):
        factories.policy(clinic=mt_prospect, open_shifts=OpenShifts.PICKED)
        for index in range(number):
            free = factories.published(clinic=mt_prospect, day=TUESDAY + timedelta(days=index))
            claiming.claim(free, sequence=0, by=therapist, at=at)
        client = api(manager)
        counts = []
        for address in (CLAIMS, f"{CLAIMS}waiting/"):
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            counts.append(len(captured))
        assert counts == [5, 11]


class TestOffers:
    def test_what_an_offer_says(self, api, swap, mine, theirs, therapist, floater):
        [one] = api(therapist).get(OFFERS).json()["results"]
        assert (one.pop("shift")["id"], one.pop("in_return")["id"]) == (str(mine.shift_id), str(theirs.shift_id))
        assert one == {
            "id": swap.pk,
            "kind": "swap",
            "state": "open",
            "by": holder(therapist),
            "to": holder(floater),
            "taken_by": None,
            "note": "",
            "made_at": "2026-11-25T10:00:00-06:00",
            "expires_at": "2026-11-29T19:00:00-06:00",
            "agreed": [],
            "ended_at": None,
            "ended_by": None,
            "answer": "",
            "version": 1,
        }

    def test_offering_taking_and_agreeing(self, api, mine, theirs, therapist, floater, manager):
        data = {
            "kind": "swap",
            "shift": str(mine.shift_id),
            "sequence": 0,
            "to": floater.pk,
            "in_return": str(theirs.shift_id),
            "return_sequence": 0,
            "note": "Exam day.",
        }
        made = api(therapist).post(OFFERS, data)
        assert (made.status_code, made.json()["state"], made.json()["note"]) == (201, "open", "Exam day.")
        address = f"{OFFERS}{made.json()['id']}/"
        taken = api(floater).post(f"{address}take/", {"version": 1})
        assert (taken.status_code, taken.json()["state"]) == (200, "taken")
        done = api(manager).post(f"{address}agree/", {"version": 2})
        assert (done.json()["state"], done.json()["agreed"]) == ("done", ["mt-prospect"])
        assert (done.json()["shift"]["person"], done.json()["in_return"]["person"]) == (
            holder(floater),
            holder(therapist),
        )

    @pytest.mark.parametrize("kind", ["give", "drop"])
    def test_giving_to_anybody_and_handing_back(self, api, mine, therapist, kind):
        data = {"kind": kind, "shift": str(mine.shift_id), "sequence": 0}
        response = api(therapist).post(OFFERS, data)
        assert (response.status_code, response.json()["to"]) == (201, None)
        assert refused(api(therapist).post(OFFERS, data), 409) == ["offered-already"]

    def test_refusals(self, api, mine, theirs, mt_prospect, therapist, assistant):
        client = api(therapist)
        data = {"kind": "give", "shift": str(mine.shift_id), "sequence": 0}
        assert refused(client.post(OFFERS, data | {"sequence": 1}), 409) == ["changed-meanwhile"]
        assert refused(client.post(OFFERS, data | {"to": assistant.pk}), 422) == ["profession", "not-here"]
        assert refused(client.post(OFFERS, data | {"shift": str(theirs.shift_id)}), 403) == ["not-yours"]
        assert refused(client.post(OFFERS, data | {"kind": "swap"}), 422) == ["no-shift-in-return"]
        traded = {"to": theirs.staff_id, "in_return": str(theirs.shift_id), "return_sequence": 0}
        assert refused(client.post(OFFERS, data | traded), 422) == ["not-a-swap"]
        assert refused(client.post(OFFERS, data | {"kind": "drop", "to": theirs.staff_id}), 422) == ["to-the-managers"]
        factories.policy(clinic=mt_prospect, give=Permission.OFF)
        assert refused(client.post(OFFERS, data), 422) == ["not-here"]

    def test_what_is_sent_makes_sense(self, api, mine, theirs, mt_prospect, therapist):
        client = api(therapist)
        draft = factories.shift(clinic=mt_prospect, day=TUESDAY, times="13-14", staff=therapist)
        data = {"kind": "give", "shift": str(mine.shift_id), "sequence": 0}
        wrong = [
            data | {"shift": str(draft.pk)},
            data | {"shift": "x"},
            data | {"kind": "lend"},
            data | {"to": 10**12},
            data | {"in_return": str(theirs.shift_id)},
        ]
        assert {client.post(OFFERS, one).status_code for one in wrong} == {400}

    def test_what_is_for_me(self, api, swap, floater, assistant):
        [one] = api(floater).get(f"{OFFERS}for-me/").json()
        assert (one["offer"]["id"], one["reasons"], one["minutes_after"]) == (swap.pk, [], 300)
        assert api(assistant).get(f"{OFFERS}for-me/").json() == []

    def test_to_whom_and_for_what(self, api, mine, theirs, mt_prospect, therapist, floater):
        client = api(therapist)
        [one] = client.get(f"{OFFERS}receivers/?shift={mine.shift_id}").json()
        assert one == {"person": holder(floater), "shift": None, "reasons": []}
        [one] = client.get(f"{OFFERS}in-return/?shift={mine.shift_id}&person={floater.pk}").json()
        assert (one["shift"]["id"], one["reasons"]) == (str(theirs.shift_id), [])
        assert refused(client.get(f"{OFFERS}receivers/?shift={theirs.shift_id}"), 403) == ["not-yours"]
        assert client.get(f"{OFFERS}in-return/?shift={mine.shift_id}").status_code == 400

    def test_what_waits_for_managers(self, api, taken, therapist, floater, manager, manager_oakbrook):
        [one] = api(manager).get(f"{OFFERS}waiting/").json()
        assert one["offer"]["id"] == taken.pk
        hours = [(gain["person"]["id"], gain["minutes_before"], gain["minutes_after"]) for gain in one["gains"]]
        assert hours == [(floater.pk, 0, 300), (therapist.pk, 0, 240)]
        assert api(manager_oakbrook).get(f"{OFFERS}waiting/").json() == []
        assert refused(api(therapist).get(f"{OFFERS}waiting/"), 403) == ["not-a-manager"]

    def test_refusing_needs_words(self, api, taken, manager):
        client = api(manager)
        assert client.post(f"{OFFERS}{taken.pk}/refuse/", {"version": 2}).status_code == 400
        response = client.post(f"{OFFERS}{taken.pk}/refuse/", {"version": 2, "answer": "Too few that day."})
        assert (response.json()["state"], response.json()["answer"]) == ("refused", "Too few that day.")

    def test_concerns_ask_for_a_reason(self, api, taken, mt_prospect, floater, manager):
        for index in range(2, 7):
            factories.published(clinic=mt_prospect, day=factories.MONDAY + timedelta(days=index), staff=floater)
        address = f"{OFFERS}{taken.pk}/agree/"
        assert refused(api(manager).post(address, {"version": 2}), 422) == ["over-hours", "needs-reason"]
        assert api(manager).post(address, {"version": 2, "reason": "Agreed."}).json()["state"] == "done"

    def test_declining_and_withdrawing(self, api, swap, mine, therapist, floater):
        assert refused(api(therapist).post(f"{OFFERS}{swap.pk}/decline/", {"version": 1}), 403) == ["not-asked"]
        assert refused(api(floater).post(f"{OFFERS}{swap.pk}/withdraw/", {"version": 1}), 403) == ["not-yours"]
        assert api(floater).post(f"{OFFERS}{swap.pk}/decline/", {"version": 1}).json()["state"] == "declined"
        assert refused(api(therapist).post(f"{OFFERS}{swap.pk}/withdraw/", {"version": 1}), 409) == [
            "changed-meanwhile"
        ]

    def test_a_draft_is_not_told(self, api, swap, mt_prospect, floater, therapist, manager, at):
        start, end = factories.span(mt_prospect, factories.MONDAY, "9:13-12")
        assigning.move_shift(swap.shift, start=start, end=end, version=1, by=manager, at=at)
        for person in (therapist, floater):
            assert api(person).get(f"{OFFERS}{swap.pk}/").json()["shift"]["start"] == "2026-11-30T07:00:00-06:00"

    def test_those_of_others_do_not_exist(self, api, swap, assistant, manager_oakbrook):
        for person in (assistant, manager_oakbrook):
            assert api(person).get(f"{OFFERS}{swap.pk}/").status_code == 404
            assert api(person).post(f"{OFFERS}{swap.pk}/take/", {"version": 1}).status_code == 404

    def test_those_that_take_part_see_it_and_only_whoever_is_asked_takes_it(self, api, swap, therapist, manager):
        for person, why in ((therapist, "own"), (manager, "for-somebody-else")):
            assert api(person).get(f"{OFFERS}{swap.pk}/").status_code == 200
            assert refused(api(person).post(f"{OFFERS}{swap.pk}/take/", {"version": 1}), 403) == [why]

    def test_what_anybody_may_take_is_seen_by_the_profession_at_the_clinic(
        self, api, mine, therapist, floater, assistant, front_desk, therapist_oakbrook, manager, clinical_lead, at
    ):
        made = offering.offer(Wanted(OfferKind.GIVE, mine, note="My daughter’s recital."), by=therapist, at=at)
        everybody = (therapist, floater, manager, assistant, front_desk, therapist_oakbrook, clinical_lead)
        seen = [person.name for person in everybody if api(person).get(f"{OFFERS}{made.pk}/").status_code == 200]
        assert seen == [person.name for person in (therapist, floater, manager)]

    def test_administrators_have_none(self, api, administrator):
        assert refused(api(administrator).get(f"{OFFERS}for-me/"), 403) == ["no-schedule"]

    @pytest.mark.parametrize("number", [1, 3])
    def test_queries_do_not_grow(self, number, api, mt_prospect, therapist, floater, manager, at):
        factories.policy(clinic=mt_prospect, hours_before=0)
        for index in range(number):
            day = factories.MONDAY + timedelta(days=index)
            one = factories.published(clinic=mt_prospect, day=day, times="7-9", staff=therapist)
            other = factories.published(clinic=mt_prospect, day=day, times="10-12", staff=floater)
            made = offering.offer(Wanted(OfferKind.SWAP, one, to=floater, in_return=other), by=therapist, at=at)
            offering.take(made, version=1, by=floater, at=at)
            third = factories.published(clinic=mt_prospect, day=day, times="13-15", staff=therapist)
            offering.offer(Wanted(OfferKind.GIVE, third, to=floater), by=therapist, at=at)
        counts = []
        for person, address in ((therapist, OFFERS), (floater, f"{OFFERS}for-me/"), (manager, f"{OFFERS}waiting/")):
            client = api(person)
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            counts.append(len(captured))
        assert counts == [6, 15, 13]


class TestHands:
    def test_for_managers(self, api, taken, therapist, manager, manager_oakbrook):
        titles = [one["title"] for one in api(manager).get(f"{HANDS}{taken.shift_id}/").json()]
        assert set(titles) == {
            "Theo Fictus takes what Avery Testwell offers",
            "Avery Testwell offers a swap to Theo Fictus",
        }
        for person in (therapist, manager_oakbrook):
            assert api(person).get(f"{HANDS}{taken.shift_id}/").status_code == 404


class TestPolicies:
    def test_everybody_reads_them(self, api, mt_prospect, oakbrook, therapist):
        factories.policy(clinic=oakbrook, give=Permission.FREE)
        usual = {
            "clinic": "mt-prospect",
            "open_shifts": "first_come",
            "give": "decided",
            "swap": "decided",
            "drop": "decided",
            "hours_before": 12,
            "fingerprint": Policy().fingerprint,
        }
        free = Policy(give=Permission.FREE).fingerprint
        assert api(therapist).get(POLICIES).json() == [
            usual,
            usual | {"clinic": "oakbrook-terrace", "give": "free", "fingerprint": free},
        ]

    def test_managers_and_administrators_set_them(
        self, api, mt_prospect, manager, administrator, therapist, manager_oakbrook
    ):
        wanted = {"open_shifts": "picked", "give": "off", "swap": "free", "drop": "off", "hours_before": 24}
        address, seen = f"{POLICIES}mt-prospect/", {"seen": Policy().fingerprint}
        for person in (therapist, manager_oakbrook):
            assert refused(api(person).put(address, wanted | seen), 403) == ["not-your-clinic"]
        assert api(manager).put(address, wanted).status_code == 400
        response = api(manager).put(address, wanted | seen)
        assert (response.status_code, response.json()["give"]) == (200, "off")
        assert policy_of(mt_prospect) == Policy(OpenShifts.PICKED, Permission.OFF, Permission.FREE, Permission.OFF, 24)
        assert refused(api(administrator).put(address, wanted | seen), 409) == ["changed-meanwhile"]
        again = {"seen": response.json()["fingerprint"], "hours_before": 0}
        assert api(administrator).put(address, wanted | again).json()["hours_before"] == 0


def test_a_token_needs_its_scope(mine, therapist, at):
    _, key = tokens.make(name="Reader", scopes=["schedule:read"], days=90, by=therapist, at=at)
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert client.get(OFFERS).status_code == 200
    data = {"kind": "give", "shift": str(mine.shift_id), "sequence": 0}
    assert refused(client.post(OFFERS, data), 403) == ["scope-missing"]
    assert (Offer.objects.count(), Claim.objects.count(), PublishedShift.objects.count()) == (0, 0, 1)

"""What the clinical lead does over the API: withdrawing, settings, and the review cycle; by the rules of the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from protocols import reviewing
from protocols.models import ProtocolVersion, Review, State
from tests import factories as people
from tests.protocols import factories

pytestmark = pytest.mark.django_db
REVIEWS = "/api/v1/reviews/"


@pytest.fixture
def version(floater, clinical_lead, at):
    return factories.published(by=floater, lead=clinical_lead, at=at - timedelta(days=30), title="Falls")


class TestWithdrawing:
    PLACE = "/api/v1/protocols/falls/withdraw/"

    def test_the_lead_withdraws_with_a_reason(self, version, clinical_lead, api, at):
        answer = api(clinical_lead).post(self.PLACE, {"version": 1, "reason": "The dose is wrong."})
        assert (answer.status_code, answer.json()) == (
            200,
            {
                "slug": "falls",
                "version": 1,
                "withdrawn_at": "2026-11-25T10:00:00-06:00",
                "withdrawal_reason": "The dose is wrong.",
            },
        )
        version.refresh_from_db()
        assert (version.state, version.withdrawn_by) == (State.WITHDRAWN, clinical_lead)
        again = api(clinical_lead).post(self.PLACE, {"version": 1, "reason": "Again."})
        assert (again.status_code, again.json()["reasons"][0]["code"]) == (422, "not-in-force")

    @pytest.mark.parametrize(
        ("who", "status"), [("therapist", 403), ("manager", 403), ("administrator", 403), ("front_desk", 404)]
    )
    def test_nobody_else_does(self, request, version, api, who, status):
        answer = api(request.getfixturevalue(who)).post(self.PLACE, {"version": 1, "reason": "Why not."})
        assert (answer.status_code, ProtocolVersion.objects.get().state) == (status, State.PUBLISHED)

    @pytest.mark.parametrize("said", [{"version": 1}, {"version": 1, "reason": " "}, {"version": "x", "reason": "Y."}])
    def test_it_says_why(self, version, clinical_lead, api, said):
        assert api(clinical_lead).post(self.PLACE, said).status_code == 400
        assert ProtocolVersion.objects.get().state == State.PUBLISHED


class TestSettings:
    PLACE = "/api/v1/protocol-settings/falls/"

    def whole(self, version, **changes):
        now = {"category": "safety", "owner": version.protocol.owner_id, "deputy": None, "high_risk": False}
        return now | {"skills": [], "review_months": 12, "reattest_months": None} | changes

    def test_they_are_read_and_changed_as_a_whole(self, version, clinical_lead, therapist, api):
        people.skill(code="needling", name="Dry needling")
        lead, before = api(clinical_lead), self.whole(version)
        assert lead.get(self.PLACE).json() == {"slug": "falls"} | before
        changes = {"deputy": therapist.pk, "high_risk": True, "skills": ["needling"], "reattest_months": 6}
        after = before | changes | {"category": "needling", "owner": clinical_lead.pk, "review_months": 24}
        answer = lead.put(self.PLACE, after)
        assert (answer.status_code, answer.json()) == (200, {"slug": "falls"} | after)
        assert lead.get(self.PLACE).json() == answer.json()
        assert lead.put(self.PLACE, {"category": "safety"}).status_code == 400
        assert lead.get(self.PLACE).json() == answer.json()

    @pytest.mark.parametrize(
        ("who", "status"), [("floater", 403), ("manager", 403), ("administrator", 403), ("front_desk", 404)]
    )
    def test_they_are_the_leads(self, request, version, api, who, status):
        client = api(request.getfixturevalue(who))
        changed = self.whole(version, high_risk=True)
        assert [client.get(self.PLACE).status_code, client.put(self.PLACE, changed).status_code] == [status] * 2
        version.protocol.refresh_from_db()
        assert version.protocol.high_risk is False

    @pytest.mark.parametrize(
        "wrong",
        [
            {"review_months": 61},
            {"reattest_months": 0},
            {"skills": ["there-is-none"]},
            {"category": "there-is-none"},
            {"owner": 999_999},
            {"high_risk": "x"},
        ],
    )
    def test_what_makes_no_sense_is_refused(self, version, clinical_lead, api, wrong):
        assert api(clinical_lead).put(self.PLACE, self.whole(version, **wrong)).status_code == 400

    def test_clinical_staff_answer_for_a_protocol(self, version, clinical_lead, front_desk, floater, api):
        lead = api(clinical_lead)
        assert lead.put(self.PLACE, self.whole(version, owner=front_desk.pk)).status_code == 400
        assert lead.put(self.PLACE, self.whole(version, deputy=floater.pk)).status_code == 400  # owner and deputy
        floater.is_active = False
        floater.save()
        assert lead.put(self.PLACE, self.whole(version, high_risk=True)).status_code == 200
        assert lead.put(self.PLACE, self.whole(version, owner=clinical_lead.pk, deputy=floater.pk)).status_code == 400


class TestReviews:
    SAID = {"slug": "falls", "version": 1, "note": "Read the sources."}

    def test_one_says_it_and_another_agrees(self, version, clinical_lead, approver, api):
        lead, second = api(clinical_lead), api(approver)
        made = lead.post(REVIEWS, self.SAID)
        assert (made.status_code, made.json()["by"], made.json()["confirmed_by"]) == (201, "Ines Exemplar", None)
        assert lead.post(REVIEWS, self.SAID).status_code == 409
        assert second.get(REVIEWS).json()["results"] == [made.json()]
        place = f"{REVIEWS}{made.json()['id']}/confirm/"
        own = lead.post(place)
        assert (own.status_code, own.json()["reasons"][0]["code"]) == (403, "own-review")
        agreed = second.post(place)
        assert (agreed.status_code, agreed.json()["confirmed_by"]) == (200, "Lena Placeholt")
        version.refresh_from_db()
        assert version.reviewed_on.isoformat() == "2026-11-25"
        assert second.post(place).status_code == 409

    @pytest.mark.parametrize("who", ["therapist", "manager", "administrator", "floater"])
    def test_whoever_has_no_say_sees_none(self, request, version, clinical_lead, api, at, who):
        review = reviewing.review(version, by=clinical_lead, at=at)
        client = api(request.getfixturevalue(who))
        assert client.get(REVIEWS).json()["results"] == []
        assert client.post(f"{REVIEWS}{review.pk}/confirm/").status_code == 404
        assert client.post(REVIEWS, self.SAID).status_code == 403
        assert Review.objects.get().confirmed_at is None

    def test_agreeing_asks_who_is_there(self, version, clinical_lead, approver, api, at):
        review = reviewing.review(version, by=clinical_lead, at=at)
        client = api(approver)
        with time_machine.travel(at + timedelta(minutes=6), tick=False):
            answer = client.post(f"{REVIEWS}{review.pk}/confirm/")
        assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (403, "confirm-first")
        assert Review.objects.get().confirmed_at is None

    @pytest.mark.parametrize("number", [1, 3])
    def test_list_asks_the_same_number_of_questions(
        self, number, floater, clinical_lead, api, at, django_assert_num_queries
    ):
        for _ in range(number):
            one = factories.published(by=floater, lead=clinical_lead, at=at - timedelta(days=30))
            reviewing.review(one, by=clinical_lead, at=at)
        client = api(clinical_lead)
        with django_assert_num_queries(5):
            assert len(client.get(REVIEWS).json()["results"]) == number

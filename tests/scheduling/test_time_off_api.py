"""Time off over the API: the same rules as the pages, and nothing of it for anybody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling.models import PublishedShift, Shift, TimeOff
from tests.conftest import CAST
from tests.scheduling import factories
from tests.scheduling.factories import MONDAY

pytestmark = pytest.mark.django_db

URL = "/api/v1/time-off/"
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _today(at):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def wanted(mt_prospect, therapist) -> TimeOff:
    return factories.time_off(person=therapist, clinic=mt_prospect, reason="Canary")


def post(client, path: str = "", **body):
    return client.post(f"{URL}{path}", body, format="json")


def codes(response) -> list[str]:
    return [reason["code"] for reason in response.json()["reasons"]]


class TestReading:
    @pytest.mark.parametrize("who", CAST)
    def test_only_the_person_and_whoever_decides_read_it(self, api, wanted, cast, who):
        client = api(cast[who])
        seen = who in {"therapist", "manager"}
        listed, one = client.get(URL), client.get(f"{URL}{wanted.pk}/")
        assert (len(listed.json()["results"]), one.status_code) == ((1, 200) if seen else (0, 404))
        assert ("Canary" in listed.content.decode() + one.content.decode()) == seen
        missing = client.get(f"{URL}{wanted.pk + 1}/")
        assert seen or one.content == missing.content

    def test_what_it_says(self, api, mt_prospect, therapist, manager):
        time_off = factories.time_off(person=therapist, clinic=mt_prospect, days=2, decided_by=manager, answer="Enjoy.")
        assert api(therapist).get(f"{URL}{time_off.pk}/").json() == {
            "id": time_off.pk,
            "person": {"id": therapist.pk, "name": "Avery Testwell"},
            "state": "approved",
            "version": 1,
            "first_day": "2026-11-30",
            "last_day": "2026-12-01",
            "start": "2026-11-30T00:00:00-06:00",
            "end": "2026-12-02T00:00:00-06:00",
            "whole_days": True,
            "reason": "",
            "requested_at": "2026-10-31T19:00:00-05:00",
            "decided_by": {"id": manager.pk, "name": "Dana Mockridge"},
            "decided_at": "2026-10-31T19:00:00-05:00",
            "answer": "Enjoy.",
        }

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("state=approved", ["granted"]),
            ("after=2026-12-01T00:00:00-06:00", ["granted"]),
            ("before=2026-12-01T00:00:00-06:00", ["asked"]),
        ],
    )
    def test_filters(self, api, mt_prospect, therapist, manager, query, expected):
        rows = {
            "asked": factories.time_off(person=therapist, clinic=mt_prospect),
            "granted": factories.time_off(person=therapist, clinic=mt_prospect, day=TUESDAY, decided_by=manager),
        }
        found = api(manager).get(f"{URL}?{query}").json()["results"]
        assert [one["id"] for one in found] == [rows[name].pk for name in expected]

    def test_by_person(self, api, wanted, mt_prospect, floater, manager):
        theirs = factories.time_off(person=floater, clinic=mt_prospect)
        found = api(manager).get(f"{URL}?person={floater.pk}").json()["results"]
        assert [one["id"] for one in found] == [theirs.pk]

    def test_it_costs_the_same_for_1_and_for_3(self, api, mt_prospect, therapist, floater, assistant, manager):
        client, costs = api(manager), []
        for several in ([therapist], [floater, assistant]):
            for person in several:
                factories.time_off(person=person, clinic=mt_prospect, decided_by=manager)
            with CaptureQueriesContext(connection) as captured:
                client.get(URL)
            costs.append(len(captured))
        assert costs[0] == costs[1]


class TestAsking:
    def test_it_is_asked_for_oneself(self, api, therapist):
        response = post(api(therapist), first_day="2026-11-30", reason="A wedding")
        assert (response.status_code, response.json()["last_day"]) == (201, "2026-11-30")
        assert (TimeOff.objects.get().person, TimeOff.objects.get().reason) == (therapist, "A wedding")

    def test_what_makes_no_sense_is_refused_with_every_reason(self, api, therapist):
        response = post(api(therapist), first_day="2026-11-20", last_day="2026-11-19")
        assert (response.status_code, codes(response)) == (422, ["ends-before-it-begins", "past"])
        assert post(api(therapist), first_day="0026-11-20").status_code == 400

    def test_what_stands_there_can_be_asked_before(self, api, mt_prospect, therapist):
        factories.blackout(clinic=mt_prospect, reason="New equipment")
        shift = factories.published(clinic=mt_prospect, staff=therapist)
        known = post(api(therapist), "check/", first_day="2026-11-30").json()
        assert [one["code"] for one in known["blackouts"]] == ["blackout"]
        assert [one["id"] for one in known["shifts"]] == [str(shift.shift_id)]
        assert TimeOff.objects.count() == 0

    def test_an_administrator_has_none(self, api, administrator):
        response = post(api(administrator), first_day="2026-11-30")
        assert (response.status_code, codes(response)) == (403, ["no-schedule"])


class TestWithdrawing:
    def test_ones_own(self, api, wanted, therapist):
        response = post(api(therapist), f"{wanted.pk}/withdraw/", version=1)
        assert (response.status_code, response.json()["state"]) == (200, "withdrawn")

    def test_in_an_old_version_it_is_a_conflict(self, api, wanted, therapist):
        response = post(api(therapist), f"{wanted.pk}/withdraw/", version=0)
        assert (response.status_code, codes(response)) == (409, ["changed-meanwhile"])

    def test_not_by_the_manager(self, api, wanted, manager):
        response = post(api(manager), f"{wanted.pk}/withdraw/", version=1)
        assert (response.status_code, codes(response)) == (403, ["not-yours"])


class TestDeciding:
    def test_the_effect_is_told_first(self, api, wanted, mt_prospect, therapist, manager):
        factories.opening(clinic=mt_prospect)
        factories.need(clinic=mt_prospect, times="7-15:30")
        shift = factories.published(clinic=mt_prospect, staff=therapist).shift
        effect = api(manager).get(f"{URL}{wanted.pk}/effect/").json()
        assert [(one["shift"]["id"], one["seen_as_planned"], one["obstacle"]) for one in effect["shifts"]] == [
            (str(shift.pk), True, None)
        ]
        assert [(gap["clinic"], gap["missing"]) for gap in effect["gaps"]] == [("mt-prospect", "1 therapist")]
        assert effect["blackouts"] == []

    def test_who_else_is_away_is_said_and_never_why(
        self, api, wanted, cast, mt_prospect, oakbrook, floater, therapist_oakbrook, assistant, front_desk, manager
    ):
        others = {"clinic": mt_prospect, "reason": "Canary", "answer": "Canary"}
        factories.time_off(person=floater, day=MONDAY - timedelta(days=1), days=3, decided_by=manager, **others)
        factories.time_off(person=therapist_oakbrook, clinic=oakbrook)
        factories.time_off(person=assistant, day=TUESDAY, **others)
        client, address = api(manager), f"{URL}{wanted.pk}/effect/"
        with CaptureQueriesContext(connection) as one:
            answer = client.get(address)
        assert answer.json()["others_away"] == [
            {
                "person": {"id": floater.pk, "name": "Theo Fictus"},
                "first_day": "2026-11-29",
                "last_day": "2026-12-01",
                "state": "approved",
            }
        ]
        factories.time_off(person=front_desk, **others)
        factories.time_off(person=assistant, **others)
        with CaptureQueriesContext(connection) as three:
            answer = client.get(address)
        assert [away["state"] for away in answer.json()["others_away"]] == ["approved", "requested", "requested"]
        assert (len(three), "Canary" in answer.content.decode()) == (len(one), False)

    def test_every_shift_is_named(self, api, wanted, mt_prospect, therapist, manager):
        shift = factories.published(clinic=mt_prospect, staff=therapist).shift
        client = api(manager)
        response = post(client, f"{wanted.pk}/approve/", version=1)
        assert (response.status_code, codes(response)) == (409, ["undecided"])
        opened = [{"shift": str(shift.pk), "version": 1}]
        response = post(client, f"{wanted.pk}/approve/", version=1, shifts=opened, answer="Enjoy.")
        assert (response.status_code, response.json()["state"], response.json()["answer"]) == (
            200,
            "approved",
            "Enjoy.",
        )
        assert (Shift.objects.get().staff, PublishedShift.objects.get().staff) == (None, None)

    def test_declining(self, api, wanted, manager):
        client = api(manager)
        response = post(client, f"{wanted.pk}/decline/", version=1)
        assert (response.status_code, codes(response)) == (422, ["no-answer"])
        assert post(client, f"{wanted.pk}/decline/", version=1, answer="Two are away.").json()["state"] == "declined"

    @pytest.mark.parametrize("deed", ["effect", "approve", "decline"])
    def test_nobody_decides_about_oneself(self, api, wanted, therapist, deed):
        client = api(therapist)
        body = {"version": 1, "answer": "Yes."}
        address = f"{URL}{wanted.pk}/{deed}/"
        response = client.get(address) if deed == "effect" else client.post(address, body, format="json")
        assert (response.status_code, codes(response)) == (403, ["own"])
        assert TimeOff.objects.get().state == "requested"

    @pytest.mark.parametrize("deed", ["effect", "approve", "decline", "withdraw"])
    def test_for_others_it_does_not_exist(self, api, wanted, manager, manager_oakbrook, deed):
        client = api(manager_oakbrook)
        address = f"{URL}{wanted.pk}/{deed}/"
        body = {"version": 1, "answer": "No."}
        response = client.get(address) if deed == "effect" else client.post(address, body, format="json")
        assert response.status_code == 404


def test_colleagues_find_no_reason_in_what_they_may_read(api, mt_prospect, therapist, floater, manager, at):
    """Shifts of the person, the published roster and what a manager plans: nowhere why somebody is away."""
    factories.time_off(person=therapist, clinic=mt_prospect, decided_by=manager, reason="Canary", answer="Canary")
    factories.availability(person=therapist, weekday=1, note="Canary")
    factories.published(clinic=mt_prospect, day=TUESDAY, staff=therapist)
    client = api(floater)
    for path in ("/api/v1/shifts/", "/api/v1/people/", "/api/v1/audit/", "/api/v1/availability/", URL, "/roster/"):
        assert "Canary" not in client.get(path).content.decode()
    assert "Canary" not in api(manager).get("/api/v1/audit/").content.decode()

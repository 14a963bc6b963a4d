"""The roster over the API: the same rules as the pages, problem documents for every refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling.models import PublishedShift, Shift
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

MINE, SEEN, PLANNED, WEEKS = (f"/api/v1/{name}/" for name in ("my-shifts", "shifts", "roster-shifts", "roster-weeks"))
STAFF = ["therapist", "floater", "assistant", "front_desk", "clinical_lead", "approver", "administrator"]


@pytest.fixture(autouse=True)
def _today(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def wanted(**changes: Any) -> dict[str, Any]:
    return {
        "clinic": "mt-prospect",
        "position": "therapist",
        "start": "2026-11-30T07:00:00-06:00",
        "end": "2026-11-30T15:30:00-06:00",
    } | changes


class TestReading:
    def test_my_shifts_are_mine_and_published(self, api, mt_prospect, therapist, floater, at):
        mine = factories.published(clinic=mt_prospect, staff=therapist, break_minutes=30)
        factories.published(clinic=mt_prospect, staff=floater)
        factories.published(clinic=mt_prospect, day=date(2026, 12, 1), staff=therapist, withdrawn_at=at)
        factories.shift(clinic=mt_prospect, day=date(2026, 12, 2), staff=therapist)
        [shift] = api(therapist).get(MINE).json()["results"]
        assert shift == {
            "id": str(mine.shift_id),
            "clinic": "mt-prospect",
            "day": "2026-11-30",
            "start": "2026-11-30T07:00:00-06:00",
            "end": "2026-11-30T15:30:00-06:00",
            "minutes": 480,
            "break_minutes": 30,
            "position": "therapist",
            "person": {"id": therapist.pk, "name": "Avery Testwell"},
            "skill": None,
            "note": "",
            "sequence": 0,
            "published_at": "2026-10-31T19:00:00-05:00",
        }

    def test_an_administrator_has_no_shifts(self, api, administrator):
        response = api(administrator).get(MINE)
        assert (response.status_code, response["Content-Type"]) == (403, "application/problem+json")
        assert response.json()["reasons"][0]["code"] == "no-schedule"

    @pytest.mark.parametrize("who", [*STAFF, "manager", "manager_oakbrook"])
    def test_everybody_sees_the_published_roster_of_every_clinic(
        self, request, api, mt_prospect, oakbrook, therapist, who
    ):
        here = factories.published(clinic=mt_prospect, staff=therapist)
        there = factories.published(clinic=oakbrook)
        draft = factories.shift(clinic=mt_prospect, note="canary")
        client = api(request.getfixturevalue(who))
        assert [one["id"] for one in client.get(SEEN).json()["results"]] == [str(here.shift_id), str(there.shift_id)]
        assert client.get(f"{SEEN}{here.shift_id}/").status_code == 200
        assert client.get(f"{SEEN}{draft.pk}/").status_code == 404

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("clinic=oakbrook-terrace", ["there"]),
            ("week=2026-11-30", ["here", "there"]),
            ("after=2026-12-01T00:00:00-06:00", ["later"]),
            ("before=2026-11-30T06:00:00-06:00", []),
            ("open=true", ["there", "later"]),
        ],
    )
    def test_filters(self, api, mt_prospect, oakbrook, therapist, query, expected):
        shifts = {
            "here": factories.published(clinic=mt_prospect, times="7-15", staff=therapist),
            "there": factories.published(clinic=oakbrook, times="8-15"),
            "later": factories.published(clinic=mt_prospect, day=date(2026, 12, 8)),
        }
        found = api(therapist).get(f"{SEEN}?{query}").json()["results"]
        assert [one["id"] for one in found] == [str(shifts[name].shift_id) for name in expected]

    @pytest.mark.parametrize("query", ["after=9999-12-31T23:59:59-12:00", "person=1e49", "week=9999-12-31"])
    def test_a_filter_beyond_all_shifts_finds_none(self, api, mt_prospect, therapist, query):
        factories.published(clinic=mt_prospect)
        assert api(therapist).get(f"{SEEN}?{query}").json()["results"] == []

    @pytest.mark.parametrize("query", ["clinic=nowhere", "week=soon", "after=late", "person=x"])
    def test_a_filter_that_means_nothing_is_refused(self, api, mt_prospect, therapist, query):
        response = api(therapist).get(f"{SEEN}?{query}")
        assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")

    @pytest.mark.parametrize("who", [*STAFF, "manager_oakbrook"])
    def test_the_working_copy_does_not_exist_for_others(self, request, api, mt_prospect, who):
        shift = factories.shift(clinic=mt_prospect)
        client = api(request.getfixturevalue(who))
        assert client.get(PLANNED).json()["results"] == []
        assert client.get(WEEKS).json()["results"] == []
        url = f"{PLANNED}{shift.pk}/"
        body = {"version": 1, "note": "x", "person": request.getfixturevalue(who).pk}
        for method, address in (
            (client.get, url),
            (client.patch, url),
            (client.delete, f"{url}?version=1"),
            (client.post, f"{url}assign/"),
            (client.post, f"{url}make-open/"),
            (client.post, f"{WEEKS}{shift.week_id}/publish/"),
        ):
            assert method(address, body if method != client.get else None).status_code == 404
        assert Shift.objects.get().version == 1
        assert PublishedShift.objects.count() == 0

    def test_a_manager_sees_the_working_copy_of_the_own_clinic(self, api, mt_prospect, oakbrook, manager):
        own = factories.shift(clinic=mt_prospect)
        factories.shift(clinic=oakbrook)
        assert [one["id"] for one in api(manager).get(PLANNED).json()["results"]] == [str(own.pk)]
        [week] = api(manager).get(WEEKS).json()["results"]
        assert (week["clinic"], week["monday"], week["unpublished_changes"]) == ("mt-prospect", "2026-11-30", 1)

    @pytest.mark.parametrize("url", [SEEN, PLANNED, WEEKS, MINE])
    def test_lists_cost_the_same_for_1_and_for_3_rows(self, api, mt_prospect, manager, url):
        client, costs = api(manager), []
        for weeks in ([0], [1, 2]):
            for number in weeks:
                day = date(2026, 11, 30 - 7 * number)
                factories.published(clinic=mt_prospect, day=day, staff=manager)
                factories.shift(clinic=mt_prospect, day=day)
            with CaptureQueriesContext(connection) as captured:
                client.get(url)
            costs.append(len(captured))
        assert costs[0] == costs[1]


class TestWriting:
    def test_a_manager_plans_changes_gives_opens_and_deletes(self, api, mt_prospect, manager, therapist, floater):
        client = api(manager)
        made = client.post(PLANNED, wanted(person=therapist.pk, break_minutes=30, note="Room 2"))
        assert (made.status_code, made.json()["person"]["name"], made.json()["version"]) == (201, "Avery Testwell", 1)
        url = f"{PLANNED}{made.json()['id']}/"
        changed = client.patch(url, {"version": 1, "end": "2026-11-30T16:30:00-06:00"})
        assert (changed.status_code, changed.json()["minutes"], changed.json()["note"]) == (200, 540, "Room 2")
        given = client.post(f"{url}assign/", {"version": 2, "person": floater.pk})
        assert (given.status_code, given.json()["person"]["id"]) == (200, floater.pk)
        opened = client.post(f"{url}make-open/", {"version": 3})
        assert (opened.status_code, opened.json()["person"]) == (200, None)
        assert client.delete(f"{url}?version=4").status_code == 204
        assert Shift.objects.count() == 0

    def test_a_week_is_published(self, api, mt_prospect, manager, therapist):
        shift = factories.shift(clinic=mt_prospect, staff=therapist)
        client, week = api(manager), f"{WEEKS}{shift.week_id}/"
        preview = client.get(f"{week}preview/").json()
        assert [(one["kind"], one["person_after"]["name"]) for one in preview["changes"]] == [("add", "Avery Testwell")]
        seen = {"version": preview["version"], "fingerprint": preview["fingerprint"]}
        response = client.post(f"{week}publish/", seen)
        assert response.status_code == 200
        [change] = response.json()
        assert (change["shift"], change["kind"], change["before"]) == (str(shift.pk), "add", None)
        assert [one["person"]["name"] for one in api(therapist).get(SEEN).json()["results"]] == ["Avery Testwell"]

    @pytest.mark.parametrize("who", [*STAFF, "manager_oakbrook"])
    def test_nobody_else_plans(self, request, api, mt_prospect, who):
        response = api(request.getfixturevalue(who)).post(PLANNED, wanted())
        assert response.status_code == 403
        assert response.json()["reasons"] == [
            {
                "code": "not-your-clinic",
                "message": "The roster of Mt. Prospect is made by the managers of Mt. Prospect.",
            }
        ]
        assert Shift.objects.count() == 0

    def test_a_double_booking_is_a_409_that_names_the_other_shift(self, api, mt_prospect, oakbrook, manager, floater):
        factories.shift(clinic=oakbrook, times="11:30-20", staff=floater)
        response = api(manager).post(PLANNED, wanted(person=floater.pk))
        assert (response.status_code, response["Content-Type"]) == (409, "application/problem+json")
        assert response.json()["detail"] == (
            "Theo Fictus was not assigned. Theo already works 11:30a–8p on Mon, Nov 30 at Oakbrook Terrace. "
            "Nothing was changed."
        )

    def test_a_refusal_is_a_422_with_every_reason(self, api, mt_prospect, manager, assistant, needling):
        response = api(manager).post(PLANNED, wanted(person=assistant.pk, skill=needling.code))
        assert response.status_code == 422
        codes = [reason["code"] for reason in response.json()["reasons"]]
        assert codes == ["profession", "not-here", "profession", "competency-missing"]

    def test_a_stale_version_is_a_409(self, api, mt_prospect, manager):
        shift = factories.shift(clinic=mt_prospect, version=2)
        client, url = api(manager), f"{PLANNED}{shift.pk}/"
        for response in (
            client.patch(url, {"version": 1, "note": "x"}),
            client.post(f"{url}make-open/", {"version": 1}),
            client.delete(f"{url}?version=1"),
            client.post(f"{WEEKS}{shift.week_id}/publish/", {"version": 7, "fingerprint": "x"}),
            client.post(f"{WEEKS}{shift.week_id}/publish/", {"version": 0, "fingerprint": "x"}),
        ):
            assert (response.status_code, response.json()["reasons"][0]["code"]) == (409, "changed-meanwhile")

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"start": "2026-11-30T07:00:00"}, "start"),
            ({"start": "soon"}, "start"),
            ({"start": "9999-12-31T23:00:00-06:00"}, "start"),
            ({"end": "0001-01-01T00:00:00+14:00"}, "end"),
            ({"clinic": "nowhere"}, "clinic"),
            ({"clinic": "\0"}, "clinic"),
            ({"clinic": {}}, "clinic"),
            ({"position": "king"}, "position"),
            ({"person": 999999}, "person"),
            ({"person": "x"}, "person"),
            ({"person": 10**30}, "person"),
            ({"person": True}, "person"),
            ({"skill": "juggling"}, "skill"),
            ({"skill": "\0"}, "skill"),
            ({"break_minutes": -1}, "break_minutes"),
            ({"note": "x" * 201}, "note"),
            ({"end": None}, "end"),
        ],
    )
    def test_bad_input_is_a_400_at_its_field(self, api, mt_prospect, manager, wrong, field):
        response = api(manager).post(PLANNED, wanted(**wrong))
        assert (response.status_code, list(response.json()["errors"])) == (400, [field])
        assert Shift.objects.count() == 0

    def test_a_number_beyond_all_numbers_is_no_person(self, api, mt_prospect, manager):
        body = json.dumps(wanted(person=None)).replace('"person": null', '"person": 1e400')
        response = api(manager).post(PLANNED, body, content_type="application/json")
        assert (response.status_code, list(response.json()["errors"])) == (400, ["person"])

    @pytest.mark.parametrize(
        "end", ["2026-11-30T07:05:00-06:00", "2026-11-29T07:00:00-06:00", "2026-12-02T07:00:00-06:00"]
    )
    def test_an_impossible_length_is_refused(self, api, mt_prospect, manager, end):
        response = api(manager).post(PLANNED, wanted(end=end))
        assert (response.status_code, response.json()["reasons"][0]["field"]) == (422, "ends")

    def test_a_change_needs_the_version(self, api, mt_prospect, manager):
        shift = factories.shift(clinic=mt_prospect)
        client, url = api(manager), f"{PLANNED}{shift.pk}/"
        for response in (
            client.patch(url, {"note": "x"}),
            client.delete(url),
            client.post(f"{url}make-open/", {}),
            client.post(f"{WEEKS}{shift.week_id}/publish/", {"fingerprint": "x"}),
        ):
            assert (response.status_code, list(response.json()["errors"])) == (400, ["version"])

    def test_a_clinic_in_a_change_is_not_taken(self, api, mt_prospect, oakbrook, manager):
        shift = factories.shift(clinic=mt_prospect)
        api(manager).patch(f"{PLANNED}{shift.pk}/", {"version": 1, "clinic": "oakbrook-terrace", "state": "cancelled"})
        shift.refresh_from_db()
        assert (shift.clinic, shift.state, shift.version) == (mt_prospect, "planned", 1)

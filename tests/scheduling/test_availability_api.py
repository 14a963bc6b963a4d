"""Availability over the API: written by oneself, read by the managers of one's clinics."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling.models import Availability
from tests.conftest import CAST
from tests.scheduling import factories
from tests.scheduling.factories import MONDAY, TODAY

pytestmark = pytest.mark.django_db

URL = "/api/v1/availability/"


@pytest.fixture(autouse=True)
def _today(at):
    with time_machine.travel(at, tick=False):
        yield


def line(**changes) -> dict:
    return {"wish": "unavailable", "weekday": 0, "first_day": "2026-11-30"} | changes


def codes(response) -> list[str]:
    return [reason["code"] for reason in response.json()["reasons"]]


@pytest.mark.parametrize("who", CAST)
def test_only_the_person_and_the_managers_of_the_clinic_read_it(api, cast, who):
    row = factories.availability(person=cast["therapist"], note="Canary")
    client = api(cast[who])
    seen = who in {"therapist", "manager"}
    listed, one = client.get(URL), client.get(f"{URL}{row.pk}/")
    assert (len(listed.json()["results"]), one.status_code) == ((1, 200) if seen else (0, 404))
    assert ("Canary" in listed.content.decode() + one.content.decode()) == seen


def test_a_line_is_added_changed_and_removed(api, therapist):
    client = api(therapist)
    added = client.post(URL, line(starts="07:00", ends="12:00", note="Evening class"), format="json")
    row = Availability.objects.get()
    assert (added.status_code, added.json()) == (
        201,
        {
            "id": row.pk,
            "person": {"id": therapist.pk, "name": "Avery Testwell"},
            "wish": "unavailable",
            "weekday": 0,
            "first_day": "2026-11-30",
            "last_day": None,
            "starts": "07:00:00",
            "ends": "12:00:00",
            "note": "Evening class",
        },
    )
    days = line(weekday=None, last_day="2026-12-01", wish="preferred")
    changed = client.put(f"{URL}{row.pk}/", days, format="json").json()
    assert (changed["wish"], changed["weekday"], changed["last_day"], changed["note"]) == (
        "preferred",
        None,
        "2026-12-01",
        "",
    )
    assert client.delete(f"{URL}{row.pk}/").status_code == 204
    assert not Availability.objects.exists()


def test_a_contradiction_is_refused_with_its_sentence(api, therapist):
    factories.availability(person=therapist)
    response = api(therapist).post(URL, line(wish="preferred"), format="json")
    assert (response.status_code, codes(response)) == (422, ["contradiction"])


@pytest.mark.parametrize(
    "wrong", [{"wish": "maybe"}, {"weekday": 7}, {"first_day": "soon"}, {"last_day": "3026-01-01"}]
)
def test_what_cannot_be_read_is_refused(api, therapist, wrong):
    assert api(therapist).post(URL, line(**wrong), format="json").status_code == 400


def test_managers_read_and_write_nothing(api, therapist, manager):
    row = factories.availability(person=therapist)
    client = api(manager)
    answers = [client.put(f"{URL}{row.pk}/", line(), format="json"), client.delete(f"{URL}{row.pk}/")]
    assert [(answer.status_code, codes(answer)) for answer in answers] == [(403, ["not-yours"])] * 2
    assert client.post(URL, line(), format="json").json()["person"]["name"] == "Dana Mockridge"


def test_for_others_it_does_not_exist(api, therapist, floater):
    row = factories.availability(person=therapist)
    client = api(floater)
    assert client.put(f"{URL}{row.pk}/", line(), format="json").status_code == 404
    assert client.delete(f"{URL}{row.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"), [("on=2026-11-30", ["mondays"]), ("on=2026-12-01", []), ("on=2026-11-23", [])]
)
def test_what_is_said_of_a_day(api, therapist, manager, query, expected):
    rows = {"mondays": factories.availability(person=therapist)}
    found = api(manager).get(f"{URL}?{query}&person={therapist.pk}").json()["results"]
    assert [one["id"] for one in found] == [rows[name].pk for name in expected]


def test_it_costs_the_same_for_1_and_for_3(api, therapist, floater, assistant, manager):
    client, costs = api(manager), []
    for several in ([therapist], [floater, assistant]):
        for person in several:
            factories.availability(person=person, first=TODAY, last=MONDAY + timedelta(days=7))
        with CaptureQueriesContext(connection) as captured:
            client.get(URL)
        costs.append(len(captured))
    assert costs[0] == costs[1]

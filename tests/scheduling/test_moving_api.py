"""The board over the API: place, copy, several, undo and where a shift fits, by the same actions as on the pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
import time_machine

from scheduling.models import Shift
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

URL = "/api/v1/roster-shifts/"
TUESDAY = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def _today(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def post(client, path: str, **body):
    return client.post(f"{URL}{path}/", body, format="json")


def planned() -> list[tuple[int | None, date]]:
    shifts = Shift.objects.planned().select_related("clinic").order_by("period", "staff")
    return [(shift.staff_id, shift.day) for shift in shifts]


def codes(answer) -> list[str]:
    return [reason["code"] for reason in answer.json()["reasons"]]


def test_a_shift_is_placed_copied_and_all_of_it_taken_back(api, mt_prospect, manager, therapist, floater):
    client, shift = api(manager), factories.shift(clinic=mt_prospect, staff=therapist)
    before = planned()
    placed = post(client, f"{shift.pk}/place", day="2026-12-01", person=floater.pk, version=1)
    assert (placed.status_code, placed.json()["shifts"][0]["day"]) == (200, "2026-12-01")
    copied = post(client, f"{shift.pk}/copy", day="2026-12-01", person=None)
    assert copied.status_code == 201
    assert planned() == [(floater.pk, TUESDAY), (None, TUESDAY)]
    for answer in (copied, placed):
        assert post(client, "undo", ticket=answer.json()["undo"]).status_code == 200
    assert planned() == before


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"do": "open"}, [(None, 0), (None, 1)]),
        ({"do": "delete"}, []),
        ({"do": "days", "days": 1}, [("therapist", 1), ("therapist", 2)]),
        ({"do": "assign"}, [("floater", 0), ("floater", 1)]),
    ],
)
def test_several_are_changed_and_taken_back(request, api, mt_prospect, manager, therapist, floater, body, expected):
    shifts = [factories.shift(clinic=mt_prospect, day=day, staff=therapist) for day in (factories.MONDAY, TUESDAY)]
    client, before = api(manager), planned()
    seen = [{"id": str(shift.pk), "version": 1} for shift in shifts]
    extra = {"person": floater.pk} if body["do"] == "assign" else {}
    answer = post(client, "several", shifts=seen, **body, **extra)
    assert answer.status_code == 200
    found = [(who and request.getfixturevalue(who).pk, day) for who, day in expected]
    assert [(staff, (day - factories.MONDAY).days) for staff, day in planned()] == found
    assert len(answer.json()["shifts"]) == len(expected)
    assert post(client, "undo", ticket=answer.json()["undo"]).status_code == 200
    assert planned() == before


def test_a_refusal_says_every_reason_and_changes_nothing(api, mt_prospect, oakbrook, manager, floater, assistant):
    factories.shift(clinic=oakbrook, times="7-12", staff=floater)
    shift = factories.shift(clinic=mt_prospect)
    client, before = api(manager), planned()
    clash = post(client, f"{shift.pk}/place", day="2026-11-30", person=floater.pk, version=1)
    assert (clash.status_code, codes(clash)) == (409, ["double-booking"])
    unfit = post(client, f"{shift.pk}/copy", day="2026-11-30", person=assistant.pk)
    assert (unfit.status_code, codes(unfit)) == (422, ["profession", "not-here"])
    stale = post(client, f"{shift.pk}/place", day="2026-12-01", person=None, version=7)
    assert (stale.status_code, codes(stale)) == (409, ["changed-meanwhile"])
    gone = post(client, "undo", ticket="x")
    assert (gone.status_code, codes(gone)) == (422, ["too-late"])
    assert planned() == before


def test_where_a_shift_fits(api, mt_prospect, manager, therapist, floater):
    factories.time_off(person=floater, clinic=mt_prospect, day=TUESDAY, decided_by=manager)
    shift = factories.shift(clinic=mt_prospect, staff=therapist)
    answer = api(manager).get(f"{URL}{shift.pk}/fits/").json()
    found = {(one["person"], one["day"]): [reason["code"] for reason in one["reasons"]] for one in answer}
    assert len(found) == 3 * 7
    assert {place: codes for place, codes in found.items() if codes} == {(floater.pk, "2026-12-01"): ["time-off"]}
    later = api(manager).get(f"{URL}{shift.pk}/fits/?around=2026-12-09").json()
    assert {one["day"] for one in later} == {f"2026-12-{day:02}" for day in range(7, 14)}
    assert api(manager).get(f"{URL}{shift.pk}/fits/?around=soon").status_code == 400


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("{}/place", {"day": "soon", "person": None, "version": 1}),
        ("{}/place", {"day": "2026-12-01", "person": None}),
        ("{}/copy", {"day": "2026-12-01"}),
        ("several", {"shifts": [], "do": "open"}),
        ("several", {"shifts": [{"id": "x", "version": 1}], "do": "open"}),
        ("several", {"shifts": [{"id": "00000000-0000-0000-0000-000000000000", "version": 1}], "do": "fly"}),
        ("several", {"shifts": [{"id": "00000000-0000-0000-0000-000000000000", "version": 1}], "do": "assign"}),
        ("several", {"shifts": [{"id": "00000000-0000-0000-0000-000000000000", "version": 1}], "do": "days"}),
        ("undo", {}),
    ],
)
def test_what_makes_no_sense_is_a_400(api, mt_prospect, manager, path, body):
    shift = factories.shift(clinic=mt_prospect)
    assert post(api(manager), path.format(shift.pk), **body).status_code == 400


@pytest.mark.parametrize("who", ["therapist", "manager_oakbrook", "administrator"])
def test_nobody_else_does_anything(request, api, mt_prospect, who):
    client, shift = api(request.getfixturevalue(who)), factories.shift(clinic=mt_prospect)
    seen = [{"id": str(shift.pk), "version": 1}]
    answers = [
        post(client, f"{shift.pk}/place", day="2026-12-01", person=None, version=1),
        post(client, f"{shift.pk}/copy", day="2026-12-01", person=None),
        client.get(f"{URL}{shift.pk}/fits/"),
        post(client, "several", shifts=seen, do="delete"),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 409]
    assert planned() == [(None, factories.MONDAY)]

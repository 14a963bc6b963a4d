"""Planning over the API: who could work a shift, notes on days, copying a week, and what a template would make."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling.making_templates import Cycle, Line, add_week_template
from scheduling.models import DayNote, Shift
from scheduling.positions import Position
from scheduling.usual_shifts import UsualShift, add_usual_shift
from tests.scheduling import factories
from tests.scheduling.factories import MONDAY

pytestmark = pytest.mark.django_db

API = "/api/v1"
A_WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def _today(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def codes(answer) -> list[str]:
    return [reason["code"] for reason in answer.json()["reasons"]]


class TestCandidates:
    def test_everybody_of_the_profession_with_every_reason(
        self, api, mt_prospect, manager, therapist, floater, therapist_oakbrook, assistant, needling, sign_off
    ):
        sign_off(floater)
        factories.shift(clinic=mt_prospect, times="7-12", staff=therapist)
        shift = factories.shift(clinic=mt_prospect, times="9-17", skill=needling)
        found = api(manager).get(f"{API}/roster-shifts/{shift.pk}/candidates/").json()
        assert [(one["person"]["name"], [reason["code"] for reason in one["reasons"]]) for one in found] == [
            ("Theo Fictus", []),
            ("Priya Fakenham", ["not-here"]),
            ("Avery Testwell", ["competency-missing", "double-booking"]),
        ]
        assert [(one["minutes_before"], one["minutes_after"]) for one in found][2] == (300, 750)

    def test_whoever_does_not_plan_there_asks_in_vain(self, api, mt_prospect, manager_oakbrook, therapist):
        shift = factories.shift(clinic=mt_prospect)
        for person in (manager_oakbrook, therapist):
            assert api(person).get(f"{API}/roster-shifts/{shift.pk}/candidates/").status_code == 404


class TestDayNotes:
    def write(self, client, text: str, **more):
        return client.post(f"{API}/day-notes/", {"clinic": "mt-prospect", "day": str(MONDAY), "text": text} | more)

    def test_written_read_changed_and_removed(self, api, mt_prospect, manager, therapist_oakbrook):
        client = api(manager)
        assert self.write(client, " Fire  drill ").status_code == 200
        [read] = api(therapist_oakbrook).get(f"{API}/day-notes/?clinic=mt-prospect&after={MONDAY}").json()["results"]
        assert read == {"clinic": "mt-prospect", "day": str(MONDAY), "text": "Fire drill"}
        assert codes(self.write(client, "Flu shots")) == ["changed-meanwhile"]
        assert self.write(client, "Flu shots", seen="Fire drill").status_code == 200
        assert DayNote.objects.get().text == "Flu shots"
        assert self.write(client, "", seen="Flu shots").status_code == 200
        assert not DayNote.objects.exists()

    @pytest.mark.parametrize("wrong", [{"day": "0001-01-01"}, {"text": "x" * 161}, {"clinic": "nowhere"}])
    def test_what_makes_no_sense_is_refused(self, api, mt_prospect, manager, wrong):
        sent = {"clinic": "mt-prospect", "day": str(MONDAY), "text": "Words"} | wrong
        assert api(manager).post(f"{API}/day-notes/", sent).status_code == 400
        assert not DayNote.objects.exists()

    @pytest.mark.parametrize("number", [1, 3])
    def test_the_list_asks_as_much_for_one_as_for_three(self, api, mt_prospect, manager, number):
        client = api(manager)
        for index in range(number):
            self.write(client, "Words", day=str(MONDAY + timedelta(days=index)))
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get(f"{API}/day-notes/").json()["results"]) == number
        assert len(queries) == 5


class TestCopying:
    def copy(self, client, target: date):
        sent = {"clinic": "mt-prospect", "source": str(MONDAY + timedelta(days=2)), "target": str(target)}
        return client.post(f"{API}/week-copies/", sent)

    def test_each_shift_is_made_once(self, api, mt_prospect, manager, therapist):
        factories.shift(clinic=mt_prospect, staff=therapist)
        client = api(manager)
        first = self.copy(client, MONDAY + A_WEEK)
        assert (first.status_code, len(first.json()["created"])) == (200, 1)
        again = self.copy(client, MONDAY + A_WEEK).json()
        assert (again["created"], again["there_already"]) == ([], 1)
        assert [shift.day for shift in Shift.objects.order_by("period")] == [MONDAY, MONDAY + A_WEEK]

    def test_refusals(self, api, mt_prospect, manager, manager_oakbrook):
        assert codes(self.copy(api(manager), MONDAY)) == ["same-week"]
        assert self.copy(api(manager), date(1, 1, 1)).status_code == 400
        assert self.copy(api(manager_oakbrook), MONDAY + A_WEEK).status_code == 403


def test_what_a_template_would_make_is_foreseen(api, mt_prospect, manager, therapist):
    usual = add_usual_shift(mt_prospect, UsualShift("Early", Position.THERAPIST, time(7), time(11)), by=manager)
    lines = [Line(1, 0, usual, 1, therapist), Line(1, 1, usual)]
    template = add_week_template(mt_prospect, Cycle("Usual week", 1, MONDAY, lines), by=manager)
    factories.special_day(clinic=mt_prospect, day=MONDAY + timedelta(days=1))
    place = f"{API}/week-templates/{template.pk}/foresee/"
    found = api(manager).get(f"{place}?monday={MONDAY + timedelta(days=3)}").json()
    assert (found["week"], found["there_already"], Shift.objects.count()) == (1, 0, 0)
    assert [(one["start"], one["wanted"]["name"]) for one in found["missing"]] == [
        ("2026-11-30T07:00:00-06:00", "Avery Testwell")
    ]
    assert [one["wanted"] for one in found["closed"]] == [None]
    assert "Holiday" in found["closed"][0]["reason"]["message"]
    for nonsense in ("", "?monday=x", "?monday=9999-12-31"):
        assert api(manager).get(f"{place}{nonsense}").status_code == 400

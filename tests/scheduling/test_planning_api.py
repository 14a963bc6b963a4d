"""Planning over the API: who could work a shift, notes on days, copying a week, and what a template would make."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling import assigning
from scheduling.making_templates import Cycle, Line, add_week_template
from scheduling.models import DayNote, RosterWeek, Shift
from scheduling.moving import on_day
from scheduling.plans import Plan
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


class TestCheck:
    """What the sheet says of a shift before it is saved."""

    def check(self, client, times: tuple[str, str] = ("09:00", "17:30"), **more):
        start, end = (f"{MONDAY}T{clock}:00-06:00" for clock in times)
        sent = {"clinic": "mt-prospect", "position": "therapist", "start": start, "end": end, "break_minutes": 30}
        return client.post(f"{API}/roster-shifts/check/", sent | more, format="json")

    def test_everybody_is_ranked_with_every_reason_and_concern_and_nothing_is_saved(
        self, api, mt_prospect, manager, therapist, floater, therapist_oakbrook, needling, sign_off
    ):
        for person in (therapist, floater):
            sign_off(person)
        factories.availability(person=floater)
        factories.shift(clinic=mt_prospect, times="7-12", staff=therapist)
        saved = list(Shift.objects.values())
        found = self.check(api(manager), skill=needling.code).json()
        assert (found["reasons"], found["concerns"], found["unusual"]) == ([], [], [])
        assert [
            (one["person"]["name"], *([reason["code"] for reason in one[kind]] for kind in ("reasons", "concerns")))
            for one in found["candidates"]
        ] == [
            ("Theo Fictus", [], ["unavailable"]),
            ("Priya Fakenham", ["not-here"], []),
            ("Avery Testwell", ["double-booking"], []),
        ]
        assert (list(Shift.objects.values()), RosterWeek.objects.count()) == (saved, 1)

    def test_it_says_what_the_candidates_of_the_saved_shift_say(self, api, mt_prospect, manager, therapist, floater):
        client, shift = api(manager), factories.shift(clinic=mt_prospect, times="9-17:30")
        saved = client.get(f"{API}/roster-shifts/{shift.pk}/candidates/").json()
        assert self.check(client).json()["candidates"] == saved

    @pytest.mark.parametrize(
        ("wanted", "reasons", "concerns", "unusual", "people"),
        [
            ({"break_minutes": 0}, [], ["meal"], [], 2),
            ({"break_minutes": 300, "times": ("09:00", "13:00")}, ["break-too-long"], [], [], 2),
            ({"times": ("04:00", "21:00")}, ["too-long"], ["meal"], ["outside-hours"], 2),
            ({"times": ("12:00", "09:00")}, ["too-short"], [], [], 0),
            ({"end": "2036-11-30T09:00:00-06:00"}, ["too-long"], ["meal"], ["next-day", "outside-hours"], 0),
            (
                {"start": "2026-11-16T09:00:00-06:00", "end": "2026-11-16T12:00:00-06:00"},
                *(["week-is-past"], [], [], 2),
            ),
        ],
    )
    def test_flaws_and_concerns_of_the_shift_itself(
        self, api, mt_prospect, manager, therapist, floater, wanted, reasons, concerns, unusual, people
    ):
        factories.opening(clinic=mt_prospect)
        found = self.check(api(manager), **wanted).json()
        said = [[one["code"] for one in found[kind]] for kind in ("reasons", "concerns", "unusual")]
        assert (said, len(found["candidates"])) == ([reasons, concerns, unusual], people)

    def test_what_refuses_is_what_refuses_to_save(self, api, mt_prospect, manager):
        client, sent = api(manager), {"times": ("09:00", "09:05"), "break_minutes": 0}
        start, end = (f"{MONDAY}T{clock}:00-06:00" for clock in sent["times"])
        plan = {"clinic": "mt-prospect", "position": "therapist", "start": start, "end": end}
        assert codes(client.post(f"{API}/roster-shifts/", plan)) == codes(self.check(client, **sent))

    @pytest.mark.parametrize("who", ["therapist", "manager_oakbrook", "clinical_lead", "administrator"])
    def test_whoever_may_not_plan_there_learns_nothing(self, request, api, mt_prospect, who):
        answer = self.check(api(request.getfixturevalue(who)))
        assert (answer.status_code, codes(answer)) == (403, ["not-your-clinic"])

    @pytest.mark.parametrize("wrong", [{"start": "2026-11-30T09:00:00"}, {"clinic": "nowhere"}, {"position": "cook"}])
    def test_what_makes_no_sense_is_a_400(self, api, mt_prospect, manager, wrong):
        assert self.check(api(manager), **wrong).status_code == 400

    def test_it_asks_as_much_for_many_people_as_for_one(self, request, api, mt_prospect, manager):
        client, costs = api(manager), []
        for names in (["therapist"], ["floater", "therapist_oakbrook"]):
            for name in names:
                factories.shift(clinic=mt_prospect, times="18-20", staff=request.getfixturevalue(name))
            with CaptureQueriesContext(connection) as queries:
                people = len(self.check(client).json()["candidates"])
            costs.append((people, len(queries)))
        assert costs == [(1, costs[0][1]), (3, costs[0][1])]


class TestPreview:
    """What is planned all the same stands in the preview, as on the page."""

    @pytest.fixture
    def plan(self, mt_prospect, therapist) -> Plan:
        return factories.plan(clinic=mt_prospect, staff=therapist, break_minutes=0)

    def preview(self, client) -> dict:
        return client.get(f"{API}/roster-weeks/{RosterWeek.objects.get().pk}/preview/").json()

    def test_what_is_planned_all_the_same_with_the_reasons(self, api, manager, therapist, plan, at):
        shift = assigning.create_shift(plan, by=manager, at=at, reason="Paid meal.")
        assert self.preview(api(manager))["accepted"] == [
            {
                "person": {"id": therapist.pk, "name": "Avery Testwell"},
                "shift": str(shift.pk),
                "message": "8 h 30 min with 0 min of break; 20 min are asked for.",
                "reason": "Paid meal.",
                "by": {"id": manager.pk, "name": "Dana Mockridge"},
                "at": "2026-11-25T10:00:00-06:00",
            }
        ]
        assigning.make_open(shift, version=1, by=manager, at=at)
        assert self.preview(api(manager))["accepted"] == []

    def test_it_asks_as_much_for_many_as_for_one(self, api, manager, plan, at):
        client, costs = api(manager), []
        for number in range(3):
            assigning.create_shift(on_day(plan, MONDAY + timedelta(days=number)), by=manager, at=at, reason="So.")
            with CaptureQueriesContext(connection) as queries:
                assert len(self.preview(client)["accepted"]) == number + 1
            costs.append(len(queries))
        assert costs[0] == costs[2]


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

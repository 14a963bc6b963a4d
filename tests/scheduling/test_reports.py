"""Coverage gaps ahead, and what each publication changed, as pages, files and over the API."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Clinic, User
from scheduling import assigning, publishing
from scheduling.history import history_of
from scheduling.models import PublicationRecipient, RosterWeek
from scheduling.plans import Plan
from scheduling.seen import note_seen
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

GAPS, GAPS_FILE, GAPS_API = "/roster/reports/gaps/", "/roster/reports/gaps/csv/", "/api/v1/coverage-gaps/"
CHANGES, CHANGES_FILE = "/roster/reports/changes/", "/roster/reports/changes/csv/"
CHANGES_API = "/api/v1/roster-history/"
WEEK = {"week": "2026-12-02"}
MONDAY = factories.MONDAY
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _today(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


def lines(answer) -> list[list[str]]:
    return list(csv.reader(StringIO(answer.getvalue().decode("utf-8-sig"))))


def publish(clinic: Clinic, by: User, at: datetime, reason: str = "So.") -> None:
    week = RosterWeek.objects.get(clinic=clinic, monday=MONDAY)
    publishing.publish(week, version=week.version, by=by, at=at, reason=reason)


@pytest.fixture
def history(mt_prospect: Clinic, manager: User, therapist: User, floater: User, at: datetime) -> RosterWeek:
    """A shift published for the therapist, then given to the floater and moved by an hour."""
    shift = assigning.create_shift(factories.plan(clinic=mt_prospect, staff=therapist), by=manager, at=at)
    publish(mt_prospect, manager, at)
    start, end = factories.span(mt_prospect, MONDAY, "8-16:30")
    moved = replace(Plan.of(shift), staff=floater, start=start, end=end)
    assigning.change_shift(shift, moved, version=shift.version, by=manager, at=at, reason="Avery asked")
    publish(mt_prospect, manager, at + timedelta(hours=1), reason="=Short notice")
    return RosterWeek.objects.get(clinic=mt_prospect, monday=MONDAY)


class TestGaps:
    @pytest.fixture(autouse=True)
    def _needed(self, mt_prospect: Clinic):
        factories.opening(clinic=mt_prospect)
        factories.need(clinic=mt_prospect, weekday=0, times="7-12")

    def test_the_page_names_them_and_leads_to_a_new_shift(self, sign_in, manager, mt_prospect, therapist):
        factories.shift(clinic=mt_prospect, day=MONDAY + 7 * DAY, times="7-12", staff=therapist)
        body = sign_in(manager).get(GAPS, {"days": "14"}).content.decode()
        assert "1 gap in the next 14 days" in body
        assert "Mon, Nov 30" in body
        assert "7a–12p" in body
        assert "/roster/shifts/new/?clinic=mt-prospect&amp;day=2026-11-30&amp;starts=07%3A00" in body

    def test_those_of_another_clinic_are_not_the_managers(self, sign_in, manager_oakbrook):
        assert "0 gaps in the next 28 days" in sign_in(manager_oakbrook).get(GAPS).content.decode()

    def test_as_a_file(self, sign_in, manager):
        assert lines(sign_in(manager).get(GAPS_FILE, {"days": "14"}))[1:] == [
            ["Mt. Prospect", "2026-11-30", "07:00", "12:00", "1 therapist", "5.00"],
            ["Mt. Prospect", "2026-12-07", "07:00", "12:00", "1 therapist", "5.00"],
        ]

    def test_over_the_api(self, api, manager):
        program = api(manager)
        [gap, _] = program.get(GAPS_API, {"days": 14}).json()
        assert gap == {
            "clinic": "mt-prospect",
            "day": "2026-11-30",
            "start": "2026-11-30T07:00:00-06:00",
            "end": "2026-11-30T12:00:00-06:00",
            "missing": "1 therapist",
            "short": 1,
            "minutes": 300,
        }
        assert program.get(GAPS_API, {"days": 15}).status_code == 400

    def test_they_cost_the_same_for_1_and_for_3(self, sign_in, manager, mt_prospect):
        browser, costs = sign_in(manager), []
        for weekdays in ([], [1, 2]):
            for weekday in weekdays:
                factories.need(clinic=mt_prospect, weekday=weekday, times="7-12")
            with CaptureQueriesContext(connection) as captured:
                browser.get(GAPS)
            costs.append(len(captured))
        assert costs[0] == costs[1]


class TestChanges:
    def test_each_publication_says_what_was_before_and_after(
        self, history: RosterWeek, manager: User, therapist: User, at
    ):
        note_seen(therapist, up_to=PublicationRecipient.objects.filter(person=therapist).first().pk, at=at)
        later, first = history_of([history])
        assert (later.publication.number, later.publication.by, later.publication.reason) == (
            2,
            manager,
            "=Short notice",
        )
        assert (first.seen, first.asked, later.seen, later.asked) == (1, 1, 0, 2)
        [changed] = later.changes
        assert changed.before == "Avery Testwell, Mon, Nov 30, 7a–3:30p, Therapist, 30 min break"
        assert changed.after == "Theo Fictus, Mon, Nov 30, 8a–4:30p, Therapist, 30 min break"
        assert [(one.change.kind, one.before) for one in first.changes] == [("add", "")]

    def test_the_page(self, sign_in, history: RosterWeek, manager: User):
        body = sign_in(manager).get(CHANGES, WEEK).content.decode()
        assert "Mt. Prospect, publication 2" in body
        assert "Seen by 0 of the 2 who were told" in body
        assert "<del>Avery Testwell, Mon, Nov 30, 7a–3:30p, Therapist, 30 min break</del>" in body
        assert "Nothing was published of this week" in sign_in(manager).get(CHANGES).content.decode()

    def test_another_clinics_manager_reads_none_of_it(self, sign_in, api, history: RosterWeek, manager_oakbrook: User):
        browser = sign_in(manager_oakbrook)
        assert "Avery" not in browser.get(CHANGES, WEEK).content.decode()
        assert len(lines(browser.get(CHANGES_FILE, WEEK))) == 1
        assert api(manager_oakbrook).get(CHANGES_API, WEEK).json() == []

    def test_as_a_file_that_no_spreadsheet_runs(self, sign_in, history: RosterWeek, manager: User):
        header, later, first = lines(sign_in(manager).get(CHANGES_FILE, WEEK))
        assert dict(zip(header, later, strict=True)) == {
            "Clinic": "Mt. Prospect",
            "Week from": "2026-11-30",
            "Publication": "2",
            "At": "2026-11-25T11:00-06:00",
            "By": "Dana Mockridge",
            "Occasion": "The week was published",
            "Reason": "'=Short notice",
            "Change": "Given to somebody else",
            "Before": "Avery Testwell, Mon, Nov 30, 7a–3:30p, Therapist, 30 min break",
            "After": "Theo Fictus, Mon, Nov 30, 8a–4:30p, Therapist, 30 min break",
        }
        assert first[7:9] == ["Added", ""]

    def test_over_the_api(self, api, history: RosterWeek, manager: User):
        later, _ = api(manager).get(CHANGES_API, WEEK).json()
        assert (later["number"], later["reason"], later["told"], later["seen"]) == (2, "=Short notice", 2, 0)
        assert later["changes"][0]["kind"] == "reassign"

    def test_it_costs_the_same_for_1_and_for_3(self, sign_in, mt_prospect, manager, therapist, floater, at):
        browser, costs = sign_in(manager), []
        for days in ([0], [1, 2]):
            for number in days:
                factories.shift(clinic=mt_prospect, day=MONDAY + number * DAY, staff=therapist)
                factories.shift(clinic=mt_prospect, day=MONDAY + number * DAY, staff=floater)
                publish(mt_prospect, manager, at)
            with CaptureQueriesContext(connection) as captured:
                body = browser.get(CHANGES, WEEK).content.decode()
            costs.append(len(captured))
            assert body.count(", publication ") == days[-1] + 1
        assert costs[0] == costs[1]

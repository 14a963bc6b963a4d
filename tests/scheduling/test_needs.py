"""What a clinic needs, stated and set for its whole week: the action, the page, the API, and opening hours in the API."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from intranet.audit.models import Entry
from intranet.core.access import Conflict, Refused
from scheduling.coverage import Cover
from scheduling.models import CoverageNeed
from scheduling.needs import WeeklyNeed, fingerprint_of, needs_of, set_coverage_needs
from scheduling.opening import hours_of
from scheduling.positions import Position
from tests.races import outcomes

pytestmark = pytest.mark.django_db
THERAPISTS, DESK = Cover(Position.THERAPIST), Cover(Position.FRONT_DESK)
DAYS = (0, 1, 2, 3, 4)
TWO = WeeklyNeed(DAYS, time(7), time(19), 2, THERAPISTS)
ONE = WeeklyNeed((5,), time(8), time(12), 1, DESK)
NOTHING = fingerprint_of([])


@pytest.fixture(autouse=True)
def _now(at):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def address(mt_prospect):
    return reverse("scheduling:needs", args=[mt_prospect.slug])


def written(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    sent: dict[str, Any] = {"needs-TOTAL_FORMS": len(rows), "needs-INITIAL_FORMS": 0}
    for number, row in enumerate(rows):
        values = {"cover": "therapist", "count": 1, "starts": "07:00", "ends": "19:00", "weekdays": [0]} | row
        sent |= {f"needs-{number}-{name}": value for name, value in values.items()}
    return sent | fields


class TestSetting:
    def test_a_week_is_stated_kept_and_on_record(self, mt_prospect, manager):
        set_coverage_needs(mt_prospect, [ONE, TWO], by=manager)
        assert (needs_of(mt_prospect), CoverageNeed.objects.count()) == ([ONE, TWO], 6)
        spoken = (
            "1 at the front desk, Saturday 8a–12p; 2 therapists, Monday, Tuesday, Wednesday, Thursday and Friday 7a–7p"
        )
        assert Entry.objects.get(verb="coverage-needs.set").changes == {"needs": ["Nobody", spoken]}

    def test_the_same_again_leaves_no_trace_in_whatever_order(self, mt_prospect, manager):
        for needs in ([ONE, TWO], [TWO, ONE]):
            set_coverage_needs(mt_prospect, needs, by=manager)
        assert Entry.objects.filter(verb="coverage-needs.set").count() == 1

    def test_the_same_stated_twice_is_needed_twice(self, mt_prospect, manager):
        set_coverage_needs(mt_prospect, [ONE, ONE], by=manager)
        assert needs_of(mt_prospect) == [WeeklyNeed((5,), time(8), time(12), 2, DESK)]

    def test_everything_that_makes_no_sense_is_said_where(self, mt_prospect, manager):
        wrong = WeeklyNeed((), time(9, 10), time(8), 0, DESK)
        with pytest.raises(Refused) as refused:
            set_coverage_needs(mt_prospect, [ONE, wrong], by=manager)
        assert [(reason.code, reason.field) for reason in refused.value.verdict.reasons] == [
            ("no-weekday", "weekdays_1"),
            ("ends-first", "ends_1"),
            ("half-hours", "starts_1"),
            ("how-many", "count_1"),
        ]
        assert CoverageNeed.objects.count() == 0

    def test_nobody_overwrites_what_they_have_not_seen(self, mt_prospect, manager):
        set_coverage_needs(mt_prospect, [ONE], by=manager, seen=NOTHING)
        with pytest.raises(Conflict):
            set_coverage_needs(mt_prospect, [TWO], by=manager, seen=NOTHING)
        assert needs_of(mt_prospect) == [ONE]

    @pytest.mark.django_db(transaction=True)
    def test_of_eight_who_started_from_the_same_week_one_saves(self, mt_prospect, manager):
        def press(count: int):
            need = WeeklyNeed(DAYS, time(7), time(19), count + 1, THERAPISTS)
            return lambda: set_coverage_needs(mt_prospect, [need], by=manager, seen=NOTHING)

        assert sorted(outcomes([press(count) for count in range(8)])) == ["changed-meanwhile"] * 7 + ["done"]
        assert CoverageNeed.objects.count() == 5


class TestPage:
    def test_a_week_is_written_and_shown(self, mt_prospect, manager, sign_in, address):
        browser = sign_in(manager)
        rows = [{"count": 2, "weekdays": DAYS}, {"cover": "", "starts": "", "weekdays": []}]
        assert browser.post(address, written(*rows, seen=NOTHING)).status_code == 302
        assert needs_of(mt_prospect) == [TWO]
        body = browser.get(address).content.decode()
        assert ('<option value="therapist" selected>' in body, 'name="needs-TOTAL_FORMS" value="4"' in body) == (
            True,
            True,
        )
        assert body.count("checked") == 5

    @pytest.mark.parametrize(
        ("row", "sentence"),
        [
            ({"weekdays": []}, "Tick at least one weekday."),
            ({"ends": "06:00"}, "A need ends later than it begins."),
            ({"starts": "07:10"}, "Coverage is counted by half hours: choose :00 or :30."),
            ({"count": "51"}, "At most 50."),
        ],
    )
    def test_what_makes_no_sense_is_said_at_its_row_and_kept(self, manager, sign_in, address, row, sentence):
        answer = sign_in(manager).post(address, written({"cover": ""}, {"count": 7} | row))
        body = answer.content.decode()
        assert (answer.status_code, sentence in body, CoverageNeed.objects.count()) == (422, True, 0)
        assert "Put right what stands at the needs below." in body

    def test_the_second_is_told_and_may_replace_it_then(self, mt_prospect, manager, sign_in, address):
        browser, sent = sign_in(manager), written({"count": 2, "weekdays": DAYS}, seen=NOTHING)
        set_coverage_needs(mt_prospect, [ONE], by=manager)
        answer = browser.post(address, sent)
        body = answer.content.decode()
        assert (answer.status_code, "Somebody changed these needs meanwhile." in body) == (409, True)
        assert f'value="{fingerprint_of([ONE])}"' in body
        assert browser.post(address, sent | {"seen": fingerprint_of([ONE])}).status_code == 302
        assert needs_of(mt_prospect) == [TWO]

    @pytest.mark.parametrize("number", [1, 3])
    def test_it_asks_as_much_for_one_as_for_three(self, mt_prospect, manager, needling, sign_in, address, number):
        hours = [WeeklyNeed((day,), time(7 + day), time(19), 1, Cover(skill=needling)) for day in range(number)]
        set_coverage_needs(mt_prospect, hours, by=manager)
        browser, found = sign_in(manager), []
        for place in (address, "/api/v1/coverage-needs/mt-prospect/"):
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(place).status_code == 200
            found.append(len(queries))
        assert found == [10, 5]


class TestApi:
    def test_needs_are_read_by_everybody_and_set_by_the_manager(self, api, mt_prospect, manager, front_desk, needling):
        client, place = api(manager), "/api/v1/coverage-needs/mt-prospect/"
        need = {"cover": needling.code, "count": 2, "starts": "07:00:00", "ends": "19:00:00", "weekdays": [0, 4]}
        assert client.put(place, {"needs": [need], "seen": NOTHING}, format="json").json()["needs"] == [need]
        seen = api(front_desk).get(place).json()
        assert seen == {"needs": [need], "seen": fingerprint_of(needs_of(mt_prospect))}
        assert client.put(place, {"needs": [], "seen": NOTHING}, format="json").status_code == 409
        unknown = client.put(place, {"needs": [need | {"cover": "magic"}], "seen": seen["seen"]}, format="json")
        assert (unknown.status_code, "There is no position or procedure “magic”." in str(unknown.json())) == (
            400,
            True,
        )
        assert client.put(place, {"needs": [], "seen": seen["seen"]}, format="json").json()["needs"] == []

    def test_opening_hours_too(self, api, mt_prospect, manager, front_desk):
        client, place = api(manager), "/api/v1/opening-hours/mt-prospect/"
        assert api(front_desk).get(place).json() == {"days": [], "seen": "Closed all week"}
        day = {"weekday": 0, "opens": "07:00:00", "closes": "19:00:00"}
        answer = client.put(place, {"days": [day], "seen": "Closed all week"}, format="json")
        assert answer.json() == {"days": [day], "seen": "Monday 7a–7p"}
        assert hours_of(mt_prospect) == {0: (time(7), time(19))}
        assert client.put(place, {"days": [], "seen": "Closed all week"}, format="json").status_code == 409
        twice = client.put(place, {"days": [day, day], "seen": "Monday 7a–7p"}, format="json")
        assert (twice.status_code, "Name each weekday once." in twice.content.decode()) == (400, True)

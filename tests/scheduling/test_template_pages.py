"""The pages of usual shifts and week templates, and their counterparts in the API."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from scheduling.making_templates import Cycle, Line, add_week_template, change_week_template, lines_of
from scheduling.models import Shift, ShiftTemplate, WeekTemplate
from scheduling.positions import Position
from scheduling.usual_shifts import UsualShift, add_usual_shift, change_usual_shift
from tests.scheduling import factories

pytestmark = pytest.mark.django_db
MONDAY = factories.MONDAY
EARLY = UsualShift("Early", Position.THERAPIST, time(7), time(15, 30), 30)
SENT = {"name": "Early", "position": "therapist", "starts": "07:00", "ends": "15:30", "break_minutes": "30"}


@pytest.fixture(autouse=True)
def _now(at):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def early(mt_prospect, manager):
    return add_usual_shift(mt_prospect, EARLY, by=manager)


@pytest.fixture
def usual_week(mt_prospect, manager, therapist, early):
    return add_week_template(
        mt_prospect, Cycle("Usual", 1, MONDAY, [Line(1, 0, early, 1, therapist), Line(1, 2, early, 2)]), by=manager
    )


def at_page(name: str, *args: object) -> str:
    return reverse(f"scheduling:{name}", args=args)


def written(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """What the form of a whole template sends."""
    sent = {"name": "Usual", "weeks": "1", "anchor": "2026-12-02", "lines-TOTAL_FORMS": len(lines)}
    sent |= {"lines-INITIAL_FORMS": 0}
    for number, line in enumerate(lines):
        values = {"week": 1, "weekday": 0, "quantity": 1, "shift": "", "person": ""} | line
        sent |= {f"lines-{number}-{name}": value for name, value in values.items()}
    return sent | fields


class TestUsualShiftPages:
    def test_one_is_added_changed_and_retired(self, mt_prospect, manager, sign_in):
        browser = sign_in(manager)
        answer = browser.post(at_page("usual-shift-add", mt_prospect.slug), SENT, follow=True)
        assert "Early is a usual shift at Mt. Prospect now." in answer.content.decode()
        row = ShiftTemplate.objects.get()
        assert UsualShift.of(row) == EARLY
        seen = EARLY.fingerprint
        assert seen in browser.get(at_page("usual-shift", row.pk)).content.decode()
        sent = SENT | {"name": "Morning", "seen": seen}
        assert browser.post(at_page("usual-shift", row.pk), sent).status_code == 302
        row.refresh_from_db()
        assert row.name == "Morning"
        assert browser.post(at_page("usual-shift-retire", row.pk)).status_code == 302
        assert browser.get(at_page("usual-shift", row.pk)).status_code == 404

    def test_what_is_wrong_stands_at_its_field_and_is_kept(self, mt_prospect, manager, early, sign_in):
        answer = sign_in(manager).post(at_page("usual-shift-add", mt_prospect.slug), SENT | {"ends": "07:00"})
        body = answer.content.decode()
        assert (answer.status_code, ShiftTemplate.objects.count()) == (422, 1)
        for sentence in ("The clinic has a usual shift of this name already.", "A shift ends after it starts."):
            assert body.count(sentence) == 2, sentence
        assert 'value="Early"' in body

    def test_the_second_of_two_is_told(self, manager, early, sign_in):
        change_usual_shift(
            early, UsualShift("Dawn", Position.THERAPIST, time(6), time(14)), seen=EARLY.fingerprint, by=manager
        )
        answer = sign_in(manager).post(at_page("usual-shift", early.pk), SENT | {"seen": EARLY.fingerprint})
        assert (answer.status_code, "Somebody changed this usual shift meanwhile." in answer.content.decode()) == (
            409,
            True,
        )

    def test_retiring_one_in_use_is_refused_with_the_template(self, manager, early, usual_week, sign_in):
        answer = sign_in(manager).post(at_page("usual-shift-retire", early.pk))
        sentence = "Early is in the week template “Usual”. Take it out there first."
        assert (answer.status_code, sentence in answer.content.decode()) == (422, True)


class TestWeekTemplatePages:
    def test_a_template_is_written_in_one_form(self, mt_prospect, manager, therapist, early, sign_in):
        lines = [{"shift": early.pk, "weekday": 3, "person": therapist.pk}, {}, {"shift": early.pk, "quantity": 2}]
        answer = sign_in(manager).post(at_page("week-template-add", mt_prospect.slug), written(*lines))
        template = WeekTemplate.objects.get()
        assert (answer.status_code, answer.url) == (302, at_page("week-template", template.pk))
        assert (template.anchor, lines_of(template)) == (
            MONDAY,
            [Line(1, 0, early, 2), Line(1, 3, early, 1, therapist)],
        )

    def test_it_shows_what_it_is_and_saves_another(self, manager, therapist, early, usual_week, sign_in):
        browser = sign_in(manager)
        body = browser.get(at_page("week-template", usual_week.pk)).content.decode()
        assert f'<option value="{therapist.pk}" selected>Avery Testwell</option>' in body
        assert 'name="lines-TOTAL_FORMS" value="7"' in body
        sent = written({"shift": early.pk, "weekday": 4}, name="Winter", version=1)
        assert browser.post(at_page("week-template", usual_week.pk), sent).status_code == 302
        usual_week.refresh_from_db()
        assert (usual_week.name, usual_week.version, lines_of(usual_week)) == ("Winter", 2, [Line(1, 4, early)])

    @pytest.mark.parametrize(
        ("line", "sentence"),
        [
            ({"quantity": 21}, "At most 20."),
            ({"quantity": "many"}, "Enter a whole number."),
            ({"person": 0}, "Choose from those offered."),
        ],
    )
    def test_a_line_that_makes_no_sense_says_so_and_stays(self, mt_prospect, manager, early, sign_in, line, sentence):
        sent = written({"shift": early.pk, "weekday": 6, **line})
        answer = sign_in(manager).post(at_page("week-template-add", mt_prospect.slug), sent)
        body = answer.content.decode()
        assert (answer.status_code, sentence in body, WeekTemplate.objects.count()) == (422, True, 0)
        assert ("Put right what stands at the lines below." in body, '<option value="6" selected>' in body) == (
            True,
            True,
        )

    def test_the_second_manager_is_told_and_may_replace_it_then(self, manager, early, usual_week, sign_in):
        change_week_template(usual_week, Cycle("Summer", 1, MONDAY), version=1, by=manager)
        browser, sent = sign_in(manager), written({"shift": early.pk}, name="Mine", version=1)
        answer = browser.post(at_page("week-template", usual_week.pk), sent)
        body = answer.content.decode()
        assert (answer.status_code, "Somebody changed this week template meanwhile." in body) == (409, True)
        assert ('value="Mine"' in body, 'name="version" value="2"' in body) == (True, True)
        usual_week.refresh_from_db()
        assert usual_week.name == "Summer"
        assert browser.post(at_page("week-template", usual_week.pk), sent | {"version": 2}).status_code == 302

    def test_somebody_who_left_still_stands_in_the_template(self, manager, therapist, usual_week, sign_in):
        therapist.is_active = False
        therapist.save()
        body = sign_in(manager).get(at_page("week-template", usual_week.pk)).content.decode()
        assert f'<option value="{therapist.pk}" selected>Avery Testwell</option>' in body

    def test_retired_it_is_gone(self, mt_prospect, manager, usual_week, sign_in):
        browser = sign_in(manager)
        browser.post(at_page("week-template-retire", usual_week.pk))
        assert browser.get(at_page("week-template", usual_week.pk)).status_code == 404
        assert (
            at_page("week-template", usual_week.pk)
            not in browser.get(at_page("templates", mt_prospect.slug)).content.decode()
        )


class TestFilling:
    def test_a_week_is_looked_at_filled_and_answered(self, mt_prospect, manager, therapist, usual_week, sign_in):
        factories.shift(clinic=mt_prospect, times="12-16", staff=therapist)
        factories.special_day(clinic=mt_prospect, day=MONDAY + timedelta(days=9))
        browser, page = sign_in(manager), at_page("week-template-apply", usual_week.pk)
        assert "3 shifts to make" in browser.get(page, {"week": "2026-12-02"}).content.decode()
        assert Shift.objects.count() == 1
        body = browser.post(page, {"week": "2026-11-30"}).content.decode()
        assert ("The week of Nov 30, 2026 is filled" in body, "Avery already works 12p–4p on Mon, Nov 30" in body) == (
            True,
            True,
        )
        assert (Shift.objects.count(), Shift.objects.filter(staff=None).count()) == (4, 3)
        assert "3 shifts are there already." in browser.get(page, {"week": "2026-11-30"}).content.decode()
        closed = browser.get(page, {"week": "2026-12-07"}).content.decode()
        assert ("1 shift to make" in closed, "2 shifts are left out" in closed) == (True, True)

    def test_another_week_that_was_typed_since_is_shown_and_not_filled(self, manager, usual_week, sign_in):
        browser, page = sign_in(manager), at_page("week-template-apply", usual_week.pk)
        looked_at = browser.get(page, {"week": "2026-11-30"}).content.decode()
        assert "Make 3 shifts in the week of Nov 30, 2026</button>" in looked_at
        assert 'name="looked_at" value="2026-11-30"' in looked_at
        answer = browser.post(page, {"week": "2027-01-06", "looked_at": "2026-11-30", "reason": "As agreed."})
        body = answer.content.decode()
        assert (answer.status_code, Shift.objects.count()) == (422, 0)
        said = (
            "This is the week of Jan 4, 2027. Look at it, and press again to fill it.",
            "Make 3 shifts in the week of Jan 4, 2027</button>",
            'name="looked_at" value="2027-01-04"',
            'value="2027-01-06"',
            'value="As agreed."',
        )
        assert [words in body for words in said] == [True] * 5
        browser.post(page, {"week": "2027-01-06", "looked_at": "2027-01-04"})
        assert set(Shift.objects.values_list("week__monday", flat=True)) == {date(2027, 1, 4)}

    def test_the_button_that_looks_makes_nothing(self, manager, usual_week, sign_in):
        page = at_page("week-template-apply", usual_week.pk)
        sent = {"week": "2027-01-06", "looked_at": "2026-11-30", "look": "1"}
        answer = sign_in(manager).post(page, sent)
        assert (answer.status_code, answer.context["form"].errors, Shift.objects.count()) == (200, {}, 0)
        assert "Week of Jan 4, 2027: 3 shifts to make" in answer.content.decode()

    def test_without_a_week_it_is_the_next_one(self, manager, usual_week, sign_in):
        body = sign_in(manager).get(at_page("week-template-apply", usual_week.pk)).content.decode()
        assert "Week of Nov 30, 2026: 3 shifts to make" in body

    @pytest.mark.parametrize(
        ("week", "status", "sentence"),
        [
            ("2026-11-16", 422, "The week of Nov 16, 2026 is over and locked."),
            ("2126-11-16", 422, "Check the year."),
            ("soon", 422, "Write a day, such as 2026-12-04."),
        ],
    )
    def test_a_week_that_cannot_be_filled_says_why(self, manager, usual_week, sign_in, week, status, sentence):
        answer = sign_in(manager).post(at_page("week-template-apply", usual_week.pk), {"week": week})
        assert (answer.status_code, sentence in answer.content.decode(), Shift.objects.count()) == (status, True, 0)


def queries_of(browser: Any, page: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(page).status_code == 200
    return len(queries)


@pytest.mark.parametrize("number", [1, 3])
def test_the_pages_ask_as_much_for_one_as_for_three(mt_prospect, manager, therapist, sign_in, number):
    shifts = [
        add_usual_shift(mt_prospect, UsualShift(f"No. {one}", Position.THERAPIST, time(7), time(9)), by=manager)
        for one in range(number)
    ]
    templates = [
        add_week_template(
            mt_prospect,
            Cycle(f"No. {one}", 1, MONDAY, [Line(1, one, shift, 1, therapist) for shift in shifts]),
            by=manager,
        )
        for one in range(number)
    ]
    pages = [
        at_page("templates", mt_prospect.slug),
        at_page("week-template", templates[0].pk),
        at_page("week-template-apply", templates[0].pk),
        "/api/v1/usual-shifts/",
        "/api/v1/week-templates/",
    ]
    browser = sign_in(manager)
    assert [queries_of(browser, page) for page in pages] == [10, 11, 13, 5, 6]


class TestApi:
    def test_the_same_over_the_api(self, api, mt_prospect, manager, therapist):
        client = api(manager)
        shift = client.post("/api/v1/usual-shifts/", SENT | {"clinic": "mt-prospect"}).json()
        assert {name: shift[name] for name in ("clinic", "name", "starts", "skill", "seen")} == {
            "clinic": "mt-prospect",
            "name": "Early",
            "starts": "07:00:00",
            "skill": None,
            "seen": EARLY.fingerprint,
        }
        line = {"weekday": 0, "shift": shift["id"], "person": therapist.pk}
        cycle = {"clinic": "mt-prospect", "name": "Usual", "anchor": "2026-11-30", "lines": [line]}
        made = client.post("/api/v1/week-templates/", cycle, format="json").json()
        assert made["lines"] == [
            {
                "week": 1,
                "weekday": 0,
                "shift": shift["id"],
                "quantity": 1,
                "person": {"id": therapist.pk, "name": "Avery Testwell"},
            }
        ]
        page = f"/api/v1/week-templates/{made['id']}/"
        filled = client.post(f"{page}apply/", {"monday": "2026-11-30"}).json()
        assert [one["shift"] for one in filled["created"]] == [str(Shift.objects.get().pk)]
        assert client.post(f"{page}apply/", {"monday": "2026-11-30"}).json() == {
            "created": [],
            "opened": [],
            "skipped": [],
            "there_already": 1,
        }
        changed = client.put(page, cycle | {"version": 1, "lines": [line | {"quantity": 2}]}, format="json")
        assert (changed.status_code, [one["code"] for one in changed.json()["reasons"]]) == (422, ["line-person"])
        assert client.put(page, cycle | {"version": 1, "lines": []}, format="json").json()["version"] == 2
        assert client.put(page, cycle | {"version": 1}, format="json").status_code == 409
        assert client.put(f"/api/v1/usual-shifts/{shift['id']}/", SENT | {"seen": "another"}).status_code == 409
        assert client.post(f"{page}retire/").status_code == 204
        assert client.post(f"/api/v1/usual-shifts/{shift['id']}/retire/").status_code == 204
        assert client.get("/api/v1/usual-shifts/").json()["results"] == []

    def test_a_shift_of_another_clinic_is_not_there(self, api, oakbrook, mt_prospect, manager, manager_oakbrook):
        theirs = add_usual_shift(oakbrook, EARLY, by=manager_oakbrook)
        lines = [{"weekday": 0, "shift": theirs.pk}]
        cycle = {"clinic": "mt-prospect", "name": "Usual", "anchor": "2026-11-30", "lines": lines}
        answer = api(manager).post("/api/v1/week-templates/", cycle, format="json")
        assert (answer.status_code, WeekTemplate.objects.count()) == (400, 0)
        assert api(manager).get(f"/api/v1/usual-shifts/{theirs.pk}/").status_code == 404

"""The sheet of a shift, as a page without script and as fragments with htmx."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Profession
from accounts.roles import Role
from scheduling import assigning
from scheduling.models import Shift, ShiftState
from scheduling.plans import Plan
from scheduling.positions import Position
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

ADD = "/roster/shifts/new/"
NOTHING = "00000000-0000-0000-0000-000000000000"
BOARD = "http://testserver/roster/?week=2026-11-30"
HTMX = {"HX-Request": "true", "HX-Current-URL": BOARD}


@pytest.fixture(autouse=True)
def _today(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def fields(**changes: Any) -> dict[str, Any]:
    return {
        "clinic": "mt-prospect",
        "day": "2026-11-30",
        "starts": "07:00",
        "ends": "15:30",
        "position": "therapist",
        "break_minutes": "30",
        "skill": "",
        "note": "",
    } | changes


def address(shift: Shift) -> str:
    return reverse("scheduling:shift", args=[shift.pk])


def text(response) -> str:
    return response.content.decode()


def without_token(response) -> str:
    return re.sub(r'(X-CSRFToken": "|name="csrfmiddlewaretoken" value=")\w+', "", text(response))


class TestAdding:
    def test_a_shift_is_made_without_script(self, sign_in, mt_prospect, manager, therapist):
        response = sign_in(manager).post(ADD, fields(assign=therapist.pk, note="Room 2"))
        assert (response.status_code, response.url) == (302, "/roster/?week=2026-11-30")
        shift = Shift.objects.select_related("clinic").get()
        assert Plan.of(shift) == factories.plan(clinic=mt_prospect, staff=therapist, break_minutes=30, note="Room 2")

    def test_enter_does_what_the_main_button_does(self, sign_in, mt_prospect, manager, therapist, floater):
        """Enter in a field presses the first button of the form, whichever that is."""

        def first_button(page: str) -> str:
            form = text(browser.get(page)).split('class="card shift-page"')[1]
            return re.search(r"<button([^>]*)>", form)[1]

        browser = sign_in(manager)
        assert f'name="assign" value="{therapist.pk}"' in first_button(f"{ADD}?staff={therapist.pk}")
        assert 'name="assign" value=""' in first_button(ADD)
        shift = factories.shift(clinic=mt_prospect, staff=therapist)
        assert 'type="submit"' in first_button(address(shift))
        assert "name=" not in first_button(address(shift))

    def test_a_shift_is_left_open(self, sign_in, mt_prospect, manager, therapist):
        sign_in(manager).post(f"{ADD}?staff={therapist.pk}", fields(assign=""))
        assert Shift.objects.get().staff is None

    def test_the_cell_that_was_clicked_fills_the_form(self, sign_in, mt_prospect, manager, front_desk):
        response = sign_in(manager).get(f"{ADD}?clinic=mt-prospect&day=2026-12-02&staff={front_desk.pk}")
        form = response.context["form"]
        assert (form.initial["day"], form.initial["position"]) == (date(2026, 12, 2), Position.FRONT_DESK)
        assert (form.initial["starts"], form.initial["ends"]) == (time(8), time(16, 30))
        assert "Save for Carla" in text(response)

    @pytest.mark.parametrize(
        ("changes", "when", "words"),
        [
            ({}, "7a–3:30p on Mon, Nov 30.", []),
            ({"ends": "20:00"}, "7a–8p on Mon, Nov 30.", []),
            (
                {"starts": "17:00", "ends": "08:30"},
                "5p–8:30a next day, from Mon, Nov 30.",
                [
                    "This shift ends on the next day, Tuesday, December 1.",
                    "Mt. Prospect is open 7a–8p on Mondays: part of this shift lies outside.",
                ],
            ),
            (
                {"starts": "06:30"},
                "6:30a–3:30p on Mon, Nov 30.",
                ["Mt. Prospect is open 7a–8p on Mondays: part of this shift lies outside."],
            ),
            ({"day": "2026-12-06"}, "7a–3:30p on Sun, Dec 6.", ["Mt. Prospect is closed on Sundays."]),
        ],
    )
    def test_unusual_times_are_said_before_and_after_saving(
        self, sign_in, mt_prospect, manager, therapist, changes, when, words
    ):
        factories.opening(clinic=mt_prospect)
        browser = sign_in(manager)
        tried = browser.post(ADD, fields(check="1", **changes))
        assert [str(reason) for reason in tried.context["unusual"]] == words
        assert [one for one in words if one in text(tried)] == words
        assert ("next day, 1" in text(tried)) == ("next day" in when)
        saved = text(browser.post(ADD, fields(assign=therapist.pk, reason="Agreed.", **changes), follow=True))
        assert " ".join([f"Avery Testwell works {when}", *words, "Staff see it once you publish."]) in saved

    @pytest.mark.parametrize(
        ("needs", "expected"),
        [
            ([{"times": "8-12"}], (time(8), time(12))),
            ([{"times": "10-14"}, {"times": "13-20"}], (time(10), time(18, 30))),
            ([{"times": "8-12"}, {"times": "6-20", "position": Position.FRONT_DESK}], (time(8), time(12))),
            ([{"times": "9-13", "position": Position.FRONT_DESK}], (time(9), time(13))),
            ([{"times": "16-23:30"}], (time(16), time(23, 30))),
            ([{"times": "8-12", "weekday": 4}], (time(7), time(15, 30))),
        ],
    )
    def test_the_times_are_those_at_which_somebody_is_needed(self, sign_in, mt_prospect, manager, needs, expected):
        for need in needs:
            factories.need(clinic=mt_prospect, **{"weekday": 5, **need})
        initial = sign_in(manager).get(f"{ADD}?clinic=mt-prospect&day=2026-12-05").context["form"].initial
        assert (initial["starts"], initial["ends"]) == expected
        assert initial["break_minutes"] == (30 if expected[1].hour - expected[0].hour > 5 else 0)

    def test_an_overnight_shift_ends_on_the_next_day(self, sign_in, mt_prospect, manager):
        sign_in(manager).post(ADD, fields(starts="22:00", ends="06:00", assign=""))
        shift = Shift.objects.get()
        assert (shift.period.lower, shift.period.upper) == factories.span(mt_prospect, factories.MONDAY, "22-6")

    def test_htmx_gets_only_what_changed_and_closes_the_sheet(self, sign_in, mt_prospect, manager, therapist):
        response = sign_in(manager).post(ADD, fields(assign=therapist.pk), headers=HTMX)
        shift = Shift.objects.get()
        assert (response.status_code, response["HX-Reswap"]) == (200, "none")
        assert f'"focus": "shift-{shift.pk}"' in response["HX-Trigger-After-Settle"]
        body = text(response)
        assert f'id="cell-{therapist.pk}-2026-11-30" hx-swap-oob="true"' in body
        assert f'id="hours-{therapist.pk}"' in body
        assert 'id="coverage-mt-prospect-2026-11-30"' in body
        assert f'id="cell-{therapist.pk}-2026-12-01"' not in body
        assert "1 unpublished change" in body
        assert "<html" not in body

    def test_under_a_filter_htmx_gets_the_whole_board(self, sign_in, mt_prospect, manager, therapist):
        headers = HTMX | {"HX-Current-URL": BOARD + "&show=under"}
        response = sign_in(manager).post(ADD, fields(assign=therapist.pk), headers=headers)
        assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#roster", "outerHTML")
        assert 'id="roster"' in text(response)

    def test_a_sunday_that_was_hidden_brings_the_whole_board(self, sign_in, mt_prospect, manager):
        response = sign_in(manager).post(ADD, fields(day="2026-12-06", assign=""), headers=HTMX)
        assert response["HX-Retarget"] == "#roster"
        assert 'id="day-2026-12-06"' in text(response)

    def test_from_another_page_htmx_is_sent_to_the_board(self, sign_in, mt_prospect, manager):
        headers = HTMX | {"HX-Current-URL": "http://testserver/schedule/"}
        response = sign_in(manager).post(ADD, fields(assign=""), headers=headers)
        assert response["HX-Redirect"] == "/roster/?week=2026-11-30"


class TestBadInput:
    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"day": ""}, "day"),
            ({"day": "31/12"}, "day"),
            ({"day": "9999-12-31"}, "day"),
            ({"starts": "late"}, "starts"),
            ({"ends": ""}, "ends"),
            ({"position": "surgeon"}, "position"),
            ({"break_minutes": "x"}, "break_minutes"),
            ({"skill": "juggling"}, "skill"),
            ({"note": "x" * 201}, "note"),
            ({"starts": "06:00", "ends": "23:00"}, "ends"),
            ({"starts": "07:00", "ends": "07:05", "break_minutes": "0"}, "ends"),
            ({"starts": "07:00", "ends": "07:30"}, "break_minutes"),
            ({"day": "2027-03-14", "starts": "02:30"}, "starts"),
        ],
    )
    def test_stands_at_its_field_and_keeps_what_was_typed(self, sign_in, mt_prospect, manager, wrong, field):
        response = sign_in(manager).post(ADD, fields(assign="", **{"note": "kept", **wrong}))
        assert (response.status_code, Shift.objects.count()) == (422, 0)
        assert list(response.context["form"].errors) == [field]
        if "note" not in wrong:
            assert 'value="kept"' in text(response)

    @pytest.mark.parametrize(
        "query",
        [
            *("clinic=nowhere", "day=soon", "day=9999-12-31", "day=0001-01-01"),
            *("staff=0", "staff=x", "position=king", "skill=x"),
        ],
    )
    def test_in_the_address_is_not_found(self, sign_in, mt_prospect, manager, query):
        assert sign_in(manager).get(f"{ADD}?{query}").status_code == 404

    @pytest.mark.parametrize("assign", ["999999", "-1", "abc", "1e9", "9" * 5000])
    def test_a_person_who_is_nobody_is_not_found(self, sign_in, mt_prospect, manager, assign):
        shift = factories.shift(clinic=mt_prospect)
        for page in (ADD, address(shift)):
            assert sign_in(manager).post(page, fields(assign=assign, version=1)).status_code == 404

    @pytest.mark.parametrize("version", ["", "-1", "abc", "9" * 5000])
    def test_a_version_that_never_was_is_a_conflict(self, sign_in, mt_prospect, manager, version):
        shift = factories.shift(clinic=mt_prospect)
        response = sign_in(manager).post(address(shift), fields(version=version, assign="", note="mine"))
        assert (response.status_code, Shift.objects.get().note) == (409, "")

    def test_a_page_that_is_no_address_is_sent_to_the_board(self, sign_in, mt_prospect, manager):
        headers = HTMX | {"HX-Current-URL": "http://["}
        response = sign_in(manager).post(ADD, fields(assign=""), headers=headers)
        assert (response["HX-Redirect"], Shift.objects.count()) == ("/roster/?week=2026-11-30", 1)


class TestEditing:
    def test_everything_is_saved_at_once(self, sign_in, mt_prospect, manager, therapist, floater):
        shift = factories.shift(clinic=mt_prospect, staff=therapist)
        changes = fields(day="2026-12-02", starts="09:00", ends="17:30", note="Room 2", version=1, assign=floater.pk)
        sign_in(manager).post(address(shift), changes)
        shift = Shift.objects.select_related("clinic", "staff").get()
        assert Plan.of(shift) == factories.plan(
            clinic=mt_prospect,
            day=date(2026, 12, 2),
            times="9-17:30",
            staff=floater,
            break_minutes=30,
            note="Room 2",
        )

    def test_saving_without_a_name_keeps_the_person(self, sign_in, mt_prospect, manager, therapist):
        shift = factories.shift(clinic=mt_prospect, staff=therapist)
        sign_in(manager).post(address(shift), fields(version=1, break_minutes="45"))
        shift.refresh_from_db()
        assert (shift.staff, shift.break_minutes) == (therapist, 45)

    def test_a_refusal_names_the_other_shift_and_keeps_what_was_typed(
        self, sign_in, mt_prospect, oakbrook, manager, floater
    ):
        factories.shift(clinic=oakbrook, times="11:30-20", staff=floater)
        shift = factories.shift(clinic=mt_prospect)
        response = sign_in(manager).post(address(shift), fields(version=1, assign=floater.pk, note="typed"))
        assert response.status_code == 409
        assert (
            "Theo Fictus was not assigned. Theo already works 11:30a–8p on Mon, Nov 30 at Oakbrook Terrace. "
            "Nothing was changed."
        ) in text(response)
        assert 'value="typed"' in text(response)

    def test_every_reason_stands_in_the_list(self, sign_in, mt_prospect, manager, assistant, therapist, needling):
        shift = factories.shift(clinic=mt_prospect, skill=needling)
        changes = fields(version=1, skill=needling.code, assign=assistant.pk)
        response = sign_in(manager).post(address(shift), changes)
        assert response.status_code == 422
        assert response.context["form"].non_field_errors() == [
            "This shift is for a therapist; Bea’s profession is PTA.",
            "Bea has no therapist role at Mt. Prospect on Mon, Nov 30.",
            "Dry needling, neck is not open to PTA staff.",
            "Bea has no competency for Dry needling, neck.",
        ]
        assert "<h2>Bea Dummond was not assigned</h2>" in text(response)
        assert "before you go on" not in text(response)
        response = sign_in(manager).post(ADD, changes)
        assert "<h2>Bea Dummond was not assigned</h2>" in text(response)

    def test_a_note_that_looks_like_a_patient_is_sent_twice(self, sign_in, mt_prospect, manager, therapist):
        browser, said = sign_in(manager), fields(note="Mr X, MRN 44321", assign="")
        response = browser.post(ADD, said)
        assert (response.status_code, Shift.objects.count()) == (422, 0)
        assert "“MRN 44321” looks like a record number." in text(response)
        assert response.context["can"] != []
        browser.post(ADD, said | {"warned": response.context["form"]["warned"].value()})
        assert Shift.objects.get().note == "Mr X, MRN 44321"

    def test_a_shift_that_ends_when_it_starts_is_refused_in_words(self, sign_in, mt_prospect, manager):
        response = sign_in(manager).post(ADD, fields(ends="07:00", assign=""))
        assert response.context["form"].errors == {"ends": ["A shift ends after it starts."]}

    def test_who_can_work_it_and_who_cannot(
        self, sign_in, mt_prospect, manager, therapist, floater, needling, sign_off
    ):
        sign_off(floater)
        shift = factories.shift(clinic=mt_prospect, skill=needling)
        response = sign_in(manager).get(address(shift))
        assert [one.person for one in response.context["can"]] == [floater]
        assert [one.person for one in response.context["cannot"]] == [therapist]
        assert "Avery has no competency for Dry needling, neck." in text(response)

    def test_other_times_can_be_tried_without_saving(self, sign_in, mt_prospect, manager, therapist):
        factories.shift(clinic=mt_prospect, times="7-12", staff=therapist)
        shift = factories.shift(clinic=mt_prospect, times="13-17")
        response = sign_in(manager).post(address(shift), fields(starts="11:00", ends="17:00", version=1, check="1"))
        assert [one.person for one in response.context["cannot"]] == [therapist]
        shift.refresh_from_db()
        assert shift.version == 1

    def test_a_conflict_shows_what_it_is_now_and_the_next_save_replaces_it(
        self, sign_in, mt_prospect, manager, therapist, at
    ):
        shift = factories.shift(clinic=mt_prospect)
        browser = sign_in(manager)
        assigning.assign(shift, therapist, version=1, by=manager, at=at)
        mine = fields(version=1, starts="09:00", ends="17:00", assign="")
        response = browser.post(address(shift), mine)
        assert response.status_code == 409
        assert "It is now 7a–3:30p on Mon, Nov 30, Avery Testwell" in text(response)
        assert 'name="version" value="2"' in text(response)
        assert browser.post(address(shift), mine | {"version": 2}).status_code == 302
        shift.refresh_from_db()
        assert (shift.staff, shift.version) == (None, 3)

    def test_untouched_times_stay_the_moments_they_are(self, sign_in, mt_prospect, manager):
        start, end = factories.span(mt_prospect, date(2027, 11, 6), "20-1:30")
        shift = factories.shift(clinic=mt_prospect, day=date(2027, 11, 6), times="20-1:30")
        later = end.replace(fold=1)
        Shift.objects.update(period=(start, later))
        form = fields(day="2027-11-06", starts="20:00", ends="01:30", version=1, note="New")
        sign_in(manager).post(address(shift), form)
        shift.refresh_from_db()
        assert (shift.note, shift.period.upper) == ("New", later.astimezone(UTC))

    @pytest.mark.parametrize("version", ["", "x", "-1", "99999999999999999999"])
    def test_a_version_that_is_none_is_a_conflict(self, sign_in, mt_prospect, manager, version):
        shift = factories.shift(clinic=mt_prospect)
        assert sign_in(manager).post(address(shift), fields(version=version, assign="")).status_code == 409

    def test_a_past_week_is_refused_with_a_sentence(self, sign_in, mt_prospect, manager):
        shift = factories.shift(clinic=mt_prospect, day=date(2026, 11, 18))
        browser = sign_in(manager)
        assert "This week is over and locked." in text(browser.get(address(shift)))
        response = browser.post(address(shift), fields(day="2026-11-18", version=1, note="late"))
        assert response.status_code == 422
        assert "The week of Nov 16, 2026 at Mt. Prospect is over and locked." in text(response)


class TestDeleting:
    def test_a_draft_goes_for_good(self, sign_in, mt_prospect, manager):
        shift = factories.shift(clinic=mt_prospect)
        url = reverse("scheduling:shift-delete", args=[shift.pk])
        response = sign_in(manager).post(url, {"version": 1}, headers=HTMX)
        assert '"focus": "cell-open-2026-11-30"' in response["HX-Trigger-After-Settle"]
        assert "Staff had not seen it." in text(response)
        assert Shift.objects.count() == 0

    def test_a_published_one_waits_for_the_publication(self, sign_in, mt_prospect, manager, therapist):
        shift = factories.published(clinic=mt_prospect, staff=therapist).shift
        response = sign_in(manager).post(reverse("scheduling:shift-delete", args=[shift.pk]), {"version": 1})
        assert response.status_code == 302
        shift.refresh_from_db()
        assert shift.state == ShiftState.CANCELLED

    def test_a_stale_page_deletes_nothing(self, sign_in, mt_prospect, manager):
        shift = factories.shift(clinic=mt_prospect, version=2)
        response = sign_in(manager).post(reverse("scheduling:shift-delete", args=[shift.pk]), {"version": 1})
        assert (response.status_code, Shift.objects.count()) == (409, 1)
        assert "Somebody changed this shift at" in text(response)

    def test_a_link_deletes_nothing(self, sign_in, mt_prospect, manager):
        shift = factories.shift(clinic=mt_prospect)
        assert sign_in(manager).get(reverse("scheduling:shift-delete", args=[shift.pk])).status_code == 405


NOT_MANAGERS = ["therapist", "floater", "assistant", "front_desk", "clinical_lead", "approver", "administrator"]


class TestPermissions:
    @pytest.mark.parametrize("who", [*NOT_MANAGERS, "manager_oakbrook"])
    def test_a_working_copy_does_not_exist_for_others(self, request, sign_in, mt_prospect, manager, who):
        shift = factories.shift(clinic=mt_prospect)
        browser: Client = sign_in(request.getfixturevalue(who))
        nothing = without_token(browser.get(reverse("scheduling:shift", args=[NOTHING])))
        assert without_token(browser.get(address(shift))).replace(str(shift.pk), NOTHING) == nothing
        for url in (address(shift), reverse("scheduling:shift-delete", args=[shift.pk])):
            assert browser.post(url, fields(version=1, assign="")).status_code == 404
        assert Shift.objects.get().version == 1
        assert sign_in(manager).get(address(shift)).status_code == 200

    @pytest.mark.parametrize("who", [*NOT_MANAGERS, "manager_oakbrook"])
    def test_others_make_no_shift_there(self, request, sign_in, mt_prospect, who):
        browser = sign_in(request.getfixturevalue(who))
        query = urlencode({"clinic": "mt-prospect"})
        assert browser.get(f"{ADD}?{query}").status_code == 403
        assert browser.post(f"{ADD}?{query}", fields(assign="")).status_code == 403
        assert Shift.objects.count() == 0

    def test_a_crafted_clinic_is_refused(self, sign_in, mt_prospect, oakbrook, manager):
        response = sign_in(manager).post(f"{ADD}?clinic=mt-prospect", fields(clinic="oakbrook-terrace", assign=""))
        assert (response.status_code, Shift.objects.count()) == (422, 0)

    def test_a_crafted_clinic_does_not_move_a_shift(self, sign_in, mt_prospect, oakbrook, manager):
        people.membership(user=manager, role=Role.MANAGER, clinic=oakbrook)
        shift = factories.shift(clinic=mt_prospect)
        response = sign_in(manager).post(address(shift), fields(clinic="oakbrook-terrace", version=1, assign=""))
        assert response.status_code == 422
        shift.refresh_from_db()
        assert shift.clinic == mt_prospect


@pytest.mark.parametrize("skilled", [False, True])
def test_the_sheet_costs_the_same_for_any_number_of_people(sign_in, mt_prospect, manager, needling, sign_off, skilled):
    shift = factories.shift(clinic=mt_prospect, skill=needling if skilled else None)
    browser, costs = sign_in(manager), []
    for more in (2, 8):
        for number in range(more):
            person = people.person(profession=Profession.PT)
            people.membership(user=person, role=Role.THERAPIST, clinic=mt_prospect)
            if number % 2:
                sign_off(person)
        with CaptureQueriesContext(connection) as captured:
            browser.get(address(shift))
        costs.append(len(captured))
    assert costs[0] == costs[1]


def test_a_shift_whose_holder_lost_clearance_says_so_first(
    sign_in, mt_prospect, manager, therapist, needling, sign_off, at
):
    sign_off(therapist)
    shift = factories.shift(clinic=mt_prospect, staff=therapist, skill=needling)
    browser = sign_in(manager)
    assert "may not work this shift as things stand" not in text(browser.get(address(shift)))
    therapist.competencies.update(ended_at=at)
    assert "Avery Testwell may not work this shift as things stand" in text(browser.get(address(shift)))


@pytest.mark.parametrize(("day", "words"), [("2027-11-06", "9 h"), ("2027-03-13", "7 h")])
def test_a_night_with_a_clock_change_says_how_long_it_really_is(sign_in, mt_prospect, manager, day, words):
    body = text(sign_in(manager).get(f"{ADD}?day={day}&starts=22:00&ends=06:00"))
    assert f"The clocks change that night: this shift really lasts {words}." in body
    assert "The clocks change" not in text(sign_in(manager).get(f"{ADD}?day=2026-12-02&starts=22:00&ends=06:00"))

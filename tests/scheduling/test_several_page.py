"""Selecting several shifts on the board, the Undo button, and notes on a day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling.models import AcceptedWarning, DayNote, Shift, SpecialDay
from scheduling.special_days import note_on_day
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

BOARD = "/roster/?week=2026-11-30"
SEVERAL = "/roster/shifts/several/?week=2026-11-30&select=1"
HTMX = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{BOARD}&select=1"}
MONDAY, TUESDAY = factories.MONDAY, factories.MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _today(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def text(response) -> str:
    return response.content.decode()


def ticks(*shifts: Shift) -> list[str]:
    return [f"{shift.pk}:{shift.version}" for shift in shifts]


def toast(response) -> str:
    return re.search(r'<p class="grow">(.*?)</p>', text(response))[1]


def ticket(response) -> str:
    return re.search(r'name="ticket" value="([^"]+)"', text(response))[1]


@pytest.fixture
def shifts(mt_prospect, therapist) -> list[Shift]:
    days = (MONDAY + timedelta(days=number) for number in range(3))
    return [factories.shift(clinic=mt_prospect, day=day, staff=therapist) for day in days]


class TestSelecting:
    def test_own_shifts_have_a_box_and_the_others_none(self, sign_in, mt_prospect, oakbrook, manager, shifts):
        other = factories.published(clinic=oakbrook).shift
        page = text(sign_in(manager).get(f"{BOARD}&select=1"))
        assert re.findall(r'name="shift" form="several" value="([^"]+)"', page) == ticks(*shifts)
        assert f"{other.pk}:" not in page
        assert "of 3 shifts" in page
        assert "Mt. Prospect only" in page

    @pytest.mark.parametrize("who", ["therapist", "clinical_lead"])
    def test_who_plans_nothing_selects_nothing(self, request, sign_in, mt_prospect, who):
        factories.published(clinic=mt_prospect)
        page = text(sign_in(request.getfixturevalue(who)).get(f"{BOARD}&select=1"))
        assert 'form="several"' not in page

    @pytest.mark.parametrize(
        ("sent", "words", "expected"),
        [
            ({"do": "open"}, "2 shifts open now. Mt. Prospect only.", [(None, 0), (None, 1)]),
            ({"do": "delete"}, "2 shifts deleted. Mt. Prospect only.", []),
            (
                {"do": "days", "days": "7"},
                "2 shifts a week later now. Mt. Prospect only.",
                [("Avery", 7), ("Avery", 8)],
            ),
        ],
    )
    def test_what_is_asked_for_happens_to_each(self, sign_in, manager, shifts, sent, words, expected):
        response = sign_in(manager).post(SEVERAL, {"shift": ticks(*shifts[:2]), **sent}, follow=True)
        assert response.redirect_chain == [(BOARD, 302)]
        found = Shift.objects.exclude(pk=shifts[2].pk).select_related("clinic", "staff").order_by("period")
        assert [(one.staff and one.staff.given_name, (one.day - MONDAY).days) for one in found] == expected
        assert toast(response) == words

    def test_somebody_gets_them(self, sign_in, manager, floater, shifts):
        sent = {"shift": ticks(*shifts), "do": "assign", "staff": floater.pk}
        response = sign_in(manager).post(SEVERAL, sent, headers=HTMX)
        assert set(Shift.objects.values_list("staff", flat=True)) == {floater.pk}
        assert (response["HX-Retarget"], response["HX-Replace-Url"]) == ("#roster", BOARD)
        assert toast(response) == "Theo Fictus has 3 shifts. Mt. Prospect only."

    @pytest.mark.parametrize("script", [True, False])
    def test_a_refusal_says_every_reason_and_keeps_the_ticks(self, sign_in, oakbrook, manager, floater, shifts, script):
        for day in (MONDAY, TUESDAY):
            factories.shift(clinic=oakbrook, day=day, times="7-12", staff=floater)
        sent = {"shift": ticks(*shifts), "do": "assign", "staff": floater.pk}
        response = sign_in(manager).post(SEVERAL, sent, headers=HTMX if script else {})
        assert response.status_code == 409
        page = text(response)
        assert page.count("Theo Fictus was not assigned. Theo already works") == 2
        assert len(re.findall(r'name="shift" form="several" value="[^"]+" checked', page)) == 3
        assert f'<option value="{floater.pk}" selected>' in page
        assert set(Shift.objects.filter(week__clinic=shifts[0].clinic).values_list("version", flat=True)) == {1}

    def test_what_needs_a_reason_asks_for_one(self, sign_in, mt_prospect, manager, therapist):
        shift = factories.shift(clinic=mt_prospect, break_minutes=0)
        sent = {"shift": ticks(shift), "do": "assign", "staff": therapist.pk}
        browser = sign_in(manager)
        response = browser.post(SEVERAL, sent)
        assert response.status_code == 422
        assert "Not changed yet: these need a reason" in text(response)
        assert 'name="reason"' in text(response)
        form = text(response).split('id="several"')[1]
        assert 'name="do" value="assign"' in form[form.index("<button") :].partition(">")[0]  # what Enter presses
        assert browser.post(SEVERAL, sent | {"reason": "Short day."}).status_code == 302
        assert AcceptedWarning.objects.get().reason == "Short day."

    @pytest.mark.parametrize(
        ("sent", "words"),
        [
            ({"do": "open"}, "Select the shifts first."),
            ({"do": "open", "shift": "x"}, "Look at the list again: a shift of it cannot be read."),
            ({"do": "open", "shift": "00000000-0000-0000-0000-000000000000:1"}, "One of these shifts is gone."),
            ({"do": "assign"}, "Choose who should have these shifts."),
            ({"do": "fly"}, "Select a valid choice."),
            ({"do": "days", "days": "400"}, "Select a valid choice."),
            ({"do": "assign", "staff": "x"}, "Select a valid choice."),
        ],
    )
    def test_what_means_nothing_changes_nothing(self, sign_in, manager, shifts, sent, words):
        response = sign_in(manager).post(SEVERAL, sent)
        assert response.status_code in {409, 422}
        assert words in text(response)
        assert set(Shift.objects.values_list("version", flat=True)) == {1}

    def test_shifts_of_another_clinic_are_as_if_they_were_gone(self, sign_in, manager_oakbrook, shifts):
        response = sign_in(manager_oakbrook).post(SEVERAL, {"shift": ticks(*shifts), "do": "delete"})
        assert (response.status_code, Shift.objects.count()) == (409, 3)

    def test_selecting_costs_no_more_queries_with_more_shifts(self, sign_in, mt_prospect, manager, shifts):
        browser, costs = sign_in(manager), []
        for _ in range(2):
            with CaptureQueriesContext(connection) as captured:
                browser.get(f"{BOARD}&select=1")
            costs.append(len(captured))
            for _ in range(6):
                factories.shift(clinic=mt_prospect)
        assert costs[0] == costs[1]


class TestUndo:
    @pytest.mark.parametrize("script", [True, False])
    def test_takes_back_what_the_toast_said(self, sign_in, manager, therapist, shifts, script):
        browser = sign_in(manager)
        done = browser.post(SEVERAL, {"shift": ticks(*shifts), "do": "days", "days": "1"}, follow=True)
        headers = HTMX if script else {}
        response = browser.post("/roster/undo/", {"ticket": ticket(done)}, headers=headers, follow=not script)
        found = Shift.objects.select_related("clinic").order_by("period")
        assert [one.day for one in found] == [shift.day for shift in shifts]
        assert toast(response) == "3 changes undone."

    @pytest.mark.parametrize("deed", ["add", "edit", "delete"])
    def test_follows_every_change_of_the_sheet(self, sign_in, manager, shifts, deed):
        form = {
            "clinic": "mt-prospect",
            "day": "2026-12-05",
            "starts": "07:00",
            "ends": "12:00",
            "position": "therapist",
            "break_minutes": "0",
            "skill": "",
            "note": "",
            "version": 1,
        }
        addresses = {
            "add": "/roster/shifts/new/",
            "edit": f"/roster/shifts/{shifts[0].pk}/",
            "delete": f"/roster/shifts/{shifts[0].pk}/delete/",
        }
        browser, before = sign_in(manager), set(Shift.objects.values_list("period", "staff"))
        done = browser.post(addresses[deed], form | ({"assign": ""} if deed == "add" else {}), follow=True)
        assert set(Shift.objects.values_list("period", "staff")) != before
        assert toast(browser.post("/roster/undo/", {"ticket": ticket(done)}, follow=True)) == "Undone."
        assert set(Shift.objects.values_list("period", "staff")) == before

    @pytest.mark.parametrize("script", [True, False])
    def test_says_why_not(self, sign_in, manager, shifts, script):
        browser = sign_in(manager)
        done = browser.post(SEVERAL, {"shift": ticks(shifts[0]), "do": "open"}, follow=True)
        Shift.objects.update(version=9)
        headers = HTMX if script else {}
        response = browser.post("/roster/undo/", {"ticket": ticket(done)}, headers=headers, follow=not script)
        assert toast(response).startswith("Not undone. You changed this shift in another window at")
        assert response.status_code == (409 if script else 200)

    @pytest.mark.parametrize("sent", [{}, {"ticket": "x"}])
    def test_of_nothing_is_refused(self, sign_in, manager, sent):
        response = sign_in(manager).post("/roster/undo/", sent, headers=HTMX)
        assert response.status_code == 422
        assert toast(response) == "Not undone. This can be undone for an hour. Change it on the board instead."


class TestDayNotes:
    URL = "/roster/days/2026-12-01/notes/"

    def test_are_written_changed_and_emptied(self, sign_in, mt_prospect, manager):
        browser = sign_in(manager)
        assert 'name="mt-prospect"' in text(browser.get(self.URL))
        browser.post(self.URL, {"mt-prospect": "Flu shots 12–1", "mt-prospect-seen": ""})
        note = DayNote.objects.get()
        assert (note.clinic, note.day, note.text, note.by) == (mt_prospect, TUESDAY, "Flu shots 12–1", manager)
        browser.post(self.URL, {"mt-prospect": "", "mt-prospect-seen": "Flu shots 12–1"})
        assert DayNote.objects.count() == 0

    def test_everybody_sees_them_and_what_is_special_above_the_day(self, sign_in, mt_prospect, manager, therapist, at):
        note_on_day(mt_prospect, TUESDAY, "Flu shots 12–1", seen="", by=manager, at=at)
        SpecialDay.objects.create(clinic=mt_prospect, day=TUESDAY, name="Inventory")
        for person in (manager, therapist):
            page = text(sign_in(person).get(BOARD))
            head = re.search(r'<th scope="col" class="day" id="day-2026-12-01".*?</th>', page, re.DOTALL)[0]
            assert "Flu shots 12–1" in head
            assert "Inventory, closed" in head
            assert ("/roster/days/2026-12-01/notes/" in head) == (person == manager)

    def test_only_the_head_of_the_day_is_swapped(self, sign_in, mt_prospect, manager):
        sent = {"mt-prospect": "Flu shots", "mt-prospect-seen": ""}
        headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{BOARD}"}
        response = sign_in(manager).post(self.URL, sent, headers=headers)
        assert re.findall(r'<th scope="col" class="day" id="([^"]+)"', text(response)) == ["day-2026-12-01"]
        assert '"focus": "note-2026-12-01"' in response["HX-Trigger-After-Settle"]

    def test_a_note_that_somebody_else_wrote_meanwhile_is_not_lost(
        self, sign_in, mt_prospect, manager, administrator, at
    ):
        note_on_day(mt_prospect, TUESDAY, "Hers", seen="", by=manager, at=at)
        browser, sent = sign_in(manager), {"mt-prospect": "Mine", "mt-prospect-seen": ""}
        response = browser.post(self.URL, sent)
        assert response.status_code == 409
        assert "It is now: Hers" in text(response)
        assert 'value="Mine"' in text(response)
        assert DayNote.objects.get().text == "Hers"
        assert browser.post(self.URL, sent | {"mt-prospect-seen": "Hers"}).status_code == 302
        assert DayNote.objects.get().text == "Mine"

    @pytest.mark.parametrize("day", ["soon", "2026-13-01"])
    def test_a_day_that_is_none_is_not_found(self, sign_in, manager, day):
        assert sign_in(manager).get(f"/roster/days/{day}/notes/").status_code == 404

    def test_too_long_a_note_is_refused_at_its_field(self, sign_in, mt_prospect, manager):
        response = sign_in(manager).post(self.URL, {"mt-prospect": "x" * 161, "mt-prospect-seen": ""})
        assert response.status_code == 422
        assert list(response.context["form"].errors) == ["mt-prospect"]

"""Picking a shift up and placing it: on the board, and by day and person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Profession
from accounts.roles import Role
from scheduling.models import AcceptedWarning, Shift
from scheduling.plans import Plan
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

BOARD = "/roster/?week=2026-11-30"
TUESDAY = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def _today(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def address(shift: Shift) -> str:
    return f"/roster/shifts/{shift.pk}/place/"


def from_board(query: str = "") -> dict[str, Any]:
    return {"headers": {"HX-Request": "true", "HX-Current-URL": f"http://testserver{BOARD}{query}"}}


def text(response) -> str:
    return response.content.decode()


def cell(page: str, row: object, day: date) -> str:
    """What stands in a cell of the week board."""
    return re.search(rf'<td id="cell-{row}-{day}".*?</td>', page, re.DOTALL)[0]


class TestByDayAndPerson:
    def test_a_shift_moves(self, sign_in, mt_prospect, manager, therapist, floater):
        shift = factories.shift(clinic=mt_prospect, staff=therapist)
        browser = sign_in(manager)
        assert "Move the shift of Avery Testwell of Mon, Nov 30" in text(browser.get(address(shift)))
        sent = {"day": "2026-12-01", "staff": floater.pk, "version": 1, "how": "move"}
        response = browser.post(address(shift), sent, follow=True)
        assert response.redirect_chain == [(BOARD, 302)]
        [found] = Shift.objects.select_related("clinic", "staff")
        assert Plan.of(found) == factories.plan(clinic=mt_prospect, day=TUESDAY, staff=floater)
        assert "Theo Fictus works 7a–3:30p on Tue, Dec 1. Staff see it once you publish." in text(response)

    def test_a_copy_is_made_open(self, sign_in, mt_prospect, manager, therapist):
        shift = factories.shift(clinic=mt_prospect, staff=therapist)
        browser = sign_in(manager)
        assert "Copy the shift of Avery Testwell" in text(browser.get(f"{address(shift)}?how=copy"))
        browser.post(address(shift), {"day": "2026-12-01", "staff": "", "how": "copy"})
        found = Shift.objects.order_by("period").values_list("staff", "version")
        assert list(found) == [(therapist.pk, 1), (None, 1)]

    def test_a_refusal_names_the_other_shift_and_keeps_what_was_tried(
        self, sign_in, mt_prospect, oakbrook, manager, therapist, floater
    ):
        factories.shift(clinic=oakbrook, times="11:30-20", staff=floater)
        shift = factories.shift(clinic=mt_prospect, staff=therapist)
        sent = {"day": "2026-11-30", "staff": floater.pk, "version": 1}
        response = sign_in(manager).post(address(shift), sent)
        assert response.status_code == 409
        assert (
            "Theo Fictus was not assigned. Theo already works 11:30a–8p on Mon, Nov 30 at Oakbrook Terrace. "
            "Nothing was changed."
        ) in text(response)
        assert f'<option value="{floater.pk}" selected>' in text(response)
        shift.refresh_from_db()
        assert shift.version == 1

    def test_what_speaks_against_it_asks_for_a_reason(self, sign_in, mt_prospect, manager, therapist):
        shift = factories.shift(clinic=mt_prospect, break_minutes=0)
        browser = sign_in(manager)
        assert 'name="reason"' not in text(browser.get(address(shift)))
        sent = {"day": "2026-12-01", "staff": therapist.pk, "version": 1}
        response = browser.post(address(shift), sent)
        assert (response.status_code, AcceptedWarning.objects.count()) == (422, 0)
        assert 'name="reason"' in text(response)
        assert '<label for="place-reason">Why all the same</label>' in text(response)
        assert response.context["form"].non_field_errors() == [
            "8 h 30 min with 0 min of break; 20 min are asked for.",
        ]
        assert browser.post(address(shift), sent | {"reason": "Short day."}).status_code == 302
        assert AcceptedWarning.objects.get().reason == "Short day."

    def test_what_changed_meanwhile_is_shown_and_the_next_try_counts(
        self, sign_in, mt_prospect, manager, therapist, floater
    ):
        shift = factories.shift(clinic=mt_prospect, staff=floater, version=2)
        sent = {"day": "2026-12-01", "staff": therapist.pk, "version": 1}
        browser = sign_in(manager)
        response = browser.post(address(shift), sent)
        assert response.status_code == 409
        assert "It is now 7a–3:30p on Mon, Nov 30, Theo Fictus." in text(response)
        assert 'name="version" value="2"' in text(response)
        assert browser.post(address(shift), sent | {"version": 2}).status_code == 302

    @pytest.mark.parametrize(
        "sent",
        [{"day": ""}, {"day": "soon"}, {"day": "9999-12-31"}, {"staff": "x"}, {"to": "1"}, {"to": "x:2026-12-01"}],
    )
    def test_what_means_nothing_changes_nothing(self, sign_in, mt_prospect, manager, sent):
        shift = factories.shift(clinic=mt_prospect)
        values = {"day": "2026-12-01", "staff": "", "version": 1} | sent
        assert sign_in(manager).post(address(shift), values).status_code == 422
        shift.refresh_from_db()
        assert shift.version == 1

    def test_a_shift_of_another_clinic_does_not_exist(self, sign_in, mt_prospect, manager_oakbrook):
        shift = factories.shift(clinic=mt_prospect)
        browser = sign_in(manager_oakbrook)
        assert [browser.get(address(shift)).status_code, browser.post(address(shift), {}).status_code] == [404, 404]


class TestOnTheBoard:
    def test_each_cell_says_whether_it_fits_and_why_not(
        self, sign_in, mt_prospect, oakbrook, manager, therapist, floater, assistant
    ):
        factories.shift(clinic=oakbrook, day=TUESDAY, times="11:30-20", staff=floater)
        shift = factories.shift(clinic=mt_prospect, staff=therapist)
        page = text(sign_in(manager).get(f"{BOARD}&place={shift.pk}"))
        assert 'data-mode="placing"' in page
        assert "It is here" in cell(page, therapist.pk, factories.MONDAY)
        assert f'form="placing" name="to" value="{therapist.pk}:2026-12-01"' in cell(page, therapist.pk, TUESDAY)
        assert 'value="open:2026-12-01"' in cell(page, "open", TUESDAY)
        assert "Theo already works 11:30a–8p on Tue, Dec 1" in cell(page, floater.pk, TUESDAY)
        assert 'type="submit"' not in cell(page, floater.pk, TUESDAY)
        assert "Bea’s profession is PTA" in cell(page, assistant.pk, TUESDAY)
        assert "cell-add" not in cell(page, floater.pk, TUESDAY)

    def test_a_cell_that_needs_a_reason_says_so(self, sign_in, mt_prospect, manager, therapist):
        shift = factories.shift(clinic=mt_prospect, break_minutes=0)
        page = text(sign_in(manager).get(f"{BOARD}&place={shift.pk}&how=copy"))
        assert "Place, with a reason" in cell(page, therapist.pk, TUESDAY)
        assert "8 h 30 min with 0 min of break" in cell(page, therapist.pk, TUESDAY)

    def test_the_chosen_cell_gets_it_and_the_board_is_itself_again(self, sign_in, mt_prospect, manager, therapist):
        shift = factories.shift(clinic=mt_prospect)
        sent = {"to": f"{therapist.pk}:2026-12-01", "version": 1, "how": "move"}
        response = sign_in(manager).post(address(shift), sent, **from_board(f"&place={shift.pk}&how=move"))
        shift.refresh_from_db()
        assert (shift.staff, shift.day) == (therapist, TUESDAY)
        assert (response["HX-Retarget"], response["HX-Replace-Url"]) == ("#roster", BOARD)
        assert f'"focus": "shift-{shift.pk}"' in response["HX-Trigger-After-Settle"]
        assert 'data-mode="placing"' not in text(response)
        assert "data-undoes" in text(response)

    def test_a_drop_on_another_cell_swaps_only_what_changed(self, sign_in, mt_prospect, manager, therapist, floater):
        shift = factories.shift(clinic=mt_prospect, staff=therapist)
        sent = {"to": f"{floater.pk}:2026-12-01", "version": 1, "how": "move"}
        response = sign_in(manager).post(address(shift), sent, **from_board())
        assert response["HX-Reswap"] == "none"
        swapped = re.findall(r'<td id="cell-([^"]+)"', text(response))
        assert sorted(swapped) == sorted(
            f"{person.pk}-2026-{day}" for person in (therapist, floater) for day in ("11-30", "12-01")
        )

    def test_a_drop_that_is_refused_comes_back_as_the_form(self, sign_in, mt_prospect, manager, assistant):
        shift = factories.shift(clinic=mt_prospect)
        sent = {"to": f"{assistant.pk}:2026-12-01", "version": 1, "how": "move"}
        response = sign_in(manager).post(address(shift), sent, **from_board())
        assert response.status_code == 422
        assert "<h2>Bea Dummond was not assigned</h2>" in text(response)
        assert 'value="2026-12-01"' in text(response)
        assert "<html" not in text(response)

    def test_on_a_phone_every_person_of_the_day_is_listed(self, sign_in, mt_prospect, manager, therapist, assistant):
        shift = factories.shift(clinic=mt_prospect)
        page = text(sign_in(manager).get(f"{BOARD}&view=day&day=2026-12-01&place={shift.pk}"))
        day = page[page.index('id="day-view"') :]
        assert f'value="{therapist.pk}:2026-12-01"' in day
        assert "This shift is for a therapist; Bea’s profession is PTA." in day

    def test_another_week_keeps_what_was_picked_up(self, sign_in, mt_prospect, manager, therapist):
        shift = factories.shift(clinic=mt_prospect, staff=therapist)
        page = text(sign_in(manager).get(f"/roster/?week=2026-12-07&place={shift.pk}"))
        assert f'name="to" value="{therapist.pk}:2026-12-08"' in page
        assert f"week=2026-12-14&amp;place={shift.pk}" in page

    def test_nothing_is_placed_in_a_week_that_is_over(self, sign_in, mt_prospect, manager, therapist):
        shift = factories.shift(clinic=mt_prospect)
        page = text(sign_in(manager).get(f"/roster/?week=2026-11-16&place={shift.pk}"))
        assert 'name="to"' not in page

    def test_a_shift_that_one_does_not_plan_cannot_be_picked_up(
        self, sign_in, mt_prospect, manager_oakbrook, therapist
    ):
        shift = factories.published(clinic=mt_prospect).shift
        for person in (manager_oakbrook, therapist):
            assert sign_in(person).get(f"{BOARD}&place={shift.pk}").status_code == 404

    @pytest.mark.parametrize("place", ["x", "1", "00000000-0000-0000-0000-000000000000"])
    def test_what_is_no_shift_is_not_found(self, sign_in, manager, place):
        assert sign_in(manager).get(f"{BOARD}&place={place}").status_code == 404

    def test_it_costs_the_same_for_10_and_for_200_people(self, sign_in, mt_prospect, manager, needling, sign_off):
        shift, browser, costs = factories.shift(clinic=mt_prospect, skill=needling), sign_in(manager), []
        for more in (10, 190):
            for _ in range(more):
                person = people.person(profession=Profession.PT)
                people.membership(user=person, role=Role.THERAPIST, clinic=mt_prospect)
                sign_off(person)
                factories.shift(clinic=mt_prospect, day=TUESDAY, staff=person)
            with CaptureQueriesContext(connection) as captured:
                assert browser.get(f"{BOARD}&place={shift.pk}").status_code == 200
            costs.append(len(captured))
        assert costs[0] == costs[1]

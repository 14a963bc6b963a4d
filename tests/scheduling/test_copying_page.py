"""Copying last week: what became of every shift is said, and one press takes it back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
import time_machine

from scheduling.models import Shift
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

URL = "/roster/mt-prospect/2026-12-07/copy/"
TARGET = date(2026, 12, 7)


@pytest.fixture(autouse=True)
def _today(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def text(response) -> str:
    return response.content.decode()


def days(shifts) -> list[tuple[str, date]]:
    return [(one.staff.given_name if one.staff else "", one.day) for one in shifts.select_related("clinic", "staff")]


@pytest.fixture
def last_week(mt_prospect, manager, therapist, floater):
    """One that fits again, one of somebody who is away then, one that needs a reason, and an open one."""
    factories.shift(clinic=mt_prospect, staff=therapist)
    factories.shift(clinic=mt_prospect, times="12-16", staff=floater)
    factories.time_off(person=floater, clinic=mt_prospect, day=TARGET, decided_by=manager)
    factories.shift(clinic=mt_prospect, day=date(2026, 12, 1), staff=therapist, break_minutes=0)
    factories.shift(clinic=mt_prospect, day=date(2026, 12, 2))


@pytest.mark.usefixtures("last_week")
class TestCopying:
    def test_the_page_says_what_there_is(self, sign_in, manager):
        page = text(sign_in(manager).get(URL))
        assert "The week before has 4 shifts." in page
        assert 'value="2026-11-30"' in page

    def test_the_answer_says_what_became_of_each(self, sign_in, manager):
        response = sign_in(manager).post(URL, {"source": "2026-12-02"})
        made = Shift.objects.filter(week__monday=TARGET).order_by("period")
        assert days(made) == [
            ("Avery", TARGET),
            ("", TARGET),
            ("", TARGET + timedelta(days=1)),
            ("", TARGET + timedelta(days=2)),
        ]
        page = text(response)
        assert re.findall(r"<b>(\d)</b>", page) == ["2", "2", "0"]
        assert "Theo has time off on Mon, Dec 7." in page
        assert "8 h 30 min with 0 min of break; 20 min are asked for." in page

    def test_with_a_reason_people_keep_what_only_warns(self, sign_in, manager):
        sign_in(manager).post(URL, {"source": "2026-11-30", "reason": "As agreed."})
        made = Shift.objects.filter(week__monday=TARGET, staff__isnull=False).order_by("period")
        assert days(made) == [("Avery", TARGET), ("Avery", TARGET + timedelta(days=1))]

    def test_sent_again_it_makes_nothing_twice(self, sign_in, manager):
        browser = sign_in(manager)
        browser.post(URL, {"source": "2026-11-30", "reason": "As agreed."})
        before = Shift.objects.count()
        page = text(browser.post(URL, {"source": "2026-11-30", "reason": "As agreed."}))
        assert "4 shifts stood there already and were not made twice." in page
        assert Shift.objects.count() == before

    def test_undo_takes_all_of_it_back(self, sign_in, manager):
        browser, before = sign_in(manager), set(Shift.objects.values_list("pk", flat=True))
        ticket = re.search(r'name="ticket" value="([^"]+)"', text(browser.post(URL, {"source": "2026-11-30"})))[1]
        assert Shift.objects.count() == len(before) + 4
        browser.post("/roster/undo/", {"ticket": ticket})
        assert set(Shift.objects.values_list("pk", flat=True)) == before


@pytest.mark.parametrize("source", ["", "soon", "2026-12-09"])
def test_a_week_that_cannot_be_copied_is_refused(sign_in, mt_prospect, manager, source):
    response = sign_in(manager).post(URL, {"source": source})
    assert (response.status_code, bool(response.context["form"].errors)) == (422, True)


def test_into_a_week_that_is_over_nothing_is_copied(sign_in, mt_prospect, manager, therapist):
    factories.shift(clinic=mt_prospect, day=date(2026, 11, 9), staff=therapist)
    response = sign_in(manager).post("/roster/mt-prospect/2026-11-16/copy/", {"source": "2026-11-09"})
    assert (response.status_code, Shift.objects.count()) == (422, 1)


@pytest.mark.parametrize(("url", "status"), [(URL, 403), ("/roster/nowhere/2026-12-07/copy/", 404)])
def test_another_clinic_is_not_filled(sign_in, mt_prospect, manager_oakbrook, url, status):
    assert sign_in(manager_oakbrook).get(url).status_code == status


def test_the_board_leads_there(sign_in, mt_prospect, manager, therapist):
    link = 'href="/roster/mt-prospect/2026-11-30/copy/"'
    assert link in text(sign_in(manager).get("/roster/?week=2026-11-30"))
    assert link not in text(sign_in(therapist).get("/roster/?week=2026-11-30"))

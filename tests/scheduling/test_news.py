"""Two managers look at the same week: the second hears what the first has done to it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
import time_machine

from accounts.roles import Role
from scheduling import assigning, publishing
from scheduling.models import RosterWeek
from scheduling.special_days import note_on_day
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

BOARD = "http://testserver/roster/?week=2026-11-30"


@pytest.fixture(autouse=True)
def _today(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def rosa(mt_prospect):
    return people.staff(name="Rosa Otherhand", role=Role.MANAGER, clinics=[mt_prospect])


def ask(browser, at: datetime, told: str = "", board: str = BOARD):
    query = f"since={quote(at.isoformat())}&told={quote(told)}"
    return browser.get(f"/roster/news/?{query}", headers={"HX-Request": "true", "HX-Current-URL": board})


def add(clinic, by, at, **fields):
    return assigning.create_shift(factories.plan(clinic=clinic, **fields), by=by, at=at)


def publish(clinic, by, at):
    add(clinic, by, at - timedelta(hours=1))
    week = RosterWeek.objects.get()
    publishing.publish(week, version=week.version, by=by, at=at, reason="Known.")


def move(shift, by, at):
    start, end = factories.span(shift.clinic, factories.MONDAY + timedelta(days=7), "8-12")
    assigning.move_shift(shift, start=start, end=end, version=1, by=by, at=at)


DEEDS = {
    "a new shift": add,
    "a deleted draft": lambda clinic, by, at: assigning.delete_shift(
        factories.shift(clinic=clinic), version=1, by=by, at=at
    ),
    "a deleted shift that staff see": lambda clinic, by, at: assigning.delete_shift(
        factories.published(clinic=clinic).shift, version=1, by=by, at=at
    ),
    "a changed shift": lambda clinic, by, at: assigning.move_shift(
        factories.shift(clinic=clinic),
        start=factories.span(clinic, factories.MONDAY, "8-12")[0],
        end=factories.span(clinic, factories.MONDAY, "8-12")[1],
        version=1,
        by=by,
        at=at,
    ),
    "a shift that goes to another week": lambda clinic, by, at: move(factories.shift(clinic=clinic), by, at),
    "a note that goes": lambda clinic, by, at: [
        note_on_day(clinic, factories.MONDAY, text, seen=seen, by=by, at=when)
        for text, seen, when in (("Flu shots", "", at - timedelta(hours=1)), ("", "Flu shots", at))
    ],
    "a note": lambda clinic, by, at: note_on_day(clinic, factories.MONDAY, "Flu shots", seen="", by=by, at=at),
    "a publication": publish,
}


@pytest.mark.parametrize("deed", DEEDS)
def test_what_somebody_else_did_is_said_and_what_one_did_oneself_is_not(sign_in, mt_prospect, manager, rosa, at, deed):
    later = at + timedelta(minutes=32)
    with time_machine.travel(later, tick=False):
        DEEDS[deed](mt_prospect, rosa, later)
    response = ask(sign_in(manager), at)
    assert "Rosa Otherhand changed this week at 10:32 AM." in response.content.decode()
    assert ask(sign_in(rosa), at).status_code == 204


def test_nothing_is_said_twice(sign_in, mt_prospect, manager, rosa, at):
    browser, later = sign_in(manager), at + timedelta(minutes=32)
    add(mt_prospect, rosa, later)
    told = html.unescape(re.search(r'name="told" value="([^"]+)"', ask(browser, at).content.decode())[1])
    assert ask(browser, at, told).status_code == 204
    add(mt_prospect, rosa, later + timedelta(minutes=1))
    assert "10:33 AM" in ask(browser, at, told).content.decode()


def test_other_weeks_other_clinics_and_what_was_there_before_are_no_news(
    sign_in, mt_prospect, oakbrook, manager, manager_oakbrook, rosa, at
):
    later = at + timedelta(minutes=5)
    add(mt_prospect, rosa, later, day=factories.MONDAY + timedelta(days=7))
    add(oakbrook, manager_oakbrook, later)
    add(mt_prospect, rosa, at - timedelta(minutes=5))
    browser = sign_in(manager)
    assert ask(browser, at).status_code == 204
    assert ask(browser, at - timedelta(minutes=10)).status_code == 200
    assert ask(browser, at, board="http://testserver/roster/?week=2026-12-07").status_code == 200


@pytest.mark.parametrize("since", ["", "soon", "2026-11-25", "2026-11-25T10:00:00", "2026-13-25T10:00:00Z"])
def test_since_no_moment_is_not_found(sign_in, manager, since):
    assert sign_in(manager).get(f"/roster/news/?since={since}").status_code == 404


def test_the_board_asks_for_whoever_may_change_it(sign_in, mt_prospect, manager, therapist):
    addresses = {
        (who, week): 'hx-get="/roster/news/' in sign_in(who).get(f"/roster/?week={week}").content.decode()
        for who in (manager, therapist)
        for week in ("2026-11-30", "2026-11-16")
    }
    assert [key for key, asks in addresses.items() if asks] == [(manager, "2026-11-30")]

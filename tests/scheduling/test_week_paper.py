"""The week for the wall: what is published, a row for each person, one sheet for each clinic."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Clinic, Profession, User
from scheduling.models import DayNote
from scheduling.week_paper import sheets
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

URL = "/roster/wall/"
MONDAY = factories.MONDAY
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _today(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


def test_it_shows_what_is_published_by_group_person_and_day(
    mt_prospect: Clinic, oakbrook: Clinic, therapist: User, floater: User, front_desk: User, manager: User, at: datetime
):
    mine = factories.published(clinic=mt_prospect, day=MONDAY + DAY, staff=therapist)
    night = factories.published(clinic=mt_prospect, day=MONDAY + 5 * DAY, times="22-6", staff=floater)
    desk = factories.published(clinic=mt_prospect, staff=front_desk)
    nobodys = factories.published(clinic=mt_prospect, day=MONDAY + DAY)
    factories.shift(clinic=mt_prospect, day=MONDAY + 2 * DAY, staff=therapist)
    factories.published(clinic=mt_prospect, day=MONDAY - DAY, times="22-6", staff=therapist)
    factories.published(clinic=mt_prospect, day=MONDAY + 7 * DAY, staff=therapist)
    factories.published(clinic=oakbrook, day=MONDAY + 3 * DAY, staff=floater)
    note = DayNote.objects.create(clinic=mt_prospect, day=MONDAY, text="Fire drill", by=manager, at=at)
    here, _ = sheets([mt_prospect, oakbrook], MONDAY)
    assert here.days == [MONDAY + number * DAY for number in range(6)]
    assert [(label, [(row.person, row.cells) for row in rows]) for label, rows in here.groups] == [
        (
            "Therapists",
            [(therapist, [[], [mine], [], [], [], []]), (floater, [[], [], [], [], [], [night]])],
        ),
        ("Front desk", [(front_desk, [[desk], [], [], [], [], []])]),
    ]
    assert (here.open.cells[1], here.notes) == ([nobodys], [note])


def test_a_sunday_has_a_column_where_somebody_works(mt_prospect: Clinic, therapist: User):
    factories.published(clinic=mt_prospect, day=MONDAY + 6 * DAY, staff=therapist)
    assert len(sheets([mt_prospect], MONDAY)[0].days) == 7


def test_whoever_sees_the_roster_prints_it(sign_in, mt_prospect, oakbrook, assistant: User, therapist: User):
    factories.published(clinic=mt_prospect, day=MONDAY, staff=therapist)
    factories.published(clinic=mt_prospect, day=MONDAY, times="16-19")
    body = sign_in(assistant).get(URL, {"week": "2026-12-02"}).content.decode()
    assert body.count('class="wall"') == 2
    assert "7a–3:30p" in body
    assert "4p–7p PT" in body
    assert "Nothing is published of this week." in body
    alone = sign_in(assistant).get(URL, {"week": "2026-12-02", "clinic": "oakbrook-terrace"}).content.decode()
    assert (alone.count('class="wall"'), "Avery" in alone) == (1, False)
    assert sign_in(assistant).get(URL, {"clinic": "nowhere"}).status_code == 404


def test_it_costs_the_same_for_1_and_for_3_people(sign_in, mt_prospect: Clinic, assistant: User):
    browser, costs = sign_in(assistant), []
    for names in (["Ada A"], ["Ben B", "Cal C"]):
        for name in names:
            person = people.person(name=name, profession=Profession.PT)
            factories.published(clinic=mt_prospect, day=date(2026, 12, 2), staff=person)
        with CaptureQueriesContext(connection) as captured:
            body = browser.get(URL, {"week": "2026-12-02"}).content.decode()
        costs.append(len(captured))
        assert names[-1] in body
    assert costs[0] == costs[1]

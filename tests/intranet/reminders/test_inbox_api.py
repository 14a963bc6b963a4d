from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intranet.reminders.models import Reminder
from tests.intranet.reminders import factories

pytestmark = pytest.mark.django_db
INBOX = "/api/v1/inbox/"


@pytest.fixture
def mine(therapist, at):
    return factories.released(recipient=therapist, at=at, title="Mine")


@pytest.fixture
def foreign(floater, at):
    return factories.released(recipient=floater, at=at, title="Somebody else's canary")


def test_the_list_holds_ones_own(mine, foreign, therapist, api, planted):
    body = api(therapist).get(INBOX).json()
    assert body["count"] == 1
    assert body["results"] == [
        {
            "id": mine.pk,
            "kind": "planted",
            "kind_label": "Planted",
            "title": "Mine",
            "paragraphs": ["First.", "Second."],
            "path": mine.path,
            "action": "Do it",
            "why": mine.why,
            "unread": True,
            "released_at": "2026-11-25T10:00:00-06:00",
            "read_at": None,
            "settled_at": None,
        }
    ]


def test_unread_filters(mine, therapist, api, at):
    read = factories.released(recipient=therapist, at=at, read_at=at)

    def ids(**query):
        return {row["id"] for row in api(therapist).get(INBOX, query).json()["results"]}

    assert ids() == {mine.pk, read.pk}
    assert ids(unread="true") == {mine.pk}
    assert ids(unread="false") == {mine.pk, read.pk}


def test_marking_one_as_read(mine, therapist, api):
    response = api(therapist).post(f"{INBOX}{mine.pk}/read/")
    assert response.status_code == 200
    assert (response.json()["id"], response.json()["unread"]) == (mine.pk, False)
    mine.refresh_from_db()
    assert mine.read_at is not None


def test_marking_everything_as_read(mine, foreign, therapist, floater, api):
    assert api(therapist).post(f"{INBOX}read/").json() == {"read": 1}
    assert api(therapist).post(f"{INBOX}read/").json() == {"read": 0}
    assert list(Reminder.objects.visible_to(floater).unread()) == [foreign]


def test_nobody_reaches_anybody_elses(cast, foreign, api):
    for name, person in cast.items():
        expected = 200 if name == "floater" else 404
        assert api(person).get(f"{INBOX}{foreign.pk}/").status_code == expected, name
        assert api(person).post(f"{INBOX}{foreign.pk}/read/").status_code == expected, name
        assert ("canary" in api(person).get(INBOX).content.decode()) is (name == "floater")


def test_a_foreign_row_looks_like_none(foreign, therapist, api):
    client = api(therapist)
    real, none = (client.get(f"{INBOX}{pk}/") for pk in (foreign.pk, 0))
    assert (real.status_code, real.json()) == (none.status_code, none.json())


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_else_can_be_done(mine, therapist, api, method):
    for path in (INBOX, f"{INBOX}{mine.pk}/"):
        response = getattr(api(therapist), method)(path, {"title": "Mine now", "recipient": 1})
        assert response.status_code == 405
        assert response["Content-Type"] == "application/problem+json"
    mine.refresh_from_db()
    assert mine.title == "Mine"


def test_strangers_are_turned_away(mine, api):
    for response in (api(None).get(INBOX), api(None).post(f"{INBOX}{mine.pk}/read/")):
        assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")


def test_the_number_of_queries_does_not_grow_with_the_rows(therapist, api, at):
    client = api(therapist)
    numbers = []
    for rows in (1, 2):
        for _ in range(rows):
            factories.released(recipient=therapist, at=at)
        with CaptureQueriesContext(connection) as queries:
            client.get(INBOX)
        numbers.append(len(queries))
    assert Reminder.objects.count() == 3
    assert numbers[0] == numbers[1]

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intranet.reminders.models import Reminder
from intranet.reminders.registry import Group
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
            "ended": "",
            "snoozed_until": None,
        }
    ]


def test_the_same_filters_as_on_the_page(mine, therapist, api, planted, urgent):
    now = timezone.now()
    later = {"at": now, "not_after": now + timedelta(days=9), "kind": "planted-urgent"}
    read = factories.released(recipient=therapist, read_at=now, title="Reád", **later)
    snoozed = factories.released(recipient=therapist, snoozed_until=now + timedelta(hours=1), **later)

    def ids(**query):
        return [row["id"] for row in api(therapist).get(INBOX, query).json()["results"]]

    assert ids() == ids(show="all") == [read.pk, mine.pk]
    assert ids(show="unread") == [mine.pk]
    assert ids(show="waiting") == [read.pk]  # the other one is long past its time
    assert ids(show="snoozed") == [snoozed.pk]
    assert ids(about="planted-urgent") == [read.pk]
    assert ids(q="read") == [read.pk]
    assert ids(q="second mine") == [mine.pk]


@pytest.mark.parametrize(
    ("query", "field"),
    [({"show": "some"}, "show"), ({"about": "weather"}, "about"), ({"unread": "true"}, "unread")],
)
def test_a_filter_that_makes_no_sense_is_refused(mine, therapist, api, query, field):
    response = api(therapist).get(INBOX, query)
    assert (response.status_code, list(response.json()["errors"])) == (400, [field])


def test_marking_several_as_read(mine, foreign, therapist, floater, api, at):
    other = factories.released(recipient=therapist, at=at)
    assert api(therapist).post(f"{INBOX}read/", {"ids": [mine.pk, foreign.pk, 0]}).json() == {"read": 1}
    assert list(Reminder.objects.visible_to(therapist).unread(at)) == [other]
    assert list(Reminder.objects.visible_to(floater).unread(at)) == [foreign]
    assert api(therapist).post(f"{INBOX}read/", {"ids": []}).json() == {"read": 0}
    assert api(therapist).post(f"{INBOX}read/", {"ids": ["x"]}).status_code == 400


def test_marking_as_unread_again(mine, therapist, api):
    api(therapist).post(f"{INBOX}{mine.pk}/read/")
    assert api(therapist).post(f"{INBOX}{mine.pk}/unread/").json()["unread"] is True


def test_putting_off_and_having_it_back(mine, therapist, api):
    now = timezone.now()
    Reminder.objects.filter(pk=mine.pk).update(not_after=now + timedelta(days=2))
    until = (now + timedelta(days=1)).isoformat()
    response = api(therapist).post(f"{INBOX}{mine.pk}/snooze/", {"until": until})
    assert (response.status_code, datetime.fromisoformat(response.json()["snoozed_until"])) == (
        200,
        now + timedelta(days=1),
    )
    assert api(therapist).get(INBOX).json()["count"] == 0
    late = api(therapist).post(f"{INBOX}{mine.pk}/snooze/", {"until": (now + timedelta(days=3)).isoformat()})
    assert (late.status_code, [reason["code"] for reason in late.json()["reasons"]]) == (422, ["too-late"])
    assert api(therapist).post(f"{INBOX}{mine.pk}/snooze/", {"until": "2030-01-01T07:00"}).status_code == 400
    assert api(therapist).post(f"{INBOX}{mine.pk}/wake/").json()["snoozed_until"] is None


@pytest.mark.parametrize("action", ["unread", "snooze", "wake"])
def test_nobody_changes_anybody_elses(foreign, cast, api, action):
    body = {"until": "2030-01-01T07:00:00-06:00"}
    for name, person in cast.items():
        if name != "floater":
            assert api(person).post(f"{INBOX}{foreign.pk}/{action}/", body).status_code == 404, name
    foreign.refresh_from_db()
    assert (foreign.read_at, foreign.snoozed_until) == (None, None)


def test_preferences(planted, urgent, therapist, api):
    planted.optional, planted.group = True, Group.SWAPS
    client = api(therapist)
    shown = {
        "kind": "planted",
        "kind_label": "Planted",
        "group": "Swaps and open shifts",
        "rhythm": "at-once",
        "open_to": ["at-once", "daily", "weekly", "in-app"],
    }
    duty = {
        "kind": "planted-urgent",
        "kind_label": "Planted, urgent",
        "group": "",
        "rhythm": "at-once",
        "open_to": ["at-once"],
    }
    path = f"{INBOX}preferences/"
    assert client.get(path).json() == [shown, duty]
    assert client.put(path, {"rhythms": {"planted": "in-app"}}).json() == [{**shown, "rhythm": "in-app"}, duty]
    refused = client.put(path, {"rhythms": {"planted": "daily", "planted-urgent": "in-app"}})
    assert (refused.status_code, refused.json()["reasons"][0]["code"]) == (422, "rhythm-not-open")
    assert client.put(path, {"rhythms": {"planted": "hourly"}}).status_code == 400
    assert client.put(path, {}).status_code == 400
    assert client.get(path).json()[0]["rhythm"] == "in-app"


def test_quiet_hours(therapist, api):
    client, path = api(therapist), f"{INBOX}quiet-hours/"
    assert client.get(path).json() == {"starts": "20:00", "ends": "07:00"}
    own = {"starts": "21:15", "ends": "06:00"}
    assert client.put(path, own).json() == client.get(path).json() == own
    assert client.put(path, {"starts": "17:00", "ends": "08:00"}).status_code == 422
    for wrong in ({"starts": "17:00", "ends": None}, {"starts": "17:00"}, {"starts": "late", "ends": "07:00"}):
        assert client.put(path, wrong).status_code == 400
    assert client.get(path).json() == own
    none = {"starts": None, "ends": None}
    assert client.put(path, none).json() == client.get(path).json() == none


def test_marking_one_as_read(mine, therapist, api):
    response = api(therapist).post(f"{INBOX}{mine.pk}/read/")
    assert response.status_code == 200
    assert (response.json()["id"], response.json()["unread"]) == (mine.pk, False)
    mine.refresh_from_db()
    assert mine.read_at is not None


def test_marking_everything_as_read(mine, foreign, therapist, floater, api, at):
    assert api(therapist).post(f"{INBOX}read/").json() == {"read": 1}
    assert api(therapist).post(f"{INBOX}read/").json() == {"read": 0}
    assert list(Reminder.objects.visible_to(floater).unread(at)) == [foreign]


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

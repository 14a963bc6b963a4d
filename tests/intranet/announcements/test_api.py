"""Announcements in the API: the rules of the pages, in JSON."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.roles import Role
from intranet.announcements.models import Announcement, Receipt
from intranet.announcements.publishing import withdraw
from tests.intranet.announcements import factories

LIST = reverse("api:announcement-list")
NEW = {"title": "Flu clinic", "body": "<p>Come.</p><script>x</script>", "audience": ["therapist@mt-prospect"]}


@pytest.fixture
def asking(mt_prospect, manager, therapist, at) -> Announcement:
    return factories.announcement(by=manager, at=at, to=[mt_prospect], due_on=at.date() + timedelta(days=2))


def test_the_list_has_what_the_person_may_read(api, asking, mt_prospect, manager, therapist, assistant, at):
    factories.announcement(by=manager, at=at, to=[mt_prospect], roles=[Role.ASSISTANT], title="For assistants")
    withdraw(factories.announcement(by=manager, at=at, to=[mt_prospect]), by=manager, at=at)
    [found] = api(therapist).get(LIST).json()["results"]
    assert found == {
        "id": asking.pk,
        "title": asking.title,
        "body": "<p>Words.</p>",
        "author": "Dana Mockridge",
        "published_at": "2026-11-25T10:00:00-06:00",
        "last_day": None,
        "audience": [{"role": "therapist", "clinic": "mt-prospect"}],
        "attachments": [],
        "pinned": False,
        "urgent": False,
        "must_acknowledge": True,
        "due_on": "2026-11-27",
        "acknowledged_at": None,
        "edition": 1,
        "corrections": [],
        "token": 1,
    }


def test_reading_one_leaves_a_receipt(api, asking, therapist):
    assert api(therapist).get(reverse("api:announcement-detail", args=[asking.pk])).status_code == 200
    assert list(Receipt.objects.values_list("user", "kind")) == [(therapist.pk, "opened")]


def test_acknowledging_twice_changes_nothing(api, asking, therapist):
    address = reverse("api:announcement-acknowledge", args=[asking.pk])
    first, second = (api(therapist).post(address) for _ in range(2))
    assert (first.status_code, first.json()) == (200, second.json())
    assert first.json()["kind"] == "acknowledged"
    detail = api(therapist).get(reverse("api:announcement-detail", args=[asking.pk])).json()
    assert detail["acknowledged_at"] == first.json()["at"]


@pytest.mark.parametrize(("who", "status"), [("therapist", 200), ("manager", 403), ("assistant", 404)])
def test_who_may_acknowledge(request, api, asking, who: str, status: int):
    response = api(request.getfixturevalue(who)).post(reverse("api:announcement-acknowledge", args=[asking.pk]))
    assert response.status_code == status
    if status == 403:
        assert [reason["code"] for reason in response.json()["reasons"]] == ["not-addressed"]


@pytest.mark.parametrize(
    ("who", "status"),
    [("therapist", 403), ("front_desk", 403), ("manager", 201), ("clinical_lead", 201), ("administrator", 201)],
)
def test_who_may_publish(request, api, therapist, who: str, status: int):
    response = api(request.getfixturevalue(who)).post(LIST, NEW)
    assert (response.status_code, Announcement.objects.count()) == (status, int(status == 201))
    if status == 201:
        assert (response.json()["body"], response.json()["author"]) == (
            "<p>Come.</p>",
            request.getfixturevalue(who).name,
        )


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"audience": []}, 400, "audience"),
        ({"audience": ["therapist@oakbrook-terrace"]}, 400, "audience"),
        ({"audience": ["nobody"]}, 400, "audience"),
        ({"title": ""}, 400, "title"),
        ({"due_on": "9999-12-31"}, 400, "due_on"),
        ({"appears": "0001-01-01T00:00:00Z"}, 400, "appears"),
        ({"appears": "2026-11-26T07:00:00"}, 400, "appears"),
        ({"due_on": "2026-11-24"}, 422, "due"),
        ({"body": "<script>x</script>"}, 422, "body"),
        ({"audience": ["front_desk@mt-prospect"]}, 422, "audience"),
    ],
)
def test_what_is_wrong_is_named(api, manager, therapist, therapist_oakbrook, change: dict, status: int, field: str):
    response = api(manager).post(LIST, NEW | change)
    problem = response.json()
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    named = problem["errors"] if status == 400 else [reason["field"] for reason in problem["reasons"]]
    assert list(named) == [field]
    assert not Announcement.objects.exists()


def test_fields_that_are_not_offered_are_ignored(api, manager, therapist, clinical_lead):
    crafted = {"author": clinical_lead.pk, "published_at": "2020-01-01T00:00:00Z", "withdrawn_at": None}
    assert api(manager).post(LIST, NEW | crafted).status_code == 201
    news = Announcement.objects.get()
    assert (news.author, news.published_at.year) == (manager, 2026)


def test_more_rows_take_no_more_queries(api, mt_prospect, manager, therapist, at):
    client = api(therapist)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    factories.announcement(by=manager, at=at, to=[mt_prospect])
    with_one = queries()
    for _ in range(2):
        factories.announcement(by=manager, at=at, to=[mt_prospect], roles=[Role.THERAPIST, Role.MANAGER])
    assert queries() == with_one

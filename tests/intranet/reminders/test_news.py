"""What an open page asks for: counts and what is new, to the person alone, and as if nobody had asked."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from intranet.reminders.models import Reminder
from tests.intranet.reminders import factories

pytestmark = pytest.mark.django_db
NEWS = "/inbox/news/"
BY_ITSELF = {"X-By-Itself": "1"}  # as every open page says when nobody need be there
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock(at):
    with time_machine.travel(at, tick=False) as traveller:
        yield traveller


@pytest.fixture
def browser(clock, therapist, sign_in):
    return sign_in(therapist)


def titles(browser, since: datetime) -> list[str]:
    return [item["title"] for item in browser.get(NEWS, {"since": since.isoformat()}).json()["items"]]


def test_the_first_time_it_says_how_many_and_not_which(browser, therapist, at):
    factories.released(recipient=therapist, at=at - 15 * MINUTE)
    assert browser.get(NEWS).json() == {"unread": 1, "items": [], "at": "2026-11-25T16:00:00+00:00"}


def test_the_first_time_it_names_what_the_overlap_will_bring_again(browser, therapist, at):
    reminder = factories.released(recipient=therapist, at=at - 14 * MINUTE)
    assert [item["id"] for item in browser.get(NEWS).json()["items"]] == [reminder.pk]


def test_later_it_says_what_has_come_since(browser, therapist, at):
    old, new = (
        factories.released(recipient=therapist, at=at - minutes * MINUTE, title=title)
        for minutes, title in [(60, "old"), (1, "new")]
    )
    factories.released(recipient=therapist, at=at, title="read", read_at=at)
    factories.released(recipient=therapist, at=at, title="done", settled_at=at)
    factories.released(recipient=therapist, at=at - MINUTE, title="off", snoozed_until=at + MINUTE)
    answer = browser.get(NEWS, {"since": (at - 2 * MINUTE).isoformat()}).json()
    assert (answer["unread"], len(answer["items"])) == (2, 1)
    assert answer["items"] == [
        {"id": new.pk, "key": f"{new.pk}-20261125155900", "title": "new", "path": new.path},
    ]
    assert titles(browser, at - 90 * MINUTE) == ["new", "old"]
    assert old.path


def test_what_was_written_a_while_before_it_could_be_seen_is_not_missed(browser, therapist, at):
    factories.released(recipient=therapist, at=at - 10 * MINUTE, title="late commit")
    assert titles(browser, at) == ["late commit"]


def test_what_comes_back_is_news_under_another_key(browser, therapist, at, clock):
    reminder = factories.released(recipient=therapist, at=at - 60 * MINUTE, not_after=at + 600 * MINUTE)
    first = browser.get(NEWS, {"since": (at - 60 * MINUTE).isoformat()}).json()["items"]
    Reminder.objects.filter(pk=reminder.pk).update(snoozed_until=at + 30 * MINUTE)
    clock.move_to(at + 31 * MINUTE)
    second = browser.get(NEWS, {"since": (at + 30 * MINUTE).isoformat()}).json()["items"]
    assert [item["id"] for item in (*first, *second)] == [reminder.pk, reminder.pk]
    assert first[0]["key"] != second[0]["key"]


def test_five_at_most_and_as_many_queries_as_for_one(browser, therapist, at):
    numbers = []
    for rows in (1, 6):
        for number in range(rows):
            factories.released(recipient=therapist, at=at - MINUTE, title=f"row {number}")
        with CaptureQueriesContext(connection) as queries:
            found = titles(browser, at)
        numbers.append(len(queries))
    assert len(found) == 5
    assert numbers[0] == numbers[1]


def test_everybody_hears_of_their_own(clock, cast, sign_in, at):
    for name, person in cast.items():
        factories.released(recipient=person, at=at, title=f"canary-{name}.")
    for name, person in cast.items():
        assert titles(sign_in(person), at) == [f"canary-{name}."]


@pytest.mark.parametrize(
    "since", ["", "yesterday", "2026-11-25", "2026-11-25T10:00", "0001-01-01T00:00:00Z", "2026-99-99T00:00:00Z"]
)
def test_a_moment_that_is_none_counts_as_the_first_time(browser, therapist, at, since):
    factories.released(recipient=therapist, at=at - 15 * MINUTE)
    answer = browser.get(NEWS, {"since": since})
    assert (answer.status_code, answer.json()["items"], answer.json()["unread"]) == (200, [], 1)


def test_nothing_new_is_304_and_only_to_whom_it_belongs(browser, clock, therapist, floater, sign_in, client, at):
    factories.released(recipient=therapist, at=at)
    first = browser.get(NEWS)
    assert first["Cache-Control"] == "private, no-store"
    asked = {"HTTP_IF_NONE_MATCH": first["ETag"]}
    clock.shift(MINUTE)
    again = browser.get(NEWS, **asked)
    assert (again.status_code, again.content) == (304, b"")
    assert sign_in(floater).get(NEWS, **asked).status_code == 200
    stranger = client.get(NEWS, **asked)
    assert (stranger.status_code, stranger.url.split("?")[0]) == (302, reverse("account_login"))
    factories.released(recipient=therapist, at=at)
    assert browser.get(NEWS, **asked).json()["unread"] == 2


def test_asking_is_no_activity(clock, manager, sign_in, at):
    browser = sign_in(manager)
    browser.get("/inbox/")
    UserSession.objects.update_or_create(
        session_key=browser.session.session_key, defaults={"user": manager, "ip": "192.0.2.7", "last_seen_at": at}
    )
    for _ in range(59):
        clock.shift(MINUTE)
        assert browser.get(NEWS, headers=BY_ITSELF).status_code == 200
    assert browser.session["seen_at"] == at.timestamp()
    assert UserSession.objects.get(session_key=browser.session.session_key).last_seen_at == at
    clock.shift(MINUTE)
    assert browser.get(NEWS, headers=BY_ITSELF).status_code == 302
    assert SESSION_KEY not in browser.session


def test_being_here_is_activity(clock, manager, sign_in):
    browser = sign_in(manager)
    browser.get("/inbox/")
    for _ in range(3):
        clock.shift(50 * MINUTE)
        assert browser.get("/inbox/").status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_only_answers(browser, method):
    assert getattr(browser, method)(NEWS).status_code == 405

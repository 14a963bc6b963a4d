"""A session ends after a while without requests, and after a while at all; sooner for those with power over others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.sessions import in_words
from intranet.audit.models import Entry
from tests import factories
from tests.conftest import CAST
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
DEMANDING = {"manager", "manager_oakbrook", "clinical_lead", "administrator"}
PAGE = "/people/?q=avery"


@pytest.fixture
def clock(at: datetime) -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(at, tick=False) as coordinates:
        yield coordinates


def is_in(browser: Client) -> bool:
    return SESSION_KEY in browser.session


@pytest.mark.parametrize("who", CAST)
def test_who_is_out_after_an_hour_without_activity(
    clock: time_machine.Coordinates, cast: dict[str, User], sign_in: Callable[[User], Client], who: str
):
    browser = sign_in(cast[who])
    clock.shift(timedelta(minutes=60))
    assert browser.get(PAGE).status_code == (302 if who in DEMANDING else 200)


def test_each_request_gives_another_hour(clock: time_machine.Coordinates, manager: User, sign_in):
    browser = sign_in(manager)
    for _ in range(3):
        clock.shift(timedelta(minutes=59))
        assert browser.get(PAGE).status_code == 200


def test_after_twelve_hours_activity_does_not_help(clock: time_machine.Coordinates, manager: User, sign_in):
    browser = sign_in(manager)
    for _ in range(23):
        clock.shift(timedelta(minutes=30))
        assert browser.get(PAGE).status_code == 200
    clock.shift(timedelta(minutes=30))
    response = browser.get(PAGE, follow=True)
    assert "after 12 hours everybody with your role signs in again" in response.content.decode()


def test_a_confirmation_does_not_prolong_the_day(clock: time_machine.Coordinates, manager: User, sign_in):
    browser = sign_in(manager)
    for _ in range(24):
        clock.shift(timedelta(minutes=30))
        browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert not is_in(browser)


def test_others_stay_for_a_working_day_and_two_weeks(clock: time_machine.Coordinates, therapist: User, sign_in):
    browser = sign_in(therapist)
    for _ in range(14 * 3 - 1):
        clock.shift(timedelta(hours=8))
        assert browser.get(PAGE).status_code == 200
    clock.shift(timedelta(hours=8))
    assert "after 14 days" in browser.get(PAGE, follow=True).content.decode()
    other = sign_in(therapist)
    clock.shift(timedelta(hours=12))
    assert "after 12 hours without activity" in other.get(PAGE, follow=True).content.decode()


def test_the_trail_says_why(clock: time_machine.Coordinates, manager: User, sign_in):
    browser = sign_in(manager)
    clock.shift(timedelta(minutes=61))
    browser.get("/")
    entry = Entry.objects.get(verb="session.ended")
    assert entry.changes == {"why": "You were signed out after 60 minutes without activity."}


def test_the_door_says_why_and_leads_back(clock: time_machine.Coordinates, manager: User, sign_in):
    browser = sign_in(manager)
    clock.shift(timedelta(minutes=61))
    away = browser.get(PAGE)
    assert away.url == f"{reverse('account_login')}?next=/people/%3Fq%3Davery"
    door = browser.get(away.url)
    assert door.content.decode().count("You were signed out after 60 minutes without activity.") == 1
    back = browser.post(
        reverse("account_login"), {"login": manager.email, "password": PASSWORD, "next": "/people/?q=avery"}
    )
    assert back.url == PAGE
    assert browser.get(PAGE).status_code == 200


@pytest.mark.parametrize(
    ("came_from", "next_page"),
    [
        ("http://testserver/people/invitations/?page=2", "/people/invitations/%3Fpage%3D2"),
        ("https://evil.example/people/", "/"),
        ("", "/"),
    ],
)
def test_what_was_sent_leads_back_to_its_page(
    clock: time_machine.Coordinates, manager: User, sign_in, came_from: str, next_page: str
):
    browser = sign_in(manager)
    clock.shift(timedelta(minutes=61))
    response = browser.post("/inbox/read/", headers={"referer": came_from} if came_from else {})
    assert (response.status_code, response.url) == (302, f"{reverse('account_login')}?next={next_page}")


def test_a_program_gets_a_problem_document(clock: time_machine.Coordinates, manager: User, api):
    program = api(manager)
    assert program.get("/api/v1/clinics/").status_code == 200
    clock.shift(timedelta(minutes=61))
    response = program.get("/api/v1/clinics/")
    assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")


def test_open_pages_stay_open(clock: time_machine.Coordinates, manager: User, sign_in):
    browser = sign_in(manager)
    clock.shift(timedelta(minutes=61))
    assert browser.get("/health/live").status_code == 200
    assert not is_in(browser)


def test_the_role_that_is_given_shortens_it_with_the_next_request(
    clock: time_machine.Coordinates, therapist: User, sign_in
):
    browser = sign_in(therapist)
    clock.shift(timedelta(minutes=61))
    factories.as_if_always(therapist.memberships.all(), role="manager")
    assert browser.get(PAGE).status_code == 302


def test_the_session_is_written_once_a_minute(clock: time_machine.Coordinates, therapist: User, client: Client):
    client.post(reverse("account_login"), {"login": therapist.email, "password": PASSWORD})
    first = UserSession.objects.get().last_seen_at

    def writes() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        return [
            query["sql"]
            for query in queries.captured_queries
            if "session" in query["sql"] and query["sql"].startswith("UPDATE")
        ]

    clock.shift(timedelta(seconds=59))
    assert writes() == []
    clock.shift(timedelta(seconds=1))
    assert len(writes()) == 2
    assert writes() == []
    assert UserSession.objects.get().last_seen_at == first + timedelta(minutes=1)


def test_a_session_from_before_there_were_limits_begins_now(clock: time_machine.Coordinates, manager: User, sign_in):
    browser = sign_in(manager)
    session = browser.session
    del session["began_at"], session["seen_at"]
    session.save()
    assert browser.get(PAGE).status_code == 200
    clock.shift(timedelta(minutes=61))
    assert browser.get(PAGE).status_code == 302


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (60, "60 minutes"),
        (90, "90 minutes"),
        (120, "2 hours"),
        (720, "12 hours"),
        (1440, "24 hours"),
        (20160, "14 days"),
    ],
)
def test_lengths_in_words(minutes: int, words: str):
    assert in_words(timedelta(minutes=minutes)) == words

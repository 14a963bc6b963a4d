"""What is written saves itself, stops where nothing helps, and does not knock at a closed door: announcements, protocols."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from accounts.models import User
from intranet.announcements.models import Announcement
from tests.protocols import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAUSE = 3_100
KEEP = re.compile(r"^[^?]*/keep/$")


@pytest.fixture
def writing(visit: Callable[..., Page], live_server: Any, manager: User) -> Page:
    page = visit(manager)
    page.clock.install()
    page.goto(f"{live_server.url}/announcements/new/")
    return page


@pytest.fixture
def protocol(visit: Callable[..., Page], live_server: Any, therapist: User) -> Page:
    draft = factories.draft(by=therapist, at=timezone.now())
    page = visit(therapist)
    page.clock.install()
    page.goto(f"{live_server.url}/protocols/{draft.protocol.slug}/draft/")
    return page


def attempts_of(page: Page) -> list[str]:
    """The saves that the page tries from here on."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url) if KEEP.search(request.url) else None)
    return found


@pytest.fixture
def attempts(writing: Page) -> list[str]:
    return attempts_of(writing)


def write(page: Page, words: str) -> None:
    page.get_by_label("Title", exact=True).fill(words)
    page.clock.fast_forward(PAUSE)


def says(page: Page, words: str) -> None:
    expect(page.locator("[data-saved]")).to_contain_text(words)


def test_it_stops_where_the_draft_is_gone(writing: Page, attempts: list[str], complaints: list[str]) -> None:
    write(writing, "Half a thought")
    says(writing, "Draft saved")
    Announcement.objects.all().delete()
    write(writing, "A whole thought")
    says(writing, "sent or discarded meanwhile")
    write(writing, "Another thought")
    writing.clock.fast_forward(60_000)
    expect(writing.get_by_label("Title")).to_have_value("Another thought")
    assert len(attempts) == 2
    complaints.clear()


def test_it_stops_when_one_was_signed_out(writing: Page, attempts: list[str], complaints: list[str]) -> None:
    writing.context.clear_cookies(name="sessionid")
    write(writing, "Half a thought")
    says(writing, "you were signed out")
    writing.clock.fast_forward(60_000)
    expect(writing.get_by_label("Title")).to_have_value("Half a thought")
    says(writing, "you were signed out")
    assert (len(attempts), Announcement.objects.count()) == (1, 0)
    complaints.clear()


@pytest.mark.parametrize("what", ["writing", "protocol"])
def test_it_waits_longer_each_time_that_no_answer_comes(
    what: str, request: pytest.FixtureRequest, complaints: list[str]
) -> None:
    page: Page = request.getfixturevalue(what)
    attempts = attempts_of(page)
    page.route("**/keep/", lambda route: route.abort())
    write(page, "Half a thought")
    says(page, "it is tried again")
    for wait in (3_100, 6_100, 12_100):
        with page.expect_event("requestfailed"):
            page.clock.fast_forward(wait)
    says(page, "it is tried again")
    page.clock.fast_forward(20_000)  # of the 24 seconds
    says(page, "it is tried again")
    assert len(attempts) == 4
    complaints.clear()


def test_two_lost_answers_make_no_second_draft(writing: Page, complaints: list[str]) -> None:
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    writing.route("**/keep/", lose, times=2)
    write(writing, "Half a thought")
    says(writing, "it is tried again")
    with writing.expect_event("requestfailed"):
        writing.clock.fast_forward(3_100)
    write(writing, "A whole thought")
    writing.clock.fast_forward(6_100)
    says(writing, "Draft saved")
    assert Announcement.objects.get().title == "A whole thought"
    complaints.clear()


def test_a_protocol_stops_when_one_was_signed_out(protocol: Page, complaints: list[str]) -> None:
    attempts = attempts_of(protocol)
    protocol.context.clear_cookies(name="sessionid")
    write(protocol, "A new title")
    says(protocol, "you were signed out")
    write(protocol, "Another title")
    protocol.clock.fast_forward(60_000)
    expect(protocol.get_by_label("Title", exact=True)).to_have_value("Another title")
    says(protocol, "you were signed out")
    assert len(attempts) == 1
    complaints.clear()


@pytest.mark.parametrize("status", [403, 404])
def test_a_protocol_stops_where_it_is_refused(protocol: Page, status: int, complaints: list[str]) -> None:
    attempts = attempts_of(protocol)
    protocol.route("**/keep/", lambda route: route.fulfill(status=status, body="<p>No.</p>"))
    write(protocol, "A new title")
    says(protocol, "Press Save draft to see why")
    write(protocol, "Another title")
    protocol.clock.fast_forward(60_000)
    says(protocol, "Press Save draft to see why")
    assert len(attempts) == 1
    complaints.clear()


def test_a_protocol_with_something_missing_waits_for_the_next_word(protocol: Page) -> None:
    attempts = attempts_of(protocol)
    write(protocol, "")
    says(protocol, "Not saved: something is missing or too long.")
    protocol.clock.fast_forward(60_000)
    says(protocol, "Not saved: something is missing or too long.")
    assert len(attempts) == 1
    write(protocol, "A new title")
    says(protocol, "Saved ")
    assert len(attempts) == 2

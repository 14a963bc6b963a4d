"""From a due reminder to a read one: the tick, the e-mail, the inbox, with and without script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from tests.factories import PASSWORD
from tests.intranet.reminders import factories
from tests.journeys.conftest import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def three(therapist: User) -> None:
    now = timezone.now()
    for number, words in enumerate(["First thing", "Second thing", "Third thing"]):
        factories.released(
            recipient=therapist, at=now - timedelta(minutes=number), title=words, path="/inbox/?show=unread"
        )


@pytest.fixture
def inbox(visit: Callable[..., Page], therapist: User, live_server: Any, three: None) -> Page:
    page = visit(therapist)
    page.goto(f"{live_server.url}/inbox/")
    return page


def test_marking_as_read_changes_the_row_and_the_bell_in_place(inbox: Page) -> None:
    expect(inbox.get_by_role("link", name="Inbox, 3 unread")).to_be_visible()
    inbox.evaluate("window.notReloaded = true")
    inbox.get_by_role("button", name="Mark “Second thing” as read").click()
    expect(inbox.get_by_role("link", name="Inbox, 2 unread")).to_be_visible()
    expect(inbox.get_by_role("button", name="Mark “Second thing” as read")).to_have_count(0)
    assert inbox.evaluate("document.activeElement.closest('li')?.id ?? ''").startswith("reminder-")
    inbox.get_by_role("button", name="Mark all as read").click()
    expect(inbox.get_by_role("button", name="Mark all as read")).to_have_count(0)
    expect(inbox.get_by_role("link", name="Inbox", exact=True).first).to_be_visible()
    assert inbox.evaluate("window.notReloaded") is True


def test_opening_one_goes_there_and_it_is_read(inbox: Page) -> None:
    inbox.get_by_role("button", name="First thing", exact=True).click()
    inbox.wait_for_url("**/inbox/?show=unread")
    expect(inbox.get_by_text("First thing")).to_have_count(0)
    expect(inbox.get_by_role("button", name="Second thing", exact=True)).to_be_visible()


def test_it_says_why(inbox: Page) -> None:
    why = inbox.get_by_text("You get this because a test wants it.").first
    expect(why).to_be_hidden()
    inbox.locator(".inbox .lead").first.click()
    expect(why).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("show", ["", "?show=unread"])
def test_the_inbox_is_accessible(
    inbox: Page, live_server: Any, axe: Callable[[Page], list[str]], scheme: Any, show: str
) -> None:
    inbox.emulate_media(color_scheme=scheme)
    inbox.goto(f"{live_server.url}/inbox/{show}")
    assert axe(inbox) == []
    inbox.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert axe(inbox) == []


def test_everything_works_without_script(browser: Browser, therapist: User, live_server: Any, three: None) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/inbox/")
    page.get_by_label("Email").fill(therapist.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto(f"{live_server.url}/inbox/?show=unread")
    page.get_by_role("button", name="Mark “Second thing” as read").click()
    page.wait_for_url("**/inbox/?show=unread")
    expect(page.get_by_text("Second thing")).to_have_count(0)
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_role("heading", name="Nothing unread")).to_be_visible()
    expect(page.get_by_role("button", name="Mark all as read")).to_have_count(0)
    context.close()

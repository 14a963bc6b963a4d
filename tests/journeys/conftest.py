"""Journeys run in a real Chromium against a real server. A page that logs an error or breaks the CSP fails its test."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.signals import request_finished, request_started
from django.utils import timezone
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from accounts.models import User
from intranet.core.time import monday_of
from tests.browser import MISSING, browser_must_be_there, find_browser
from tests.factories import PASSWORD

# Playwright runs an event loop in the test's thread; Django's guard takes that for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 1000}


def next_monday() -> date:
    return monday_of(timezone.localdate()) + timedelta(days=7)


def press(page: Page, button: str | re.Pattern[str]) -> None:
    """Press it, and wait until what it sends is done and the page that follows is there."""
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.get_by_role("button", name=button).click()
    page.wait_for_load_state("networkidle")


def write(page: Page, section: str, words: str) -> None:
    """Put words into a section of the editor, in the place of those that it has."""
    box = page.get_by_role("textbox", name=section, exact=True)
    box.click()
    page.keyboard.press("Control+A")
    page.keyboard.type(words)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    path = find_browser()
    if path is None:
        (pytest.fail if browser_must_be_there() else pytest.skip)(MISSING)
    return {
        "executable_path": str(path),
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    return {"viewport": DESKTOP, "locale": "en-US", "timezone_id": "America/New_York"}


class Underway:
    """How many requests the server of the tests is answering."""

    def __init__(self) -> None:
        self.number = 0
        self.changed = threading.Condition()
        request_started.connect(self._begun)
        request_finished.connect(self._done)

    def _begun(self, **_: Any) -> None:
        self._count(1)

    def _done(self, **_: Any) -> None:
        self._count(-1)

    def _count(self, change: int) -> None:
        with self.changed:
            self.number += change
            self.changed.notify_all()

    def wait(self, seconds: float) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: self.number <= 0, seconds)


@pytest.fixture(scope="session")
def underway() -> Underway:
    return Underway()


@pytest.fixture(autouse=True)
def _nothing_underway(transactional_db: None, underway: Underway) -> Iterator[None]:
    """Pages ask for more by themselves, up to the moment at which they are closed: their answers still read tables that
    the end of the test empties."""
    yield
    assert underway.wait(20), "A request of a page that is closed is not answered."


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about. Empty at the end of every journey."""
    return []


@pytest.fixture
def watch(complaints: list[str]) -> Iterator[Callable[[BrowserContext], BrowserContext]]:
    """Writes down what the pages of a context log and raise; the end of the test looks at it."""

    def note(message: ConsoleMessage) -> None:
        # A refused form answers 4xx on purpose and Chromium logs that as an error of the network.
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def watch_page(page: Page) -> None:
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))

    def watch_context(context: BrowserContext) -> BrowserContext:
        context.on("page", watch_page)
        return context

    yield watch_context
    assert complaints == []


@pytest.fixture
def watched(context: BrowserContext, watch: Callable[[BrowserContext], BrowserContext]) -> BrowserContext:
    """A context whose every page is watched."""
    return watch(context)


@pytest.fixture
def visit(
    new_context: Callable[..., BrowserContext], watch: Callable[[BrowserContext], BrowserContext], live_server: Any
) -> Callable[[User], Page]:
    """Sign a person in through the sign-in page and return the page: in a browser of their own, or `beside` another."""

    def enter(person: User, *, viewport: dict[str, int] | None = None, beside: Page | None = None) -> Page:
        page = (beside.context if beside else watch(new_context())).new_page()
        if viewport:
            page.set_viewport_size(viewport)  # type: ignore[arg-type]
        page.set_default_timeout(20_000)
        page.goto(f"{live_server.url}/accounts/login/")
        page.get_by_label("Email").fill(person.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda address: "/accounts/login/" not in address)
        return page

    return enter


SETTLED = """Promise.allSettled(document.getAnimations()
    .filter(animation => animation.effect.getComputedTiming().endTime < Infinity).map(animation => animation.finished))"""


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """What axe finds on a page, one line each; an empty list is the only good answer."""
    checker = Axe()

    def run(page: Page) -> list[str]:
        # A colour in the middle of its transition has a contrast that nobody reads.
        page.evaluate(SETTLED)
        violations = checker.run(page).response["violations"]
        return [
            f"{found['id']}: {found['help']} at {[node['target'] for node in found['nodes'][:3]]}"
            for found in violations
        ]

    return run

"""Everybody signs in and finds their own day; nothing overflows on a phone, axe finds nothing in either theme."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import Clinic, User
from tests import factories
from tests.journeys.conftest import DESKTOP, PHONE
from tests.protocols import factories as protocols
from tests.scheduling import factories as scheduling

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("who", ["therapist", "front_desk", "manager", "clinical_lead", "administrator"])
def test_home_in_both_themes_and_sizes(
    request: pytest.FixtureRequest,
    visit: Callable[..., Page],
    axe: Callable[[Page], list[str]],
    mt_prospect: Clinic,
    floater: User,
    who: str,
):
    person, lead = request.getfixturevalue(who), request.getfixturevalue("clinical_lead")
    protocols.published(by=floater, lead=lead, at=timezone.now())
    scheduling.published(clinic=mt_prospect, staff=floater, day=timezone.localdate(), times="0-12")
    page = visit(person)
    expect(page.get_by_role("heading", level=1)).to_contain_text(person.given_name)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        for size in (DESKTOP, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            assert axe(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True


def test_a_stranger_meets_the_door_and_a_wrong_password_a_sentence(
    watched: BrowserContext, live_server: Any, therapist: User
):
    page = watched.new_page()
    page.goto(f"{live_server.url}/protocols/")
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    page.get_by_label("Email").fill(therapist.email)
    page.get_by_label("Password", exact=True).fill("something else entirely")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("That email and password do not match").first).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value(therapist.email)


def test_a_role_taken_away_closes_its_pages_with_the_next_click(
    visit: Callable[..., Page], live_server: Any, manager: User
):
    page = visit(manager)
    assert page.goto(f"{live_server.url}/protocols/report/").status == 200  # type: ignore[union-attr]
    factories.as_if_never(manager.memberships.all())
    assert page.goto(f"{live_server.url}/protocols/report/").status == 403  # type: ignore[union-attr]


def test_reading_with_the_keyboard_alone(
    visit: Callable[..., Page], therapist: User, floater: User, clinical_lead: User
):
    version = protocols.published(by=floater, lead=clinical_lead, at=timezone.now(), title="Keys only")
    page = visit(therapist)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == "Keys only":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"In force: version {version.number}")).to_be_visible()

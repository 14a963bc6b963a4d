"""Somebody starts: the checklist, one thing done, and the manager sees it. And a colleague's number in two taps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Clinic, Profession, User
from accounts.roles import Role
from tests import factories
from tests.journeys.conftest import DESKTOP, PHONE
from tests.scheduling import factories as scheduling

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def nina(mt_prospect: Clinic) -> User:
    """Started yesterday at the front desk."""
    person = factories.person(name="Nina Newcomer", email="nina@clinic.example", profession=Profession.DESK)
    yesterday = timezone.localdate() - timedelta(days=1)
    factories.membership(user=person, role=Role.FRONT_DESK, clinic=mt_prospect, start=yesterday)
    return person


def looked_at(page: Page, axe: Callable[[Page], list[str]]) -> None:
    for scheme, size in (("light", PHONE), ("dark", DESKTOP)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True


def test_a_starter_does_what_is_open_and_the_manager_sees_it(
    visit: Callable[..., Page], live_server: Any, nina: User, manager: User, axe: Callable[[Page], list[str]]
):
    factories.credential_type(name="HIPAA training")
    page = visit(nina)
    card = page.get_by_role("region", name="Your first weeks")
    expect(card).to_contain_text("1 of 3")
    card.get_by_role("link", name="The whole checklist").click()
    expect(page.get_by_role("heading", name="1 of 3 done")).to_be_visible()
    looked_at(page, axe)
    page.get_by_role("link", name="Give your work phone and languages").click()
    page.get_by_label("Work phone").fill("call me")
    page.get_by_label("Languages").fill("english, polish")
    page.get_by_label("Languages").press("Enter")
    expect(page.get_by_text("Write the number with its area code").first).to_be_visible()
    expect(page.get_by_label("Languages")).to_have_value("english, polish")
    looked_at(page, axe)
    page.get_by_label("Work phone").fill("847-555-0142")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nina Newcomer")
    page.goto(live_server.url)
    expect(page.get_by_role("region", name="Your first weeks")).to_contain_text("2 of 3")

    page = visit(manager)
    starters = page.get_by_role("region", name="New starters")
    expect(starters).to_contain_text("2 of 3")
    starters.get_by_role("link", name="All, with what is open").click()
    row = page.get_by_role("row", name="Nina Newcomer")
    summary = row.locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(row.get_by_text("HIPAA training")).to_be_visible()
    expect(row.get_by_text("Not on file")).to_be_visible()
    looked_at(page, axe)


def test_a_colleagues_number_in_two_taps(
    visit: Callable[..., Page], mt_prospect: Clinic, therapist: User, floater: User, axe: Callable[[Page], list[str]]
):
    User.objects.filter(pk=floater.pk).update(phone="847-555-0142")
    scheduling.published(clinic=mt_prospect, staff=floater, day=timezone.localdate(), times="0-12")
    page = visit(therapist, viewport=PHONE)
    page.get_by_role("region", name="On today").get_by_role("link", name="Theo Fictus").click()
    call = page.get_by_role("link", name="847-555-0142").first
    expect(call).to_have_attribute("href", "tel:8475550142")
    assert axe(page) == []


def test_the_directory_is_narrowed_without_leaving_the_page(
    visit: Callable[..., Page], live_server: Any, cast: dict[str, User], axe: Callable[[Page], list[str]]
):
    User.objects.filter(name="Theo Fictus").update(languages=["English", "Polish"])
    page = visit(cast["therapist"], viewport=PHONE)
    page.goto(f"{live_server.url}/people/")
    count = page.locator("#found")
    expect(count).to_have_text("10 people")
    page.locator("summary", has_text="Filter").click()
    page.get_by_label("Language").select_option("Polish")
    expect(count).to_have_text("1 person")
    expect(page.get_by_role("link", name="Theo Fictus")).to_be_visible()
    assert "language=Polish" in page.url
    looked_at(page, axe)
    page.goto(f"{live_server.url}/people/?q=Testwel+Avry")
    expect(page.get_by_role("heading", name="Did you mean one of these?")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("link", name="Avery Testwell").press("Enter")
    with page.expect_download() as found:
        page.get_by_role("link", name="Save to your contacts (vCard)").click()
    assert found.value.suggested_filename == "avery-testwell.vcf"

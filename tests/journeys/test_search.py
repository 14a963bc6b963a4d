"""Searching in a real browser: with the keyboard alone, while one types, and with the help of the clinical lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from intranet.search.models import Miss
from tests.journeys.conftest import PHONE
from tests.protocols import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shelf(approver: User, clinical_lead: User) -> None:
    for title in ("Dry needling", "Positional vertigo"):
        factories.published(by=approver, lead=clinical_lead, at=timezone.now(), title=title, body="<p>Many words.</p>")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))


def test_with_the_keyboard_alone(visit: Callable[..., Page], therapist: User, shelf: None, live_server: Any) -> None:
    page = visit(therapist)
    page.goto(f"{live_server.url}/schedule/")
    page.keyboard.press("/")
    page.keyboard.type("words")
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_have_text("2 results for “words”")
    page.keyboard.press("/")
    assert focused(page) == "q"
    page.keyboard.press("ArrowDown")
    first = focused(page)
    page.keyboard.press("ArrowDown")
    second = focused(page)
    assert {first, second} == {"Dry needling", "Positional vertigo"}
    page.keyboard.press("ArrowDown")
    assert focused(page) == second
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert focused(page) == "q"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(first)


def test_results_come_while_one_types(
    visit: Callable[..., Page], therapist: User, shelf: None, live_server: Any
) -> None:
    page = visit(therapist)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(f"{live_server.url}/search/")
    assert focused(page) == "q"
    page.keyboard.type("dry nee")
    expect(page.locator("#found")).to_have_text("1 result for “dry nee”")
    expect(page).to_have_url(f"{live_server.url}/search/?q=dry%20nee")
    assert focused(page) == "q"
    page.keyboard.type("delnig")
    expect(page.locator("#results")).to_contain_text("Did you mean dry needling?")
    page.get_by_role("link", name="Attachments 0").click()
    expect(page.get_by_role("heading", name="Nothing of this kind")).to_be_visible()
    page.get_by_role("link", name="Show everything").click()
    expect(page.get_by_role("link", name="Dry needling", exact=True)).to_be_visible()


def test_what_is_only_typed_is_looked_for_as_well(
    visit: Callable[..., Page], therapist: User, shelf: None, live_server: Any
) -> None:
    """Nobody presses Enter where results come by themselves. What was typed on the way to it is not counted."""
    page = visit(therapist)
    for address, words in (("/search/", "head swims"), ("/protocols/", "ice bath")):
        page.goto(f"{live_server.url}{address}")
        page.locator("#q").press_sequentially(words[:4])
        expect(page.locator("#results")).to_contain_text(words[:4])
        with page.expect_response(lambda answer: "rests=on" in answer.url) as counted:
            page.locator("#q").press_sequentially(words[4:])
        assert counted.value.status == 204
        expect(page.locator("#results")).to_contain_text(f"“{words}”")
    assert sorted(Miss.objects.values_list("text", "times")) == [("head swims", 1), ("ice bath", 1)]


def test_the_box_of_the_top_bar_shows_results_on_any_page(
    visit: Callable[..., Page], therapist: User, shelf: None, live_server: Any, axe: Callable[[Page], list[str]]
) -> None:
    page = visit(therapist)
    page.goto(f"{live_server.url}/protocols/")
    panel, said = page.locator("#quick-results"), page.locator("#quick-said")
    page.keyboard.press("/")
    page.keyboard.type("words")
    expect(said).to_have_text("2 results. The arrow keys lead to them.")
    expect(panel.get_by_role("link", name="Dry needling")).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert (focused(page), page.locator("#quick").input_value()) == ("quick", "words")
    page.keyboard.press("ArrowDown")
    expect(panel).to_be_visible()
    page.get_by_role("heading", level=1).click()
    expect(panel).to_be_hidden()
    page.locator("#quick").fill("dry nedling")
    expect(panel).to_contain_text("This is for dry needling")
    page.locator("#quick").press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dry needling")
    page.locator("#quick").fill("banana")
    expect(panel).to_contain_text("Nothing found for “banana”")
    page.locator("#quick").fill("")
    expect(panel).to_be_hidden()


def test_the_box_opens_on_a_phone_and_closes_again(
    visit: Callable[..., Page], therapist: User, shelf: None, live_server: Any, axe: Callable[[Page], list[str]]
) -> None:
    page = visit(therapist, viewport=PHONE)
    page.goto(f"{live_server.url}/schedule/")
    opener, box = page.locator("[data-search]"), page.locator("#quick")
    expect(box).to_be_hidden()
    opener.click()
    expect(box).to_be_focused()
    page.keyboard.type("dry")
    link = page.locator("#quick-results").get_by_role("link", name="Dry needling")
    expect(link).to_be_visible()
    assert (axe(page), page.evaluate("document.documentElement.scrollWidth - innerWidth")) == ([], 0)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    page.keyboard.type(" needling")
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dry needling")


def test_without_script_the_box_leads_to_the_results(
    new_context: Callable[..., Any], visit: Callable[..., Page], therapist: User, shelf: None, live_server: Any
) -> None:
    cookies = visit(therapist).context.cookies()
    context = new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{live_server.url}/protocols/")
    page.get_by_role("searchbox", name="Search protocols, people, announcements").fill("needling")
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_have_text("1 result for “needling”")


def test_a_slash_in_the_empty_box_of_the_search_page_is_no_word(
    visit: Callable[..., Page], therapist: User, live_server: Any
) -> None:
    page = visit(therapist)
    page.goto(f"{live_server.url}/search/")
    page.keyboard.press("/")
    page.keyboard.type("and/or")
    expect(page.locator("#q")).to_have_value("and/or")


def test_what_is_looked_for_in_vain_becomes_an_alias(
    visit: Callable[..., Page], therapist: User, clinical_lead: User, shelf: None, live_server: Any
) -> None:
    reader, lead = visit(therapist), visit(clinical_lead)
    reader.goto(f"{live_server.url}/search/?q=head+swims")
    expect(reader.get_by_role("heading", name="Nothing found")).to_be_visible()
    lead.goto(f"{live_server.url}/search/words/")
    lead.get_by_role("link", name="Make an alias of head swims").click()
    lead.get_by_label("Also find").fill("vertigo")
    lead.get_by_role("button", name="Save").click()
    expect(lead.get_by_role("heading", name="Everybody found something")).to_be_visible()
    reader.reload()
    expect(reader.get_by_role("link", name="Positional vertigo")).to_be_visible()

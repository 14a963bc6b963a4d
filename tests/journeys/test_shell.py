"""What script adds to the shell, in a real browser: focus, menus, boxes, toasts, and what happens when a request fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from intranet.core.navigation import Item, Place, _registered
from tests.factories import PASSWORD
from tests.journeys import shell_pages
from tests.journeys.conftest import PHONE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.journeys.shell_pages"),
]


@pytest.fixture
def shell(visit: Callable[..., Page], therapist: User, live_server: Any) -> Page:
    page = visit(therapist)
    page.goto(f"{live_server.url}/test-shell/")
    return page


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))


def test_the_theme_changes_at_once_and_stays(shell: Page) -> None:
    root = shell.locator("html")
    shell.emulate_media(color_scheme="light")
    with shell.expect_response("**/theme/"):
        shell.get_by_role("button", name="Switch light or dark").click()
    expect(root).to_have_attribute("data-theme", "dark")
    shell.reload()
    expect(root).to_have_attribute("data-theme", "dark")
    with shell.expect_response("**/theme/"):
        shell.get_by_role("button", name="Switch light or dark").click()
    expect(root).to_have_attribute("data-theme", "light")


def test_a_menu_closes_on_escape_and_on_a_click_elsewhere(shell: Page) -> None:
    menu, summary = shell.locator("details.menu"), shell.locator("details.menu summary")
    summary.click()
    expect(shell.get_by_role("button", name="Sign out")).to_be_visible()
    shell.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    assert shell.evaluate("document.activeElement.tagName") == "SUMMARY"
    summary.click()
    shell.get_by_role("heading", level=1).click()
    expect(menu).not_to_have_attribute("open", "")


def test_a_slash_goes_to_the_search_but_not_from_a_field(shell: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name, item in _registered.items() if item.place == Place.SEARCH]:
        monkeypatch.delitem(_registered, name)
    monkeypatch.setitem(_registered, "core:more", Item("Search", "search", "core:more", place=Place.SEARCH))
    shell.reload()
    shell.locator("#words").fill("")
    shell.locator("#words").press("/")
    expect(shell.locator("#words")).to_have_value("/")
    shell.locator("#words").blur()
    shell.keyboard.press("/")
    assert shell.evaluate("document.activeElement.name") == "q"


def test_a_dialog_takes_the_focus_and_gives_it_back(shell: Page) -> None:
    shell.locator("#asks").click()
    expect(shell.get_by_role("dialog", name="Publish 20 changes?")).to_be_visible()
    assert focused(shell) == "question-title"
    shell.keyboard.press("Escape")
    assert focused(shell) == "asks"
    shell.locator("#asks").click()
    shell.get_by_role("button", name="Keep the draft").click()
    assert focused(shell) == "asks"


def test_a_sheet_stands_beside_the_page_and_over_it_on_a_phone(shell: Page) -> None:
    shell.locator("#edits").click()
    assert shell.evaluate("document.getElementById('sheet').matches(':modal')") is False
    shell.keyboard.press("Escape")
    expect(shell.locator("#sheet")).to_be_hidden()
    assert focused(shell) == "edits"
    shell.set_viewport_size(PHONE)  # type: ignore[arg-type]
    shell.locator("#edits").click()
    assert shell.evaluate("document.getElementById('sheet').matches(':modal')") is True


def test_an_address_can_open_a_dialog(shell: Page, live_server: Any) -> None:
    shell.goto(f"{live_server.url}/test-shell/#question")
    shell.reload()
    expect(shell.get_by_role("dialog", name="Publish 20 changes?")).to_be_visible()


def test_toasts_say_what_happened_and_can_be_dismissed(shell: Page, live_server: Any) -> None:
    shell.goto(f"{live_server.url}/test-shell/tell/")
    good, bad = shell.locator(".toast[data-tone=ok]"), shell.locator(".toast[data-tone=danger]")
    expect(good).to_contain_text("Shift moved to Noor Samplesi.")
    expect(bad).to_contain_text("Bea Dummond was not told.")
    good.get_by_role("button", name="Dismiss").click()
    expect(good).to_have_count(0)
    expect(bad).to_have_count(1)


def test_the_focus_stays_on_what_was_replaced(shell: Page) -> None:
    shell.locator("#stay").focus()
    shell.keyboard.press("Enter")
    expect(shell.locator("#stay")).to_have_text("Done")
    expect(shell.locator("#stay")).to_be_focused()


def test_the_focus_goes_to_the_next_row_when_its_own_is_gone(shell: Page) -> None:
    shell.locator("#take-two").focus()
    shell.keyboard.press("Enter")
    expect(shell.locator("#row-two")).to_have_count(0)
    expect(shell.locator("#take-three")).to_be_focused()
    shell.keyboard.press("Enter")
    expect(shell.locator("#take-one")).to_be_focused()
    shell.keyboard.press("Enter")
    expect(shell.get_by_role("heading", name="Waiting")).to_be_focused()


def test_a_refused_form_keeps_its_text_and_reads_its_errors(shell: Page) -> None:
    shell.get_by_label("Text").fill("far too long")
    shell.get_by_role("button", name="Save").click()
    expect(shell.locator("#note .error-summary")).to_be_focused()
    expect(shell.get_by_label("Text")).to_have_value("far too long")
    expect(shell.locator(".toast")).to_have_count(0)
    shell.get_by_label("Text").fill("short")
    shell.get_by_role("button", name="Save").click()
    expect(shell.locator("#note")).to_have_text("Saved")


def test_a_fault_says_so_keeps_the_text_and_offers_to_try_again(shell: Page, complaints: list[str]) -> None:
    shell_pages.answers["shaky"] = 500
    shell.locator("#words").fill("precious")
    shell.get_by_role("button", name="Send").click()
    expect(shell.locator(".toast")).to_contain_text("Something broke on our side. Nothing was saved")
    expect(shell.locator("#words")).to_have_value("precious")
    shell_pages.answers["shaky"] = 200
    shell.get_by_role("button", name="Try again").click()
    expect(shell.locator("#shaky")).to_have_text("Sent precious")
    expect(shell.locator(".toast")).to_have_count(0)
    assert [line for line in complaints if "500" not in line] == []
    complaints.clear()


def test_a_lost_connection_says_so_and_keeps_the_text(shell: Page, complaints: list[str]) -> None:
    shell_pages.answers["shaky"] = 200
    shell.locator("#words").fill("precious")
    shell.context.set_offline(True)
    shell.get_by_role("button", name="Send").click()
    expect(shell.locator(".toast")).to_contain_text("Not saved: the server did not answer. Your text is still here.")
    shell.context.set_offline(False)
    shell.get_by_role("button", name="Try again").click()
    expect(shell.locator("#shaky")).to_have_text("Sent precious")
    complaints.clear()


def test_somebody_signed_out_elsewhere_signs_in_again_and_loses_nothing(
    shell: Page, therapist: User, visit: Callable[..., Page]
) -> None:
    shell.locator("#draft").fill("precious")
    shell.context.clear_cookies(name="sessionid")
    shell.get_by_role("button", name="Keep").click()
    expect(shell.get_by_role("dialog", name="You were signed out")).to_be_visible()
    expect(shell.locator("#draft")).to_have_value("precious")
    visit(therapist, beside=shell).close()
    shell.get_by_role("button", name="Repeat it").click()
    expect(shell.locator("#away")).to_have_text("Kept")


def test_the_audience_is_counted_while_it_is_chosen(shell: Page) -> None:
    count = shell.locator("[data-audience-count]")
    expect(count).to_have_text("0 people")
    shell.get_by_label("Aides").check()
    expect(count).to_have_text("1 person")
    shell.get_by_label("Therapists").check()
    expect(count).to_have_text("13 people")


def test_the_board_is_one_tab_stop_with_arrows_inside(shell: Page) -> None:
    stops = "[...document.querySelectorAll('.board td button')].filter((b) => b.tabIndex === 0).map((b) => b.id)"
    assert shell.evaluate(stops) == ["a1"]
    shell.locator("#a1").focus()
    for key, place in [
        ("ArrowRight", "a2"),
        ("ArrowRight", "a2"),
        ("ArrowDown", "n2"),
        ("ArrowDown", "n2b"),
        ("ArrowDown", "b2"),
        ("ArrowLeft", "b1"),
        ("ArrowUp", "a1"),
    ]:
        shell.keyboard.press(key)
        assert focused(shell) == place
    assert shell.evaluate(stops) == ["a1"]


def test_a_group_of_the_board_folds(shell: Page) -> None:
    group = shell.get_by_role("button", name="Therapists")
    group.click()
    expect(group).to_have_attribute("aria-expanded", "false")
    expect(shell.locator("#a1")).to_be_hidden()
    group.click()
    expect(shell.locator("#a1")).to_be_visible()


def test_without_script_the_theme_and_the_menu_still_work(
    browser: Any, browser_context_args: dict[str, Any], live_server: Any, therapist: User
) -> None:
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_label("Email").fill(therapist.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto(f"{live_server.url}/test-shell/")
    page.get_by_role("button", name="Switch light or dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.url == f"{live_server.url}/test-shell/"
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    context.close()

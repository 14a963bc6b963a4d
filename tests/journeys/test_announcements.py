"""A manager announces, a therapist acknowledges, the manager sees who has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from intranet.announcements.models import Announcement

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_announce_acknowledge_and_count(
    visit: Callable[..., Page],
    live_server: Any,
    manager: User,
    therapist: User,
    floater: User,
    axe: Callable[[Page], list[str]],
):
    page = visit(manager)
    page.goto(f"{live_server.url}/announcements/new/")
    assert axe(page) == []
    page.get_by_label("Title").fill("New sharps containers")
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("New sharps containers")
    message = page.get_by_role("textbox", name="Message")
    message.fill("Close them at three quarters.")
    message.press("Enter")
    page.keyboard.type("- Write the date on the lid")
    preview = page.get_by_role("complementary", name="Preview")
    expect(preview.get_by_role("listitem")).to_have_text("Write the date on the lid")
    page.get_by_role("checkbox", name="Therapist").first.check()
    expect(page.locator("#reach")).to_have_text("2 people")
    page.get_by_role("button", name="Save draft").click()
    expect(message).to_contain_text("Write the date on the lid")
    assert Announcement.objects.get().is_draft
    assert axe(page) == []
    page.get_by_label("People must acknowledge it").check()
    page.get_by_label("Acknowledge by").fill((timezone.localdate() + timedelta(days=3)).isoformat())
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("heading", level=1, name="New sharps containers")).to_be_visible()
    assert Announcement.objects.get().must_acknowledge is True

    reader = visit(therapist)
    reader.get_by_role("link", name="New sharps containers").first.click()
    reader.get_by_role("button", name="I have read this").click()
    expect(reader.locator(".badge", has_text="Acknowledged")).to_be_visible()
    assert axe(reader) == []

    page = visit(manager)
    page.goto(f"{live_server.url}{Announcement.objects.get().get_absolute_url()}receipts/")
    expect(page.get_by_role("heading", level=1, name="1 of 2 read, 1 acknowledged")).to_be_visible()
    expect(page.get_by_role("row", name=floater.name)).to_contain_text("Not yet")
    assert axe(page) == []

    page.goto(f"{live_server.url}{Announcement.objects.get().get_absolute_url()}correct/")
    assert axe(page) == []
    page.get_by_role("textbox", name="Message").fill("Close them when they are half full.")
    page.get_by_label("What has changed").fill("Half, not three quarters.")
    page.get_by_role("button", name="Correct it").click()
    expect(page.get_by_role("alert")).to_contain_text("Decide whether the receipts so far still count.")
    page.get_by_label("Ask everybody again").check()
    page.get_by_role("button", name="Correct it").click()
    expect(page.get_by_text("Half, not three quarters.")).to_be_visible()

    reader = visit(therapist)
    reader.get_by_role("link", name="New sharps containers").first.click()
    expect(reader.get_by_text("asks you to acknowledge this once more")).to_be_visible()
    reader.get_by_role("button", name="I have read this").click()
    expect(reader.locator(".badge", has_text="Acknowledged")).to_be_visible()


def test_a_title_near_its_limit_is_counted_and_keeps_its_end(
    visit: Callable[..., Page], live_server: Any, manager: User, axe: Callable[[Page], list[str]]
) -> None:
    page = visit(manager)
    page.goto(f"{live_server.url}/announcements/new/")
    title = page.get_by_label("Title")
    shown = title.locator("xpath=following-sibling::p")
    title.fill("x" * 139)
    expect(shown).to_be_hidden()
    title.fill("x" * 141)
    expect(shown).to_have_text("19 characters left.")
    title.fill("x" * 172)
    expect(shown).to_have_text("12 characters too long. Nothing is cut: shorten it before you send it.")
    expect(page.locator("[aria-live=polite]", has_text="12 characters too long.")).to_have_count(1)
    assert axe(page) == []
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_text("Shorten this to 160 characters: it has 172.", exact=True)).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("x" * 172)


def test_tab_leaves_the_editor_from_a_list_and_from_a_table(
    visit: Callable[..., Page], live_server: Any, manager: User, axe: Callable[[Page], list[str]]
) -> None:
    page = visit(manager)
    page.goto(f"{live_server.url}/announcements/new/")
    message = page.get_by_role("textbox", name="Message")
    bar = page.get_by_role("toolbar", name="Format: Message")
    message.press("Enter")
    page.keyboard.type("- One")
    page.keyboard.press("Enter")
    page.keyboard.type("Two")
    page.keyboard.press("Tab")
    expect(page.locator("#id_file")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(message).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(bar.get_by_role("button", name="Heading", exact=True)).to_be_focused()
    bar.get_by_role("button", name="Indent the line").click()
    expect(message.locator("li li")).to_have_text("Two")
    assert axe(page) == []
    bar.get_by_role("button", name="Outdent the line").click()
    expect(message.locator("ul > li")).to_have_text(["One", "Two"])
    bar.get_by_role("button", name="Outdent the line").click()
    expect(bar.get_by_role("button", name="Indent the line")).to_be_hidden()
    bar.get_by_role("button", name="Insert a table").click()
    expect(message.locator("td")).to_have_count(4)
    page.keyboard.press("Tab")
    expect(page.locator("#id_file")).to_be_focused()

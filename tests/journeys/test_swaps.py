"""Two colleagues swap on their phones, the manager agrees, and somebody takes an open shift; each page passes axe."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Clinic, User
from scheduling.models import PublishedShift
from tests.journeys.conftest import PHONE, next_monday, press
from tests.scheduling import factories as scheduling

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_swap_from_the_menu_of_a_shift_to_the_managers_word(
    visit: Callable[..., Page],
    live_server: Any,
    therapist: User,
    floater: User,
    manager: User,
    mt_prospect: Clinic,
    axe: Callable[[Page], list[str]],
):
    wednesday = next_monday() + timedelta(days=2)  # on no day of the year is it late to swap it
    mine = scheduling.published(clinic=mt_prospect, day=wednesday, times="7-12", staff=therapist)
    theirs = scheduling.published(clinic=mt_prospect, day=wednesday + timedelta(days=1), times="8-13", staff=floater)

    page = visit(therapist, viewport=PHONE)
    page.goto(f"{live_server.url}/schedule/")
    page.locator("summary", has_text="What to do with").click()
    page.get_by_role("link", name="Swap it").click()
    page.get_by_label("Colleague").select_option(label=floater.name)
    page.get_by_role("button", name="Show their shifts").click()
    page.get_by_role("radio").check()
    page.get_by_label("A word with it").fill("School morning.")
    assert axe(page) == []
    press(page, "Offer the swap to Theo")
    expect(page.get_by_text("Both shifts stay where they are until Theo has said yes")).to_be_visible()
    assert axe(page) == []

    colleague = visit(floater, viewport=PHONE)
    colleague.goto(f"{live_server.url}/schedule/swaps/")
    expect(colleague.get_by_text("“School morning.”")).to_be_visible()
    assert axe(colleague) == []
    press(colleague, "Swap")
    expect(colleague.get_by_text("until a manager of Mt. Prospect has agreed")).to_be_visible()

    desk = visit(manager)
    desk.goto(f"{live_server.url}/roster/swaps/")
    assert axe(desk) == []
    desk.get_by_role("link", name="Decide").click()
    expect(desk.get_by_text("Nothing against it")).to_have_count(2)
    assert axe(desk) == []
    press(desk, re.compile("^Agree$"))
    expect(desk.get_by_text("Nothing waits for you")).to_be_visible()
    for shift, holder in ((mine, floater), (theirs, therapist)):
        shift.refresh_from_db()
        assert shift.staff == holder


def test_an_open_shift_is_taken_with_the_keyboard(
    visit: Callable[..., Page], live_server: Any, therapist: User, mt_prospect: Clinic
):
    wednesday = next_monday() + timedelta(days=2)  # on no day of the year is it late to take it
    scheduling.published(clinic=mt_prospect, day=wednesday, times="7-12")
    page = visit(therapist)
    page.goto(f"{live_server.url}/schedule/swaps/")
    page.get_by_role("button", name="Take it").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The shift is yours")).to_be_visible()
    assert PublishedShift.objects.get().staff == therapist

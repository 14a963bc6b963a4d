"""A manager's work on the week board: by keyboard alone, with the mouse, by taps on a phone, and two managers at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import Clinic, User
from accounts.roles import Role
from scheduling import assigning
from scheduling.models import Shift
from scheduling.special_days import note_on_day
from tests import factories as people
from tests.factories import PASSWORD
from tests.journeys.conftest import DESKTOP, PHONE, next_monday
from tests.scheduling import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def board(visit: Callable[..., Page], live_server: Any) -> Callable[..., Page]:
    """Somebody's page with the board of next week."""

    def open_board(person: User, query: str = "", **options: Any) -> Page:
        page = visit(person, **options)
        page.goto(f"{live_server.url}/roster/?week={next_monday()}{query}")
        return page

    return open_board


def held_by(person: User) -> list[str]:
    """The days on which the person works, in order."""
    shifts = Shift.objects.filter(staff=person).select_related("clinic").order_by("period")
    return [f"{shift.day:%a}" for shift in shifts]


def toast(page: Page, words: str) -> None:
    expect(page.get_by_role("status").get_by_text(words)).to_be_visible()


def test_with_the_keyboard_alone(
    board: Callable[..., Page], manager: User, therapist: User, floater: User, axe: Callable[[Page], list[str]]
):
    monday = next_monday()
    page = board(manager)
    press = page.keyboard.press
    page.locator(f"#add-cell-{therapist.pk}-{monday}").focus()
    press("Enter")
    sheet = page.get_by_role("dialog", name="New shift for Avery Testwell")
    expect(sheet.get_by_role("heading", level=2)).to_be_focused()
    sheet.get_by_role("button", name="Save for Avery").focus()
    press("Enter")
    shift_chip = page.locator(f"#cell-{therapist.pk}-{monday} a.shift")
    expect(shift_chip).to_be_focused()

    press("m")
    expect(page.get_by_role("button", name="It is here")).to_be_focused()
    assert axe(page) == []
    press("Escape")
    expect(shift_chip).to_be_focused()
    press("m")
    expect(page.get_by_role("button", name="It is here")).to_be_focused()
    press("ArrowRight")
    expect(page.get_by_role("button", name="Place here for Avery Testwell, Tue")).to_be_focused()
    press("Enter")
    moved = page.locator(f"#cell-{therapist.pk}-{monday + timedelta(days=1)} a.shift")
    expect(moved).to_be_focused()
    assert held_by(therapist) == ["Tue"]

    press("c")
    expect(page.get_by_role("button", name="It is here")).to_be_focused()
    press("ArrowDown")
    expect(page.get_by_role("button", name="Copy here for Theo Fictus, Tue")).to_be_focused()
    press("Enter")
    copied = page.locator(f"#cell-{floater.pk}-{monday + timedelta(days=1)} a.shift")
    expect(copied).to_be_focused()
    assert (held_by(therapist), held_by(floater)) == (["Tue"], ["Tue"])

    press("Control+z")
    toast(page, "Undone.")
    expect(copied).to_have_count(0)
    assert held_by(floater) == []
    moved.focus()
    press("Delete")
    toast(page, "Deleted. Staff had not seen it.")
    assert held_by(therapist) == []
    press("Control+z")
    expect(moved).to_be_focused()
    assert held_by(therapist) == ["Tue"]


def test_a_day_and_a_person_can_be_chosen_instead(
    board: Callable[..., Page], manager: User, therapist: User, assistant: User, mt_prospect: Clinic
):
    monday = next_monday()
    shift = factories.shift(clinic=mt_prospect, day=monday, staff=therapist)
    page = board(manager)
    page.locator(f"#shift-{shift.pk}").click()
    page.get_by_text("Move, copy, delete").click()
    page.get_by_role("link", name="Copy to…").click()
    sheet = page.locator("#sheet")
    expect(sheet.get_by_role("heading", level=2)).to_contain_text("Copy the shift of Avery Testwell")
    sheet.get_by_label("Person").select_option(label="Bea Dummond")
    sheet.get_by_role("button", name="Copy it there").click()
    expect(sheet.get_by_role("alert")).to_contain_text("Bea Dummond was not assigned")
    sheet.get_by_label("Person").select_option(label="Avery Testwell")
    sheet.get_by_label("Day").fill(str(monday + timedelta(days=3)))
    sheet.get_by_role("button", name="Copy it there").click()
    expect(page.locator(f"#cell-{therapist.pk}-{monday + timedelta(days=3)} a.shift")).to_be_focused()
    assert (held_by(therapist), held_by(assistant)) == (["Mon", "Thu"], [])


def drag(page: Page, shift: Shift, person: User, day: int, *, key: str = "") -> None:
    """From where the shift is to somebody's cell, `day` days after Monday."""
    source = page.locator(f"#shift-{shift.pk}").bounding_box()
    target = page.locator(f"#cell-{person.pk}-{next_monday() + timedelta(days=day)}").bounding_box()
    assert source is not None
    assert target is not None
    page.mouse.move(source["x"] + source["width"] / 2, source["y"] + source["height"] / 2)
    page.mouse.down()
    if key:
        page.keyboard.down(key)
    for _ in range(2):
        page.mouse.move(target["x"] + target["width"] / 2, target["y"] + target["height"] / 2, steps=4)
    page.mouse.up()
    if key:
        page.keyboard.up(key)


def test_with_the_mouse_a_chip_is_dragged(
    board: Callable[..., Page], manager: User, therapist: User, floater: User, assistant: User, mt_prospect: Clinic
):
    shift = factories.shift(clinic=mt_prospect, day=next_monday(), staff=therapist)
    page = board(manager)
    drag(page, shift, floater, 1)
    toast(page, "Theo Fictus works 7a–3:30p on")
    assert (held_by(therapist), held_by(floater)) == ([], ["Tue"])
    drag(page, shift, therapist, 2, key="Control")
    toast(page, "Avery Testwell works 7a–3:30p on")
    assert (held_by(therapist), held_by(floater)) == (["Wed"], ["Tue"])

    drag(page, shift, assistant, 3)
    sheet = page.locator("#sheet")
    expect(sheet.get_by_role("alert")).to_contain_text("Bea Dummond was not assigned")
    expect(sheet.get_by_role("alert")).to_be_focused()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    assert held_by(assistant) == []


def test_what_speaks_against_a_drop_is_explained_in_the_sheet(
    board: Callable[..., Page], manager: User, therapist: User, floater: User, mt_prospect: Clinic
):
    shift = factories.shift(clinic=mt_prospect, day=next_monday(), staff=therapist)
    factories.time_off(person=floater, clinic=mt_prospect, day=next_monday() + timedelta(days=1))
    page = board(manager)
    drag(page, shift, floater, 1)
    sheet = page.locator("#sheet")
    expect(sheet.get_by_role("alert")).to_contain_text("Theo has asked for time off")
    expect(sheet.get_by_label("Day")).to_have_value(str(next_monday() + timedelta(days=1)))
    sheet.get_by_label("Why all the same").fill("Agreed with Theo.")
    sheet.get_by_role("button", name="Move it there").click()
    toast(page, "Theo Fictus works")
    assert held_by(floater) == ["Tue"]


def test_on_a_phone_by_taps(
    board: Callable[..., Page],
    manager: User,
    therapist: User,
    floater: User,
    mt_prospect: Clinic,
    axe: Callable[[Page], list[str]],
):
    shift = factories.shift(clinic=mt_prospect, day=next_monday(), staff=therapist)
    page = board(manager, "&view=day", viewport=PHONE)
    page.locator(f"#day-{shift.pk}").click()
    page.get_by_text("Move, copy, delete").click()
    page.get_by_role("link", name="Move on the board").click()
    note = page.locator("#placing")
    expect(note).to_be_visible()
    assert axe(page) == []
    page.locator(".day-strip").get_by_role("link", name="Wed").click()
    page.locator("#day-view").get_by_role("button", name="Place here for Theo Fictus, Wed").click()
    toast(page, "Theo Fictus works")
    expect(note).to_have_count(0)
    assert held_by(floater) == ["Wed"]
    sideways = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert page.evaluate(sideways) is False
    page.get_by_role("button", name="Undo").click()
    toast(page, "Undone.")
    assert held_by(therapist) == ["Mon"]

    page.locator(".day-strip").get_by_role("link", name="Mon").click()
    page.locator("#day-select").click()
    page.locator("#day-view input[name=shift]").check()
    expect(page.locator("#several-title")).to_have_text("1 of 1 shift")
    page.get_by_role("button", name="Make open").click()
    toast(page, "1 shift open now. Mt. Prospect only.")
    assert held_by(therapist) == []


def test_several_are_changed_together(
    board: Callable[..., Page], manager: User, therapist: User, mt_prospect: Clinic, axe: Callable[[Page], list[str]]
):
    days = [next_monday() + timedelta(days=day) for day in range(4)]
    shifts = [factories.shift(clinic=mt_prospect, day=day, staff=therapist) for day in days]
    page = board(manager)
    page.locator(f"#shift-{shifts[0].pk}").click(modifiers=["Shift"])
    expect(page.locator("#several-title")).to_have_text("1 of 4 shifts")
    page.locator(f"#shift-{shifts[2].pk} input").click(modifiers=["Shift"])
    expect(page.locator("#several-title")).to_have_text("3 of 4 shifts")
    assert axe(page) == []
    page.get_by_label("By how many days").select_option(label="1 day later")
    page.get_by_role("button", name="Move").click()
    expect(page.get_by_role("alert")).to_contain_text("Avery already works 7a–3:30p")
    expect(page.locator("#several-title")).to_have_text("3 of 4 shifts")
    assert held_by(therapist) == ["Mon", "Tue", "Wed", "Thu"]
    page.locator(f"#shift-{shifts[3].pk} input").click()
    page.get_by_role("button", name="Move").click()
    toast(page, "4 shifts 1 day later now. Mt. Prospect only.")
    assert held_by(therapist) == ["Tue", "Wed", "Thu", "Fri"]
    page.get_by_role("button", name="Undo").click()
    toast(page, "4 changes undone.")
    assert held_by(therapist) == ["Mon", "Tue", "Wed", "Thu"]


def test_two_managers_hear_of_each_other(
    board: Callable[..., Page], manager: User, therapist: User, mt_prospect: Clinic, axe: Callable[[Page], list[str]]
):
    rosa = people.staff(name="Rosa Otherhand", role=Role.MANAGER, clinics=[mt_prospect])
    shift = factories.shift(clinic=mt_prospect, day=next_monday(), staff=therapist)
    page = board(manager)
    page.locator(f"#shift-{shift.pk}").focus()
    assigning.make_open(shift, version=1, by=rosa, at=timezone.now())
    page.evaluate("htmx.ajax('GET', document.getElementById('roster-news').getAttribute('hx-get'), '#roster-news')")
    expect(page.locator("#roster-news")).to_contain_text("Rosa Otherhand changed this week at")
    expect(page.locator(f"#shift-{shift.pk}")).to_be_focused()
    assert axe(page) == []
    page.keyboard.press("Delete")
    sheet = page.locator("#sheet")
    expect(sheet.get_by_role("alert")).to_contain_text("Rosa Otherhand changed this shift at")
    assert Shift.objects.count() == 1
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Show it").click()
    expect(page.locator(f"#cell-open-{next_monday()} a.shift")).to_be_visible()
    expect(page.locator("#roster-news")).to_have_text("")


def test_a_quarter_of_an_hour_by_a_press(
    board: Callable[..., Page], manager: User, therapist: User, mt_prospect: Clinic
):
    shift = factories.shift(clinic=mt_prospect, day=next_monday(), staff=therapist)
    page = board(manager)
    page.locator(f"#shift-{shift.pk}").click()
    page.get_by_role("button", name="Start 15 minutes earlier").click()
    page.get_by_role("button", name="End 15 minutes later").click()
    expect(page.locator("#sheet").get_by_label("Starts")).to_have_value("06:45")
    page.get_by_role("button", name="Save for Avery").click()
    toast(page, "Avery Testwell works 6:45a–3:45p")
    start, end = factories.span(mt_prospect, next_monday(), "6:45-15:45")
    found = Shift.objects.get()
    assert (found.start, found.end) == (start, end)


def test_without_script_a_shift_is_placed_and_several_are_changed(
    browser: Browser, live_server: Any, manager: User, therapist: User, floater: User, mt_prospect: Clinic
):
    shift = factories.shift(clinic=mt_prospect, day=next_monday(), staff=therapist)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/accounts/login/?next=/roster/%3Fweek%3D{next_monday()}")
    page.get_by_label("Email").fill(manager.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator(f"#shift-{shift.pk}").click()
    page.get_by_text("Move, copy, delete").click()
    page.get_by_role("link", name="Move on the board").click()
    page.get_by_role("button", name="Place here for Theo Fictus, Wed").click()
    page.locator(f"#shift-{shift.pk}").wait_for()
    assert held_by(floater) == ["Wed"]
    page.locator(".roster-tools summary").click()
    page.get_by_role("link", name="Select several shifts").click()
    page.locator("input[name=shift]").check()
    page.get_by_role("button", name="Make open").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Undone.").wait_for()
    context.close()
    assert held_by(floater) == ["Wed"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wrong_with_its_pages_in_either_theme(
    board: Callable[..., Page],
    live_server: Any,
    manager: User,
    therapist: User,
    floater: User,
    assistant: User,
    mt_prospect: Clinic,
    axe: Callable[[Page], list[str]],
    scheme: Any,
):
    monday = next_monday()
    shift = factories.shift(clinic=mt_prospect, day=monday, staff=therapist)
    factories.time_off(person=floater, clinic=mt_prospect, day=monday, decided_by=manager)
    factories.time_off(person=floater, clinic=mt_prospect, day=monday + timedelta(days=1))
    note_on_day(mt_prospect, monday, "Flu shots", seen="", by=manager, at=timezone.now())
    page = board(manager)
    page.emulate_media(color_scheme=scheme)
    assert axe(page) == []
    for path in (
        f"/roster/?week={monday}&place={shift.pk}",
        f"/roster/?week={monday}&select=1",
        f"/roster/?week={monday}&view=day&place={shift.pk}",
        f"/roster/shifts/{shift.pk}/place/",
        f"/roster/days/{monday}/notes/",
        f"/roster/mt-prospect/{monday}/copy/",
    ):
        page.set_viewport_size(PHONE if "view=day" in path else DESKTOP)
        page.goto(f"{live_server.url}{path}")
        assert axe(page) == [], path

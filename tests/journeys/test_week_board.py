"""The week board in the browser: the side sheet, the keyboard, the phone, refusals in place, publishing from the dialog."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Clinic, Profession, User
from scheduling.models import PublishedShift, Shift
from tests.factories import PASSWORD, competency, skill
from tests.journeys.conftest import PHONE, next_monday
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


def test_a_shift_is_made_given_and_published_without_leaving_the_board(
    board: Callable[..., Page],
    manager: User,
    therapist: User,
    mt_prospect: Clinic,
    oakbrook: Clinic,
    axe: Callable[[Page], list[str]],
):
    wednesday = next_monday() + timedelta(days=2)  # on no day of the year is it late to publish it
    page = board(manager)
    cell = page.locator(f"#cell-{therapist.pk}-{wednesday}")
    cell.get_by_role("link", name="Add a shift for Avery Testwell").click()
    sheet = page.get_by_role("dialog", name="New shift for Avery Testwell")
    expect(sheet.get_by_role("heading", level=2)).to_be_focused()
    assert axe(page) == []
    sheet.get_by_label("Ends").fill("12:00")
    expect(sheet.get_by_text("Best fit.")).to_be_visible()
    sheet.get_by_role("button", name="Save for Avery").click()
    chip = cell.get_by_role("link", name="not published")
    expect(chip).to_be_focused()
    expect(sheet).to_be_hidden()
    expect(page.locator(f"#hours-{therapist.pk}")).to_contain_text("4.5")
    expect(page.get_by_role("status").get_by_text("Staff see it once you publish.")).to_be_visible()

    page.get_by_role("link", name="Publish 1 change").click()
    dialog = page.get_by_role("dialog", name="Publish 1 change")
    expect(dialog.get_by_text("1 person gets their new shifts")).to_be_visible()
    assert axe(page) == []
    dialog.get_by_role("button", name="Publish 1 change").click()
    expect(page.get_by_text("Staff see everything")).to_be_visible()
    expect(page.get_by_role("status").get_by_text("1 person is told.")).to_be_visible()
    expect(page.get_by_role("heading", level=1, name="Roster")).to_be_focused()
    expect(dialog).to_be_hidden()
    expect(cell.get_by_role("link", name="Mt. Prospect, published")).to_be_visible()
    assert PublishedShift.objects.get().staff == therapist


def test_a_refusal_stands_in_the_sheet_and_changes_nothing(
    board: Callable[..., Page], manager: User, floater: User, mt_prospect: Clinic, oakbrook: Clinic
):
    monday = next_monday()
    factories.published(clinic=oakbrook, day=monday + timedelta(days=1), times="9-17", staff=floater)
    shift = factories.shift(clinic=mt_prospect, day=monday, times="7-12", staff=floater)
    page = board(manager)
    page.locator(f"#shift-{shift.pk}").click()
    sheet = page.get_by_role("dialog", name="Theo Fictus")
    sheet.get_by_label("Day").fill(str(monday + timedelta(days=1)))
    sheet.get_by_label("Note for the person").fill("Typed before the refusal")
    sheet.get_by_role("button", name="Save for Theo").click()
    alert = sheet.get_by_role("alert")
    expect(alert).to_contain_text("The shift of Theo Fictus was not changed. Theo already works 9a–5p")
    expect(alert).to_contain_text("at Oakbrook Terrace. Nothing was changed.")
    expect(alert).to_be_focused()
    expect(sheet.get_by_label("Note for the person")).to_have_value("Typed before the refusal")
    shift.refresh_from_db()
    assert (shift.version, shift.note) == (1, "")


def test_a_needling_shift_takes_only_who_is_cleared(
    board: Callable[..., Page],
    manager: User,
    therapist: User,
    floater: User,
    clinical_lead: User,
    mt_prospect: Clinic,
    axe: Callable[[Page], list[str]],
):
    needling = skill(code="dry-needling-cervical", name="Dry needling, neck", professions=[Profession.PT])
    competency(user=floater, skill=needling, granted_by=clinical_lead)
    shift = factories.shift(clinic=mt_prospect, day=next_monday())
    page = board(manager)
    page.locator(f"#shift-{shift.pk}").click()
    sheet = page.get_by_role("dialog", name="Open shift")
    sheet.get_by_label("Procedure").select_option(label="Dry needling, neck")
    barred = sheet.get_by_role("region", name="Cannot work it, and why")
    expect(barred.get_by_text("Avery has no competency for Dry needling, neck.")).to_be_visible()
    assert axe(page) == []
    sheet.get_by_role("button", name="Assign Theo Fictus").click()
    expect(page.locator(f"#cell-{floater.pk}-{next_monday()}").get_by_role("link")).to_contain_text(
        "Dry needling, neck"
    )
    shift.refresh_from_db()
    assert (shift.staff, shift.skill) == (floater, needling)


def test_two_managers_at_once_lose_nothing(
    board: Callable[..., Page], manager: User, therapist: User, floater: User, mt_prospect: Clinic
):
    shift = factories.shift(clinic=mt_prospect, day=next_monday(), changed_by=manager)
    page = board(manager)
    page.locator(f"#shift-{shift.pk}").click()
    sheet = page.locator("#sheet")
    expect(sheet.get_by_label("Starts")).to_have_value("07:00")
    Shift.objects.filter(pk=shift.pk).update(staff=therapist, version=2)
    sheet.get_by_label("Starts").fill("08:00")
    sheet.get_by_role("button", name="Save as open").click()
    expect(sheet.get_by_role("alert")).to_contain_text("You changed this shift in another window")
    expect(sheet.get_by_text("It is now 7a–3:30p")).to_be_visible()
    expect(sheet.get_by_label("Starts")).to_have_value("08:00")
    sheet.get_by_role("link", name="take it as it is").click()
    expect(page.locator("#sheet-title")).to_contain_text("Avery Testwell")
    expect(sheet.get_by_label("Starts")).to_have_value("07:00")


def test_the_keyboard_alone_opens_moves_and_returns(
    board: Callable[..., Page], manager: User, therapist: User, mt_prospect: Clinic
):
    monday = next_monday()
    shifts = [factories.shift(clinic=mt_prospect, day=monday + timedelta(days=day), staff=therapist) for day in (0, 1)]
    page = board(manager)
    page.locator(f"#shift-{shifts[0].pk}").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"#shift-{shifts[1].pk}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Avery Testwell").get_by_role("heading", level=2)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(f"#shift-{shifts[1].pk}")).to_be_focused()
    assert page.locator(".board tbody td a[tabindex='0']").count() == 1
    page.get_by_label("Find a person on the board").fill("avery")
    page.keyboard.press("Enter")
    expect(page.locator(".board thead").get_by_text("1 person")).to_be_visible()
    page.locator(f"#shift-{shifts[1].pk}").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(f"#shift-{shifts[0].pk}")).to_be_focused()


def test_on_a_phone_the_roster_goes_day_by_day(
    board: Callable[..., Page],
    manager: User,
    therapist: User,
    mt_prospect: Clinic,
    oakbrook: Clinic,
    axe: Callable[[Page], list[str]],
):
    monday = next_monday()
    factories.shift(clinic=mt_prospect, day=monday, staff=therapist)
    factories.opening(clinic=mt_prospect)
    factories.need(clinic=mt_prospect, weekday=1)
    page = board(manager, viewport=PHONE)
    expect(page.get_by_role("link", name="Tue")).to_contain_text("short")
    expect(page.locator("#day-view .coverage-card")).to_have_count(2)
    assert axe(page) == []
    page.locator("#day-view").get_by_role("link", name="7a–3:30p").click()
    sheet = page.get_by_role("dialog", name="Avery Testwell")
    assert axe(page) == []
    sheet.get_by_label("Ends").fill("12:00")
    sheet.get_by_role("button", name="Save for Avery").click()
    expect(page.locator("#day-view").get_by_role("link", name="7a–12p")).to_be_visible()
    page.get_by_role("link", name="Tue").click()
    expect(page.get_by_text("1 therapist more needed 7a–7p.")).to_be_visible()
    sideways = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert page.evaluate(sideways) is False


def test_staff_read_what_is_published_and_nothing_else(
    board: Callable[..., Page], therapist: User, mt_prospect: Clinic, axe: Callable[[Page], list[str]]
):
    factories.published(clinic=mt_prospect, day=next_monday(), times="7-15:30", staff=therapist)
    factories.shift(clinic=mt_prospect, day=next_monday() + timedelta(days=1), times="6:13-12", staff=therapist)
    page = board(therapist)
    expect(page.locator(".shift:visible")).to_have_count(1)
    expect(page.get_by_text("6:13a")).to_have_count(0)
    assert axe(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wrong_with_the_pages_in_either_theme(
    board: Callable[..., Page],
    live_server: Any,
    manager: User,
    therapist: User,
    mt_prospect: Clinic,
    oakbrook: Clinic,
    axe: Callable[[Page], list[str]],
    scheme: Any,
):
    factories.opening(clinic=mt_prospect)
    factories.need(clinic=mt_prospect, weekday=1)
    factories.shift(clinic=mt_prospect, day=next_monday(), staff=therapist)
    factories.published(clinic=oakbrook, day=next_monday())
    page = board(manager)
    page.emulate_media(color_scheme=scheme)
    assert axe(page) == []
    for path in ("/schedule/", "/roster/shifts/new/", f"/roster/mt-prospect/{next_monday()}/publish/"):
        page.goto(f"{live_server.url}{path}")
        assert axe(page) == [], path


def test_without_script_everything_works_as_links_and_forms(
    browser: Browser, live_server: Any, manager: User, therapist: User, mt_prospect: Clinic
):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/accounts/login/?next=/roster/%3Fweek%3D{next_monday()}")
    page.get_by_label("Email").fill(manager.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Add a shift for Avery Testwell, Wed").click()
    page.get_by_label("Ends").fill("12:00")
    page.get_by_role("button", name="Save for Avery").click()
    page.get_by_role("link", name="7a–12p").first.click()
    page.get_by_role("button", name="Assign").or_(page.get_by_text("Has it")).first.wait_for()
    page.get_by_label("Ends").fill("13:00")
    page.get_by_role("button", name="Show who could work it at these times").click()
    assert page.get_by_label("Ends").input_value() == "13:00"
    page.get_by_role("button", name="Save for Avery").click()
    page.get_by_role("link", name="Publish 1 change").first.click()
    page.get_by_role("button", name="Publish 1 change").click()
    page.get_by_text("Staff see everything").wait_for()
    context.close()
    assert PublishedShift.objects.get().minutes == 330

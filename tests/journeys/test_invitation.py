"""Somebody new: invited, let in by the link, held at the second step, and from then on in with a passkey."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Clinic, User
from tests.conftest import link_in
from tests.journeys.test_sign_in_pages import NEW_PASSWORD, Look, device, enter, leave, look, origin, page  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def asked(page: Page, origin: str, administrator: User, mt_prospect: Clinic, letters: Any, look: Look) -> str:  # noqa: F811
    """The address in the mail with which the administrator asks a second manager in."""
    enter(page, origin, administrator)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="People").click()
    page.get_by_role("link", name="Invitations").click()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.locator(".error-summary")).to_be_focused()
    look(page)
    page.get_by_label("Name").fill("Nina Newcomer")
    page.get_by_label("Work email").fill("nina@clinic.example")
    page.get_by_label("Role").select_option("Clinic manager")
    page.get_by_label("Clinic", exact=False).last.select_option("Mt. Prospect")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("row", name="Nina Newcomer")).to_contain_text("Mail on its way")
    look(page)
    [mail] = letters()
    page.reload()
    expect(page.get_by_role("row", name="Nina Newcomer")).to_contain_text("Waiting")
    leave(page, origin)
    return origin + link_in(mail)


HEADER = "name,email,role,clinic,profession"
NINA = "Nina Newcomer,nina@clinic.example,Therapist,Mt. Prospect,PT"


def test_a_staff_list_is_checked_mended_and_sent(
    page: Page,  # noqa: F811
    origin: str,  # noqa: F811
    manager: User,
    look: Look,  # noqa: F811
    letters: Any,
    settings: Any,
):
    settings.SECOND_STEP_OPTIONAL = True
    enter(page, origin, manager)
    page.goto(f"{origin}/people/invitations/")
    page.get_by_role("link", name="Import a staff list").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import a staff list")
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".error-summary")).to_be_focused()
    look(page)
    wrong = f"{HEADER}\n{NINA}\nOtto Startmann,otto@clinic.example,Front desk,Mount Prospect,desk\n"
    file = {"name": "staff.csv", "mimeType": "text/csv", "buffer": wrong.encode()}
    page.get_by_label("File").set_input_files([file])  # type: ignore[list-item]
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.get_by_role("row", name="Otto Startmann")).to_contain_text("Clinic “Mount Prospect” is not known.")
    expect(page.get_by_role("row", name="Nina Newcomer")).to_contain_text("Therapist at Mt. Prospect, PT")
    expect(page.get_by_role("button", name="Invite 2 people")).to_have_count(0)
    look(page)
    page.get_by_label("Or the list itself").fill(wrong.replace("Mount", "Mt."))
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("button", name="Invite 2 people")).to_be_visible()
    look(page)
    assert letters() == []
    page.get_by_role("button", name="Invite 2 people").click()
    expect(page.get_by_text("2 people were invited")).to_be_visible()
    expect(page.get_by_role("row", name="Otto Startmann")).to_contain_text("Mail on its way")
    look(page)
    assert {mail["To"] for mail in letters()} == {"nina@clinic.example", "otto@clinic.example"}


def test_from_the_invitation_to_a_sign_in_with_a_passkey(
    page: Page,  # noqa: F811
    origin: str,  # noqa: F811
    asked: str,
    look: Callable[[Page], None],  # noqa: F811
    device: Any,  # noqa: F811
    settings: Any,
):
    settings.SECOND_STEP_OPTIONAL = False
    page.goto(asked)
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome, Nina Newcomer")
    look(page)
    page.get_by_label("Password").fill(NEW_PASSWORD)
    page.get_by_label("The same again").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Set the password and come in").click()
    expect(page.get_by_text("Your role needs one")).to_be_visible()
    page.goto(f"{origin}/roster/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign-in and security")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Add the passkey").click()
    page.wait_for_url(lambda address: not address.endswith("/add/"))
    page.goto(f"{origin}/roster/")
    expect(page.get_by_role("heading", level=1, name="Roster").first).to_be_visible()
    leave(page, origin)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda address: "/accounts/" not in address)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nina")
    leave(page, origin)
    page.goto(asked)
    expect(page.get_by_role("heading", level=1)).to_have_text("The link no longer works")
    look(page)

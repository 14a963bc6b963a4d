"""Every page of signing in and of the account: axe finds nothing, in both themes, at both widths; passkeys work."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import Clinic, User
from accounts.sessions import BEGAN, SEEN
from tests.factories import PASSWORD
from tests.journeys.conftest import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Look = Callable[[Page], None]
NEW_PASSWORD = "four quiet words together"


@pytest.fixture
def origin(live_server: Any) -> str:
    """Passkeys belong to a host name, never to a number."""
    return str(live_server.url).replace("127.0.0.1", "localhost")


@pytest.fixture
def person(therapist: User) -> User:
    EmailAddress.objects.update_or_create(
        user=therapist, email=therapist.email, defaults={"verified": True, "primary": True}
    )
    return therapist


@pytest.fixture
def page(watched: BrowserContext) -> Page:
    page = watched.new_page()
    page.set_default_timeout(10_000)
    return page


@pytest.fixture
def look(axe: Callable[[Page], list[str]]) -> Look:
    """Axe finds nothing and nothing overflows, in light and dark, on a desktop and on a phone."""

    def check(page: Page) -> None:
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            for size in (DESKTOP, PHONE):
                page.set_viewport_size(size)  # type: ignore[arg-type]
                assert axe(page) == []
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True

    return check


@pytest.fixture
def device(page: Page) -> Any:
    """A built-in authenticator that always says yes."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def enter(page: Page, origin: str, person: User, password: str = PASSWORD) -> None:
    page.goto(origin + reverse("account_login"))
    page.get_by_label("Work email").fill(person.email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def prove(page: Page, origin: str) -> None:
    """Confirm by password, as every change of the account asks for."""
    page.goto(origin + reverse("account_reauthenticate"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(lambda address: "/accounts/" not in address)


def leave(page: Page, origin: str) -> None:
    page.goto(origin + reverse("account_logout"))
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def test_a_wrong_password_says_what_to_do_and_keeps_the_address(
    page: Page, origin: str, person: User, look: Look
) -> None:
    page.goto(origin + reverse("account_login"))
    look(page)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator(".error-summary")).to_contain_text("Fix 2 things before you go on")
    look(page)
    enter(page, origin, person, "this is not the password")
    summary = page.locator(".error-summary")
    expect(summary).to_contain_text("That email and password do not match")
    expect(summary).to_be_focused()
    expect(page.get_by_label("Work email")).to_have_value(person.email)
    assert page.title().startswith("Error: ")
    look(page)
    summary.get_by_role("link", name="choose a new password").click()
    assert heading(page) == "Choose a new password"


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(
    page: Page, origin: str, person: User, look: Look, mailoutbox: list[Any]
) -> None:
    page.goto(origin + reverse("account_reset_password"))
    look(page)
    page.get_by_label("Work email").fill(person.email)
    page.get_by_role("button", name="Send the link").click()
    assert heading(page) == "Check your email"
    look(page)
    (mail,) = mailoutbox
    assert mail.subject.strip() == "Choose a new password"
    link = re.search(r"https?://\S+", mail.body)
    assert link is not None
    assert link[0] in mail.alternatives[0][0]
    page.goto(link[0])
    look(page)
    for label in ("New password", "The same again"):
        page.get_by_label(label).fill("short")
    page.get_by_role("button", name="Set the password").click()
    expect(page.locator(".error-summary")).to_be_visible()
    look(page)
    for label in ("New password", "The same again"):
        page.get_by_label(label).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    assert heading(page) == "Your new password is set"
    look(page)
    page.goto(link[0])
    assert heading(page) == "The link no longer works"
    look(page)
    enter(page, origin, person, NEW_PASSWORD)
    page.wait_for_url(lambda address: "/accounts/" not in address)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("account_signup", "Accounts are by invitation"),
        ("account_inactive", "This account is closed"),
        ("account_email_verification_sent", "Check your email"),
        ("account_reset_password_done", "Check your email"),
    ],
)
def test_pages_at_the_door(page: Page, origin: str, look: Look, db: None, place: str, words: str) -> None:
    page.goto(origin + reverse(place))
    assert heading(page) == words
    look(page)


def test_a_second_step_is_set_up_used_and_turned_off(page: Page, origin: str, person: User, look: Look) -> None:
    enter(page, origin, person)
    page.goto(origin + reverse("mfa_index"))
    expect(page.get_by_role("heading", name="Your account has no second step yet")).to_be_visible()
    look(page)
    prove(page, origin)
    page.goto(origin + reverse("mfa_activate_totp"))
    look(page)
    page.get_by_label("Code").fill("12")
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator(".error-summary")).to_contain_text("That code is not right")
    look(page)
    secret = page.locator("form code").inner_text()
    page.get_by_label("Code").fill(code_now(secret))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    recovery = page.locator(".recovery-codes code").first.inner_text()
    look(page)
    leave(page, origin)

    enter(page, origin, person)
    assert heading(page) == "Confirm it is you"
    look(page)
    page.get_by_label("Code").fill("000")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".error-summary")).to_contain_text("That code is not right")
    look(page)
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(lambda address: "/accounts/" not in address)
    prove(page, origin)
    page.goto(origin + reverse("mfa_view_recovery_codes"))
    expect(page.get_by_role("heading", name="9 of 10 left")).to_be_visible()
    for place in ("mfa_generate_recovery_codes", "mfa_deactivate_totp"):
        page.goto(origin + reverse(place))
        look(page)
    page.get_by_role("button", name="Turn it off").click()
    expect(page.locator(".toast")).to_contain_text("The authenticator app is off.")


def test_a_passkey_is_added_signs_in_alone_and_is_removed(
    page: Page, origin: str, person: User, look: Look, device: Any
) -> None:
    enter(page, origin, person)
    prove(page, origin)
    page.goto(origin + reverse("mfa_add_webauthn"))
    look(page)
    page.get_by_label("Name").fill("My phone")
    page.get_by_role("button", name="Add the passkey").click()
    page.wait_for_url(lambda address: not address.endswith("/add/"))
    page.goto(origin + reverse("mfa_list_webauthn"))
    expect(page.locator(".row-title")).to_have_text("My phone")
    look(page)
    leave(page, origin)

    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda address: "/accounts/" not in address)
    leave(page, origin)

    enter(page, origin, person)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda address: "/accounts/" not in address)

    page.goto(origin + reverse("mfa_reauthenticate_webauthn"))
    look(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda address: "/accounts/" not in address)

    page.goto(origin + reverse("mfa_list_webauthn"))
    page.get_by_role("link", name="Rename My phone").click()
    look(page)
    page.get_by_label("Name").fill("My tablet")
    page.get_by_role("button", name="Rename it").click()
    page.get_by_role("link", name="Remove My tablet").click()
    look(page)
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.get_by_role("heading", name="No passkey yet")).to_be_visible()


def test_a_device_without_the_passkey_leaves_the_other_ways(page: Page, origin: str, person: User, device: Any) -> None:
    page.goto(origin + reverse("account_login"))
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_have_text(
        "The passkey was not used. Try again, or sign in with your password."
    )
    enter(page, origin, person)
    page.wait_for_url(lambda address: "/accounts/" not in address)


def test_password_email_and_browsers(page: Page, origin: str, person: User, look: Look, mailoutbox: list[Any]) -> None:
    enter(page, origin, person)
    page.goto(origin + reverse("usersessions_list"))
    expect(page.get_by_role("heading", name="1 browser")).to_be_visible()
    look(page)
    page.goto(origin + reverse("account_reauthenticate"))
    look(page)
    prove(page, origin)
    page.goto(origin + reverse("account_email"))
    look(page)
    page.get_by_label("New email").fill("nowhere")
    page.get_by_role("button", name="Change the email").click()
    expect(page.get_by_label("New email")).to_have_value("nowhere")
    look(page)
    page.get_by_label("New email").fill("avery.renamed@clinic.example")
    page.get_by_role("button", name="Change the email").click()
    expect(page.locator(".toast")).to_contain_text("We sent a link to avery.renamed@clinic.example.")
    look(page)
    link = re.search(r"https?://\S+", mailoutbox[-1].body)
    assert link is not None
    page.goto(link[0])
    look(page)
    page.get_by_role("button", name="Confirm").click()
    person.refresh_from_db()
    assert person.email == "avery.renamed@clinic.example"
    page.goto(origin + reverse("account_change_password"))
    look(page)
    page.get_by_label("Current password").fill(PASSWORD)
    for label in ("New password", "The same again"):
        page.get_by_label(label).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.locator(".toast")).to_contain_text("Your password was changed.")


def code_now(secret: str) -> str:
    """What an authenticator app would show at this moment."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def a_while_passes(page: Page, minutes: int) -> None:
    """The session's proofs become older, as if the person had done something else meanwhile."""
    cookie = next(found for found in page.context.cookies() if found["name"] == settings.SESSION_COOKIE_NAME)
    session = SessionStore(cookie["value"])
    for name in (BEGAN, SEEN):
        session[name] -= minutes * 60
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        record | {"at": record["at"] - minutes * 60} for record in session[AUTHENTICATION_METHODS_SESSION_KEY]
    ]
    session.save()


def test_what_was_typed_is_done_after_the_password(
    page: Page, origin: str, administrator: User, mt_prospect: Clinic, look: Look, letters: Any
) -> None:
    enter(page, origin, administrator)
    page.goto(origin + reverse("accounts:invitations"))
    page.get_by_label("Name").fill("Nina Newcomer")
    page.get_by_label("Work email").fill("nina@clinic.example")
    page.get_by_label("Role").select_option("Clinic manager")
    page.get_by_label("Clinic", exact=False).last.select_option("Mt. Prospect")
    a_while_passes(page, 6)
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm it is you")
    assert letters() == []
    look(page)
    page.get_by_label("Password").fill("not the right one at all")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".error-summary")).to_contain_text("That is not your password")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("row", name="Nina Newcomer")).to_contain_text("Mail on its way")
    assert [mail["To"] for mail in letters()] == ["nina@clinic.example"]


def test_a_file_is_downloaded_after_the_password(page: Page, origin: str, administrator: User, look: Look) -> None:
    enter(page, origin, administrator)
    page.goto(origin + reverse("accounts:audit"))
    a_while_passes(page, 6)
    page.get_by_role("link", name="Download CSV").click()
    expect(page.locator(".callout")).to_contain_text("then download it once more")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit log")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert download.value.suggested_filename.startswith("audit-")


def test_an_hour_without_activity_ends_at_the_door_and_leads_back(
    page: Page, origin: str, administrator: User, look: Look
) -> None:
    enter(page, origin, administrator)
    page.goto(f"{origin}/people/?q=ada")
    a_while_passes(page, 61)
    page.reload()
    expect(page.locator(".callout")).to_contain_text("You were signed out after 60 minutes without activity.")
    look(page)
    page.get_by_label("Work email").fill(administrator.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{origin}/people/?q=ada")


def test_another_browser_is_signed_out_from_the_list(page: Page, origin: str, person: User, look: Look) -> None:
    other = Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})
    other.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    enter(page, origin, person)
    page.goto(origin + reverse("usersessions_list"))
    look(page)
    page.get_by_role("button", name="Sign out Firefox on Linux").click()
    expect(page.get_by_role("heading", name="1 browser")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("Firefox on Linux was signed out.")
    assert other.get("/people/").status_code == 302

"""Who comes in and how far: a role taken away meanwhile, a lost second step, a key for a program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.hiring import take_role
from accounts.models import Clinic, User
from accounts.roles import Role
from tests import factories
from tests.journeys.conftest import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_role_taken_away_counts_with_the_next_click(
    visit: Callable[..., Page], live_server: Any, manager: User, administrator: User, mt_prospect: Clinic
):
    factories.membership(user=manager, role=Role.THERAPIST, clinic=mt_prospect)
    page = visit(manager)
    page.goto(f"{live_server.url}/roster/")
    expect(page.get_by_role("link", name="Add a shift", exact=True)).to_be_visible()
    page.goto(f"{live_server.url}/people/")
    invitations = page.get_by_role("link", name="Invitations")
    expect(invitations).to_be_visible()

    held = manager.memberships.get(role=Role.MANAGER)
    take_role(held, end=timezone.localdate(), by=administrator, at=timezone.now())

    invitations.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You may not open this")
    page.goto(f"{live_server.url}/roster/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="Add a shift", exact=True)).to_have_count(0)


def test_two_administrators_take_a_lost_second_step_away(
    visit: Callable[..., Page],
    live_server: Any,
    manager: User,
    administrator: User,
    axe: Callable[[Page], list[str]],
):
    second = factories.staff(name="Otto Nonesuch", role=Role.ADMINISTRATOR, clinics=[None])
    TOTP.activate(manager, "A" * 32)
    page = visit(administrator)
    page.goto(f"{live_server.url}{manager.get_absolute_url()}roles/")
    page.get_by_role("link", name="Lost second step").click()
    page.get_by_role("button", name="Ask for a second administrator").click()
    expect(page.locator("#error-summary")).to_contain_text("Reason is missing")
    page.get_by_label("Reason").fill("Phone stolen; she stands before me")
    page.get_by_role("button", name="Ask for a second administrator").press("Enter")
    expect(page.get_by_role("heading", name="Lost second steps", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Take the second steps away")).to_have_count(0)
    assert Authenticator.objects.filter(user=manager).count() == 1

    other = visit(second, viewport=PHONE)
    other.goto(f"{live_server.url}/people/second-step-resets/")
    assert axe(other) == []
    other.get_by_role("button", name="Take the second steps away").press("Enter")
    expect(other.get_by_text("Done", exact=True)).to_be_visible()
    assert not Authenticator.objects.filter(user=manager).exists()


def test_a_token_is_shown_once_and_lets_a_program_in_until_it_is_revoked(
    visit: Callable[..., Page], live_server: Any, therapist: User, axe: Callable[[Page], list[str]]
):
    page = visit(therapist, viewport=PHONE)
    page.goto(f"{live_server.url}/people/me/tokens/")
    page.get_by_label("Name").fill("Calendar of my desk")
    page.get_by_label("Read shifts and rosters").press("Space")
    page.get_by_role("button", name="Make the token").press("Enter")
    token = page.get_by_label("The token").inner_text()
    assert axe(page) == []
    program = Client(headers={"Authorization": f"Bearer {token}"})
    assert program.get("/api/v1/my-shifts/").status_code == 200
    assert program.get("/api/v1/people/").status_code == 403
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_text(token)).to_have_count(0)
    page.get_by_role("button", name="Revoke Calendar of my desk").press("Enter")
    expect(page.get_by_text("No token yet")).to_be_visible()
    assert program.get("/api/v1/my-shifts/").status_code == 401

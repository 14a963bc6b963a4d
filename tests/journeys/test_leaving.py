"""A manager ends somebody's access, and opens the shifts that the name still stood at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Clinic, User
from scheduling.models import Shift
from tests.journeys.conftest import PHONE, next_monday
from tests.scheduling import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_access_ends_and_the_shifts_become_open(
    visit: Callable[..., Page],
    live_server: Any,
    cast: dict[str, User],
    manager: User,
    therapist: User,
    mt_prospect: Clinic,
    axe: Callable[[Page], list[str]],
):
    for number in range(2):
        factories.shift(
            clinic=mt_prospect, day=next_monday(), times=f"{7 + 5 * number}-{11 + 5 * number}", staff=therapist
        )
    page = visit(manager, viewport=PHONE)
    page.goto(live_server.url + therapist.get_absolute_url())
    page.get_by_role("link", name="Roles").click()
    assert axe(page) == []
    page.get_by_role("link", name="End access").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("End the access of Avery Testwell now?")
    assert axe(page) == []
    page.get_by_role("button", name="End access now").press("Enter")
    expect(page.get_by_text("2 shifts to come are still planned for Avery Testwell")).to_be_visible()
    page.get_by_role("link", name="Look at them").click()
    expect(page.get_by_role("group", name="2 shifts at your clinics")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Make them open").click()
    expect(page.get_by_role("heading", name="Nothing is left")).to_be_visible()
    assert list(Shift.objects.values_list("staff", flat=True)) == [None, None]
    assert not User.objects.get(pk=therapist.pk).is_active


def test_a_role_is_given_and_ended_with_its_days(
    visit: Callable[..., Page], live_server: Any, clinical_lead: User, therapist: User
):
    page = visit(clinical_lead)
    page.goto(f"{live_server.url}{therapist.get_absolute_url()}roles/")
    give = page.get_by_role("form", name="Give a role")
    give.get_by_role("button", name="Give the role").click()
    expect(page.locator("#error-summary")).to_contain_text(
        "Last day: Say until when: approval is delegated for a time."
    )
    page.get_by_label("Last day").fill(f"{next_monday():%Y-%m-%d}")
    page.get_by_role("button", name="Give the role").click()
    row = page.get_by_role("row", name="Delegated approver")
    expect(row).to_contain_text("In force")
    row.get_by_role("link", name="End").click()
    page.get_by_role("button", name="End the role").click()
    expect(page.get_by_role("row", name="Delegated approver")).to_be_visible()
    assert therapist.memberships.get(role="delegated_approver").last_day < next_monday()

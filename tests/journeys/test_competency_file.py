"""A training is filed and checked, a sign-off given: the person's page says what it allows, and so does the roster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Clinic, CredentialType, User
from scheduling.eligibility import may_work
from tests import factories
from tests.journeys.conftest import PHONE, next_monday
from tests.scheduling import factories as scheduling

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def needling(clinical_lead: User, therapist: User) -> CredentialType:
    """A qualification of one part that names regions, checked; the procedure of the neck needs it."""
    type = factories.credential_type(code="needling", name="Needling course", regions=["neck", "low back"])
    factories.part(type=type, name="Practicum", least=54)
    factories.credential(user=therapist, type=type, verified_by=clinical_lead)
    skill = factories.skill(code="needling-neck", name="Dry needling, neck", region="neck")
    skill.required_types.add(type)
    return type


def test_a_therapist_files_the_lead_checks_and_signs_off_and_the_roster_knows(
    visit: Callable[..., Page],
    live_server: Any,
    needling: CredentialType,
    therapist: User,
    clinical_lead: User,
    mt_prospect: Clinic,
    axe: Callable[[Page], list[str]],
    at: Any,
):
    skill = needling.skills.get()
    plan = scheduling.plan(clinic=mt_prospect, day=next_monday(), skill=skill)
    assert [reason.code for reason in may_work(plan, therapist, at).reasons] == [
        "competency-missing",
        "region-not-covered",
    ]

    page = visit(therapist, viewport=PHONE)
    page.goto(live_server.url + therapist.get_absolute_url())
    page.get_by_role("link", name="Needling course: parts and regions").click()
    form = page.get_by_role("form", name="File what was done")
    form.get_by_label("Hours or sessions").fill("54")
    form.get_by_label("First day").fill("2026-02-26")
    form.get_by_label("Last day").fill("2026-03-04")
    form.get_by_role("button", name="File it").press("Enter")
    expect(page.locator("#error-summary")).to_contain_text("Given or attested by is missing")
    page.get_by_label("Given or attested by").fill("Sample Academy")
    page.get_by_label("neck").press("Space")
    assert axe(page) == []
    page.get_by_role("button", name="File it").press("Enter")
    expect(page.get_by_text("Waits for a check")).to_be_visible()

    lead = visit(clinical_lead)
    lead.goto(live_server.url + therapist.get_absolute_url())
    lead.get_by_role("link", name="Needling course: parts and regions").click()
    lead.get_by_role("button", name="Check it").click()
    expect(lead.get_by_text("54 of 54 hours")).to_be_visible()
    expect(lead.get_by_role("region", name="Regions").get_by_text("Covered", exact=True)).to_be_visible()
    lead.get_by_role("link", name="Avery Testwell").click()
    lead.get_by_role("link", name="Sign off for Dry needling, neck").click()
    assert axe(lead) == []
    lead.get_by_role("button", name="Sign off").press("Enter")
    allows = lead.get_by_role("region", name="What this allows today")
    expect(allows.get_by_role("listitem").filter(has_text="Dry needling, neck")).to_contain_text("Yes")
    assert axe(lead) == []
    assert may_work(plan, therapist, at).reasons == ()

"""A therapist files a card with its document; the lead compares both; the person's page says that it is in force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Credential, User
from tests import factories
from tests.journeys.conftest import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_document_is_filed_sent_back_corrected_and_checked(
    visit: Callable[..., Page],
    live_server: Any,
    therapist: User,
    clinical_lead: User,
    tmp_path: Path,
    axe: Callable[[Page], list[str]],
):
    factories.credential_type(
        code="licence", name="PT licence", rule="months", months=24, needs_document=True, checker="lead"
    )
    scan = tmp_path / "scan of my licence.pdf"
    scan.write_bytes(factories.pdf(2))
    today = timezone.localdate()

    page = visit(therapist, viewport=PHONE)
    page.goto(live_server.url + therapist.get_absolute_url())
    expect(page.get_by_role("row", name="PT licence")).to_contain_text("Missing")
    page.get_by_role("link", name="File PT licence").press("Enter")
    page.get_by_label("First day on the document").fill(today.isoformat())
    page.get_by_role("button", name="File it").click()
    expect(page.locator("#error-summary")).to_contain_text("Document is missing")
    assert axe(page) == []
    page.get_by_label("Document", exact=True).set_input_files(scan)
    page.get_by_role("button", name="File it").press("Enter")
    expect(page.get_by_text("PT licence is filed, from")).to_be_visible()
    expect(page.get_by_role("row", name="PT licence")).to_contain_text("Waiting for a check")

    lead = visit(clinical_lead)
    lead.get_by_role("link", name="To check").click()
    assert axe(lead) == []
    lead.get_by_role("link", name="Check PT licence of Avery Testwell").click()
    picture = lead.get_by_role("img", name="The document: PT licence of Avery Testwell")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert axe(lead) == []
    with lead.expect_download() as download:
        lead.get_by_role("link", name="Download the PDF").click()
    assert Path(download.value.path()).read_bytes() == factories.pdf(2)
    lead.get_by_label("What is wrong with it").fill("The first day is the one before.")
    lead.get_by_role("button", name="Send it back").click()
    expect(lead.get_by_text("PT licence is sent back")).to_be_visible()

    page = visit(therapist)
    page.goto(live_server.url + therapist.get_absolute_url())
    expect(page.get_by_role("row", name="PT licence")).to_contain_text("The first day is the one before.")
    page.get_by_role("link", name="Correct PT licence").click()
    page.get_by_label("First day on the document").fill((today - timedelta(days=1)).isoformat())
    page.get_by_role("button", name="File the correction").click()

    lead = visit(clinical_lead)
    lead.goto(live_server.url + Credential.objects.get().get_absolute_url() + "?from=queue")
    lead.get_by_role("button", name="It is right").press("Enter")
    expect(lead.get_by_role("heading", name="Nothing to check")).to_be_visible()

    page = visit(therapist)
    page.goto(live_server.url + therapist.get_absolute_url())
    expect(page.get_by_role("row", name="PT licence")).to_contain_text("In force")
    assert axe(page) == []

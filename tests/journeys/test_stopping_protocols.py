"""The emergency brake and the waiver: a manager stops a protocol or excuses somebody, and each sees what it means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Clinic, User
from intranet.reminders.models import Run
from intranet.reminders.ticking import tick
from protocols.models import ProtocolVersion
from tests.intranet.reminders.mail_server import Mailbox
from tests.journeys.conftest import press
from tests.protocols import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TITLE = "Electrical stimulation"
STOPPED, AGAIN = f"Do not use “{TITLE}” at Mt. Prospect", f"“{TITLE}” may be used again at Mt. Prospect"


@pytest.fixture
def version(approver: User, clinical_lead: User) -> ProtocolVersion:
    """In force since yesterday, for therapists everywhere."""
    return factories.published(
        by=approver, lead=clinical_lead, at=timezone.now() - timedelta(days=1), title=TITLE, body="<p>Low.</p>"
    )


def ring() -> None:
    tick(timezone.now() + timedelta(minutes=1), Run.Origin.MANUAL)


def sign(page: Page, address: str) -> None:
    """Through the page: it proves that the version was opened."""
    page.goto(address)
    press(page, "I have read and will follow version 1")
    expect(page.get_by_text("You acknowledged version 1 of", exact=False)).to_be_visible()


def test_a_manager_stops_a_protocol_until_the_lead_has_decided(
    visit: Callable[..., Page],
    live_server: Any,
    mailbox: Mailbox,
    version: ProtocolVersion,
    therapist: User,
    therapist_oakbrook: User,
    manager: User,
    clinical_lead: User,
):
    address = f"{live_server.url}{version.get_absolute_url()}"
    reader, signer = visit(therapist), visit(therapist_oakbrook)
    sign(signer, address)
    stopping = visit(manager)
    stopping.goto(address)
    stopping.locator("main summary", has_text="More actions").click()
    stopping.get_by_role("link", name="Suspend in an emergency").click()
    expect(stopping.get_by_role("checkbox", name="Oakbrook Terrace")).to_have_count(0)
    stopping.get_by_role("checkbox", name="Mt. Prospect").check()
    stopping.get_by_label("Why it is suspended").fill("The stop button fails.")
    press(stopping, "Suspend version 1")
    expect(stopping.get_by_text("Do not use it at Mt. Prospect")).to_be_visible()
    expect(stopping.get_by_role("link", name="Decide")).to_have_count(0)

    ring()
    told = {
        person: STOPPED in mailbox.subjects_for(person.email) for person in (therapist, therapist_oakbrook, manager)
    }
    assert told == {therapist: True, therapist_oakbrook: True, manager: False}
    reader.goto(address)
    expect(reader.get_by_role("alert")).to_contain_text("The stop button fails.")

    lead = visit(clinical_lead)
    lead.goto(f"{live_server.url}/inbox/")
    lead.get_by_role("button", name=STOPPED, exact=True).click()
    lead.get_by_role("link", name="Decide").click()
    lead.get_by_label("Why it may be used again").fill("The button was exchanged and tested.")
    press(lead, "Use it again")
    expect(lead.get_by_text("Do not use it at Mt. Prospect")).to_have_count(0)

    ring()
    assert AGAIN in mailbox.subjects_for(therapist_oakbrook.email)
    reader.goto(address)
    expect(reader.get_by_text("In force: version 1")).to_be_visible()
    expect(reader.get_by_role("alert")).to_have_count(0)


def test_a_manager_excuses_a_therapist_and_asks_again(
    visit: Callable[..., Page],
    live_server: Any,
    version: ProtocolVersion,
    therapist: User,
    manager: User,
    mt_prospect: Clinic,
):
    page, excused = visit(manager), visit(therapist)
    page.goto(f"{live_server.url}/protocols/report/")
    row = page.get_by_role("row", name=therapist.name)
    row.get_by_role("link", name="Due ").click()
    page.get_by_label("Why", exact=True).fill("On leave.")
    page.get_by_label("Until the end of").fill((timezone.localdate() + timedelta(days=20)).isoformat())
    press(page, f"Waive it for {therapist.given_name}")
    expect(page.get_by_role("heading", name="Waived", exact=True)).to_be_visible()

    excused.goto(f"{live_server.url}/protocols/?mine=on")
    expect(excused.get_by_role("heading", name="0 protocols")).to_be_visible()
    page.goto(f"{live_server.url}/protocols/report/")
    row.get_by_role("link", name="Waived").click()
    press(page, "Ask for it again")
    expect(page.get_by_text("Waivers on record")).to_be_visible()
    excused.goto(f"{live_server.url}/protocols/?mine=on")
    expect(excused.get_by_role("heading", name="1 protocol")).to_be_visible()

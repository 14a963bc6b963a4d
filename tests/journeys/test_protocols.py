"""A protocol goes from its author to a manager's report through four people, each in their own browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from intranet.reminders.models import Reminder, Run
from intranet.reminders.ticking import tick
from protocols.models import Acknowledgement, ProtocolVersion
from tests.journeys.conftest import press
from tests.protocols import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TITLE = "Ice after exercise"


def test_from_draft_to_report(
    visit: Callable[..., Page],
    live_server: Any,
    therapist: User,
    clinical_lead: User,
    floater: User,
    manager: User,
    axe: Callable[[Page], list[str]],
):
    author = visit(therapist)
    author.goto(f"{live_server.url}/protocols/new/")
    author.get_by_label("Title").fill(TITLE)
    author.get_by_label("Category").select_option("exercise")
    press(author, "Start the draft")
    version = ProtocolVersion.objects.get(title=TITLE)
    _write_every_section(version, therapist)
    author.goto(f"{live_server.url}{version.get_absolute_url()}")
    author.locator("main summary", has_text="More actions").click()
    press(author, "Submit for review")
    expect(author.get_by_role("button", name="Approve version 1")).to_have_count(0)

    lead = visit(clinical_lead)
    lead.goto(f"{live_server.url}{version.get_absolute_url()}")
    press(lead, "Approve version 1")
    lead.get_by_role("link", name="Publish version 1").click()
    expect(lead.get_by_role("button", name="See what it does")).to_be_visible()
    assert axe(lead) == []
    for box in lead.get_by_role("checkbox", name="Therapist").all()[:4]:
        box.check()
    lead.get_by_role("button", name="See what it does").click()
    expect(lead.get_by_text("No published shift loses anybody")).to_be_visible()
    assert axe(lead) == []
    lead.get_by_role("button", name="Publish version 1").click()
    expect(lead.get_by_text("In force: version 1")).to_be_visible()

    soon = timezone.now() + timedelta(minutes=1)
    tick(soon, Run.Origin.MANUAL)
    told = Reminder.objects.get(recipient=floater, kind="protocol-to-acknowledge", state=Reminder.State.RELEASED)
    assert told.title.startswith(f"Acknowledge “{TITLE}” by ")
    reader = visit(floater)
    reader.goto(f"{live_server.url}/inbox/")
    reader.get_by_role("button", name=told.title, exact=True).click()
    expect(reader.get_by_text("In force: version 1")).to_be_visible()
    assert axe(reader) == []
    reader.get_by_role("button", name="I have read and will follow version 1").click()
    expect(reader.get_by_role("button", name="I have read and will follow version 1")).to_have_count(0)
    assert Acknowledgement.objects.get().user == floater

    answering = visit(manager)
    answering.goto(f"{live_server.url}/protocols/report/")
    expect(answering.get_by_role("rowheader", name=floater.name)).to_be_visible()
    expect(answering.get_by_role("columnheader", name=TITLE)).to_be_visible()
    assert axe(answering) == []
    answering.get_by_role("link", name=TITLE).click()
    signed = answering.get_by_role("row", name=floater.name)
    expect(signed.get_by_text("Signed", exact=True)).to_be_visible()
    assert axe(answering) == []


def _write_every_section(version: ProtocolVersion, author: User) -> None:
    """Words for each section, by the action: the editor has its own test."""
    from protocols import drafting

    text = drafting.text_of(version)
    for section in text.sections:
        object.__setattr__(section, "body", "<p>Ten minutes, with a cloth between ice and skin.</p>")
    version.refresh_from_db()
    drafting.edit_draft(version, text, by=author, at=timezone.now(), token=version.token)


def test_readers_stay_with_the_version_in_force(
    visit: Callable[..., Page], live_server: Any, therapist: User, floater: User, clinical_lead: User
):
    now = timezone.now()
    version = factories.published(by=floater, lead=clinical_lead, at=now, body="<p>The old words.</p>")
    factories.revised(after=version, by=floater, at=now, body="<p>The new words.</p>")
    page = visit(therapist)
    page.goto(f"{live_server.url}{version.protocol.get_absolute_url()}")
    expect(page.get_by_text("The old words.")).to_be_visible()
    expect(page.get_by_text("The new words.")).to_have_count(0)


def test_who_knows_the_last_version_goes_from_the_changes_to_the_whole_text(
    visit: Callable[..., Page],
    live_server: Any,
    therapist: User,
    floater: User,
    clinical_lead: User,
    axe: Callable[[Page], list[str]],
):
    now = timezone.now()
    first = factories.published(by=floater, lead=clinical_lead, at=now - timedelta(days=9), body="<p>Old words.</p>")
    factories.acknowledgement(version=first, by=therapist, at=now - timedelta(days=8))
    factories.next_version(after=first, by=floater, lead=clinical_lead, at=now - timedelta(days=1))
    page = visit(therapist)
    page.goto(f"{live_server.url}{first.protocol.get_absolute_url()}compare/")
    expect(page.get_by_role("button", name="I have read and will follow version 2")).to_have_count(0)
    assert axe(page) == []
    page.get_by_role("link", name="Read and acknowledge version 2").click()
    page.get_by_role("button", name="I have read and will follow version 2").click()
    expect(page.get_by_text("You acknowledged version 2", exact=False).first).to_be_visible()
    assert Acknowledgement.objects.filter(user=therapist).count() == 2

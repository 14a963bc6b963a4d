"""A protocol goes from its author to a manager's report through five people, each in their own browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from intranet.core.time import at_local, organisation_day, organisation_zone
from intranet.reminders.models import Run
from intranet.reminders.ticking import tick
from protocols.models import Acknowledgement, ProtocolVersion
from tests.intranet.reminders.mail_server import Mailbox
from tests.journeys.conftest import press, write
from tests.protocols import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TITLE = "Ice after exercise"
SECTION = "Purpose and scope"
QUESTION = "What lies between ice and skin?"


def test_from_draft_to_report(
    visit: Callable[..., Page],
    live_server: Any,
    mailbox: Mailbox,
    therapist: User,
    approver: User,
    clinical_lead: User,
    floater: User,
    manager: User,
    axe: Callable[[Page], list[str]],
):
    author = visit(therapist)
    version = _written_with_a_question(author, live_server)
    second = visit(approver)
    _sent_back_with_a_comment(second, live_server, version)
    _corrected(author, live_server, version)
    second.goto(f"{live_server.url}{version.get_absolute_url()}")
    expect(second.get_by_text("Twenty minutes at most.")).to_be_visible()
    press(second, "Approve version 1")
    expect(second.get_by_text("You approved version 1.", exact=False)).to_be_visible()

    lead = visit(clinical_lead)
    _published_after_a_look(lead, live_server, version, axe)

    reader = visit(floater)
    reader.goto(_link_in_the_reminder(mailbox, floater, live_server))
    expect(reader.get_by_text("In force: version 1")).to_be_visible()
    assert axe(reader) == []
    _answered_and_signed(reader)
    given = Acknowledgement.objects.get()
    assert (given.user, given.version) == (floater, version)

    answering = visit(manager)
    answering.goto(f"{live_server.url}/protocols/report/")
    expect(answering.get_by_role("columnheader", name=TITLE)).to_be_visible()
    assert axe(answering) == []
    answering.get_by_label("Person", exact=True).fill(floater.given_name)
    expect(answering.get_by_role("rowheader", name=therapist.name)).to_have_count(0)
    row = answering.get_by_role("row", name=floater.name)
    expect(row.get_by_role("link", name="1 of 1")).to_be_visible()
    answering.get_by_role("link", name=TITLE).click()
    signed = answering.get_by_role("row", name=floater.name)
    expect(signed.get_by_text("Signed", exact=True)).to_be_visible()


def _written_with_a_question(author: Page, live_server: Any) -> ProtocolVersion:
    """Write in the editor, ask a question about what must not be got wrong, and submit."""
    author.goto(f"{live_server.url}/protocols/new/")
    author.get_by_label("Title").fill(TITLE)
    author.get_by_label("Category").select_option("exercise")
    author.get_by_label("Nothing: one empty section").check()
    press(author, "Start the draft")
    write(author, SECTION, "Ten minutes.")
    author.get_by_role("button", name="Save and open the questions").click()
    first = author.get_by_role("region", name="Question 1")
    first.locator("[name$=-text]").fill(QUESTION)
    first.locator("[name$=-section]").select_option(SECTION)
    for place, answer in enumerate(["Nothing", "A cloth"]):
        first.locator(f"[name$=-option{place}]").fill(answer)
    first.locator("[name$=-right]").select_option("Answer 2")
    author.get_by_role("button", name="Save the questions").click()
    expect(author.get_by_text("1 question.")).to_be_visible()
    _submit(author)
    return ProtocolVersion.objects.get(title=TITLE)


def _submit(author: Page) -> None:
    author.get_by_role("button", name="Submit for review").first.click()
    expect(author.get_by_text("In review: version 1", exact=False).first).to_be_visible()
    expect(author.get_by_role("button", name="Approve version 1")).to_have_count(0)


def _sent_back_with_a_comment(second: Page, live_server: Any, version: ProtocolVersion) -> None:
    second.goto(f"{live_server.url}{version.get_absolute_url()}")
    beside = second.get_by_role("complementary", name=f"Comments on {SECTION}")
    beside.get_by_text(f"Comment on {SECTION}").click()
    beside.get_by_label("Your comment").fill("What is the most?")
    beside.get_by_role("button", name="Add the comment").click()
    expect(second.get_by_text("1 comment is not resolved yet", exact=False)).to_be_visible()
    second.get_by_label("What has to change").fill("Say how long at most.")
    press(second, "Send back to the authors")
    expect(second.get_by_text("Version 1 went back to its authors.")).to_be_visible()
    expect(second.get_by_role("heading", name="Protocols", exact=True)).to_be_visible()


def _corrected(author: Page, live_server: Any, version: ProtocolVersion) -> None:
    author.goto(f"{live_server.url}/protocols/{version.protocol.slug}/draft/")
    expect(author.get_by_text("Say how long at most.")).to_be_visible()
    expect(author.get_by_text("What is the most?")).to_be_visible()
    write(author, SECTION, "Ten minutes, with a cloth between ice and skin. Twenty minutes at most.")
    author.get_by_role("button", name="Save and preview").click()
    press(author, "Resolve")
    expect(author.get_by_text("What is the most?")).to_have_count(0)
    author.get_by_role("link", name="Edit", exact=True).click()
    expect(author.get_by_role("textbox", name=SECTION, exact=True)).to_contain_text("Twenty minutes at most.")
    _submit(author)


def _published_after_a_look(
    lead: Page, live_server: Any, version: ProtocolVersion, axe: Callable[[Page], list[str]]
) -> None:
    """At once, for the therapists of both clinics."""
    lead.goto(f"{live_server.url}{version.get_absolute_url()}")
    lead.get_by_role("link", name="Publish version 1").click()
    for box in lead.get_by_role("checkbox", name=re.compile("^Must acknowledge.*: Therapist,")).all():
        box.check()
    lead.get_by_role("button", name="See what it does").click()
    expect(lead.get_by_text("3 people have to sign it.", exact=False)).to_be_visible()
    expect(lead.get_by_text("No published shift loses anybody")).to_be_visible()
    assert axe(lead) == []
    lead.get_by_role("button", name="Publish version 1").click()
    expect(lead.get_by_text("In force: version 1")).to_be_visible()


def _link_in_the_reminder(mailbox: Mailbox, person: User, live_server: Any) -> str:
    """Where the mail leads that the tick of the next morning sends: by night no mail leaves."""
    tomorrow = organisation_day(timezone.now()) + timedelta(days=1)
    tick(at_local(tomorrow, time(9), organisation_zone()), Run.Origin.MANUAL)
    [mail] = [mail for (to, _), mail in zip(mailbox.taken, mailbox.messages, strict=True) if to == person.email]
    assert mail["Subject"].startswith(f"Acknowledge “{TITLE}” by ")
    text = mail.get_body(("plain",)).get_content()
    [path] = re.findall(rf"{re.escape(settings.SITE_ORIGIN)}(/protocols/\S+)", text)
    return f"{live_server.url}{path}"


def _answered_and_signed(reader: Page) -> None:
    """Wrongly first: the page says what to read again, and keeps nothing but the answer."""
    signing = reader.get_by_role("button", name="I have read and will follow version 1")
    question = reader.get_by_role("group", name=QUESTION)
    question.get_by_label("Nothing").check()
    signing.click()
    expect(reader.get_by_role("alert")).to_contain_text(f"Read “{SECTION}” again")
    question.get_by_label("A cloth").check()
    signing.click()
    expect(reader.get_by_text(f"You acknowledged version 1 of “{TITLE}”.")).to_be_visible()
    expect(signing).to_have_count(0)


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

"""Two authors at one draft, each in their own browser: it saves by itself, says who else is there, and loses no words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from protocols.drafting import SectionText
from protocols.models import ProtocolVersion
from tests.journeys.conftest import DESKTOP, PHONE, write
from tests.protocols import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def draft(therapist: User) -> ProtocolVersion:
    parts = [SectionText("text", "Aim", "<p>Old aim.</p>"), SectionText("steps", "Steps", "<p>Old steps.</p>")]
    return factories.draft(by=therapist, at=timezone.now(), sections=parts)


@pytest.fixture
def opened(live_server: Any, draft: ProtocolVersion, visit: Callable[..., Page]) -> Callable[[User], Page]:
    def open_editor(person: User) -> Page:
        page = visit(person)
        page.goto(f"{live_server.url}/protocols/{draft.protocol.slug}/draft/")
        page.get_by_role("textbox", name="Aim").wait_for()
        return page

    return open_editor


def bodies(version: ProtocolVersion) -> list[str]:
    return [part.body for part in version.sections.all()]


def test_what_is_written_is_saved_without_a_button(opened, draft, therapist):
    page = opened(therapist)
    with page.expect_response("**/draft/keep/") as kept:
        write(page, "Aim", "New aim.")
    assert kept.value.status == 200
    expect(page.get_by_text("Saved ", exact=False).first).to_be_visible()
    assert bodies(draft) == ["<p>New aim.</p>", "<p>Old steps.</p>"]
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()


def test_two_browsers_and_nobody_loses_words(opened, draft, therapist, clinical_lead, axe):
    first, second = opened(therapist), opened(clinical_lead)
    expect(second.get_by_text("Avery Testwell has this draft open, too.")).to_be_visible()
    with first.expect_response("**/draft/keep/"):
        write(first, "Aim", "Avery’s aim.")
        write(first, "Steps", "Avery’s steps.")
    with second.expect_response("**/draft/keep/") as refused:
        write(second, "Aim", "Ines’s aim.")
    assert refused.value.status == 409
    expect(second.get_by_text("Avery Testwell saved this draft after you opened it.", exact=False)).to_be_visible()
    second.get_by_role("button", name="Save draft").click()
    expect(second.get_by_text("Avery changed this section, too")).to_be_visible()
    expect(second.get_by_role("textbox", name="Steps", exact=True)).to_have_text("Avery’s steps.")
    expect(second.get_by_role("textbox", name="Aim", exact=True)).to_have_text("Ines’s aim.")
    expect(second.get_by_role("radio", name="Keep").and_(second.locator(":checked"))).to_have_count(0)
    assert axe(second) == []
    second.get_by_role("button", name="Save draft").click()
    expect(second.get_by_role("alert").filter(has_text="Choose whose words stay")).to_be_visible()
    expect(second.get_by_role("textbox", name="Aim", exact=True)).to_have_text("Ines’s aim.")
    assert axe(second) == []
    second.get_by_label("Keep both").check()
    second.get_by_role("button", name="Save draft").click()
    expect(second.get_by_text("Saved.", exact=True)).to_be_visible()
    note = "<p>Below are the words of Avery Testwell. Put both together, then remove this note.</p>"
    both = f'<p>Ines’s aim.</p><blockquote class="callout-caution">{note}</blockquote><p>Avery’s aim.</p>'
    assert bodies(draft) == [both, "<p>Avery’s steps.</p>"]


PASTED = """html => {
    const data = new DataTransfer();
    data.setData("text/html", html);
    document.activeElement.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
FROM_ELSEWHERE = """<style>p { color: red }</style><h1 style="color: red">Large</h1><h5>Small</h5><p style='font: "a>b"'>Text</p>
    <ol style="margin: 0"><li style="color: red">One</li></ol>
    <table style="width: 9px"><colgroup><col style="width: 9px"></colgroup><tr><td style="width: 9px">Cell</td></tr></table>"""


def test_what_is_pasted_keeps_its_headings_and_breaks_no_rule(opened, draft, therapist):
    page = opened(therapist)
    write(page, "Aim", "First.")
    page.keyboard.press("Enter")
    page.evaluate(PASTED, FROM_ELSEWHERE)
    with page.expect_navigation():
        page.get_by_role("button", name="Save draft").click()
    assert bodies(draft)[0] == (
        "<p>First.</p><h3>Large</h3><h4>Small</h4><p>Text</p><ol><li>One</li></ol>"
        "<table><tbody><tr><td>Cell</td></tr></tbody></table>"
    )


def test_a_link_leads_somewhere_or_the_dialog_says_why_not(opened, draft, therapist, axe):
    page = opened(therapist)
    write(page, "Aim", "Read this.")
    page.keyboard.press("Control+A")
    page.get_by_role("toolbar", name="Format: Aim").get_by_role("button", name="Link").click()
    dialog = page.get_by_role("dialog")
    for bad in ("javascript:alert(1)", "clinic.example", "//elsewhere.example"):
        dialog.get_by_label("Address").fill(bad)
        dialog.get_by_role("button", name="Set the link").click()
        expect(dialog.get_by_role("alert")).to_have_text(
            "Begin the address with https://, or with / for a page of the intranet."
        )
    assert axe(page) == []
    dialog.get_by_label("Address").fill("/protocols/")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    with page.expect_navigation():
        page.get_by_role("button", name="Save draft").click()
    assert bodies(draft)[0] == '<p><a href="/protocols/" rel="noopener noreferrer">Read this.</a></p>'


def test_the_focus_follows_the_section(opened, draft, therapist):
    page = opened(therapist)
    page.get_by_role("button", name="Move down Aim").click()
    expect(page.locator("section:focus")).to_have_attribute("aria-label", "Aim")
    page.get_by_role("button", name="Precautions").click()
    expect(page.locator("section:focus")).to_have_attribute("aria-label", "Precautions")


def test_removing_words_asks_first(opened, draft, therapist, axe):
    page = opened(therapist)
    write(page, "Steps", "Typed just now.")
    page.get_by_role("button", name="Remove Steps").click()
    expect(page.get_by_role("heading", name="Remove “Steps”?")).to_be_visible()
    expect(page.get_by_text("Typed just now.")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("link", name="Keep it").click()
    expect(page.locator("section:focus")).to_have_attribute("aria-label", "Steps")
    page.get_by_role("button", name="Remove Steps").click()
    page.get_by_role("button", name="Remove the section").click()
    expect(page.get_by_text("“Steps” is removed.")).to_be_visible()
    assert bodies(draft) == ["<p>Old aim.</p>"]


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_toolbar_fits_and_every_button_has_a_name(visit, live_server, draft, therapist, viewport, axe):
    page = visit(therapist, viewport=viewport)
    page.goto(f"{live_server.url}/protocols/{draft.protocol.slug}/draft/")
    bar = page.get_by_role("toolbar", name="Format: Aim")
    assert bar.evaluate("bar => bar.scrollWidth <= bar.clientWidth")
    assert axe(page) == []
    named = [one.get_attribute("aria-label") for one in bar.get_by_role("button").all()]
    assert named == [
        *("Heading", "Subheading", "Bold", "Italic", "List", "Numbered list"),
        *("Callout: note", "Callout: caution", "Callout: danger", "Link", "Picture", "Insert a table", "Undo", "Redo"),
    ]
    page.get_by_role("textbox", name="Aim", exact=True).click()
    bar.get_by_role("button", name="Insert a table").click()
    expect(bar.get_by_role("button", name="Delete this row")).to_be_visible()
    assert bar.evaluate("bar => bar.scrollWidth <= bar.clientWidth")


def test_without_script_nothing_waits_for_one(visit, new_context, live_server, draft, therapist):
    with_script = visit(therapist)
    page = new_context(java_script_enabled=False, storage_state=with_script.context.storage_state()).new_page()
    page.goto(f"{live_server.url}/protocols/{draft.protocol.slug}/versions/1/")
    page.locator("summary", has_text="More actions").click()
    assert [one.is_visible() for one in page.locator("[data-prints]").all()] == [False]
    with_script.goto(page.url)
    with_script.locator("summary", has_text="More actions").click()
    assert [one.is_visible() for one in with_script.locator("[data-prints]").all()] == [True]
    page.goto(f"{live_server.url}/protocols/{draft.protocol.slug}/draft/")
    expect(page.get_by_label("Text", exact=True).first).to_have_value("Old aim.")
    page.get_by_label("Text", exact=True).first.fill("New aim.\n\nSecond.")
    page.get_by_role("button", name="Save draft").click()
    assert bodies(draft)[0] == "<p>New aim.</p><p>Second.</p>"

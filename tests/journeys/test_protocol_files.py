"""A picture and an attachment on their way from an author's disk to a reader, in the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from protocols import publishing
from protocols.models import ProtocolVersion
from tests.protocols import factories
from tests.protocols.file_samples import jpeg, pdf_with_words, png

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("store")]

LOADED = "async image => { await image.decode(); return image.naturalWidth }"


def test_an_author_puts_a_picture_into_the_text(
    visit: Callable[..., Page],
    live_server: Any,
    axe: Callable[[Page], list[str]],
    therapist: User,
    clinical_lead: User,
    floater: User,
):
    version = factories.draft(by=therapist, at=timezone.now(), body="<p>Bend the knee.</p>")
    page = visit(therapist)
    page.goto(f"{live_server.url}/protocols/{version.protocol.slug}/draft/")
    page.locator(".ProseMirror p", has_text="Bend the knee.").click()
    page.keyboard.press("End")
    page.get_by_role("button", name="Picture", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Put it in").click()
    expect(dialog.get_by_role("alert")).to_have_text("Say what the picture shows.")
    dialog.get_by_label("What it shows").fill("A knee, bent to ninety degrees")
    dialog.get_by_label("Picture", exact=True).set_input_files(
        {"name": "not.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    dialog.get_by_role("button", name="Put it in").click()
    expect(dialog.get_by_role("alert")).to_contain_text("This is not a PDF, PNG or JPEG file")
    assert axe(page) == []
    dialog.get_by_label("Picture", exact=True).set_input_files(
        {"name": "knee.png", "mimeType": "image/png", "buffer": png((300, 200))}
    )
    dialog.get_by_role("button", name="Put it in").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    image = page.locator(".ProseMirror").get_by_role("img", name="A knee, bent to ninety degrees")
    expect(image).to_be_visible()
    assert image.evaluate(LOADED) == 300
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    # Once more from the shelf, and with other words.
    page.locator(".ProseMirror p").first.click()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Shift+End")  # words that are selected stay
    page.get_by_role("button", name="Picture", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="A knee, bent to ninety degrees").click()
    page.get_by_role("dialog").get_by_role("button", name="Put it in").click()
    expect(page.locator(".ProseMirror img[src]")).to_have_count(2)
    page.locator(".ProseMirror img[src]").last.click()
    page.get_by_role("button", name="Picture", exact=True).click()
    page.get_by_role("dialog").get_by_label("What it shows").fill("The same knee")
    page.get_by_role("dialog").get_by_role("button", name="Set the words").click()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    body = ProtocolVersion.objects.get().sections.get().body
    picture = version.pictures.get()
    shown = f'<img src="{picture.address}" alt="{{}}" width="300" height="200">'
    assert body == (
        f"<p>Bend the knee.{shown.format('A knee, bent to ninety degrees')}{shown.format('The same knee')}</p>"
    )

    version.refresh_from_db()
    now = timezone.now()
    review = publishing.submit(version, by=therapist, at=now)
    approved = publishing.approve(review, by=clinical_lead, at=now, token=review.token)
    publishing.publish(approved, by=clinical_lead, at=now, readers=factories.THERAPISTS)
    reader = visit(floater)
    reader.goto(f"{live_server.url}{version.protocol.get_absolute_url()}")
    assert reader.get_by_role("img", name="The same knee").evaluate(LOADED) == 300
    assert axe(reader) == []


def test_a_pasted_picture_asks_what_it_shows(visit: Callable[..., Page], live_server: Any, therapist: User):
    version = factories.draft(by=therapist, at=timezone.now())
    page = visit(therapist)
    page.goto(f"{live_server.url}/protocols/{version.protocol.slug}/draft/")
    page.locator(".ProseMirror").click()
    page.evaluate(
        """bytes => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "image.jpg", { type: "image/jpeg" }));
            document.querySelector(".ProseMirror").dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        list(jpeg((120, 80))),
    )
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What it shows").fill("A shoulder")
    dialog.get_by_role("button", name="Put it in").click()
    expect(page.locator(".ProseMirror").get_by_role("img", name="A shoulder")).to_be_visible()


def test_what_is_pasted_from_elsewhere_brings_no_picture(visit: Callable[..., Page], live_server: Any, therapist: User):
    version = factories.draft(by=therapist, at=timezone.now())
    page = visit(therapist)
    page.goto(f"{live_server.url}/protocols/{version.protocol.slug}/draft/")
    page.locator(".ProseMirror").click()
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text/html",
                '<p>Kept <img src="https://elsewhere.example/a.png" onerror="alert(1)"><script>alert(1)</script>words</p>');
            document.querySelector(".ProseMirror").dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    expect(page.locator(".ProseMirror")).to_contain_text("Kept words")
    expect(page.locator(".ProseMirror img[src]")).to_have_count(0)


def test_an_author_attaches_a_file_without_javascript(
    context: Any, live_server: Any, therapist: User, sign_in: Callable[..., Any], browser: Any, settings: Any
):
    version = factories.draft(by=therapist, at=timezone.now())
    cookie = sign_in(therapist).cookies[settings.SESSION_COOKIE_NAME].value
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    page = plain.new_page()
    page.goto(f"{live_server.url}/protocols/{version.protocol.slug}/draft/")
    page.get_by_role("button", name="Save and open the files").click()
    page.get_by_label("File").set_input_files(
        {"name": "home_sheet.pdf", "mimeType": "application/pdf", "buffer": pdf_with_words("Repetitions")}
    )
    page.get_by_role("button", name="Attach").click()
    expect(page.get_by_role("link", name="home sheet")).to_be_visible()
    page.get_by_label("Picture", exact=True).set_input_files(
        {"name": "knee.png", "mimeType": "image/png", "buffer": png()}
    )
    page.get_by_label("What it shows").fill("A knee")
    page.get_by_role("button", name="Add the picture").click()
    expect(page.locator("code")).to_have_text(version.pictures.get().code)
    plain.close()

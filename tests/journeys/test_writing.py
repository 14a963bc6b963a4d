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
from tests.journeys.conftest import write
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
    assert axe(second) == []
    second.get_by_label("Keep both, theirs below yours").check()
    second.get_by_role("button", name="Save draft").click()
    expect(second.get_by_text("Saved.", exact=True)).to_be_visible()
    assert bodies(draft) == ["<p>Ines’s aim.</p><p>Avery’s aim.</p>", "<p>Avery’s steps.</p>"]

"""Opening My schedule on a phone says by itself that one has seen what was published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Clinic, User
from scheduling.models import PublicationReceipt
from scheduling.publishing import publish
from tests.journeys.conftest import PHONE, next_monday
from tests.scheduling import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_page_sends_the_receipt(
    visit: Callable[..., Page],
    live_server: Any,
    manager: User,
    therapist: User,
    mt_prospect: Clinic,
    axe: Callable[[Page], list[str]],
):
    week = factories.shift(clinic=mt_prospect, day=next_monday(), staff=therapist).week
    publish(week, version=week.version, by=manager, at=timezone.now(), reason="So.")
    page = visit(therapist, viewport=PHONE)
    with page.expect_response(lambda response: response.url.endswith("/schedule/seen/")) as sent:
        page.goto(f"{live_server.url}/schedule/")
    assert sent.value.status == 204
    expect(page.get_by_text("New since you last looked")).to_be_visible()
    assert axe(page) == []
    assert PublicationReceipt.objects.get().recipient.person == therapist
    page.reload()
    expect(page.get_by_text("New since you last looked")).to_have_count(0)

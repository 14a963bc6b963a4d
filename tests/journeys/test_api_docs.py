"""The page of the API, drawn by a library: within our policy like every other page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_it_draws_itself_and_breaks_no_policy(visit: Callable[..., Page], therapist: User, live_server: Any) -> None:
    page = visit(therapist)
    page.goto(f"{live_server.url}/api/v1/docs/")
    expect(page.get_by_role("heading", name="intranet", exact=False).first).to_be_visible(timeout=30_000)

"""Library, reading page and report take as many queries for 5,000 protocols as for 12, and show no more than a page."""

from __future__ import annotations

from datetime import datetime

import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.shelf import Shelf

FEW, MANY = 12, 5000
READERS_PAGES = [
    "/protocols/",
    "/protocols/?sort=recent&category=safety",
    "/protocols/?mine=on",
    "/protocols/?page=2",
    "/protocols/protocol-number-7/",
    "/protocols/protocol-number-7/compare/",
    "/api/v1/protocols/",
    "/api/v1/protocols/protocol-number-7/",
]


def queries(browser: Client, addresses: list[str]) -> dict[str, int]:
    """How many each address takes."""
    found = {}
    for address in addresses:
        with CaptureQueriesContext(connection) as captured:
            response = browser.get(address)
        assert response.status_code == 200, address
        assert response.content.count(b"<li") < 300, address
        found[address] = len(captured)
    return found


def test_5000_protocols_take_as_many_queries_as_12(
    floater: User, clinical_lead: User, therapist: User, sign_in, at: datetime
):
    with time_machine.travel(at, tick=False):
        shelf = Shelf(floater, clinical_lead, at)
        shelf.grow(FEW)
        browser = sign_in(therapist)
        queries(browser, READERS_PAGES)  # what is read once and kept is read now
        few = queries(browser, READERS_PAGES)
        shelf.grow(MANY)
        assert queries(browser, READERS_PAGES) == few
        page = browser.get("/protocols/")
        assert page.context["page"].paginator.count == MANY
        assert len(page.context["entries"]) < 60

"""Lists of people take as many queries for 5,000 as for 10, and show no more than a page of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.directory import holding, matching, staff
from accounts.models import Clinic, User
from accounts.roles import Role
from protocols.publishing import Readers
from tests.crowd import Crowd
from tests.protocols import factories as protocols

FEW, MANY = 10, 5000
PAGE = 60  # rows of a list: fifty at most, and what stands beside them; the home page has several lists

PAGES = [
    "/people/",
    "/people/?q=number4&language=Polish&role=therapist",
    "/people/?today=on&clinic=mt-prospect",
    "/people/?today=off",
    "/people/?skill=procedure",
    "/people/?q=nubmer9",
    "/people/invitations/",
    "/people/audit/",
    "/credentials/",
    "/starters/",
    "/",
    "/api/v1/people/",
    "/api/v1/people/?today=now",
    "/api/v1/people/?skill=procedure&page=2&page_size=5",
    "/api/v1/starters/",
    "/api/v1/audit/",
]


def queries(browser: Client, addresses: Iterable[str]) -> dict[str, int]:
    """How many each address takes, when the page was open before."""
    found = {}
    for address in addresses:
        browser.get(address)
        with CaptureQueriesContext(connection) as captured:
            response = browser.get(address)
        assert response.status_code == 200, address
        body = response.content.decode()
        assert body.count("<tr>") + body.count("<li>") <= 3 * PAGE, address
        if "/api/" in address:
            assert len(response.json()["results"]) <= PAGE, address
        found[address] = len(captured)
    return found


@pytest.fixture
def crowd(mt_prospect: Clinic, clinical_lead: User, floater: User, at: datetime):
    readers = [Readers(Role.THERAPIST, mt_prospect, must_acknowledge=True)]
    with time_machine.travel(at, tick=False):
        protocols.published(by=floater, lead=clinical_lead, at=at - timedelta(days=60), readers=readers)
        yield Crowd(mt_prospect, clinical_lead, at)


def test_5000_people_take_as_many_queries_as_10(crowd: Crowd, manager: User, sign_in, at: datetime):
    browser = sign_in(manager)
    crowd.grow(FEW)
    for_few = queries(browser, PAGES)
    crowd.grow(MANY)
    more = {address for address, count in queries(browser, PAGES).items() if count > for_few[address]}
    assert more == set()  # fewer, where the first page happens to be about fewer kinds of things
    assert browser.get("/people/").context["page"].paginator.count > MANY
    assert browser.get("/starters/").context["page"].paginator.count == MANY

    found = staff(manager, at.date()).filter(matching("number4321"))
    assert [person.name for person in found] == ["Person Number4321"]
    assert "user_by_contact_words" in found.order_by().explain()
    assert "user_by_name" in staff(manager, at.date())[:50].explain()
    assert staff(manager, at.date()).filter(holding(at.date(), role=Role.THERAPIST)).count() > MANY

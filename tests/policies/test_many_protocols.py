"""Library, search and reading page take as many queries for 5,000 protocols as for 12, and show no more than a page."""

from __future__ import annotations

from datetime import datetime

import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from intranet.search.asking import ask, matching
from intranet.search.models import Document
from tests.protocols import factories
from tests.shelf import Shelf

FEW, MANY = 12, 5000
PAGES = [
    "/",
    "/protocols/",
    "/protocols/?sort=recent&category=safety",
    "/protocols/?mine=on",
    "/protocols/?page=2",
    "/protocols/protocol-number-7/",
    "/protocols/protocol-number-7/compare/",
    "/api/v1/protocols/",
    "/api/v1/protocols/protocol-number-7/",
]
SEARCHES = ["/protocols/?q=", "/search/?q=", "/api/v1/search/?q="]
# In every section; the beginning of a word; a slip; a word beside one that is nowhere; nowhere.
WORDS = ["shoulder", "should", "shouldder", "shoulder+banana", "banana"]
ADDRESSES = PAGES + [search + words for search in SEARCHES for words in WORDS]


def queries(browser: Client) -> dict[str, int]:
    """How many each address takes."""
    found = {}
    for address in ADDRESSES:
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
        queries(browser)  # what is read once and kept is read now
        few = queries(browser)
        shelf.grow(MANY)
        assert queries(browser) == few
        page = browser.get("/protocols/")
        assert page.context["page"].paginator.count == MANY
        assert len(page.context["entries"]) < 60
        answer = browser.get("/api/v1/search/?q=shoulder").json()
        assert (answer["count"], len(answer["results"])) == (MANY, 20)
        the_index_finds_one_among_them(factories.published(by=floater, lead=clinical_lead, at=at, title="Rare wombat"))


def the_index_finds_one_among_them(rare) -> None:
    found = Document.objects.filter(matching(ask("wombat").whole))
    assert [document.object_id for document in found] == [rare.pk]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # rows this short are read at once otherwise
    assert "document_by_words" in found.explain()

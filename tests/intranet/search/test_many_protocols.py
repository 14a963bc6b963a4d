"""Search and library take as many queries for thousands of protocols as for a dozen, and use their indexes."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from intranet.search.asking import ask, matching
from intranet.search.models import Document
from protocols.models import ProtocolVersion
from tests.protocols import factories

pytestmark = pytest.mark.django_db
FEW, MANY = 12, 5000
LIBRARY, PAGE, API = reverse("protocols:library"), reverse("search:search"), "/api/v1/search/"
ASKED = ["needling", "needl", "neeedling", "needling banana", "banana"]

# The same published version again and again, in no time: each with a protocol, a section and readers of its own.
COPIES = """
WITH numbers AS (SELECT generate_series(%(first)s::bigint, %(last)s) AS n),
protocol AS (
    INSERT INTO protocols_protocol ({protocol})
    SELECT {protocol_values} FROM protocols_protocol AS old, numbers WHERE old.id = %(protocol)s RETURNING id, slug
),
version AS (
    INSERT INTO protocols_protocolversion ({version})
    SELECT {version_values} FROM protocols_protocolversion AS old, protocol WHERE old.id = %(version)s RETURNING id
),
readers AS (
    INSERT INTO protocols_audience (version_id, clinic_id, role, must_acknowledge)
    SELECT version.id, old.clinic_id, old.role, false FROM protocols_audience AS old, version
    WHERE old.version_id = %(version)s
)
INSERT INTO protocols_section (version_id, key, kind, heading, body, words, "order")
SELECT version.id, gen_random_uuid(), old.kind, old.heading, old.body, old.words, old."order"
FROM protocols_section AS old, version WHERE old.version_id = %(version)s
"""


def columns(table: str, **values: str) -> tuple[str, str]:
    """The columns of a table but its key, and the values of a copy of the row `old`."""
    with connection.cursor() as cursor:
        names = [column.name for column in connection.introspection.get_table_description(cursor, table)]
    names.remove("id")
    return ", ".join(f'"{name}"' for name in names), ", ".join(values.get(name, f'old."{name}"') for name in names)


def grow(version: ProtocolVersion, first: int, last: int) -> None:
    protocol, protocol_values = columns("protocols_protocol", slug="'copy-' || n")
    columns_of_version, version_values = columns("protocols_protocolversion", protocol_id="protocol.id")
    sql = COPIES.format(
        protocol=protocol, protocol_values=protocol_values, version=columns_of_version, version_values=version_values
    )
    terms = {"first": first, "last": last, "protocol": version.protocol_id, "version": version.pk}
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # a copy of a published version is refused otherwise
        cursor.execute(sql, terms)
        cursor.execute("RESET session_replication_role")
        cursor.execute(
            "SELECT protocols_index_version(version.id) FROM protocols_protocolversion AS version"
            " LEFT JOIN search_document ON object_id = version.id AND kind = 'protocol' WHERE object_id IS NULL"
        )
        cursor.execute("ANALYZE")


def queries(browser) -> dict[str, int]:
    found = {}
    for address in (PAGE, LIBRARY, API):
        for asked in ASKED:
            with CaptureQueriesContext(connection) as captured:
                assert browser.get(address, {"q": asked}).status_code == 200
            found[f"{address} {asked}"] = len(captured)
    return found


def test_thousands_of_protocols_take_as_many_queries_as_a_dozen(approver, clinical_lead, therapist, sign_in, at):
    version = factories.published(
        by=approver, lead=clinical_lead, at=at, title="Dry needling", body="<p>Lift the muscle.</p>"
    )
    browser = sign_in(therapist)
    grow(version, 1, FEW - 1)
    queries(browser)
    for_few = queries(browser)
    assert browser.get(API, {"q": "neeedling"}).json()["count"] == FEW
    grow(version, FEW, MANY - 1)
    assert queries(browser) == for_few
    answer = browser.get(API, {"q": "needling"}).json()
    assert (answer["count"], len(answer["results"])) == (MANY, 20)

    rare = factories.published(by=approver, lead=clinical_lead, at=at, title="Rare wombat")
    found = Document.objects.filter(matching(ask("wombat").whole))
    assert [document.object_id for document in found] == [rare.pk]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # rows this short are read at once otherwise
    assert "document_by_words" in found.explain()

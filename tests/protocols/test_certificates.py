"""The certificate of an acknowledgement: what it says, as a page and as a document, and who sees it."""

from __future__ import annotations

from datetime import date, timedelta

import pypdfium2 as pdfium
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership
from intranet.audit.models import Entry
from protocols import publishing
from protocols.certificates import Certificate, certified
from tests import factories as people
from tests.protocols import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def given(floater, clinical_lead, therapist, at):
    version = factories.published(by=floater, lead=clinical_lead, at=at - timedelta(days=10), title="Ankle sprains")
    return factories.acknowledgement(version=version, by=therapist, at=at - timedelta(days=3))


def page(given) -> str:
    return reverse("protocols:certificate", args=[given.pk])


def words(content: bytes) -> str:
    document = pdfium.PdfDocument(content)
    try:
        [only] = [" ".join(page.get_textpage().get_text_range().split()) for page in document]
        return only
    finally:
        document.close()


def test_the_page_says_who_what_and_when(given, therapist, clinical_lead, sign_in):
    said = sign_in(therapist).get(page(given)).content.decode()
    for figure in (
        f"{therapist} acknowledged version 1 of “Ankle sprains” on Nov 22, 2026, 10:00 AM CST.",
        given.text_hash,
        f"{clinical_lead}, Nov 15, 2026",
        "Since Nov 15, 2026, 10:00 AM CST",
        "The text kept today is the very text that was acknowledged.",
    ):
        assert figure in said, figure


def test_the_document_says_the_same_and_leaves_a_trace(given, therapist, manager, clinical_lead, sign_in, at):
    with time_machine.travel(at, tick=False):
        answer = sign_in(manager).get(f"{page(given)}pdf/")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="certificate-ankle-sprains-1-{given.pk}.pdf"'
    said = words(answer.content)
    for figure in (
        f"{therapist} acknowledged version 1 of “Ankle sprains” on Nov 22, 2026, 10:00 AM CST.",
        f"Text {given.text_hash} The text kept today is the very text that was acknowledged.",
        "Nov 22, 2026, 10:00 AM CST 2026-11-22T16:00:00+00:00",
        f"Approved {clinical_lead}, Nov 15, 2026",
        "In force Since Nov 15, 2026, 10:00 AM CST",
        f"Made by {manager} on Nov 25, 2026, 10:00 AM CST Page 1 of 1",
    ):
        assert figure in said, (figure, said)
    entry = Entry.objects.get(verb="acknowledgements.certificate")
    assert (entry.actor_name, entry.changes["content"]) == (manager.name, given.text_hash)


def test_a_superseded_version_says_until_when(given, floater, clinical_lead, at):
    factories.next_version(after=given.version, by=floater, lead=clinical_lead, at=at, effective=date(2026, 12, 1))
    given.version.refresh_from_db()
    words = Certificate(given, given.at).effective_words
    assert words == "Nov 15, 2026, 10:00 AM CST to Dec 1, 2026, 12:00 AM CST"
    assert Certificate(given, given.at).is_intact


def test_one_withdrawn_before_it_started_never_was_in_force(floater, clinical_lead, therapist, at):
    version = factories.published(by=floater, lead=clinical_lead, at=at, effective=date(2026, 12, 1))
    given = factories.acknowledgement(version=version, by=therapist, at=at)
    publishing.withdraw(version, reason="Wrong dose.", by=clinical_lead, at=at + timedelta(hours=1))
    given.version.refresh_from_db()
    assert Certificate(given, given.at).effective_words == "Never: it was withdrawn before it started"


def test_a_text_that_is_not_the_one_is_said(given, therapist, sign_in):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE protocols_section DISABLE TRIGGER USER")
        cursor.execute("UPDATE protocols_section SET body = '<p>Slipped in.</p>'")
        cursor.execute("ALTER TABLE protocols_section ENABLE TRIGGER USER")
    assert "is not the one that was acknowledged" in sign_in(therapist).get(page(given)).content.decode()


def test_who_sees_it(given, cast):
    seen = {name for name, person in cast.items() if certified(person).filter(pk=given.pk).exists()}
    assert seen == {"therapist", "manager", "clinical_lead"}


def test_a_manager_does_not_see_what_somebody_signs_elsewhere(
    therapist, oakbrook, manager, floater, clinical_lead, sign_in, at
):
    people.as_if_always(Membership.objects.filter(user=therapist), clinic=oakbrook)
    version = factories.published(by=floater, lead=clinical_lead, at=at)
    elsewhere = factories.acknowledgement(version=version, by=therapist, at=at)
    browser = sign_in(manager)
    for address in (page(elsewhere), f"{page(elsewhere)}pdf/", f"/protocols/acknowledgements/of/{therapist.pk}/"):
        assert browser.get(address).status_code == 404


def test_the_list_leads_to_each(given, therapist, manager, floater, sign_in):
    own = sign_in(therapist).get(reverse("protocols:certificates")).content.decode()
    assert f'href="{page(given)}"' in own
    assert "1 acknowledgement, each with its certificate." in own
    others = sign_in(manager).get(reverse("protocols:certificates-of", args=[therapist.pk])).content.decode()
    assert f"What {therapist} acknowledged" in others
    assert f'href="{page(given)}"' in others
    nothing = sign_in(floater).get(reverse("protocols:certificates")).content.decode()
    assert "Nothing acknowledged yet" in nothing


def test_the_reading_page_links_it(given, therapist, sign_in):
    said = sign_in(therapist).get(given.version.protocol.get_absolute_url()).content.decode()
    assert f'href="{page(given)}"' in said


def test_the_list_asks_as_often_for_three_as_for_one(given, therapist, floater, clinical_lead, sign_in, at):
    browser, address = sign_in(therapist), reverse("protocols:certificates")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(address).status_code == 200
        return len(captured)

    queries()
    few = queries()
    for title in ("Knees", "Hips"):
        version = factories.published(by=floater, lead=clinical_lead, at=at - timedelta(days=1), title=title)
        factories.acknowledgement(version=version, by=therapist, at=at)
    assert queries() == few


def test_over_the_api(given, therapist, manager, floater, api):
    address = f"/api/v1/acknowledgements/{given.pk}/"
    said = api(manager).get(address).json()
    assert (said["person"], said["version"], said["text_hash"], said["is_intact"]) == (
        therapist.name,
        1,
        given.text_hash,
        True,
    )
    assert "Ankle sprains" in words(api(therapist).get(f"{address}pdf/").content)
    assert api(floater).get(address).status_code == 404
    assert api(manager).get("/api/v1/acknowledgements/").json()["results"] == []

"""The evidence of a day as PDF: every figure of the page and of the CSV, on pages that can be handed over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pypdfium2 as pdfium
import pytest
import time_machine
from django.urls import reverse

from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.wording import clock_time, full_day
from intranet.home.evidence import Evidence
from intranet.home.evidence_paper import evidence_pdf
from protocols import suspending
from protocols.publishing import Readers
from scheduling import publishing
from scheduling.models import RosterWeek
from tests import factories as people
from tests.protocols import factories as protocols
from tests.scheduling import factories as roster

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 12, 1)
LATER = datetime.fromisoformat("2026-12-05T12:00:00-06:00")
LONG = "Ångström-Łukaszewiczówna von und zu Dobřichovice"
HERE = [Readers(Role.THERAPIST, must_acknowledge=True)]


@pytest.fixture
def version(therapist_oakbrook, clinical_lead, therapist, floater, mt_prospect, manager, at):
    """In force on Tuesday, signed by the therapist, who was on shift with the floater; published as a roster."""
    needling = people.skill(code="needling", name="Dry needling", professions=["pt"])
    version = protocols.published(
        by=therapist_oakbrook, lead=clinical_lead, at=at - timedelta(days=60), readers=HERE, title="Needling"
    )
    protocols.governing(version, needling, by=clinical_lead, at=at - timedelta(days=60))
    protocols.acknowledgement(version=version, by=therapist, at=at - timedelta(days=50))
    people.competency(user=therapist, skill=needling, granted_by=clinical_lead)
    roster.shift(clinic=mt_prospect, day=TUESDAY, staff=therapist, skill=needling)
    roster.shift(clinic=mt_prospect, day=TUESDAY, staff=floater, times="10:30-19")
    publish(mt_prospect, manager, at)
    return version


def publish(clinic, by, at):
    week = RosterWeek.objects.get(clinic=clinic, monday=roster.MONDAY)
    publishing.publish(week, version=week.version, by=by, at=at)


def pages(content: bytes) -> list[str]:
    """The words of each page, with single spaces, so that a broken line reads as one."""
    document = pdfium.PdfDocument(content)
    try:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    finally:
        document.close()


def solid(text: str) -> str:
    return "".join(text.split())


def made(version, clinic, by, *, at=LATER, on=TUESDAY) -> bytes:
    return evidence_pdf(Evidence(version.protocol, clinic, on, LATER), title="Needling", by=by, at=at)


def test_it_says_what_the_page_says(version, therapist, floater, mt_prospect, manager, sign_in):
    address = reverse("home:evidence", args=[version.protocol.slug])
    with time_machine.travel(LATER, tick=False):
        browser = sign_in(manager)
        page = browser.get(address, {"on": "2026-12-01"})
        answer = browser.get(f"{address}pdf/", {"on": "2026-12-01"})
    found = page.context["evidence"]
    said = solid(" ".join(pages(b"".join(answer))))
    signed = found.signatures[therapist.pk].given
    zone = mt_prospect.zone
    for figure in (
        "Evidence: Needling",
        "Dec 1, 2026 at Mt. Prospect",
        "Version 1: Needling",
        f"from {full_day(version.in_force.lower.astimezone(zone).date())}, {clock_time(version.in_force.lower, zone)}",
        f"Approved {version.approved_by}, {full_day(version.approved_at.astimezone(zone).date())}",
        f"Published {version.published_by}, {full_day(version.published_at.astimezone(zone).date())}",
        f"Text {version.content_hash}",
        "Who had signed version 1",
        "1 of 2",
        f"{therapist} Signed Version 1, {full_day(signed.at.astimezone(zone).date())}, {clock_time(signed.at, zone)}",
        f"{signed.at.astimezone(UTC).isoformat(timespec='seconds')} {signed.text_hash}",
        f"{floater} Late Not by then {full_day(found.signers[1].due_on)}",
        "As published by the end of the day",
        f"{therapist} 7:00 AM – 3:30 PM",
        "Dry needling",
        "Signed before the shift",
        f"{floater} 10:30 AM – 7:00 PM",
        "Not signed",
        found.fingerprint,
        f"Made by {manager} on Dec 5, 2026, 12:00 PM CST",
        "Page 1 of 1",
    ):
        assert solid(figure) in said, figure
        if figure in (version.content_hash, found.fingerprint, "1 of 2"):
            assert figure in page.content.decode()


def test_it_leaves_the_same_trace_as_the_csv(version, manager, mt_prospect, sign_in):
    with time_machine.travel(LATER, tick=False):
        answer = sign_in(manager).get(reverse("home:evidence-pdf", args=[version.protocol.slug]), {"on": "2026-12-01"})
    assert answer["Content-Type"] == "application/pdf"
    name = f"evidence-{version.protocol.slug}-mt-prospect-2026-12-01.pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    entry = Entry.objects.get(verb="evidence.exported")
    assert (entry.actor_name, entry.changes["fingerprint"]) == (
        manager.name,
        Evidence(version.protocol, mt_prospect, TUESDAY, LATER).fingerprint,
    )


def test_a_day_that_makes_no_sense_leads_to_the_page(version, manager, sign_in):
    address = reverse("home:evidence", args=[version.protocol.slug])
    assert sign_in(manager).get(f"{address}pdf/", {"on": "yesterday"}).url == f"{address}?on=yesterday"
    assert Entry.objects.filter(verb="evidence.exported").count() == 0


def test_the_same_data_gives_the_same_file(version, mt_prospect, manager, clinical_lead):
    first = made(version, mt_prospect, manager)
    assert made(version, mt_prospect, manager) == first
    [before], [after] = pages(first), pages(made(version, mt_prospect, clinical_lead, at=LATER + timedelta(hours=1)))
    lines = (
        f"Made by {manager} on Dec 5, 2026, 12:00 PM CST",
        f"Made by {clinical_lead} on Dec 5, 2026, 1:00 PM CST",
    )
    assert before.replace(lines[0], "") == after.replace(lines[1], "")


def test_long_lists_go_on_under_their_heads(version, mt_prospect, manager, at):
    for number in range(40):
        person = people.staff(name=f"More {number}", role=Role.THERAPIST, clinics=[mt_prospect], profession="pt")
        person.name = f"{LONG} {number:02d}"
        person.save()
        protocols.acknowledgement(version=version, by=person, at=at)
        roster.shift(clinic=mt_prospect, day=TUESDAY, staff=person)
    publish(mt_prospect, manager, at)
    found = pages(made(version, mt_prospect, manager))
    assert len(found) > 3
    for number, text in enumerate(found, 1):
        assert f"Page {number} of {len(found)}" in text
        assert "Evidence: Mt. Prospect, Dec 1, 2026" in text
        assert f"Made by {manager} on Dec 5, 2026" in text
    for text in found[1:-1]:
        assert ("Who State Signed Due" in text) or ("Who Hours For what Signature" in text)
    whole = solid(" ".join(found))
    for number in range(40):
        assert whole.count(solid(f"{LONG} {number:02d}")) == 2


def test_letters_that_the_font_has_not_are_named(version, mt_prospect, manager, therapist):
    therapist.name = "Ελένη 李"
    therapist.save()
    [text] = pages(made(version, mt_prospect, manager))
    assert text.count("Ελένη [U+674E]") == 2


def test_a_suspension_is_said(version, mt_prospect, manager, clinical_lead):
    began = datetime.fromisoformat("2026-12-01T09:00:00-06:00")
    [stop] = suspending.suspend(version, clinics=[mt_prospect], reason="A needle broke.", by=manager, at=began)
    suspending.lift(stop, because="Another brand.", by=clinical_lead, at=began + timedelta(hours=3))
    [text] = pages(made(version, mt_prospect, manager))
    assert (
        f"Suspended Version 1, by {manager} on Dec 1, 2026, 9:00 AM CST: A needle broke."
        f" Lifted by {clinical_lead} on Dec 1, 2026, 12:00 PM CST."
        " from 2026-12-01T15:00:00+00:00 to 2026-12-01T18:00:00+00:00"
    ) in text


def test_a_day_without_anything_says_so(version, mt_prospect, manager):
    [text] = pages(made(version, mt_prospect, manager, on=date(2026, 9, 1)))
    assert "No version of this protocol was in force at Mt. Prospect on this day." in text
    assert "Nobody had a published shift at Mt. Prospect on this day." in text
    assert "Who had signed" not in text


def test_over_the_api(version, manager, manager_oakbrook, therapist, api):
    address = f"/api/v1/evidence/{version.protocol.slug}/pdf/"
    with time_machine.travel(LATER, tick=False):
        answer = api(manager).get(address, {"on": "2026-12-01"})
        assert answer["Content-Type"] == "application/pdf"
        [text] = pages(answer.content)
        assert f"Made by {manager} on Dec 5, 2026, 12:00 PM CST" in text
        assert api(manager).get(address, {"on": "2031-01-01"}).status_code == 400
        assert api(therapist).get(address).status_code == 403

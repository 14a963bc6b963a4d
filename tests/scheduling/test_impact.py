"""What publishing a protocol would do to the roster: previewed in a transaction that is rolled back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.access import Refused
from protocols import acknowledging, drafting, publishing
from protocols.impact import preview
from protocols.models import ProtocolVersion, State
from protocols.publishing import Readers
from tests import factories as people
from tests.protocols import factories as protocols
from tests.scheduling import factories
from tests.scheduling.factories import MONDAY

pytestmark = pytest.mark.django_db
NEXT_WEEK = MONDAY + timedelta(days=7)
THERAPISTS = [Readers(Role.THERAPIST, must_acknowledge=True)]


@pytest.fixture
def in_force(needling, sign_off, therapist, floater, therapist_oakbrook, clinical_lead, at):
    """Version 1 governs needling; therapist and floater are cleared, the therapist of Oakbrook never signed it."""
    version = protocols.published(by=therapist_oakbrook, lead=clinical_lead, at=at - timedelta(days=60))
    version.protocol.skills.add(needling)
    for person in (therapist, floater, therapist_oakbrook):
        sign_off(person)
    for person in (therapist, floater):
        protocols.acknowledgement(version=version, by=person, at=at - timedelta(days=50))
    return version


@pytest.fixture
def approved(in_force, therapist_oakbrook, clinical_lead, at):
    version = protocols.revised(after=in_force, by=therapist_oakbrook, at=at)
    version = publishing.submit(version, by=therapist_oakbrook, at=at)
    return publishing.approve(version, by=clinical_lead, at=at, token=version.token)


@pytest.fixture
def planned(needling, therapist, floater, therapist_oakbrook, mt_prospect, oakbrook):
    """Two shifts of those who are cleared, one of somebody who is not, one open, one withdrawn, one without needling."""
    give = factories.published
    return [
        give(clinic=mt_prospect, day=MONDAY, staff=therapist, skill=needling),
        give(clinic=oakbrook, day=NEXT_WEEK, staff=floater, skill=needling),
        give(clinic=oakbrook, day=NEXT_WEEK, staff=therapist_oakbrook, skill=needling),
        give(clinic=mt_prospect, day=NEXT_WEEK, staff=None, skill=needling),
        give(clinic=mt_prospect, day=MONDAY + timedelta(days=1), staff=therapist, skill=None),
    ]


def look(version, lead, at, **terms):
    return preview(version, by=lead, at=at, readers=THERAPISTS, **terms)


def lost(impact):
    return [(work.person, work.day, work.clinic) for work in impact.losses]


def test_shifts_that_would_lose_a_cleared_person(
    approved, planned, therapist, floater, mt_prospect, oakbrook, clinical_lead, at
):
    impact = look(approved, clinical_lead, at)
    assert lost(impact) == [(therapist, MONDAY, mt_prospect), (floater, NEXT_WEEK, oakbrook)]
    assert [clinic for clinic, _ in impact.by_clinic] == [mt_prospect, oakbrook]
    assert impact.safe_from == NEXT_WEEK + timedelta(days=1)
    assert impact.losses[0].path == planned[0].shift.get_absolute_url()


def test_nothing_of_it_is_kept(approved, planned, clinical_lead, at):
    before = Entry.objects.count()
    look(approved, clinical_lead, at)
    assert Entry.objects.count() == before
    version = ProtocolVersion.objects.get(pk=approved.pk)
    assert (version.state, version.in_force) == (State.APPROVED, None)
    assert [one.state for one in version.protocol.versions.order_by("number")] == [State.PUBLISHED, State.APPROVED]


def test_a_later_start_spares_the_shifts_before_it(approved, planned, floater, oakbrook, clinical_lead, at):
    assert lost(look(approved, clinical_lead, at, effective=NEXT_WEEK)) == [(floater, NEXT_WEEK, oakbrook)]
    safe = look(approved, clinical_lead, at, effective=look(approved, clinical_lead, at).safe_from)
    assert (safe.losses, safe.safe_from) == ([], None)


def test_what_the_preview_says_is_what_publishing_does(approved, planned, therapist, floater, clinical_lead, at):
    impact = look(approved, clinical_lead, at, due_days=7)
    version = publishing.publish(approved, by=clinical_lead, at=at, readers=THERAPISTS, due_days=7)
    rows = acknowledging.outstanding(at).filter(version=version).values_list("user_id", "due_on")
    assert {(one.person.pk, one.due_on) for one in impact.waiting} == set(rows)
    assert len(rows) > 2


def test_wording_only_keeps_signatures_and_shifts(approved, planned, therapist, floater, clinical_lead, at):
    impact = look(approved, clinical_lead, at, material=False)
    assert impact.losses == []
    assert {one.person for one in impact.signed} == {therapist, floater}
    assert not {therapist, floater} & {one.person for one in impact.waiting}


def test_who_may_be_without_a_signature_on_the_first_day(approved, clinical_lead, at):
    start = at.date() + timedelta(days=5)
    late = look(approved, clinical_lead, at, effective=start, due_days=14)
    assert (late.start, late.not_before_start) == (start, late.waiting)
    assert look(approved, clinical_lead, at, effective=start, due_days=2).not_before_start == []


def test_what_publishing_refuses_is_refused(approved, clinical_lead, at):
    with pytest.raises(Refused, match="nothing comes into force in the past"):
        look(approved, clinical_lead, at, effective=date(2020, 1, 1))
    with pytest.raises(Refused, match="Choose who reads it"):
        preview(approved, by=clinical_lead, at=at, readers=[])


def test_queries_do_not_grow_with_shifts_and_people(
    approved, planned, needling, sign_off, mt_prospect, clinical_lead, at
):
    with CaptureQueriesContext(connection) as before:
        look(approved, clinical_lead, at)
    for number in range(4):
        person = people.staff(name=f"More {number}", role=Role.THERAPIST, clinics=[mt_prospect])
        sign_off(person)
        factories.published(clinic=mt_prospect, day=MONDAY, staff=person, skill=needling)
    with CaptureQueriesContext(connection) as after:
        look(approved, clinical_lead, at)
    assert len(after) == len(before)


def test_the_page_shows_it_before_the_button(approved, planned, therapist, floater, clinical_lead, sign_in, at):
    address = reverse("protocols:draft-publish", args=[approved.protocol.slug])
    browser = sign_in(clinical_lead)
    data = {"version": approved.number, "effective": "", "due_days": "5", "material": "yes", "must": ["therapist-all"]}
    assert browser.post(address, data).status_code == 422  # therapists are chosen by clinic
    clinics = [f"therapist-{one.clinic_id}" for one in planned[:2]]
    page = browser.post(address, data | {"must": clinics}).content.decode()
    assert "2 published shifts would lose 2 people who are cleared today" in page
    assert "From Dec 8, 2026 on nothing that is published would be uncovered." in page
    assert 'name="effective" value="2026-12-08"' in page
    assert 'name="seen"' in page
    later = browser.post(address, data | {"must": clinics, "effective": ["", "2026-12-08"]}).content.decode()
    assert "No published shift loses anybody" in later


def test_without_governed_procedures_no_shift_is_asked_for(therapist, clinical_lead, at):
    version = protocols.approved(by=therapist, approver=clinical_lead, at=at)
    impact = look(version, clinical_lead, at)
    assert (impact.losses, impact.safe_from) == ([], None)
    assert drafting.text_of(version).title

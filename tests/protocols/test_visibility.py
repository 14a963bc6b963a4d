"""Who may read which version, for everybody of the cast: the lines "Read ..." of the role table."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Value
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from intranet.core.time import organisation_day
from protocols import publishing
from protocols.models import Acknowledgement, Protocol, ProtocolVersion
from protocols.models.visibility import read_current
from protocols.publishing import Readers
from tests import factories as people
from tests.conftest import CAST
from tests.factories import membership
from tests.protocols import factories

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(days=100)
ALL = set(CAST)
EVERYWHERE = {"clinical_lead", "administrator"}


def readers_of(version: ProtocolVersion, cast: dict[str, User]) -> set[str]:
    names = {name for name, person in cast.items() if ProtocolVersion.objects.sees(person, version)}
    for person in cast.values():  # a protocol shows when one of its versions does
        assert Protocol.objects.sees(person, version.protocol) == (
            ProtocolVersion.objects.visible_to(person).filter(protocol=version.protocol).exists()
        )
    if ProtocolVersion.objects.current(timezone.now()).filter(pk=version.pk).exists():
        asked = User.objects.alias(version=Value(version.pk))
        found = asked.filter(read_current("pk", "version", organisation_day(timezone.now())))
        assert {cast[name] for name in names} == set(found)
    return names


@pytest.fixture
def for_mt_prospect(mt_prospect):
    return [Readers(Role.THERAPIST, mt_prospect, must_acknowledge=True)]


def test_a_version_in_force_is_for_clinic_and_role(cast, approver, clinical_lead, for_mt_prospect, at):
    version = factories.published(by=approver, lead=clinical_lead, at=at, readers=for_mt_prospect)
    assert readers_of(version, cast) == {"therapist", "floater", "manager"} | EVERYWHERE


def test_a_version_in_force_for_a_role_everywhere(cast, approver, clinical_lead, at):
    version = factories.published(by=approver, lead=clinical_lead, at=at, readers=[Readers(Role.FRONT_DESK)])
    assert readers_of(version, cast) == {"front_desk", "manager", "manager_oakbrook"} | EVERYWHERE


def test_a_version_that_is_coming_is_for_the_same_readers(cast, approver, clinical_lead, for_mt_prospect, at):
    version = factories.published(
        by=approver,
        lead=clinical_lead,
        at=at,
        readers=for_mt_prospect,
        effective=at.date() + timedelta(days=9),
    )
    assert readers_of(version, cast) == {"therapist", "floater", "manager"} | EVERYWHERE


def test_a_superseded_version_is_for_those_who_signed_it(cast, floater, therapist, clinical_lead, for_mt_prospect, at):
    one = factories.published(by=floater, lead=clinical_lead, at=at - LONG_AGO, readers=for_mt_prospect)
    factories.acknowledgement(version=one, by=therapist, at=at - LONG_AGO)
    factories.next_version(after=one, by=floater, lead=clinical_lead, at=at - LONG_AGO / 2, readers=for_mt_prospect)
    assert readers_of(one, cast) == {"therapist", "manager"} | EVERYWHERE


def test_a_withdrawn_version_likewise(cast, floater, therapist, clinical_lead, for_mt_prospect, at):
    one = factories.published(by=floater, lead=clinical_lead, at=at - LONG_AGO, readers=for_mt_prospect)
    factories.acknowledgement(version=one, by=therapist, at=at - LONG_AGO)
    publishing.withdraw(one, by=clinical_lead, at=at - LONG_AGO / 2, reason="Wrong.")
    assert readers_of(one, cast) == {"therapist", "manager"} | EVERYWHERE


def test_a_draft_is_for_its_authors_and_the_lead(cast, therapist, at):
    assert readers_of(factories.draft(by=therapist, at=at), cast) == {"therapist", "clinical_lead"}


def test_a_version_in_review_is_for_reviewers_too(cast, therapist, at):
    assert readers_of(factories.in_review(by=therapist, at=at), cast) == {"therapist", "approver", "clinical_lead"}


def test_an_approved_version_likewise(cast, therapist, clinical_lead, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    assert readers_of(version, cast) == {"therapist", "approver", "clinical_lead"}


def test_the_draft_of_a_manager_is_not_for_other_managers(cast, manager, at):
    assert readers_of(factories.draft(by=manager, at=at), cast) == {"manager", "clinical_lead"}


def test_a_contributor_who_writes_no_more_does_not_read_drafts(therapist, at):
    version = factories.draft(by=therapist, at=at)
    people.as_if_always(therapist.memberships.all(), role=Role.FRONT_DESK)
    therapist = User.objects.get(pk=therapist.pk)
    assert list(ProtocolVersion.objects.visible_to(therapist)) == []
    assert version.contributors.get().user == therapist


def test_nothing_is_for_somebody_without_a_role(therapist, clinical_lead, at):
    version = factories.published(by=therapist, lead=clinical_lead, at=at)
    factories.acknowledgement(version=version, by=therapist, at=at)
    people.as_if_never(therapist.memberships.all())
    therapist = User.objects.get(pk=therapist.pk)
    for model in (Protocol, ProtocolVersion, Acknowledgement):
        assert list(model.objects.visible_to(therapist)) == []


def test_acknowledgements_are_for_oneself_the_own_manager_and_the_lead(cast, floater, therapist, clinical_lead, at):
    version = factories.published(by=floater, lead=clinical_lead, at=at)
    given = factories.acknowledgement(version=version, by=therapist, at=at)
    names = {name for name, person in cast.items() if Acknowledgement.objects.sees(person, given)}
    assert names == {"therapist", "manager", "clinical_lead"}


def test_a_former_manager_sees_what_was_signed_up_to_the_last_day(cast, therapist, oakbrook, clinical_lead, at):
    people.as_if_always(therapist.memberships.all(), period=DateRange(people.HIRED, at.date()))
    membership(user=therapist, role=Role.THERAPIST, clinic=oakbrook, start=at.date())

    def who_sees(moment):
        version = factories.published(by=cast["floater"], lead=clinical_lead, at=at - timedelta(days=2))
        given = factories.acknowledgement(version=version, by=therapist, at=moment)
        return {name for name, person in cast.items() if Acknowledgement.objects.sees(person, given)}

    assert who_sees(at - timedelta(days=1)) == {"therapist", "manager", "manager_oakbrook", "clinical_lead"}
    assert who_sees(at) == {"therapist", "manager_oakbrook", "clinical_lead"}


def test_acknowledgements_of_what_concerns_another_clinic_are_not_for_the_manager(
    cast, floater, clinical_lead, oakbrook, at
):
    version = factories.published(
        by=floater, lead=clinical_lead, at=at, readers=[Readers(Role.THERAPIST, oakbrook, True)]
    )
    given = factories.acknowledgement(version=version, by=floater, at=at)
    names = {name for name, person in cast.items() if Acknowledgement.objects.sees(person, given)}
    assert names == {"floater", "manager_oakbrook", "clinical_lead"}

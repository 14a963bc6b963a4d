"""Credentials: when they end, who may verify them, and in which state they are on a day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.competencies import end_competency, grant_competency
from accounts.credentials import (
    State,
    credential_file,
    last_day,
    state_on,
    valid_from,
)
from accounts.defaults import TYPES, load_credential_types
from accounts.filing import file_credential, verify_credential
from accounts.models import Competency, Credential, CredentialType, Profession, User, ValidityRule
from intranet.core.access import Forbidden, Refused
from tests import factories

ON = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("fields", "first", "last"),
    [
        ({"rule": "even_years", "month": 9, "day": 30}, date(2026, 9, 30), date(2026, 9, 30)),
        ({"rule": "even_years", "month": 9, "day": 30}, date(2026, 10, 1), date(2028, 9, 30)),
        ({"rule": "even_years", "month": 9, "day": 30}, date(2025, 1, 1), date(2026, 9, 30)),
        ({"rule": "odd_years", "month": 9, "day": 30}, date(2026, 1, 1), date(2027, 9, 30)),
        ({"rule": "months", "months": 12}, date(2026, 3, 1), date(2027, 2, 28)),
        ({"rule": "months", "months": 12}, date(2028, 2, 29), date(2029, 2, 27)),
        ({"rule": "months_end", "months": 24}, date(2024, 2, 10), date(2026, 2, 28)),
        ({"rule": "calendar_year"}, date(2026, 2, 3), date(2026, 12, 31)),
        ({"rule": "none"}, date(2026, 2, 3), None),
    ],
)
def test_the_last_day_follows_the_rule(fields: dict, first: date, last: date | None):
    period = valid_from(CredentialType(**fields), first)
    assert last_day(Credential(valid=period)) == last


def test_a_type_that_needs_the_date_of_the_document_asks_for_it():
    with pytest.raises(Forbidden, match="Enter the last day"):
        valid_from(CredentialType(rule=ValidityRule.ENTERED), ON)


@pytest.mark.parametrize(
    ("end_in_days", "verified", "state"),
    [
        (61, True, State.IN_FORCE),
        (60, True, State.EXPIRING),
        (0, True, State.EXPIRING),
        (-1, True, State.EXPIRED),
        (-1, False, State.EXPIRED),
        (200, False, State.NOT_VERIFIED),
    ],
)
def test_state_of_a_credential(therapist: User, manager: User, end_in_days: int, verified: bool, state: State):
    credential = factories.credential(
        user=therapist,
        type=factories.credential_type(),
        end=ON + timedelta(days=end_in_days + 1),
        verified_by=manager if verified else None,
    )
    assert state_on(credential, ON) == state


def test_the_file_lists_what_is_missing_first(therapist: User, manager: User):
    filed = factories.credential_type(code="filed")
    factories.credential_type(code="missing")
    factories.credential_type(code="for-assistants", professions=[Profession.PTA])
    factories.credential(user=therapist, type=filed, verified_by=manager)
    assert [(line.type.code, line.state) for line in credential_file(therapist, ON)] == [
        ("missing", State.MISSING),
        ("filed", State.IN_FORCE),
    ]


def test_a_manager_verifies_at_the_own_clinic_only(therapist, manager, manager_oakbrook, at):
    credential = factories.credential(user=therapist, type=factories.credential_type())
    with pytest.raises(Forbidden, match="manager of the person's clinic"):
        verify_credential(credential, by=manager_oakbrook, at=at)
    assert verify_credential(credential, by=manager, at=at).verified_by == manager


def test_nobody_verifies_their_own(manager: User, at: datetime):
    credential = factories.credential(user=manager, type=factories.credential_type())
    with pytest.raises(Forbidden, match="Somebody else"):
        verify_credential(credential, by=manager, at=at)


def test_the_database_refuses_self_verification(therapist: User):
    credential = factories.credential(user=therapist, type=factories.credential_type())
    with (
        pytest.raises(IntegrityError, match="credential_is_verified_by_another_person"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE accounts_credential SET verified_by_id = user_id, verified_at = now() WHERE id = %s",
            [credential.pk],
        )


def test_a_renewal_may_touch_but_not_overlap(therapist: User, at: datetime):
    type = factories.credential_type()
    first = valid_from(CredentialType(rule="calendar_year"), date(2025, 5, 5))
    file_credential(user=therapist, type=type, valid=first, by=therapist, at=at)
    factories.credential(user=therapist, type=type, start=date(2026, 1, 1), end=date(2027, 1, 1))
    with pytest.raises(IntegrityError, match="credential_periods_do_not_overlap"), transaction.atomic():
        factories.credential(user=therapist, type=type, start=date(2026, 12, 31), end=date(2027, 12, 31))


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("therapist", {"therapist"}),
        ("assistant", set()),
        ("manager", {"therapist"}),
        ("manager_oakbrook", {"therapist_oakbrook"}),
        ("clinical_lead", {"therapist", "therapist_oakbrook"}),
        ("administrator", {"therapist", "therapist_oakbrook"}),
    ],
)
def test_who_sees_whose_credentials(cast: dict[str, User], who: str, sees: set[str]):
    type = factories.credential_type()
    for name in ("therapist", "therapist_oakbrook"):
        factories.credential(user=cast[name], type=type)
    seen = {credential.user for credential in Credential.objects.visible_to(cast[who])}
    assert seen == {cast[name] for name in sees}


def test_only_the_clinical_lead_signs_off_a_competency(therapist, manager, clinical_lead, at):
    skill = factories.skill()
    grant = {"start": at, "end": at + timedelta(days=30), "at": at}
    with pytest.raises(Forbidden, match="clinical lead"):
        grant_competency(therapist, skill, by=manager, **grant)
    competency = grant_competency(therapist, skill, by=clinical_lead, **grant)
    assert list(Competency.objects.in_force(at)) == [competency]
    assert list(Competency.objects.in_force(at + timedelta(days=30))) == []


def test_a_skill_stays_closed_to_other_professions(assistant: User, clinical_lead: User, at: datetime):
    with pytest.raises(Refused, match="not open to PTA staff"):
        grant_competency(assistant, factories.skill(), start=at, end=at + timedelta(days=1), by=clinical_lead, at=at)


def test_a_competency_taken_back_keeps_what_was_granted(therapist: User, clinical_lead: User, at: datetime):
    competency = factories.competency(user=therapist, skill=factories.skill(), granted_by=clinical_lead)
    granted = competency.valid
    ended = end_competency(competency, by=clinical_lead, at=at, reason="Skills check not passed")
    ended.refresh_from_db()
    assert (ended.valid, ended.ended_at) == (granted, at)
    assert list(Competency.objects.in_force(at)) == []


def test_the_database_refuses_two_grants_at_once(therapist: User, clinical_lead: User):
    skill = factories.skill()
    factories.competency(user=therapist, skill=skill, granted_by=clinical_lead)
    with pytest.raises(IntegrityError, match="competency_periods_do_not_overlap"), transaction.atomic():
        factories.competency(
            user=therapist, skill=skill, granted_by=clinical_lead, start=datetime(2029, 1, 1, tzinfo=UTC)
        )


@pytest.mark.django_db
def test_defaults_are_loaded_once_and_edits_stay():
    load_credential_types()
    CredentialType.objects.filter(code="bls").update(months=12)
    load_credential_types()
    assert CredentialType.objects.count() == len(TYPES)
    assert CredentialType.objects.get(code="bls").months == 12

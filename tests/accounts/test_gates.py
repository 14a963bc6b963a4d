"""What a person's file says to working at all: credentials that bar, and credentials that only warn."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.gates import gate, gates
from accounts.models import CredentialType, Gate, Profession, User
from tests import factories

pytestmark = pytest.mark.django_db

ON = date(2026, 12, 1)


@pytest.fixture
def licence() -> CredentialType:
    return factories.credential_type(name="PT licence", gate=Gate.BLOCKS, professions=[Profession.PT])


def said(verdict) -> tuple[list[str], list[str]]:
    return [one.message for one in verdict.reasons], [one.message for one in verdict.warnings]


@pytest.mark.parametrize(
    ("end", "verified", "words"),
    [
        (None, True, []),
        (ON + timedelta(days=1), True, []),
        (ON, True, ["Avery’s PT licence ends on Nov 30, 2026."]),
        (ON + timedelta(days=300), False, ["Avery’s PT licence has not been verified."]),
    ],
)
def test_a_licence_bars_from_the_day_after_its_last(licence, therapist, clinical_lead, end, verified, words):
    factories.credential(user=therapist, type=licence, end=end, verified_by=clinical_lead if verified else None)
    assert said(gate(therapist, ON)) == (words, [])


def test_a_licence_that_was_never_filed_or_begins_later_bars(licence, therapist, clinical_lead):
    missing = (["Avery has no PT licence on file for Dec 1, 2026."], [])
    assert said(gate(therapist, ON)) == missing
    factories.credential(user=therapist, type=licence, start=ON + timedelta(days=1), verified_by=clinical_lead)
    assert said(gate(therapist, ON)) == missing
    assert bool(gate(therapist, ON + timedelta(days=1)))


def test_a_renewal_that_waits_does_not_hide_the_one_in_force(licence, therapist, clinical_lead):
    factories.credential(user=therapist, type=licence, end=ON + timedelta(days=5), verified_by=clinical_lead)
    factories.credential(user=therapist, type=licence, start=ON + timedelta(days=5))
    assert bool(gate(therapist, ON))
    assert said(gate(therapist, ON + timedelta(days=5))) == (["Avery’s PT licence has not been verified."], [])


def test_a_training_warns_and_lets_work(therapist):
    factories.credential_type(name="HIPAA training", gate=Gate.WARNS)
    verdict = gate(therapist, ON)
    assert bool(verdict)
    assert said(verdict) == ([], ["Avery has no HIPAA training on file for Dec 1, 2026."])


@pytest.mark.parametrize("fields", [{"professions": [Profession.PTA]}, {"required": False}])
def test_what_the_profession_does_not_need_says_nothing(therapist, fields):
    factories.credential_type(gate=Gate.BLOCKS, **fields)
    assert said(gate(therapist, ON)) == ([], [])


@pytest.mark.parametrize("number", [1, 12])
def test_any_number_of_people_and_days_takes_two_queries(licence, number):
    people: list[User] = [factories.person(profession=Profession.PT) for _ in range(number)]
    for person in people:
        factories.credential(user=person, type=licence)
    asked = [(person, ON + timedelta(days=day)) for person in people for day in range(number)]
    with CaptureQueriesContext(connection) as queries:
        found = gates(asked)
    assert (len(found), len(queries)) == (number * number, 2)


def test_a_check_counts_from_its_day_on(licence, therapist, clinical_lead):
    credential = factories.credential(user=therapist, type=licence, verified_by=clinical_lead)
    credential.verified_at = datetime(2026, 12, 1, 20, tzinfo=UTC)
    credential.save()
    assert said(gate(therapist, ON - timedelta(days=1))) == (["Avery’s PT licence has not been verified."], [])
    assert bool(gate(therapist, ON))

"""What a protocol governs, now and on record."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import DatabaseError, connection, transaction

from protocols.models import GovernedSkill
from tests import factories as people
from tests.protocols import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(therapist, clinical_lead, at):
    return factories.published(by=therapist, lead=clinical_lead, at=at)


def rows() -> list[tuple[str, bool]]:
    return list(GovernedSkill.objects.values_list("name", "governs"))


def test_each_change_is_one_more_row(version, clinical_lead, at):
    needling, taping = people.skill(name="Needling"), people.skill(name="Taping")
    factories.governing(version, needling, by=clinical_lead, at=at)
    factories.governing(version, needling, by=clinical_lead, at=at + timedelta(hours=1))
    assert rows() == [("Needling", True)]
    factories.governing(version, taping, by=clinical_lead, at=at + timedelta(hours=2))
    assert rows() == [("Needling", True), ("Needling", False), ("Taping", True)]
    assert list(version.protocol.skills.all()) == [taping]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE protocols_governedskill SET governs = false",
        "DELETE FROM protocols_governedskill",
        "TRUNCATE protocols_governedskill",
    ],
)
def test_what_it_governed_stays_on_record(version, clinical_lead, at, statement):
    factories.governing(version, people.skill(), by=clinical_lead, at=at)
    with pytest.raises(DatabaseError, match="evidence"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for no deferred check
        cursor.execute(statement)


def test_what_was_settled_before_there_was_a_record_counts_since_the_first_publication(version, therapist, at):
    needling = people.skill(name="Needling")
    version.protocol.skills.add(needling)
    with connection.cursor() as cursor:
        cursor.execute(import_module("protocols.migrations.0065_governed_skills_on_record").KEEP)
    kept = GovernedSkill.objects.get()
    assert (kept.protocol, kept.skill, kept.name, kept.governs) == (version.protocol, needling, "Needling", True)
    assert (kept.by, kept.at) == (therapist, at)

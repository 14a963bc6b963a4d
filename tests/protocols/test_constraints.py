"""What the database refuses, whoever asks: each constraint and trigger is tried with raw SQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from protocols import publishing, reviewing
from protocols.models import Acknowledgement, ProtocolVersion
from tests.protocols import factories

pytestmark = pytest.mark.django_db


def sql(statement: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


@contextmanager
def refused(words: str) -> Iterator[None]:
    sql("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for no deferred check
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        yield


@pytest.fixture
def version(therapist: User, clinical_lead: User, at: datetime) -> ProtocolVersion:
    """In force."""
    return factories.published(by=therapist, lead=clinical_lead, at=at)


@pytest.fixture
def draft(therapist: User, at: datetime) -> ProtocolVersion:
    return factories.draft(by=therapist, at=at)


def insert_version(protocol: int, number: int, by: int, at: datetime, **values: Any) -> None:
    row = {
        "protocol_id": protocol,
        "number": number,
        "state": "draft",
        "title": "Raw",
        "change_summary": "",
        "material": True,
        "content_hash": "",
        "token": 1,
        "edited_by_id": by,
        "edited_at": at,
        "approved_hash": "",
        "due_days": 14,
        "withdrawal_reason": "",
    } | values
    columns, holes = ", ".join(row), ", ".join(["%s"] * len(row))
    sql(f"INSERT INTO protocols_protocolversion ({columns}) VALUES ({holes})", *row.values())


def test_a_protocol_has_one_open_draft(draft, therapist, at):
    with refused("protocol_has_one_open_draft"):
        insert_version(draft.protocol_id, 2, therapist.pk, at)


def test_a_version_number_is_used_once(version, therapist, at):
    with refused("version_number_is_used_once"):
        insert_version(version.protocol_id, 1, therapist.pk, at)


def test_a_version_starts_as_a_draft(version, therapist, at):
    with refused("A version starts as a draft"):
        insert_version(version.protocol_id, 2, therapist.pk, at, state="in_review")


def test_ranges_in_force_never_overlap(version, therapist, clinical_lead, at):
    other = factories.approved(by=therapist, approver=clinical_lead, at=at)
    with refused("versions_in_force_do_not_overlap"):
        sql(
            "UPDATE protocols_protocolversion SET protocol_id = %s, number = 2, state = 'published', published_by_id = %s,"
            " published_at = %s, counts_from = 2, in_force = tstzrange(%s, NULL) WHERE id = %s",
            *(version.protocol_id, clinical_lead.pk, at, at + timedelta(days=1), other.pk),
        )


@pytest.mark.parametrize("step", ["approved", "published", "superseded", "withdrawn"])
def test_no_step_is_skipped(draft, step):
    with refused("one step at a time"):
        sql("UPDATE protocols_protocolversion SET state = %s WHERE id = %s", step, draft.pk)


def test_a_published_version_never_becomes_a_draft(version):
    with refused("one step at a time"):
        sql("UPDATE protocols_protocolversion SET state = 'draft' WHERE id = %s", version.pk)


def test_an_approval_names_approver_and_text(therapist, at):
    version = factories.in_review(by=therapist, at=at)
    with refused("version_approval_binds_to_its_content"):
        sql("UPDATE protocols_protocolversion SET state = 'approved' WHERE id = %s", version.pk)


def test_an_approval_binds_to_the_text(therapist, clinical_lead, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    with refused("version_approval_binds_to_its_content"):
        sql("UPDATE protocols_protocolversion SET content_hash = 'other' WHERE id = %s", version.pk)


def test_a_contributor_never_approves(therapist, at):
    version = factories.in_review(by=therapist, at=at)
    with refused("Somebody who wrote or submitted a version cannot approve it"):
        sql(
            "UPDATE protocols_protocolversion SET state = 'approved', approved_by_id = %s, approved_at = %s,"
            " approved_hash = content_hash WHERE id = %s",
            *(therapist.pk, at, version.pk),
        )


@pytest.mark.parametrize("column", ["edited_by_id", "submitted_by_id"])
def test_nobody_approves_who_saved_or_submitted_it(therapist, clinical_lead, at, column):
    version = factories.in_review(by=therapist, at=at)
    update(version, f"{column} = %s", clinical_lead.pk)
    with refused("Somebody who wrote or submitted a version cannot approve it"):
        update(
            version,
            "state = 'approved', approved_by_id = %s, approved_at = %s, approved_hash = content_hash",
            *(clinical_lead.pk, at),
        )
    approved = factories.approved(by=therapist, approver=clinical_lead, at=at)
    with refused("Somebody who wrote or submitted a version cannot approve it"):
        update(approved, f"{column} = approved_by_id")


def test_a_contributor_is_not_forgotten(draft):
    with refused("stays its contributor"):
        sql("DELETE FROM protocols_contributor WHERE version_id = %s", draft.pk)
    with refused("stays its contributor"):
        sql("UPDATE protocols_contributor SET since = now() WHERE version_id = %s", draft.pk)
    with refused("stays its contributor"):
        sql("TRUNCATE protocols_contributor")


def test_a_contributor_is_named_once(draft, therapist, at):
    with refused("contributor_is_named_once"):
        sql(
            "INSERT INTO protocols_contributor (version_id, user_id, since) VALUES (%s, %s, %s)",
            *(draft.pk, therapist.pk, at),
        )


def test_nobody_becomes_a_contributor_of_what_is_no_draft(version, floater, at):
    with refused("Only the text of a draft can be changed"):
        sql(
            "INSERT INTO protocols_contributor (version_id, user_id, since) VALUES (%s, %s, %s)",
            *(version.pk, floater.pk, at),
        )


def test_a_publication_is_complete(therapist, clinical_lead, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    with refused("version_publication_is_complete"):
        sql("UPDATE protocols_protocolversion SET state = 'published' WHERE id = %s", version.pk)


def test_a_version_stays_in_force_until_it_is_replaced(version, at):
    with refused("version_ends_when_it_is_replaced"):
        sql(
            "UPDATE protocols_protocolversion SET in_force = tstzrange(lower(in_force), %s) WHERE id = %s",
            *(at + timedelta(days=1), version.pk),
        )


def test_a_withdrawal_has_a_reason(version, clinical_lead, at):
    with refused("version_withdrawal_has_a_reason"):
        sql(
            "UPDATE protocols_protocolversion SET state = 'withdrawn', withdrawn_by_id = %s, withdrawn_at = %s,"
            " in_force = tstzrange(lower(in_force), %s) WHERE id = %s",
            *(clinical_lead.pk, at + timedelta(days=1), at + timedelta(days=1), version.pk),
        )


@pytest.mark.parametrize("days", [0, 91])
def test_readers_get_a_sensible_number_of_days(draft, days):
    with refused("version_numbers_are_sensible"):
        sql("UPDATE protocols_protocolversion SET due_days = %s WHERE id = %s", days, draft.pk)


@pytest.mark.parametrize(
    "column",
    [
        *("title = 'Other'", "material = false", "due_days = 3", "content_hash = 'x'", "token = token + 1"),
        *("edited_at = now()", "submitted_at = now()"),
        "edited_by_id = (SELECT id FROM accounts_user WHERE name = 'Theo Fictus')",
    ],
)
def test_the_words_of_a_published_version_are_frozen(version, floater, column):
    with refused("A published version is frozen"):
        sql(f"UPDATE protocols_protocolversion SET {column} WHERE id = %s", version.pk)


def test_the_first_moment_of_a_published_version_is_frozen(version, at):
    with refused("A published version is frozen"):
        sql(
            "UPDATE protocols_protocolversion SET in_force = tstzrange(%s, NULL) WHERE id = %s",
            *(at - timedelta(days=9), version.pk),
        )


def update(version: ProtocolVersion, change: str, *params: Any) -> None:
    sql(f"UPDATE protocols_protocolversion SET {change} WHERE id = %s", *params, version.pk)


@pytest.fixture
def superseded(version, therapist, clinical_lead, at) -> ProtocolVersion:
    factories.next_version(after=version, by=therapist, lead=clinical_lead, at=at + timedelta(days=30))
    return version


@pytest.mark.parametrize(
    "span",
    [
        "'empty'",
        "tstzrange(lower(in_force), lower(in_force) + interval '1 hour')",
        "tstzrange(lower(in_force), upper(in_force), '[]')",
        "tstzrange(lower(in_force), upper(in_force), '()')",
    ],
)
def test_how_long_a_version_was_in_force_stays(superseded, span):
    with refused("stays as it was"):
        update(superseded, f"in_force = {span}")


def test_a_version_is_superseded_by_a_successor_alone(version):
    with refused("until the next one started"):
        update(
            version,
            "state = 'superseded', in_force = tstzrange(lower(in_force), lower(in_force) + interval '1 second')",
        )


def test_a_version_is_not_superseded_by_an_earlier_one(superseded, at):
    later = ProtocolVersion.objects.get(protocol=superseded.protocol_id, number=2)
    with refused("until the next one started"):
        update(later, "state = 'superseded', in_force = tstzrange(lower(in_force), %s)", at + timedelta(days=40))


@pytest.fixture
def planned(version, therapist, clinical_lead, at) -> ProtocolVersion:
    """The successor of the version in force, which starts in nine days."""
    day = at.date() + timedelta(days=9)
    return factories.next_version(after=version, by=therapist, lead=clinical_lead, at=at, effective=day)


def withdraw_before_its_start(planned: ProtocolVersion, by: User, at: datetime) -> None:
    update(
        planned,
        "state = 'withdrawn', withdrawn_by_id = %s, withdrawal_reason = 'x', withdrawn_at = %s, in_force = 'empty'",
        *(by.pk, at),
    )


def test_a_planned_version_is_not_withdrawn_so_that_a_gap_is_left(planned, clinical_lead, at):
    with refused("until the next one started"):
        withdraw_before_its_start(planned, clinical_lead, at)


def test_the_version_before_a_withdrawn_one_does_not_grow_as_one_likes(version, planned, clinical_lead, at):
    with refused("until the next one started"):
        sql("SET CONSTRAINTS ALL DEFERRED")
        withdraw_before_its_start(planned, clinical_lead, at)
        update(version, "in_force = tstzrange(lower(in_force), %s)", at + timedelta(days=60))
        sql("SET CONSTRAINTS ALL IMMEDIATE")


def test_nothing_comes_into_force_before_it_is_published(therapist, clinical_lead, at):
    version = factories.approved(by=therapist, approver=clinical_lead, at=at)
    with refused("version_starts_when_published"):
        update(
            version,
            "state = 'published', published_by_id = %s, published_at = %s, counts_from = 1,"
            " in_force = tstzrange(%s, NULL)",
            *(clinical_lead.pk, at, at - timedelta(seconds=1)),
        )


@pytest.mark.parametrize(
    ("span", "after"),
    [
        ("'empty'", 300),
        ("tstzrange(lower(in_force), NULL)", 300),
        ("tstzrange(lower(in_force), lower(in_force) + interval '1 second')", 300),
        ("'empty'", -1),
    ],
)
def test_a_withdrawal_ends_the_range_at_its_own_moment(version, clinical_lead, at, span, after):
    moment = at + timedelta(days=after)
    with refused("was in force until then"):
        update(
            version,
            f"state = 'withdrawn', withdrawn_by_id = %s, withdrawal_reason = 'x', withdrawn_at = %s, in_force = {span}",
            *(clinical_lead.pk, moment),
        )


@pytest.mark.parametrize(
    "change",
    [
        "withdrawal_reason = 'Other.'",
        "withdrawn_at = withdrawn_at - interval '1 day'",
        "in_force = 'empty'",
        "in_force = tstzrange(lower(in_force), lower(in_force) + interval '5 years')",
    ],
)
def test_a_withdrawn_version_is_frozen_whole(version, clinical_lead, at, change):
    publishing.withdraw(version, by=clinical_lead, at=at + timedelta(days=3), reason="Wrong dose.")
    with refused("A published version is frozen"):
        update(version, change)


def test_what_is_over_is_not_withdrawn(superseded, clinical_lead, at):
    with refused("was in force until then"):
        update(
            superseded,
            "state = 'withdrawn', withdrawn_by_id = %s, withdrawal_reason = 'x', withdrawn_at = %s",
            *(clinical_lead.pk, at + timedelta(days=60)),
        )


@pytest.mark.parametrize("day", ["'2030-01-01'", "NULL"])
def test_a_review_is_dated_by_those_who_agreed(version, clinical_lead, approver, at, day):
    reviewing.confirm(reviewing.review(version, by=clinical_lead, at=at), by=approver, at=at)
    with refused("on which two people have agreed"):
        update(version, f"reviewed_on = {day}")


def test_a_published_version_is_never_deleted(version):
    with refused("A published version is never deleted"):
        sql("DELETE FROM protocols_protocolversion WHERE id = %s", version.pk)
    with refused("never deleted"):
        sql("TRUNCATE protocols_protocolversion CASCADE")


def test_sections_of_a_published_version_are_frozen(version):
    with refused("Only the text of a draft can be changed"):
        sql("UPDATE protocols_section SET body = 'other' WHERE version_id = %s", version.pk)
    with refused("Only the text of a draft can be changed"):
        sql("DELETE FROM protocols_section WHERE version_id = %s", version.pk)
    with refused("Sections of published versions are never deleted"):
        sql("TRUNCATE protocols_section")


def test_a_section_cannot_be_moved_into_or_out_of_a_published_version(version, draft):
    with refused("Only the text of a draft can be changed"):
        sql("UPDATE protocols_section SET version_id = %s WHERE version_id = %s", version.pk, draft.pk)
    with refused("Only the text of a draft can be changed"):
        sql("UPDATE protocols_section SET version_id = %s WHERE version_id = %s", draft.pk, version.pk)


def test_the_text_under_review_is_not_edited_behind_the_reviewer(therapist, at):
    version = factories.in_review(by=therapist, at=at)
    with refused("Only the text of a draft can be changed"):
        sql("UPDATE protocols_section SET body = 'other' WHERE version_id = %s", version.pk)


def test_a_section_is_in_a_version_once(draft):
    with refused("section_key_is_used_once_in_a_version"):
        sql(
            'INSERT INTO protocols_section (version_id, key, kind, heading, body, words, "order")'
            " SELECT version_id, key, kind, heading, body, words, 9 FROM protocols_section WHERE version_id = %s",
            draft.pk,
        )


def test_a_section_has_a_heading(draft):
    with refused("section_has_a_heading"):
        sql("UPDATE protocols_section SET heading = '' WHERE version_id = %s", draft.pk)


def test_acknowledgements_are_written_once(version, therapist, at):
    factories.acknowledgement(version=version, by=therapist, at=at)
    with refused("Acknowledgements are evidence"):
        sql("UPDATE protocols_acknowledgement SET at = now()")
    with refused("Acknowledgements are evidence"):
        sql("DELETE FROM protocols_acknowledgement")
    with refused("Acknowledgements are evidence"):
        sql("TRUNCATE protocols_acknowledgement")
    with refused("Acknowledgements are evidence"):
        Acknowledgement.objects.all().update(at=at)
    with refused("acknowledgement_is_given_once"):
        Acknowledgement.objects.create(version=version, user=therapist, at=at, text_hash=version.content_hash)
    assert Acknowledgement.objects.count() == 1


def test_only_a_published_version_is_acknowledged(draft, therapist, at):
    with refused("Only a published version is acknowledged"):
        Acknowledgement.objects.create(version=draft, user=therapist, at=at)


@pytest.mark.parametrize(("text", "days"), [("0" * 64, 0), (None, -1)])
def test_it_is_acknowledged_by_its_very_text_and_after_its_publication(version, therapist, at, text, days):
    with refused("by its very text"):
        Acknowledgement.objects.create(
            version=version, user=therapist, at=at + timedelta(days=days), text_hash=text or version.content_hash
        )


def test_an_audience_line_is_stated_once(draft):
    with refused("audience_is_stated_once"):
        sql(
            "INSERT INTO protocols_audience (version_id, clinic_id, role, must_acknowledge)"
            " SELECT version_id, clinic_id, role, false FROM protocols_audience WHERE version_id = %s",
            draft.pk,
        )


def test_a_remark_says_something(draft, therapist, at):
    with refused("remark_says_something"):
        sql(
            "INSERT INTO protocols_remark (version_id, by_id, at, text) VALUES (%s, %s, %s, '')",
            *(draft.pk, therapist.pk, at),
        )


def test_a_protocol_is_reviewed_within_five_years(draft):
    with refused("protocol_is_reviewed_within_five_years"):
        sql("UPDATE protocols_protocol SET review_months = 61 WHERE id = %s", draft.protocol_id)


def test_a_draft_stays_because_its_contributors_do(draft):
    with refused("protocols_contributor"):
        sql("DELETE FROM protocols_section WHERE version_id = %s", draft.pk)
        sql("DELETE FROM protocols_audience WHERE version_id = %s", draft.pk)
        sql("DELETE FROM protocols_protocolversion WHERE id = %s", draft.pk)
        sql("SET CONSTRAINTS ALL IMMEDIATE")

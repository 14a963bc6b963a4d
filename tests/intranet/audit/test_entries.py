"""The audit trail can be added to and read, and nothing else, whatever door somebody tries."""

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from intranet.audit.models import Entry
from intranet.audit.recording import record
from tests import factories


@pytest.fixture
def entry(manager: User, therapist: User) -> Entry:
    return record(manager, "role.given", therapist, clinics=[7, 3, 7], role="therapist", colleague=therapist)


def test_entry_holds_who_did_what_to_whom(entry: Entry, manager: User, therapist: User):
    entry.refresh_from_db()
    assert (entry.actor, entry.actor_name, entry.verb) == (manager, "Dana Mockridge", "role.given")
    assert (entry.target_type, entry.target_id) == ("accounts.user", str(therapist.pk))
    assert entry.clinic_ids == [3, 7]
    assert entry.changes == {"role": "therapist", "colleague": "Avery Testwell"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET verb = 'nothing.happened'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry CASCADE",
    ],
)
def test_entries_cannot_be_changed_by_raw_sql(entry: Entry, statement: str):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for no pending foreign key check
        cursor.execute(statement)
    assert Entry.objects.get().verb == "role.given"


def test_entries_cannot_be_changed_by_a_queryset(entry: Entry):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Entry.objects.update(verb="nothing.happened")


def test_somebody_in_the_audit_trail_cannot_be_deleted(entry: Entry, manager: User):
    factories.as_if_never(manager.memberships.all())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_user WHERE id = %s", [manager.pk])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

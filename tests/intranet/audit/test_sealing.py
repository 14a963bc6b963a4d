"""The chain finds what somebody changed who could switch the triggers off."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import User
from intranet.audit import sealing
from intranet.audit.models import Entry, Seal
from intranet.audit.recording import record
from tests.races import results

pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed(therapist: User, manager: User) -> datetime:
    """Five sealed entries, and when."""
    now = timezone.now()
    for number in range(5):
        record(manager, "role.given", therapist, clinics=[3], number=number, share=1.5, words=["ä", None])
    assert sealing.seal(now) == 5
    return now


def tampered(statement: str) -> None:
    """As somebody would with all rights on the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET session_replication_role = DEFAULT")


def third() -> int:
    return Seal.objects.get(position=3).entry_id


def test_a_chain_that_nobody_touched_is_intact(sealed: datetime):
    found = sealing.verify(sealed)
    assert (found.intact, found.position, found.waiting) == (True, 5, 0)
    assert found.digest == Seal.objects.get(position=5).digest


def test_sealing_goes_on_where_it_ended(sealed: datetime, therapist: User):
    assert sealing.seal(sealed) == 0
    record(therapist, "session.started", therapist)
    assert sealing.verify(sealed).waiting == 1
    assert sealing.seal(sealed) == 1
    assert sealing.verify(sealed).position == 6


@pytest.mark.parametrize(
    "change",
    [
        "verb = 'role.taken'",
        "at = at + interval '1 microsecond'",
        "actor_name = 'Somebody Else'",
        "actor_id = NULL",
        "target_id = '0'",
        "clinic_ids = '{4}'",
        "changes = '{}'",
        "address = '192.0.2.1'",
    ],
)
def test_a_changed_entry_is_found(sealed: datetime, change: str):
    entry = third()
    tampered(f"UPDATE audit_entry SET {change} WHERE id = {entry}")
    assert sealing.verify(sealed).problems == [f"Entry {entry} (seal 3) is not what was sealed."]


@pytest.mark.django_db(transaction=True)
def test_a_removed_entry_is_found(sealed: datetime):
    entry = third()
    tampered(f"DELETE FROM audit_entry WHERE id = {entry}")
    assert sealing.verify(sealed).problems == [f"Entry {entry} (seal 3) is gone."]


def test_an_entry_removed_with_its_seal_is_found(sealed: datetime):
    entry = third()
    tampered(f"DELETE FROM audit_seal WHERE position = 3; DELETE FROM audit_entry WHERE id = {entry}")
    assert sealing.verify(sealed).problems == ["Seals 3 to 3 are gone."]


def test_a_chain_made_anew_is_not_the_one_that_was_noted(sealed: datetime):
    noted = sealing.verify(sealed)
    tampered(f"UPDATE audit_entry SET verb = 'role.taken' WHERE id = {third()}; DELETE FROM audit_seal")
    assert sealing.seal(sealed) == 5
    assert sealing.verify(sealed).intact
    found = sealing.verify(sealed, expected=(noted.position, noted.digest))
    assert found.problems == ["Seal 5 is not the one that was noted."]


def test_a_chain_that_was_cut_short_is_found_by_what_was_noted(sealed: datetime):
    noted = sealing.verify(sealed)
    last = Seal.objects.get(position=5).entry_id
    tampered(f"DELETE FROM audit_seal WHERE position = 5; DELETE FROM audit_entry WHERE id = {last}")
    assert sealing.verify(sealed).intact
    found = sealing.verify(sealed, expected=(noted.position, noted.digest))
    assert found.problems == ["The chain ends at seal 4; seal 5 was noted."]


def test_what_is_left_open_is_said(sealed: datetime, therapist: User):
    record(therapist, "session.started", therapist)
    assert sealing.verify(timezone.now()).intact
    found = sealing.verify(timezone.now() + timedelta(hours=1))
    assert found.problems == ["1 of the entries that are not sealed are older than 15 minutes."]


def slipped_in(at: datetime) -> Entry:
    """As somebody does who may insert, and writes the moment that suits."""
    return Entry.objects.create(at=at, actor_name="Somebody", verb="protocol.acknowledged")


def test_an_entry_slipped_into_the_past_is_not_sealed_but_found(sealed: datetime):
    slipped_in(sealed - timedelta(days=30))
    assert sealing.seal(sealed + timedelta(minutes=1)) == 0
    found = sealing.verify(sealed + timedelta(minutes=1))
    assert found.problems == ["1 of the entries that are not sealed are older than 15 minutes."]


def test_an_entry_slipped_in_with_a_seal_of_its_own_is_found(sealed: datetime):
    entry, last, now = slipped_in(sealed - timedelta(days=30)), Seal.objects.get(position=5), sealed + timedelta(1)
    digest = sealing.digest_of(entry, last.digest, now)
    Seal.objects.create(position=6, entry=entry, digest=digest, at=now)
    expected = f"Entry {entry.pk} (seal 6) claims to be older than the seals before it."
    assert sealing.verify(now).problems == [expected]


def test_an_entry_from_the_future_is_found(sealed: datetime):
    entry, now = slipped_in(sealed + timedelta(days=30)), sealed + timedelta(minutes=1)
    assert sealing.seal(now) == 1
    expected = f"Entry {entry.pk} (seal 6) claims to be from after it was sealed."
    assert sealing.verify(now).problems == [expected]


def test_after_hours_without_a_tick_everything_is_sealed(sealed: datetime, therapist: User):
    slipped_in(sealed + timedelta(hours=1))
    slipped_in(sealed + timedelta(hours=5))
    now = sealed + timedelta(hours=9)
    assert sealing.seal(now) == 2
    assert sealing.verify(now).intact


def test_another_moment_of_sealing_is_found(sealed: datetime):
    tampered("UPDATE audit_seal SET at = at - interval '1 day' WHERE position = 3")
    assert sealing.verify(sealed).problems == [f"Entry {third()} (seal 3) is not what was sealed."]


def test_a_tick_reads_what_is_new_and_not_the_whole_trail(sealed: datetime):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_entry (at, actor_name, verb, target_type, target_id, target_name, clinic_ids, changes)"
            " SELECT now() - interval '30 days', '', 'x.y', '', '', '', '{}', '{}' FROM generate_series(1, 20000)"
        )
        cursor.execute("ANALYZE audit_entry")
    plan = Entry.objects.filter(at__gte=sealed - sealing.OPEN_FOR, seal=None).order_by("id").explain()
    assert "Seq Scan on audit_entry" not in plan


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_seal SET digest = ''", "DELETE FROM audit_seal", "TRUNCATE audit_seal"]
)
def test_seals_cannot_be_changed_by_raw_sql(sealed: datetime, statement: str):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)
    assert Seal.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_make_one_chain(therapist: User):
    for number in range(200):
        record(therapist, "session.started", therapist, number=number)
    counts = results([lambda: sealing.seal(timezone.now())] * 8)
    assert sum(counts) == Entry.objects.count() == Seal.objects.count() == 200
    assert sealing.verify(timezone.now()).intact


def run(*words: str) -> str:
    out = StringIO()
    call_command("audit_verify", *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_command_says_that_all_is_well(sealed: datetime):
    end = Seal.objects.get(position=5).digest
    assert run() == f"The audit trail is intact: 5 entries sealed.\nIts end, to be noted elsewhere: 5:{end}\n"
    assert run("--end", f"5:{end}").startswith("The audit trail is intact")


def test_the_command_ends_with_2_when_it_is_not(sealed: datetime):
    tampered(f"UPDATE audit_entry SET verb = 'role.taken' WHERE id = {third()}")
    with pytest.raises(CommandError, match="not intact") as error:
        run()
    assert error.value.returncode == 2


def test_the_command_knows_what_an_end_looks_like(sealed: datetime):
    with pytest.raises(CommandError, match="looks like"):
        run("--end", "5")

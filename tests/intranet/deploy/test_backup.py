"""Backups are complete, unreadable to others, and restored into an empty machine by one command."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.intranet.deploy.installation import Installation

NOT_KEPT = {"django_session", "usersessions_usersession", "cache"}
RESTORE = ("bash", "/deploy/restore.sh")
STAMP = "%Y-%m-%dT%H%M%SZ"
Make = Callable[..., Installation]


@pytest.fixture(scope="module")
def small(new_installation: Make) -> Installation:
    """An installation whose database holds one line and whose media hold one file."""
    installation = new_installation()
    with installation.connect("owner") as database:
        database.execute("CREATE TABLE note (words text)")
        database.execute("INSERT INTO note VALUES ('nobody else may read this')")
    (installation.volume("media") / "picture.txt").write_text("nor this")
    return installation


def backup(installation: Installation, **changes: str) -> str:
    code, said = installation.once("backup", "bash", "/deploy/backup.sh", **changes)
    assert code == 0, said
    return said.strip()


def move(name: str, source: Installation, target: Installation) -> None:
    """Carry one backup and its key to another machine."""
    shutil.copytree(source.volume("backups") / name, target.volume("backups") / name)
    (target.secrets / "backup_key").unlink(missing_ok=True)
    shutil.copyfile(source.secrets / "backup_key", target.secrets / "backup_key")


def contents(installation: Installation) -> dict[str, list[tuple[str, ...]]]:
    """Every row of every table, as text."""
    with installation.connect("backup") as database:
        names = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            name: sorted(database.execute(f'SELECT whole::text FROM "{name}" AS whole').fetchall()) for (name,) in names
        }


def test_an_empty_machine_becomes_what_the_backup_was(new_installation: Make) -> None:
    first = new_installation()
    first.copy()
    for service in ("migrate", "rights"):
        code, said = first.once(service)
        assert code == 0, said
    with first.connect("app") as database:
        database.execute(
            "INSERT INTO audit_entry (at, actor_name, verb, target_type, target_id, target_name, clinic_ids, changes) "
            "VALUES (now(), 'Ada Nonesuch', 'clinic.renamed', 'accounts.clinic', '1', 'Mt. Prospect', '{1}', '{}')"
        )
        database.execute("INSERT INTO django_session VALUES ('key', 'data', now())")
        database.execute("INSERT INTO cache VALUES ('key', 'value', now())")
    (first.volume("media") / "documents").mkdir()
    (first.volume("media") / "documents" / "card.txt").write_text("BLS")
    before = contents(first)
    assert {name for name in NOT_KEPT if before[name]} == {"django_session", "cache"}
    name = backup(first)

    second = new_installation()
    move(name, first, second)
    assert second.once("restore", *RESTORE, name) == (
        0,
        f"Restored {name}. Start the intranet: docker compose up --detach\n",
    )
    after = contents(second)
    assert after == {table: [] if table in NOT_KEPT else rows for table, rows in before.items()}
    assert (second.volume("media") / "documents" / "card.txt").read_text() == "BLS"

    tables = len(after)
    assert second.once("restore", *RESTORE, name) == (
        2,
        f"The database has {tables} tables. Restore into an empty one; nothing was changed.\n",
    )
    second.copy()
    for service in ("migrate", "rights"):
        code, said = second.once(service)
        assert code == 0, said
    with second.connect("app") as database:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute("DELETE FROM audit_entry")
        (number,) = database.execute("SELECT count(*) FROM audit_entry").fetchone()
        assert number == len(before["audit_entry"])


def test_nothing_in_a_backup_can_be_read_without_the_key(small: Installation) -> None:
    folder = small.volume("backups") / backup(small)
    assert sorted(file.name for file in folder.iterdir()) == [
        "SHA256SUMS",
        "database.dump.0000.cms",
        "media.tar.0000.cms",
    ]
    for file in folder.iterdir():
        assert b"note" not in file.read_bytes()
        assert b"picture" not in file.read_bytes()
        assert file.stat().st_mode & 0o007 == 0


def test_a_damaged_backup_and_a_foreign_key_restore_nothing(small: Installation, new_installation: Make) -> None:
    other = new_installation()
    name = backup(small)
    own_key = (other.secrets / "backup_key").read_bytes()
    move(name, small, other)
    (other.secrets / "backup_key").unlink()
    (other.secrets / "backup_key").write_bytes(own_key)
    code, said = other.once("restore", *RESTORE, name)
    assert (code, said.splitlines()[-1]) == (2, f"{name} cannot be decrypted with this key; nothing was restored.")

    piece = other.volume("backups") / name / "database.dump.0000.cms"
    changed = bytearray(piece.read_bytes())
    changed[-100] ^= 1
    piece.chmod(0o600)
    piece.write_bytes(changed)
    code, said = other.once("restore", *RESTORE, name)
    assert (code, said.splitlines()[-1]) == (2, f"{name} is damaged; nothing was restored.")

    assert other.once("restore", *RESTORE, "2020-01-01T000000Z")[0] == 2
    assert contents(other) == {}


def test_large_backups_are_restored_from_their_pieces(small: Installation, new_installation: Make) -> None:
    (small.volume("media") / "large").write_bytes(os.urandom(300_000))
    name = backup(small, PIECE="64K")
    assert len(list((small.volume("backups") / name).glob("media.tar.*.cms"))) == 5

    other = new_installation()
    move(name, small, other)
    assert other.once("restore", *RESTORE, name)[0] == 0
    assert contents(other) == contents(small)
    assert (other.volume("media") / "large").read_bytes() == (small.volume("media") / "large").read_bytes()


@pytest.mark.parametrize(
    ("days_ago", "kept"),
    [
        (range(30, 45), 6),  # KEEP_DAYS is 35: the newest seven, of which the new one is the first
        (range(1, 41), 34),  # those of the last 35 days
        (range(100, 110), 6),  # after weeks without a backup the newest seven stay, however old
    ],
)
def test_old_backups_go_but_never_the_newest_seven(small: Installation, days_ago: range, kept: int) -> None:
    folder = small.volume("backups")
    shutil.rmtree(folder)
    now = datetime.now(UTC)
    old = [(now - timedelta(days=days, hours=1)).strftime(STAMP) for days in days_ago]
    for name in [*old, ".2026-01-01T000000Z.draft"]:
        (folder / name).mkdir(parents=True)
    newest = backup(small)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*old[:kept], newest])


def complete(installation: Installation) -> list[str]:
    return sorted(path.name for path in installation.volume("backups").glob("20*"))


def wait_for_backups(installation: Installation, number: int) -> None:
    until = time.monotonic() + 60
    while len(complete(installation)) < number and time.monotonic() < until:
        time.sleep(0.1)


def test_the_nightly_process_starts_with_a_backup_and_ends_when_asked(small: Installation) -> None:
    shutil.rmtree(small.volume("backups"))
    assert small.healthcheck("backup") == (1, "No backup in the last 26 hours. The newest is: none.\n")
    small.start("backup")
    wait_for_backups(small, 1)
    assert small.healthcheck("backup") == (0, "")
    assert small.stop("backup") == 0
    assert len(complete(small)) == 1


def test_the_nightly_process_makes_a_backup_at_its_hour(small: Installation) -> None:
    backup(small)
    before = complete(small)
    soon = datetime.now(UTC) + timedelta(seconds=8)
    small.start("backup", BACKUP_AT_UTC=soon.strftime("%H:%M:%S"))
    wait_for_backups(small, len(before) + 1)
    assert small.stop("backup") == 0
    assert len(complete(small)) == len(before) + 1
    assert complete(small)[-1] >= soon.strftime(STAMP)


def test_a_failing_backup_leaves_nothing_behind_and_the_healthcheck_says_so(small: Installation) -> None:
    shutil.rmtree(small.volume("backups"))
    code, said = small.once("backup", "bash", "/deploy/backup.sh", PGDATABASE="nowhere")
    assert code == 1
    assert 'database "nowhere" does not exist' in said
    assert list(small.volume("backups").iterdir()) == []
    assert small.healthcheck("backup")[0] == 1

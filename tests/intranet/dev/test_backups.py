"""A backup holds everything, and a restore replaces everything or nothing."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from intranet.dev.backups import backup, restore
from intranet.dev.keeper import Use
from intranet.dev.trouble import Trouble


@pytest.fixture
def address(use: Use, monkeypatch: pytest.MonkeyPatch) -> str:
    found = use.begin()
    monkeypatch.setenv("DATABASE_URL", found)
    with psycopg.connect(found) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        connection.execute("DROP TABLE IF EXISTS shift")
        connection.execute("CREATE TABLE shift AS SELECT 'as it was' AS state")
    return found


def state(address: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address) as connection:
        return connection.execute("SELECT state FROM shift").fetchall()


def change(address: str) -> None:
    with psycopg.connect(address) as connection:
        connection.execute("UPDATE shift SET state = 'changed'")


def test_restore_brings_back_what_was_saved_and_saves_what_it_replaces(address: str, use: Use, tmp_path: Path):
    saved = backup(tmp_path)
    assert saved.stat().st_mode & 0o777 == 0o600
    change(address)

    restore(saved, use.engine.folder, tmp_path)

    assert state(address) == [("as it was",)]
    [replaced] = tmp_path.glob("before-restore-*.dump")
    restore(replaced, use.engine.folder, tmp_path / "second")
    assert state(address) == [("changed",)]


def test_broken_backup_changes_nothing(address: str, use: Use, tmp_path: Path):
    broken = tmp_path / "broken.dump"
    broken.write_bytes(backup(tmp_path).read_bytes()[:900])
    change(address)

    with pytest.raises(Trouble, match="pg_restore says:"):
        restore(broken, use.engine.folder, tmp_path)

    assert state(address) == [("changed",)]
    with psycopg.connect(address) as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'intranet%'").fetchall()
    assert names == [("intranet",)]


def test_missing_backup_is_a_sentence(address: str, use: Use, tmp_path: Path):
    with pytest.raises(Trouble) as trouble:
        restore(tmp_path / "none.dump", use.engine.folder, tmp_path)

    assert str(trouble.value) == f"There is no file {tmp_path}/none.dump. `ls backups` shows the backups."


def test_nothing_is_restored_under_a_running_intranet(address: str, use: Use, tmp_path: Path):
    saved = backup(tmp_path)
    with use.engine.folder.lock("run") as lock:
        assert lock.exclusive()

        with pytest.raises(Trouble) as trouble:
            restore(saved, use.engine.folder, tmp_path)

    assert str(trouble.value) == "The intranet is running. Stop it first (`make stop`), then restore."


def test_failed_backup_leaves_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")

    with pytest.raises(Trouble, match="pg_dump says:"):
        backup(tmp_path)

    assert list(tmp_path.iterdir()) == []

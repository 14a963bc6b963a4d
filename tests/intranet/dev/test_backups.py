"""A backup holds everything, and a restore replaces everything or nothing."""

from __future__ import annotations

import tarfile
from io import BytesIO
from pathlib import Path

import psycopg
import pytest

from intranet.dev.backups import backup, documents_beside, restore
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


def test_documents_come_back_with_the_database(address: str, use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = tmp_path / "media"
    monkeypatch.setenv("MEDIA_ROOT", str(store))
    paper = store / "credentials" / "ab" / "abcd"
    paper.parent.mkdir(parents=True)
    paper.write_bytes(b"a licence")
    saved = backup(tmp_path / "backups")
    assert documents_beside(saved).stat().st_mode & 0o777 == 0o600
    paper.unlink()
    later = store / "credentials" / "cd"
    later.write_bytes(b"filed since")

    restore(saved, use.engine.folder, tmp_path / "backups")

    assert paper.read_bytes() == b"a licence"
    assert later.read_bytes() == b"filed since"


def test_broken_documents_leave_the_database_alone(
    address: str, use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MEDIA_ROOT", str(tmp_path / "media"))
    saved = backup(tmp_path / "backups")
    documents_beside(saved).write_bytes(b"no tar at all" * 100)
    change(address)

    with pytest.raises(Trouble, match="The database was not touched"):
        restore(saved, use.engine.folder, tmp_path / "backups")

    assert state(address) == [("changed",)]


def test_no_document_leaves_its_folder(address: str, use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MEDIA_ROOT", str(tmp_path / "media"))
    saved = backup(tmp_path / "backups")
    with tarfile.open(documents_beside(saved), "w") as hostile:
        entry = tarfile.TarInfo("../outside")
        entry.size = 4
        hostile.addfile(entry, BytesIO(b"evil"))

    with pytest.raises(Trouble, match="cannot be read"):
        restore(saved, use.engine.folder, tmp_path / "backups")

    assert not (tmp_path / "outside").exists()


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

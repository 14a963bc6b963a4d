"""Bring the database of `make run` up to date in one process: tables, cache table, the demo if it is empty."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import django
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from intranet.dev.folder import Folder


def fill(folder: Folder) -> None:
    missing = _unapplied_migrations()
    if missing:
        _say(f"Bringing the database up to date: {missing} migrations ...")
        call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    if not get_user_model()._default_manager.exists():
        _say("Loading the demo ...")
    call_command("demo", "--if-empty")
    logins = io.StringIO()
    call_command("demo_logins", stdout=logins)
    folder.write("logins", {"logins": json.loads(logins.getvalue())})


def _unapplied_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _say(text: str) -> None:
    print(text, flush=True)


def main(path: Path) -> int:
    try:
        django.setup()
        fill(Folder(path))
    except ImproperlyConfigured as error:
        print(error, file=sys.stderr)
        return 2
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        print(f"The database that DATABASE_URL names cannot be used: {reason}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "intranet.settings")
    sys.exit(main(Path(sys.argv[1])))

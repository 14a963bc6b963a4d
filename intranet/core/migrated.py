"""Whether the database is that of this code."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

# Migrations that were once all applied stay so for as long as this process's code lasts.
_known = False


def is_migrated() -> bool:
    global _known
    if not _known:
        _known = not missing_migrations()
    return _known


def missing_migrations() -> list[str]:
    """Those that the code has and the database has not, in their order."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]

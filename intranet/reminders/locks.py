"""Advisory locks: who plans, who writes to a person, and which run is alive.

A run is alive for exactly as long as its session holds its lock. PostgreSQL frees the lock when the session ends, however
it ends: no clock, no lease, no heartbeat.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

# The first half of each lock's two-part key; the second is a row's id.
PLANNING = 7_200_001
RUNS = 7_200_002
PEOPLE = 7_200_003
INVITATIONS = 7_200_004
LEAD_TIMES = 7_200_005
BOUNCES = 7_200_006


def require_own_session() -> None:
    """Refuse to work on a pooled connection, whose session - and with it the lock - belongs to whoever comes next."""
    if settings.DATABASES["default"].get("OPTIONS", {}).get("pool"):
        raise ImproperlyConfigured(
            "A tick needs a database session of its own. Set DATABASE_POOL=0 for workers, beats and the watchdog."
        )


def take_run(run_id: int) -> None:
    """Hold the lock of a run until `free_run`, or until this session ends."""
    _ask("SELECT pg_advisory_lock(%s, %s)", RUNS, run_id)


def try_run(run_id: int) -> bool:
    """Take the lock of a run if it is free, which it is when the run is dead."""
    return _ask("SELECT pg_try_advisory_lock(%s, %s)", RUNS, run_id)


def free_run(run_id: int) -> None:
    _ask("SELECT pg_advisory_unlock(%s, %s)", RUNS, run_id)


def holds_run(run_id: int) -> bool:
    """Whether this very session still holds the lock; false after a lost or a swapped connection."""
    return _ask(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()"
        " AND classid = %s AND objid = %s AND objsubid = 2)",
        RUNS,
        run_id,
    )


def try_planning() -> bool:
    """Be the only one who plans until the transaction ends, or find that somebody else does."""
    return _ask("SELECT pg_try_advisory_xact_lock(%s, %s)", PLANNING, 0)


def wait_for_lead_times() -> None:
    """Be the only one who changes when reminders come, until the transaction ends."""
    _ask("SELECT pg_advisory_xact_lock(%s, %s)", LEAD_TIMES, 0)


def try_person(person_id: int) -> bool:
    """Be the only one who composes mail for this person until the transaction ends."""
    return bool(try_people([person_id]))


def try_people(people: Sequence[int]) -> list[int]:
    """Be the only one who composes mail for these people until the transaction ends; those for whom nobody else does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person FROM unnest(%s::bigint[]) AS person WHERE pg_try_advisory_xact_lock(%s, (person %% %s)::int)",
            [list(people), PEOPLE, 2**31],
        )
        return [person for (person,) in cursor.fetchall()]


def try_alone(work: int) -> bool:
    """Be the only session that does this work until `free_alone`, or until this session ends; or find that one does."""
    return _ask("SELECT pg_try_advisory_lock(%s, %s)", work, 0)


def free_alone(work: int) -> None:
    _ask("SELECT pg_advisory_unlock(%s, %s)", work, 0)


def _ask(sql: str, group: int, number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, [group, number % 2**31])
        return cursor.fetchone()[0] is True

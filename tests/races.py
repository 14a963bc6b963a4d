"""Several people at the same moment, each on a connection of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep
from typing import Any

from django.db import connection

from intranet.core.access import Refused

Deed = Callable[[], Any]


def results(deeds: Iterable[Deed]) -> list[Any]:
    """Do everything at once. What each returned, in order, or the refusal that it met; any other exception is raised."""
    deeds = list(deeds)
    start = Barrier(len(deeds), timeout=60)

    def run(deed: Deed) -> Any:
        try:
            start.wait()
            return deed()
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def outcomes(deeds: Iterable[Deed]) -> list[str]:
    """What became of each, in order: `done`, or the code of the refusal."""
    return [found.verdict.reasons[0].code if isinstance(found, Refused) else "done" for found in results(deeds)]


def somebody_waits() -> bool:
    """Whether, within 20 seconds, somebody waits for what this transaction has written."""
    with connection.cursor() as cursor:
        for _ in range(2000):
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
            )
            if cursor.fetchone() == (True,):
                return True
            sleep(0.01)
    return False

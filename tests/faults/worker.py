"""A real worker process, a doorbell, and ways to kill at a chosen moment."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from celery import Celery
from django.conf import settings
from django.db import connection

from intranet.reminders.locks import RUNS

PATIENCE = 120.0


def wait_for(what: Callable[[], object], patience: float = PATIENCE, step: Callable[[], None] = lambda: None) -> None:
    """Until `what` is true; `step` is taken before each look."""
    until = time.monotonic() + patience
    while not what():
        assert time.monotonic() < until, f"waited {patience} s in vain"
        step()
        time.sleep(0.05)


def broker_url() -> str:
    """A database of the broker for each process of the test run, so that they do not hear each other's bells."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 8
    parts = urlsplit(os.environ["REDIS_URL"])
    return urlunsplit(parts._replace(path=f"/{number}"))


@contextlib.contextmanager
def other_session() -> Iterator[psycopg.Connection]:
    """A session of the test's own in the same database; what it did not commit is rolled back at the end."""
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context"):
        parameters.pop(name, None)
    session = psycopg.connect(**parameters)
    try:
        yield session
    finally:
        session.close()


def somebody_waits_for_a_lock(statement: str) -> bool:
    """Whether a session of this database stands still in a statement that begins so."""
    with other_session() as session:
        return (
            session.execute(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                " AND query LIKE %s",
                [statement + "%"],
            ).fetchone()
            is not None
        )


def end_the_sessions_that_send() -> None:
    with other_session() as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND pid IN"
            " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())",
            [RUNS],
        )


class Bell:
    """Rings as beat does: a message without content, through the real broker."""

    def __init__(self) -> None:
        self._app = Celery(broker=broker_url(), set_as_current=False)
        self._app.conf.broker_transport_options = {"socket_timeout": 5, "socket_connect_timeout": 5}

    def ring(self) -> None:
        with self._app.connection_for_write() as line:
            self._app.send_task("intranet.reminders.tasks.tick", queue="tick", expires=30, connection=line)

    def hush(self) -> None:
        with self._app.connection_for_write() as line:
            line.default_channel.client.flushdb()


class Worker:
    """Celery as production starts it, in a process group of its own."""

    COMMAND = (
        *(sys.executable, "-m", "celery", "-A", "intranet.celery:app", "worker", "-Q", "tick", "-n", "tick@%h"),
        *("--without-gossip", "--without-mingle", "--concurrency", "1", "--loglevel", "INFO"),
    )

    def __init__(self, mail_port: int, log: Path) -> None:
        address = "postgresql://{user}:{password}@{host}:{port}/{dbname}".format(**connection.get_connection_params())
        self.log = log
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "DATABASE_URL": address,
            "REDIS_URL": broker_url(),
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(mail_port),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.COMMAND,
                cwd=settings.BASE_DIR,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL for the worker and its children, at once."""
        self._signal(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, as at a deployment: the exit code once it has finished what it had in hand."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def bury(self) -> None:
        """Wait until the killed process is gone; a worker that ended by itself is a failure of the test."""
        if self._process is not None:
            assert self._process.wait(PATIENCE) == -signal.SIGKILL, self.log.read_text()[-3000:]
            self._process = None

    def end(self) -> None:
        if self._process is not None:
            self.kill()
            self._process.wait(PATIENCE)
            self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

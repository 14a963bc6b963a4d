"""`make run` from the outside: a folder without anything, a kill, a second start, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from intranet.dev.folder import Folder, free_port
from intranet.dev.running import answer
from tests.intranet.dev.conftest import children_of, eventually, everything_of, python

pytestmark = pytest.mark.fault


def start(folder: Folder, port: int) -> subprocess.Popen[str]:
    given = dict.fromkeys(("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SITE_ORIGIN", "EMAIL_HOST", "EMAIL_PORT"), "")
    return python("-m", "intranet.dev", "run", INTRANET_FOLDER=str(folder.path), PORT=str(port), **given)


def lines_until_ready(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if line.startswith("Ready: "):
            break
    return lines


@pytest.fixture
def large_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The children get their broker and database from the supervisor, not from these tests."""
    for name in ("TEST_DATABASE_SUFFIX", "PYTEST_XDIST_WORKER"):
        monkeypatch.delenv(name, raising=False)


def test_run_brings_everything_up_and_leaves_nothing_behind(folder: Folder, large_enough: None):
    port = free_port(set())
    first = start(folder, port)
    said = lines_until_ready(first)

    assert said[-1] == f"Ready: http://localhost:{port}/"
    assert said[:2] == [
        f"Starting PostgreSQL in {folder.path}/postgres ...",
        f"Starting Valkey (the message broker) in {folder.path}/valkey ...",
    ]
    pages = ["health/live", "health/ready", "health/reminders", "accounts/login/"]
    assert [answer(f"http://localhost:{port}/{page}") for page in pages] == [200, 200, 200, 200]
    assert answer(f"http://127.0.0.1:{port}/accounts/login/") == 200
    assert answer(f"http://localhost:{folder.read('run')['mail_port']}/") == 200
    roles = [login["role"] for login in folder.read("logins")["logins"]]
    assert [role for role in roles if not any(line.strip().startswith(role) for line in said)] == []

    second = start(folder, port)
    assert second.communicate()[0] == (
        f"The intranet of this checkout is running already: http://localhost:{port}/ (process {first.pid}). "
        "Stop it there with Ctrl-C, or from here with `make stop`.\n"
    )
    assert second.returncode == 2

    first.kill()
    first.communicate()
    assert eventually(lambda: everything_of(folder) == [], 30)

    again = start(folder, port)
    said = lines_until_ready(again)
    assert said[-1] == f"Ready: http://localhost:{port}/"
    assert [line for line in said if "migrations" in line] == []

    [watchdog] = [pid for pid in children_of(folder) if b"--watch" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(watchdog, signal.SIGKILL)
    assert again.stdout is not None
    assert again.stdout.readline() == (
        f"watchdog ended by signal SIGKILL; starting it again in 1 s. See {folder.log('watchdog')}\n"
    )

    again.send_signal(signal.SIGINT)
    rest = again.communicate()[0].splitlines()
    assert rest[-1] == "Stopped. Nothing is left running."
    assert again.returncode == 0
    assert eventually(lambda: everything_of(folder) == [])

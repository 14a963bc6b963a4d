"""The supervisor starts again what dies and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from intranet.dev.folder import Folder
from intranet.dev.supervisor import Program, Supervisor
from tests.intranet.dev.conftest import children_of, eventually, python

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
# Deaf to everything but SIGKILL, with a child that is deaf as well.
DEAF_FAMILY = [
    sys.executable,
    "-c",
    "import signal, subprocess, time\n"
    "for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)\n"
    "subprocess.Popen(['sleep', '600'])\n"
    "time.sleep(600)",
]
SUPERVISED = """
import sys, time
from pathlib import Path
from intranet.dev.folder import Folder
from intranet.dev.supervisor import Program, Supervisor
supervisor = Supervisor(Folder(Path(sys.argv[1])), print)
supervisor.add(Program("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"]))
supervisor.add(Program("unwarned", [sys.executable, "-c", "import time; time.sleep(600)"], if_orphaned=0))
print("started", flush=True)
time.sleep(600)
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(folder: Folder, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setattr("intranet.dev.supervisor.STOP_SECONDS", 0.5)
    made = Supervisor(folder, said.append)
    yield made
    made.stop()


def test_child_that_dies_is_started_again_and_it_is_said(supervisor: Supervisor, said: list[str], folder: Folder):
    child = supervisor.add(Program("sleeper", SLEEP))
    [first] = children_of(folder)

    os.kill(first, signal.SIGKILL)

    assert eventually(lambda: supervisor.tend() or len(said) == 2)
    assert said == [
        f"sleeper ended by signal SIGKILL; starting it again in 1 s. See {folder.log('sleeper')}",
        "sleeper was started again.",
    ]
    assert child.lives
    assert children_of(folder) != [first]


def test_pause_before_a_restart_doubles(supervisor: Supervisor):
    child = supervisor.add(Program("failing", ["false"]))
    assert eventually(lambda: child.ended() == 1)

    assert [child.plan_restart() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]


def test_child_that_dies_takes_its_own_children_along(supervisor: Supervisor, folder: Folder):
    child = supervisor.add(Program("deaf", DEAF_FAMILY))
    assert eventually(lambda: len(children_of(folder)) == 2)

    [father] = [pid for pid in children_of(folder) if b"time.sleep" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(father, signal.SIGKILL)

    assert eventually(lambda: child.ended() == -signal.SIGKILL)
    assert eventually(lambda: children_of(folder) == [])


def test_stop_ends_even_who_does_not_listen(supervisor: Supervisor, folder: Folder):
    supervisor.add(Program("sleeper", SLEEP))
    supervisor.add(Program("deaf", DEAF_FAMILY))
    assert eventually(lambda: len(children_of(folder)) == 3)

    supervisor.stop()

    assert children_of(folder) == []


def test_killed_supervisor_takes_its_children_along_and_the_next_one_clears_the_rest(
    supervisor: Supervisor, folder: Folder
):
    other = python("-c", SUPERVISED, str(folder.path))
    assert other.stdout is not None
    assert other.stdout.readline() == "started\n"
    assert len(children_of(folder)) == 2

    other.kill()
    other.communicate()

    assert eventually(lambda: len(children_of(folder)) == 1)  # the one that the kernel was told not to warn
    supervisor.clear_leftovers()
    assert children_of(folder) == []


def test_once_returns_the_exit_code_and_keeps_the_words_in_the_log(supervisor: Supervisor, folder: Folder):
    code = supervisor.once(Program("speaker", [sys.executable, "-c", "print('a word'); raise SystemExit(3)"]))

    assert code == 3
    assert folder.log("speaker").read_text() == "a word\n"


def test_once_ends_early_when_asked_to_stop(supervisor: Supervisor, folder: Folder):
    supervisor.asked_to_stop = True

    assert supervisor.once(Program("sleeper", SLEEP)) is None
    assert children_of(folder) == []


def test_log_of_the_last_run_is_kept(supervisor: Supervisor, folder: Folder):
    folder.log("speaker").write_text("the last run\n")

    supervisor.once(Program("speaker", ["echo", "this run"]))

    assert folder.log("speaker").read_text() == "this run\n"
    assert folder.log("speaker").with_suffix(".log.1").read_text() == "the last run\n"


def test_clock_of_a_steady_child_begins_anew(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch):
    child = supervisor.add(Program("failing", ["false"]))
    assert eventually(lambda: child.ended() == 1)
    assert [child.plan_restart(), child.plan_restart()] == [1, 2]

    now = time.monotonic()
    monkeypatch.setattr("intranet.dev.supervisor.time.monotonic", lambda: now + 61)

    assert child.plan_restart() == 1

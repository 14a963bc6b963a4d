"""Every launcher test has a folder of its own, and leaves no server behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from intranet.dev import processes
from intranet.dev.folder import CHECKOUT, Folder
from intranet.dev.keeper import ENGINES, Use
from intranet.dev.postgres import Postgres
from intranet.dev.supervisor import MARK


def eventually(fact: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether the fact comes true before it is hopeless to wait."""
    until = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def servers_in(folder: Folder) -> list[int]:
    """Pids of every embedded server that works in the folder."""
    return [pid for name, engine in ENGINES.items() for pid in processes.working_in(folder.path / name, engine.program)]


def keepers_of(folder: Folder) -> list[int]:
    found = []
    for pid, entry in processes.every_process():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"keep" in words and str(folder.path).encode() in words:
            found.append(pid)
    return found


def children_of(folder: Folder) -> list[int]:
    return processes.marked(f"{MARK}={folder.path}")


def everything_of(folder: Folder) -> list[int]:
    return servers_in(folder) + keepers_of(folder) + children_of(folder)


def python(*words: str, **environment: str) -> subprocess.Popen[str]:
    """Run this Python in the checkout, as a person would."""
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=CHECKOUT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def emptied(folder: Folder) -> None:
    for pid in everything_of(folder):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path / "folder", durable=False)
    made.prepare()
    yield made
    emptied(made)


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    """One folder for the tests of a module: making a cluster takes a while."""
    made = Folder(tmp_path_factory.mktemp("shared"), durable=False)
    made.prepare()
    yield made
    emptied(made)


@pytest.fixture
def postgres(shared_folder: Folder) -> Iterator[Postgres]:
    """PostgreSQL's engine, with nothing of the last test running."""
    engine = Postgres(shared_folder)
    assert eventually(lambda: not everything_of(shared_folder))
    yield engine
    emptied(shared_folder)


@pytest.fixture
def use(postgres: Postgres) -> Iterator[Use]:
    share = Use(postgres)
    yield share
    share.release()

"""End everything that runs in this checkout. Standard library only: it works when .venv is gone."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from functools import partial

from intranet.dev import processes
from intranet.dev.folder import Folder, local_folder, test_folder

# The servers' programs, by the name of their data folder (postgres.py and valkey.py say more about them).
PROGRAMS = {"postgres": "postgres", "valkey": "valkey-server"}


def stop_all(folders: Iterable[Folder]) -> None:
    """Ask the supervisor, then the keepers, to stop; then end what is left in the folders."""
    for folder in folders:
        if not folder.path.exists():
            continue
        _ask(folder, "run", "the intranet", folder.read("run").get("pid"))
        for name, program in PROGRAMS.items():
            _ask(folder, f"{name}.keeper", name, folder.read(name).get("keeper"))
            left = partial(processes.working_in, folder.path / name, program)
            processes.clear(left, [(signal.SIGINT, 10), (signal.SIGKILL, 5)])


def _ask(folder: Folder, lock_name: str, title: str, pid: object, seconds: float = 40) -> None:
    """Send SIGTERM to the holder of a lock and wait until it has let go. A free lock means a number of the past."""
    with folder.lock(lock_name) as lock:
        if lock.exclusive() or not isinstance(pid, int):
            return
        print(f"Stopping {title} ...", flush=True)
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            return
        until = time.monotonic() + seconds
        while not lock.exclusive() and time.monotonic() < until:
            time.sleep(0.1)


if __name__ == "__main__":
    stop_all([local_folder(), test_folder()])
    sys.exit(0)

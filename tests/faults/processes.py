"""The product's processes, with the commands of production, and ways to stop, kill, freeze and bury them.

They are borne by one process that has the product imported already (`preloaded.py`): a start takes a moment, not seconds.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from celery import Celery

from tests.faults import lives

PATIENCE = 180.0

_context = multiprocessing.get_context("forkserver")


@contextlib.contextmanager
def in_environment(values: Mapping[str, str]) -> Iterator[None]:
    """Whoever is borne within lives in this environment. There is one such within a process of the tests."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        _context.set_forkserver_preload(["tests.faults.preloaded"])
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)
    yield


def wait_for(what: Callable[[], object], step: Callable[[], None] = lambda: None) -> None:
    """Until `what` is true; `step` is taken before each look."""
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until, f"waited {PATIENCE} s in vain"
        step()
        time.sleep(0.05)


class Process:
    """One process in a group of its own, with its log."""

    ready = b""  # it writes this into its log as soon as it does what it is there for

    def __init__(self, name: str, folder: Path, sabotage: str, life: Callable[..., object], *words: Any) -> None:
        self.name, self.sabotage, self.life, self.words = name, sabotage, life, words
        self.log = folder / f"{name}.log"
        self._process: multiprocessing.process.BaseProcess | None = None
        self._began = 0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.is_alive()

    def start(self) -> None:
        assert self._process is None, f"{self.name} runs already"
        self._began = self.log.stat().st_size if self.log.exists() else 0
        self._process = _context.Process(
            target=lives.live, args=(str(self.log), self.sabotage, self.life, self.words), name=self.name
        )
        self._process.start()

    def wait_until_ready(self) -> None:
        wait_for(lambda: not self.alive or (self.log.exists() and self.ready in self.log.read_bytes()[self._began :]))
        assert self.alive, self.last_words()

    def kill(self) -> None:
        """SIGKILL for the process and its children, at once. Any thread may; `bury` is the main thread's."""
        self._signal(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, as at a deployment: the exit code once it has finished what it had in hand."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGTERM)
        return self._gone()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def bury(self) -> None:
        """Wait until the killed process is gone; one that ended by itself is a failure of the test."""
        if self._process is not None:
            assert self._gone() == -signal.SIGKILL, self.last_words()

    def end(self) -> None:
        if self._process is not None:
            self.thaw()
            self.kill()
            self._gone()

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""

    def _gone(self) -> int:
        assert self._process is not None
        self._process.join(PATIENCE)
        code = self._process.exitcode
        assert code is not None, f"{self.name} does not end: {self.last_words()}"
        self._process.close()
        self._process = None
        return code

    def _signal(self, number: signal.Signals) -> None:
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                try:
                    os.killpg(process.pid, number)
                except ProcessLookupError:  # no group of its own yet, or gone
                    os.kill(process.pid, number)


class Worker(Process):
    ready = b" ready."

    def __init__(self, name: str, folder: Path, sabotage: str) -> None:
        words = ("worker", "-Q", "tick", "-n", f"{name}@%h", "--without-gossip", "--without-mingle")
        super().__init__(name, folder, sabotage, lives.celery, *words, "--concurrency", "1", "--loglevel", "INFO")


class Beat(Process):
    ready = b"beat: Starting"

    def __init__(self, name: str, folder: Path, sabotage: str) -> None:
        words = ("beat", "-S", "celery.beat:Scheduler", "--loglevel", "INFO", "--pidfile=")
        super().__init__(name, folder, sabotage, lives.celery, *words)


class Watchdog(Process):
    def __init__(self, name: str, folder: Path, sabotage: str) -> None:
        super().__init__(name, folder, sabotage, lives.manage, "tick", "--watch", "1")


class Web(Process):
    ready = b"Listening at"

    def __init__(self, name: str, folder: Path, sabotage: str) -> None:
        words = ("--bind", "127.0.0.1:0", "--worker-class", "gthread", "--threads", "4", "--no-control-socket")
        super().__init__(name, folder, sabotage, lives.gunicorn, *words)

    @property
    def address(self) -> str:
        line = next(line for line in self.log.read_text()[self._began :].splitlines() if "Listening at" in line)
        return line.split("Listening at: ")[1].split(" ")[0]


class Ticker(Process):
    """Does `manage.py tick --at` whenever it is told a moment: a dispatcher with the story's clock."""

    def __init__(self, name: str, folder: Path, sabotage: str) -> None:
        super().__init__(name, folder, sabotage, lives.ticks)

    def start(self) -> None:
        self._orders, theirs = _context.Pipe()
        self.words = (theirs,)
        super().start()
        theirs.close()

    def begin(self, at: datetime) -> None:
        """Have a tick done, and do not wait for it."""
        with contextlib.suppress(BrokenPipeError):
            self._orders.send(at.isoformat())

    def finish(self) -> dict[str, int] | None:
        """What the tick did; None if the process died meanwhile, or lost its database."""
        assert self._orders.poll(PATIENCE), f"waited {PATIENCE} s in vain for a tick: {self.last_words()}"
        try:
            return self._orders.recv()
        except (EOFError, ConnectionResetError):
            return None

    def tick(self, at: datetime) -> dict[str, int] | None:
        self.begin(at)
        return self.finish()

    def _gone(self) -> int:
        self._orders.close()
        return super()._gone()


class Bell:
    """Rings as beat does: a message without content, through the real broker."""

    def __init__(self, address: str) -> None:
        self._app = Celery(broker=address, set_as_current=False)
        self._app.conf.broker_transport_options = {"socket_timeout": 5, "socket_connect_timeout": 5}

    def ring(self) -> None:
        """Unless somebody has rung already and nobody has come."""
        with self._app.connection_for_write() as line:
            if line.default_channel.client.llen("tick") > 1:
                return
            self._app.send_task("intranet.reminders.tasks.tick", queue="tick", expires=30, connection=line)

    def hush(self) -> None:
        """The broker forgets everything."""
        with self._app.connection_for_write() as line:
            line.default_channel.client.flushdb()

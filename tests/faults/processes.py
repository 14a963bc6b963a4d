"""The product's processes, started as production starts them, and ways to stop, kill, freeze and bury them."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from celery import Celery
from django.conf import settings

PATIENCE = 180.0

PYTHON = sys.executable
CELERY = (PYTHON, "-m", "celery", "-A", "intranet.celery:app")


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

    def __init__(self, name: str, command: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> None:
        self.name, self.command, self.environment = name, command, dict(environment)
        self.log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._began = 0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        assert self._process is None, f"{self.name} runs already"
        self._began = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=self._stdout(log),
                stderr=log,
                stdin=self._stdin(),
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        wait_for(lambda: not self.alive or self.ready in self.log.read_bytes()[self._began :])
        assert self.alive, self.last_words()

    def kill(self) -> None:
        """SIGKILL for the process and its children, at once. Any thread may; `bury` is the main thread's."""
        self._signal(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, as at a deployment: the exit code once it has finished what it had in hand."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
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
        return self.log.read_text(errors="replace")[-3000:]

    def _gone(self) -> int:
        assert self._process is not None
        code = self._process.wait(PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._process = None
        return code

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _stdout(self, log: Any) -> Any:
        return log

    def _stdin(self) -> Any:
        return subprocess.DEVNULL


class Worker(Process):
    ready = b" ready."

    def __init__(self, name: str, environment: Mapping[str, str], folder: Path) -> None:
        words = ("worker", "-Q", "tick", "-n", f"{name}@%h", "--without-gossip", "--without-mingle")
        super().__init__(name, (*CELERY, *words, "--concurrency", "1", "--loglevel", "INFO"), environment, folder)


class Beat(Process):
    ready = b"beat: Starting"

    def __init__(self, name: str, environment: Mapping[str, str], folder: Path) -> None:
        words = ("beat", "-S", "celery.beat:Scheduler", "--loglevel", "INFO", "--pidfile=")
        super().__init__(name, (*CELERY, *words), environment, folder)


class Watchdog(Process):
    def __init__(self, name: str, environment: Mapping[str, str], folder: Path, patience: int = 1) -> None:
        super().__init__(name, (PYTHON, "manage.py", "tick", "--watch", str(patience)), environment, folder)


class Web(Process):
    ready = b"Listening at"

    def __init__(self, name: str, environment: Mapping[str, str], folder: Path) -> None:
        words = ("--bind", "127.0.0.1:0", "--worker-class", "gthread", "--threads", "4", "--no-control-socket")
        super().__init__(name, (PYTHON, "-m", "gunicorn", "intranet.wsgi:application", *words), environment, folder)

    @property
    def address(self) -> str:
        line = next(line for line in self.log.read_text()[self._began :].splitlines() if "Listening at" in line)
        return line.split("Listening at: ")[1].split(" ")[0]


class Ticker(Process):
    """Does `manage.py tick --at` whenever it is told a moment (`tests/faults/ticker.py`): a dispatcher with a clock."""

    ready = b"ready"

    def __init__(self, name: str, environment: Mapping[str, str], folder: Path) -> None:
        super().__init__(name, (PYTHON, "-m", "tests.faults.ticker"), environment, folder)

    def begin(self, at: datetime) -> None:
        """Have a tick done, and do not wait for it."""
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{at.isoformat()}\n".encode())
            self._process.stdin.flush()

    def finish(self) -> dict[str, int] | None:
        """What the tick did; None if the process died meanwhile, or lost its database."""
        assert self._process is not None
        assert self._process.stdout is not None
        heard, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        assert heard, f"waited {PATIENCE} s in vain for a tick: {self.last_words()}"
        line = self._process.stdout.readline()
        return json.loads(line) if line else None

    def tick(self, at: datetime) -> dict[str, int] | None:
        self.begin(at)
        return self.finish()

    def _stdout(self, log: Any) -> Any:
        return subprocess.PIPE

    def _stdin(self) -> Any:
        return subprocess.PIPE


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

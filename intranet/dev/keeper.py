"""Who keeps an embedded server: a process of its own, for as long as anybody uses the server.

Every user (`make run`, `make test`, a command) holds a shared lock on `NAME.users`. The keeper holds `NAME.keeper`,
starts the server, starts it again if it dies, and stops it as soon as it can have the users' lock for itself: the
kernel gives a lock back however its holder ends, so no user can leave a server behind. If the keeper itself is
killed, the kernel tells the server to quit.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from intranet.dev import processes
from intranet.dev.engine import Engine
from intranet.dev.folder import CHECKOUT, Folder
from intranet.dev.postgres import Postgres
from intranet.dev.trouble import Trouble, explain
from intranet.dev.valkey import Valkey

ENGINES: dict[str, type[Engine]] = {engine.name: engine for engine in (Postgres, Valkey)}
POLL_SECONDS = 0.2
Say = Callable[[str], None]


def silent(text: str) -> None:
    """Say nothing."""


def engines_needed(folder: Folder) -> list[Engine]:
    """The engines whose address the environment does not give."""
    return [make(folder) for make in ENGINES.values() if not os.environ.get(make.variable)]


# --- The user's side ----------------------------------------------------------------------------------------------


class Use:
    """A share in one running server; ends with `release` or with this process."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._lock = engine.folder.lock(f"{engine.name}.users")

    def begin(self, say: Say = silent) -> str:
        """Have the server running (starting it if necessary) and return its address."""
        with self.engine.folder.lock(f"{self.engine.name}.launch") as launching:
            launching.exclusive(wait=True)
            self._lock.shared(wait=True)  # for a keeper that is just stopping
            return self.revive(say)

    def revive(self, say: Say = silent) -> str:
        """The address of the running server; start another keeper if the last one is gone."""
        said = False
        while True:
            if address := running(self.engine):
                return address
            if not _keeper_lives(self.engine):
                if not said:
                    say(f"Starting {self.engine.title} in {_shown(self.engine.data)} ...")
                    said = True
                _start_keeper(self.engine)
            time.sleep(0.05)

    def survive_exec(self) -> None:
        self._lock.survive_exec()

    def release(self) -> None:
        self._lock.release()

    def wait_until_stopped(self, seconds: float = 30) -> None:
        """After `release`: wait for the keeper to stop the server, unless others go on using it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and _keeper_lives(self.engine):
            if _has_users(self.engine) and running(self.engine):
                return
            time.sleep(0.05)


def running(engine: Engine) -> str | None:
    """The address of the server if it runs and answers; starts nothing."""
    port = engine.folder.read(engine.name).get("port")
    if not isinstance(port, int) or not _keeper_lives(engine):
        return None
    if not processes.working_in(engine.data, engine.program) or not engine.answers(port):
        return None
    return engine.address(port)


def _keeper_lives(engine: Engine) -> bool:
    if not engine.folder.path.exists():
        return False
    with engine.folder.lock(f"{engine.name}.keeper") as lock:
        return not lock.exclusive()


def _has_users(engine: Engine) -> bool:
    """Whether anybody shares in the server. A keeper that is just stopping it has the lock for itself alone."""
    with engine.folder.lock(f"{engine.name}.users") as lock:
        return lock.shared() and not lock.exclusive()


def _shown(path: Path) -> str:
    return str(path.relative_to(CHECKOUT)) if path.is_relative_to(CHECKOUT) else str(path)


def _start_keeper(engine: Engine) -> None:
    """Start the keeper in a session of its own and wait for its word."""
    hear, tell = os.pipe()
    command = [sys.executable, "-m", "intranet.dev", "keep", engine.name, str(engine.folder.path), str(tell)]
    if not engine.folder.durable:
        command.append("--fast")
    with engine.folder.log(f"{engine.name}-keeper").open("ab") as log:
        subprocess.run(
            command,
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(tell,),
            start_new_session=True,
            check=False,
        )  # ends at once: the keeper is its child and nobody's afterwards
    os.close(tell)
    with os.fdopen(hear, encoding="utf-8") as words:
        word = words.read()
    if not word:
        log_path = engine.folder.log(f"{engine.name}-keeper")
        raise Trouble(f"{engine.title} was not started:\n{processes.last_words(log_path)}")
    if word != "ready":
        raise Trouble(word)


# --- The keeper's side --------------------------------------------------------------------------------------------


class Keeper:
    """Keeps one server until nobody uses it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._asked_to_stop = False

    def keep(self, tell: int) -> int:
        """Start the server, send "ready" or the trouble's sentence down the pipe `tell`, and stay."""
        with self.engine.folder.lock(f"{self.engine.name}.keeper") as lock:
            if not _patiently(lock.exclusive):
                _say_once(tell, "ready")  # another keeper does the work
                return 0
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._stop_soon)
            try:
                self.engine.folder.forget(self.engine.name)
                self.engine.clear_leftovers()
                self.engine.prepare()
                process = self._start()
            except Trouble as trouble:
                _say_once(tell, str(trouble))
                return 2
            except OSError as error:
                _say_once(tell, str(explain(error, self.engine.folder.path)))
                return 2
            _say_once(tell, "ready")
            self._stay(process)
            return 0

    def _stop_soon(self, number: int, frame: object) -> None:
        self._asked_to_stop = True

    def _start(self) -> subprocess.Popen[bytes]:
        process, port = self.engine.start()
        self.engine.folder.write(self.engine.name, {"port": port, "pid": process.pid, "keeper": os.getpid()})
        return process

    def _stay(self, process: subprocess.Popen[bytes]) -> None:
        with self.engine.folder.lock(f"{self.engine.name}.users") as users:
            pause = 0.5
            while not self._asked_to_stop and not users.exclusive():
                if process.poll() is not None:
                    _note(f"{self.engine.title} ended with {process.returncode}; starting it again")
                    time.sleep(pause)
                    pause = min(30, pause * 2)
                    process = self._start_again() or process
                time.sleep(POLL_SECONDS)
            self.engine.folder.forget(self.engine.name)
            self.engine.stop(process)

    def _start_again(self) -> subprocess.Popen[bytes] | None:
        try:
            self.engine.clear_leftovers()
            self.engine.prepare()
            return self._start()
        except (Trouble, OSError) as error:
            _note(str(error))
            return None


def _patiently(take: Callable[[], bool], seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while not take():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def _say_once(tell: int, word: str) -> None:
    with contextlib.suppress(BrokenPipeError), os.fdopen(tell, "w", encoding="utf-8") as pipe:
        pipe.write(word)


def _note(text: str) -> None:
    print(time.strftime("%Y-%m-%d %H:%M:%S"), text, flush=True)

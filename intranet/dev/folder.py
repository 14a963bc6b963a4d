"""A folder of the checkout that holds everything local: data, secrets, ports, locks, logs."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from intranet.dev.trouble import Trouble, explain

CHECKOUT = Path(__file__).resolve().parents[2]
# An empty cluster takes 40 MB, its write-ahead log up to some hundred more.
NEEDED_BYTES = 300_000_000


class Lock:
    """An flock on a file: the kernel gives it back when its holder ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def exclusive(self, *, wait: bool = False) -> bool:
        return self._take(fcntl.LOCK_EX, wait)

    def shared(self, *, wait: bool = False) -> bool:
        return self._take(fcntl.LOCK_SH, wait)

    def _take(self, kind: int, wait: bool) -> bool:
        try:
            fcntl.flock(self._file, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def survive_exec(self) -> None:
        """Let the program that replaces this one keep the lock."""
        os.set_inheritable(self._file, True)

    def release(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()


class Folder:
    """`.local` for `make run`, `.local/test` for the tests. Secrets are made once; only their owner may read them."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self.durable = durable

    def prepare(self) -> None:
        """Make the folder; say plainly when it cannot be written or the disk is full."""
        try:
            for path in (self.path, self.path / "log"):
                path.mkdir(parents=True, exist_ok=True)
            probe = self.path / "probe"
            probe.write_bytes(b"\0" * 65536)
            probe.unlink()
            free = shutil.disk_usage(self.path).free
        except OSError as error:
            raise explain(error, self.path) from error
        if free < NEEDED_BYTES:
            raise Trouble(
                f"The disk that holds {self.path} has only {free // 1_000_000} MB left. "
                "Free about 1 GB and run the same command again."
            )

    def log(self, name: str) -> Path:
        return self.path / "log" / f"{name}.log"

    def lock(self, name: str) -> Lock:
        return Lock(self.path / f"{name}.lock")

    def read(self, name: str) -> dict[str, Any]:
        """A small file of facts; a missing or half-written one counts as empty."""
        try:
            facts = json.loads((self.path / f"{name}.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}

    def write(self, name: str, facts: dict[str, Any]) -> None:
        """Replace a small file of facts in one step; only its owner may read it."""
        target = self.path / f"{name}.json"
        draft = target.with_suffix(f".{os.getpid()}.draft")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(facts, file, indent=2)
        draft.replace(target)

    def forget(self, name: str) -> None:
        (self.path / f"{name}.json").unlink(missing_ok=True)

    def secret(self, name: str) -> str:
        """A random value, made at the first call and kept. Its beginning makes production refuse it (settings.py)."""
        return str(self._remember("secrets", name, lambda taken: f"local-only-{secrets.token_hex(32)}"))

    def port(self, name: str, *, other: bool = False) -> int:
        """A port for this server: the remembered one while it is free, otherwise (or if `other`) a new one."""
        known = self.read("ports").get(name)
        if not other and isinstance(known, int) and port_is_free(known):
            return known
        self._forget_entry("ports", name)
        return int(self._remember("ports", name, free_port))

    def remembered_port(self, name: str) -> int | None:
        return self.read("ports").get(name)

    def _remember(self, file: str, name: str, make: Callable[[set[Any]], Any]) -> Any:
        with self.lock("facts") as lock:
            lock.exclusive(wait=True)
            facts = self.read(file)
            if name not in facts:
                facts[name] = make(set(facts.values()))
                self.write(file, facts)
            return facts[name]

    def _forget_entry(self, file: str, name: str) -> None:
        with self.lock("facts") as lock:
            lock.exclusive(wait=True)
            facts = self.read(file)
            if facts.pop(name, None) is not None:
                self.write(file, facts)


def local_folder() -> Folder:
    """`.local` of the checkout, or the folder that INTRANET_FOLDER names (a second set of data, a larger disk)."""
    return Folder(Path(os.environ.get("INTRANET_FOLDER") or CHECKOUT / ".local").resolve())


def test_folder() -> Folder:
    """Its servers may lose data at a power cut, and are faster for it."""
    return Folder(local_folder().path / "test", durable=False)


def port_is_free(port: int) -> bool:
    """Whether nobody listens on this port of the loopback addresses (a browser tries both for `localhost`)."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as attempt:
                attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                attempt.bind((address, port))
        except PermissionError:
            return False
        except OSError as error:
            if family == socket.AF_INET or error.errno == errno.EADDRINUSE:
                return False
    return True


def free_port(taken: set[Any]) -> int:
    """A port that is free now and is not in `taken`."""
    while True:
        with socket.socket() as attempt:
            attempt.bind(("127.0.0.1", 0))
            port = int(attempt.getsockname()[1])
        if port not in taken:
            return port

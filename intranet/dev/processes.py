"""Processes that never outlive their parent, and how to recognise the ones of an earlier life."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

PR_SET_PDEATHSIG = 1
# Loaded once, here: nothing may be imported between fork and exec.
_libc = ctypes.CDLL(None, use_errno=True)


def end_with_parent(with_signal: int = signal.SIGTERM, parent: int | None = None) -> None:
    """Have the kernel send this process `with_signal` when its parent ends, even by SIGKILL."""
    if _libc.prctl(PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), with_signal)  # the parent was gone before the kernel knew


def with_parent(with_signal: int = signal.SIGTERM, then: Callable[[], None] | None = None) -> Callable[[], None]:
    """A `preexec_fn` for a child of this process. A change of user forgets the wish, so `then` runs before it."""
    parent = os.getpid()

    def prepare() -> None:
        if then is not None:
            then()
        end_with_parent(with_signal, parent)

    return prepare


def stop(process: subprocess.Popen[bytes], signals: Iterable[tuple[int, float]]) -> int:
    """Send each signal in turn, waiting its seconds for the process to end; return the exit code."""
    for number, seconds in signals:
        if process.poll() is not None:
            break
        process.send_signal(number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    return process.wait()


def every_process() -> Iterator[tuple[int, Path]]:
    """(pid, its folder under /proc) of each process, this one left out."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            yield int(entry.name), entry


def working_in(folder: Path, program: str) -> list[int]:
    """Pids of processes that run `program` (by its file name) with `folder` as their working folder.

    A pid file proves nothing: its number may belong to somebody else by now. The file name, not the whole path, is
    compared, so that a server started from a since rebuilt environment is recognised as well.
    """
    found = []
    wanted = folder.resolve()
    for pid, entry in every_process():
        try:
            executable = (entry / "exe").readlink().name.removesuffix(" (deleted)")
            if executable == program and (entry / "cwd").readlink() == wanted:
                found.append(pid)
        except OSError:
            continue  # ended meanwhile, or another user's
    return found


def marked(mark: str) -> list[int]:
    """Pids of processes whose environment holds `mark` ("NAME=value")."""
    found = []
    for pid, entry in every_process():
        try:
            if mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(pid)
        except OSError:
            continue
    return found


def clear(find: Callable[[], list[int]], signals: Iterable[tuple[int, float]]) -> None:
    """Wait for the processes that `find` sees to end, sending each signal in turn; signal 0 only waits."""
    for number, seconds in signals:
        for pid in find():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        until = time.monotonic() + seconds
        while find() and time.monotonic() < until:
            time.sleep(0.1)


def last_words(log: Path, lines: int = 8) -> str:
    """The end of a log, for a sentence about what went wrong."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])

"""Trouble that a person can mend: one plain sentence, exit code 2, never a traceback."""

from __future__ import annotations

import errno
from pathlib import Path


class Trouble(Exception):
    """Something outside the program is in the way; the message says what to do."""


def explain(error: OSError, place: Path) -> Trouble:
    """The sentence for an operating system's refusal while working below `place`."""
    path = error.filename or place
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Trouble(f"The disk that holds {place} is full. Free about 1 GB and run the same command again.")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return Trouble(
            f"{path} cannot be written. Give your user the right to write in {place}, "
            "or move the checkout to a folder of your own, and run the same command again."
        )
    return Trouble(f"{path}: {error.strerror or error}. Put that right and run the same command again.")

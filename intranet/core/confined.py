"""Programs that open what a stranger made, each run in a process of its own; see `file_reader`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PATIENCE = 30  # seconds, for a machine that has other things to do


class Unfit(Exception):
    """The file may not be kept; the words are for the person who chose it."""


def run(program: Path | str, content: bytes, *words: str) -> tuple[dict[str, Any], bytes]:
    """Facts and bytes that the program found in a file. Raises Unfit.

    The program gets the file and the words, and nothing of ours: no settings, no environment.
    """
    command = [sys.executable, "-I", "-X", "utf8", str(program), *words]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=PATIENCE, env={}, check=False)
    except subprocess.TimeoutExpired:
        raise Unfit("This file could not be opened in time: save it again, and try again.") from None
    if done.returncode != 0:
        raise Unfit("This file could not be opened: save it again, and try again.")
    line, _, found = done.stdout.partition(b"\n")
    facts = json.loads(line)
    if "unfit" in facts:
        raise Unfit(facts["unfit"])
    return facts, found

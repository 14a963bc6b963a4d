"""The environment of a local command: where the embedded servers are, and the secrets of this checkout."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from intranet.dev.folder import Folder, local_folder, test_folder
from intranet.dev.keeper import Say, Use, engines_needed, running, silent

DEFAULT_PORT = 8000
# Shares in servers that this process asked for; they end with it.
_uses: list[Use] = []


def basics(folder: Folder, port: int) -> dict[str, str]:
    """What the settings need besides the servers' addresses."""
    mail = folder.remembered_port("smtp") or 1025
    return {
        "INTRANET_MODE": "local",
        "DEMO": "1",
        "SECOND_STEP_OPTIONAL": "1",
        "SECRET_KEY": folder.secret("secret key"),
        "SITE_ORIGIN": f"http://localhost:{port}",
        "EXTRA_HOSTS": "127.0.0.1",  # what people type as well
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(mail),
    }


def apply(*, start: bool = False, test: bool = False, say: Say = silent) -> list[Use]:
    """Fill in what os.environ lacks, for `manage.py` and for pytest.

    Starts nothing unless `start`; then the servers run at least as long as this process. Returns its shares in them.
    """
    if os.environ.get("INTRANET_MODE", "local") != "local":
        return []
    folder = test_folder() if test else local_folder()
    folder.prepare()
    if start:
        _uses.extend(begin(folder, say))
        port = DEFAULT_PORT
    else:
        _find_running(folder)
        port = int(folder.read("run").get("port", DEFAULT_PORT))
    fill(basics(folder, port))
    return _uses


def begin(folder: Folder, say: Say = silent) -> list[Use]:
    """Have every server running whose address the environment lacks, and put the addresses there."""
    uses = []
    for engine in engines_needed(folder):
        use = Use(engine)
        os.environ[engine.variable] = use.begin(say)
        uses.append(use)
    return uses


def fill(values: Mapping[str, str]) -> None:
    for name, value in values.items():
        if not os.environ.get(name) and not os.environ.get(f"{name}_FILE"):
            os.environ[name] = value


def _find_running(folder: Folder) -> None:
    """Point at the embedded servers; where one is not running, say so and point at where it would be."""
    missing = []
    for engine in engines_needed(folder):
        address = running(engine)
        if address is None:
            missing.append(engine.title)
            address = engine.address(folder.remembered_port(engine.name) or 1)
        os.environ[engine.variable] = address
    if missing:
        print(
            f"Not running: {' and '.join(missing)}. `make run` starts everything; "
            "`python -m intranet.dev exec -- COMMAND` starts the servers for one command.",
            file=sys.stderr,
        )

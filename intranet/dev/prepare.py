"""Make .venv and install one hash-locked set into it, unless that is done: `python -m intranet.dev.prepare SET`.

Runs with the machine's Python before anything is installed, so it imports the standard library only. A stamp in
.venv names the lock files whose packages are in; what an interrupted run left without a stamp is done again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from intranet.dev.folder import CHECKOUT, Lock
from intranet.dev.trouble import Trouble, explain

# Each set holds everything of the sets after it.
SETS = {"development": ("development", "local"), "local": ("local",)}
NEEDED_BYTES = {"development": 1_500_000_000, "local": 800_000_000}


def main(name: str) -> int:
    try:
        with Lock(CHECKOUT / ".venv.lock") as lock:
            if not lock.exclusive():
                _say("Waiting for another set-up of this checkout to end ...")
                lock.exclusive(wait=True)
            prepare(CHECKOUT, name)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 2
    except OSError as error:
        print(explain(error, CHECKOUT), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. The next start goes on from here.", file=sys.stderr)
        return 130
    return 0


def prepare(checkout: Path, name: str) -> None:
    """Have the packages of requirements/NAME.txt in .venv."""
    lock_file = checkout / "requirements" / f"{name}.txt"
    python = checkout / ".venv" / "bin" / "python"
    works = _works(python)
    if works and _stamp(checkout).get(name) == _hash(lock_file):
        return
    if not works or not _has_pip(python):
        _make_environment(checkout, name)
    _install(checkout, python, lock_file)
    _write_stamp(checkout, {part: _hash(checkout / "requirements" / f"{part}.txt") for part in SETS[name]})


def _make_environment(checkout: Path, name: str) -> None:
    folder = checkout / ".venv"
    free = shutil.disk_usage(checkout).free
    if free < NEEDED_BYTES[name]:
        raise Trouble(
            f"The disk that holds {checkout} has only {free // 1_000_000} MB left, and the packages need about "
            f"{NEEDED_BYTES[name] // 1_000_000} MB. Free some space and run the same command again."
        )
    try:
        import ensurepip  # noqa: F401  (Debian leaves it out unless python3-venv is installed)
        import venv  # noqa: F401
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise Trouble(
            f"Python {version} is here, but not its venv module. On Debian or Ubuntu: "
            f"apt install python{version}-venv. Then run the same command again."
        ) from None
    _say(f"Making .venv with Python {sys.version.split()[0]} ...")
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Trouble(f".venv could not be made:\n{(done.stderr or done.stdout).strip()}")


def _install(checkout: Path, python: Path, lock_file: Path) -> None:
    packages = sum(1 for line in lock_file.read_text().splitlines() if "==" in line and not line.startswith((" ", "#")))
    _say(f"Installing {packages} packages from requirements/{lock_file.name} (a minute or so the first time) ...")
    _write_stamp(checkout, {})  # from here on the state is unknown until pip has ended well
    command = [str(python), "-m", "pip", "install", "--require-hashes", "-qq", "--disable-pip-version-check"]
    command += ["--no-input", "--progress-bar", "off", "-r", str(lock_file)]
    environment = {name: value for name, value in os.environ.items() if name != "PIP_REQUIRE_VIRTUALENV"}
    if subprocess.run(command, env=environment, stdin=subprocess.DEVNULL).returncode != 0:
        if shutil.disk_usage(checkout).free < 50_000_000:
            raise Trouble(f"The disk that holds {checkout} is full. Free about 1 GB and run the same command again.")
        raise Trouble(
            "The packages could not be installed; pip says why above. The first set-up needs a network connection. "
            "Run the same command again when that is mended: it goes on from here."
        )


def _works(python: Path) -> bool:
    """Whether this is a new enough Python of an environment of its own: packages go nowhere else."""
    try:
        check = "import sys; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)"
        return subprocess.run([str(python), "-c", check], capture_output=True).returncode == 0
    except OSError:
        return False


def _has_pip(python: Path) -> bool:
    return subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True).returncode == 0


def _hash(lock_file: Path) -> str:
    return hashlib.sha256(lock_file.read_bytes()).hexdigest()


def _stamp(checkout: Path) -> dict[str, str]:
    try:
        stamp = json.loads((checkout / ".venv" / "installed.json").read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _write_stamp(checkout: Path, stamp: dict[str, str]) -> None:
    draft = checkout / ".venv" / "installed.draft"
    draft.write_text(json.dumps(stamp, indent=2))
    draft.replace(checkout / ".venv" / "installed.json")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

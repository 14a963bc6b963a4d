"""Finds the browser for the journeys; `python -m tests.browser` installs Debian's where it may, else says what to do."""

# ruff: noqa: T201
from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Where `playwright install chromium` puts its own, newest first once sorted.
PLAYWRIGHT = ("chromium-*/chrome-linux*/chrome", "chromium_headless_shell-*/chrome-*linux*/*headless*shell")
MISSING = (
    "No browser was found for the journeys. Install Chromium (Debian: apt install chromium), or Google Chrome, "
    "or run `.venv/bin/python -m playwright install chromium`, or name yours: BROWSER_PATH=/path/to/chrome make test"
)


@functools.cache
def find_browser() -> Path | None:
    """The first Chromium that answers `--version`: BROWSER_PATH, one on PATH, Playwright's; None if there is none."""
    return next((path for path in _candidates() if _answers(path)), None)


def browser_must_be_there() -> bool:
    """On CI a missing browser is a failure, never a skip."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def _candidates() -> Iterator[Path]:
    if named := os.environ.get("BROWSER_PATH"):
        yield Path(named)
        return
    for command in COMMANDS:
        if found := shutil.which(command):
            yield Path(found)
    cache = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or str(Path.home() / ".cache" / "ms-playwright")
    for pattern in PLAYWRIGHT:
        yield from sorted(Path(cache).glob(pattern), reverse=True)


def _answers(path: Path) -> bool:
    """Some systems have a `chromium` that only tells to install one."""
    try:
        tried = subprocess.run([str(path), "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0 and "chrom" in tried.stdout.lower()


def may_install() -> bool:
    """Root on Debian: elsewhere the package is another one or leads to a snap."""
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return False
    return "ID=debian" in lines and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install() -> None:
    print("No browser found. Installing Debian's Chromium for the journeys (about 100 MB) ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    fetch = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    quiet = {"env": environment, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    if subprocess.run(fetch, check=False, **quiet).returncode != 0:  # the package lists may be missing or old
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        done = subprocess.run(fetch, check=False, text=True, **quiet)
        if done.returncode != 0:
            print(done.stderr.strip(), file=sys.stderr)


def main() -> int:
    """0 if the tests may start. Without a browser they may on a person's machine, where the journeys are skipped."""
    if find_browser() is None and not os.environ.get("BROWSER_PATH") and may_install():
        install()
        find_browser.cache_clear()
    if find_browser() is not None:
        return 0
    print(MISSING, file=sys.stderr, flush=True)
    return 2 if browser_must_be_there() else 0


if __name__ == "__main__":
    sys.exit(main())

"""The journeys find a browser, or say what to install; CI accepts no excuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import browser


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    browser.find_browser.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(browser, "may_install", lambda: False)
    for name in ("BROWSER_PATH", "PLAYWRIGHT_BROWSERS_PATH", "CI"):
        monkeypatch.delenv(name, raising=False)
    yield
    browser.find_browser.cache_clear()


def program(path: Path, says: str = "Chromium 150.0", code: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return path


def test_browser_on_the_path_is_found(tmp_path: Path):
    program(tmp_path / "bin" / "google-chrome", "Google Chrome 150.0")
    chromium = program(tmp_path / "bin" / "chromium")

    assert browser.find_browser() == chromium


def test_newest_browser_of_playwright_is_found(tmp_path: Path):
    cache = tmp_path / ".cache" / "ms-playwright"
    program(cache / "chromium-1180" / "chrome-linux" / "chrome")
    newest = program(cache / "chromium-1200" / "chrome-linux64" / "chrome")

    assert browser.find_browser() == newest


def test_named_browser_wins_and_is_not_replaced_silently(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program(tmp_path / "bin" / "chromium")
    named = program(tmp_path / "elsewhere" / "chrome")
    monkeypatch.setenv("BROWSER_PATH", str(named))
    assert browser.find_browser() == named

    browser.find_browser.cache_clear()
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nothing"))
    assert browser.find_browser() is None


def test_program_that_only_tells_to_install_one_is_no_browser(tmp_path: Path):
    program(tmp_path / "bin" / "chromium", "Command '/usr/bin/chromium' requires the chromium snap", 1)

    assert browser.find_browser() is None


def test_missing_browser_is_said_and_fails_on_ci(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert browser.main() == 0
    assert capsys.readouterr().err == browser.MISSING + "\n"

    monkeypatch.setenv("CI", "true")
    assert browser.main() == 2

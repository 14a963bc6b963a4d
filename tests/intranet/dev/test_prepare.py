"""Set-up does what is missing, repairs what is half done, and does nothing twice."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from intranet.dev import prepare
from intranet.dev.folder import CHECKOUT
from intranet.dev.trouble import Trouble


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose sets are empty, so that no network is needed."""
    (tmp_path / "requirements").mkdir()
    for name in ("local", "development"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"# the set {name}, without packages\n")
    return tmp_path


def steps(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.split()[0] for line in capsys.readouterr().out.splitlines()]


def test_first_set_up_makes_and_installs_and_the_second_does_nothing(
    checkout: Path, capsys: pytest.CaptureFixture[str]
):
    prepare.prepare(checkout, "local")
    assert steps(capsys) == ["Making", "Installing"]
    assert (checkout / ".venv" / "bin" / "python").exists()

    prepare.prepare(checkout, "local")
    assert steps(capsys) == []


def test_half_made_environment_is_made_anew(checkout: Path, capsys: pytest.CaptureFixture[str]):
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to(Path(sys.executable).resolve())

    prepare.prepare(checkout, "local")

    assert steps(capsys) == ["Making", "Installing"]
    assert (checkout / ".venv" / "pyvenv.cfg").exists()


def test_environment_whose_python_has_gone_is_made_anew(checkout: Path, capsys: pytest.CaptureFixture[str]):
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to("/nowhere/python3.11")
    (checkout / ".venv" / "installed.json").write_text('{"local": "whatever"}')

    prepare.prepare(checkout, "local")

    assert steps(capsys) == ["Making", "Installing"]


def test_interrupted_or_failed_installation_is_repeated(checkout: Path, capsys: pytest.CaptureFixture[str]):
    prepare.prepare(checkout, "local")
    lock_file = checkout / "requirements" / "local.txt"
    good = lock_file.read_text()
    lock_file.write_text("not-a-package==1.0\n")  # without a hash, so pip refuses before it asks anybody
    with pytest.raises(Trouble) as trouble:
        prepare.prepare(checkout, "local")
    assert str(trouble.value) == (
        "The packages could not be installed; pip says why above. The first set-up needs a network connection. "
        "Run the same command again when that is mended: it goes on from here."
    )
    lock_file.write_text(good)
    steps(capsys)

    prepare.prepare(checkout, "local")
    assert steps(capsys) == ["Installing"]


def test_changing_between_run_and_test_installs_nothing_again(checkout: Path, capsys: pytest.CaptureFixture[str]):
    prepare.prepare(checkout, "local")
    prepare.prepare(checkout, "development")
    assert steps(capsys) == ["Making", "Installing", "Installing"]

    prepare.prepare(checkout, "local")
    prepare.prepare(checkout, "development")
    assert steps(capsys) == []


def test_changed_lock_file_is_installed(checkout: Path, capsys: pytest.CaptureFixture[str]):
    prepare.prepare(checkout, "development")
    (checkout / "requirements" / "local.txt").write_text("# another local set\n")
    steps(capsys)

    prepare.prepare(checkout, "local")
    assert steps(capsys) == ["Installing"]
    prepare.prepare(checkout, "development")  # what local changed might be wrong for it
    assert steps(capsys) == ["Installing"]


def test_each_larger_set_holds_the_smaller_ones_package_for_package():
    def pins(name: str) -> set[str]:
        lines = (CHECKOUT / "requirements" / f"{name}.txt").read_text().splitlines()
        return {line.split()[0] for line in lines if "==" in line and not line.startswith((" ", "#"))}

    assert pins("production") - pins("local") == set()
    assert pins("local") - pins("development") == set()


@pytest.mark.parametrize("name", ["production", "local", "development"])
def test_lock_files_have_hashes_and_no_address(name: str):
    lines = (CHECKOUT / "requirements" / f"{name}.txt").read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith((" ", "#"))]

    assert [line for line in packages if not line.endswith("\\")] == []
    assert [line for line in lines if "://" in line or "index-url" in line or "find-links" in line] == []

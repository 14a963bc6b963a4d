from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.management.commands.permissions_page import PAGE, page
from accounts.roles import TABLE, Capability, Reach, Role


def test_the_page_in_the_repository_is_up_to_date() -> None:
    call_command("permissions_page", "--check")


def test_every_capability_of_every_role_is_on_the_page() -> None:
    header, _, *rows = [line.strip("| ").split(" | ") for line in page().splitlines() if line.startswith("| ")]
    assert header[1:] == [role.label for role in Role]
    assert [row[0] for row in rows] == [capability.value for capability in Capability]


def test_a_changed_table_makes_the_page_out_of_date(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    with pytest.raises(CommandError, match="out of date"):
        call_command("permissions_page", "--check")
    said = StringIO()
    call_command("permissions_page", stdout=said)
    assert said.getvalue() == f"Wrote {PAGE}.\n"
    call_command("permissions_page", "--check")
    monkeypatch.setitem(TABLE[Role.FRONT_DESK], Capability.SEE_AUDIT, Reach.ALL)
    with pytest.raises(CommandError, match="out of date"):
        call_command("permissions_page", "--check")

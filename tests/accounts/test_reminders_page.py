"""docs/reminders.md says what the kinds declare."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from accounts.management.commands.reminders_page import page
from intranet.reminders import registry


def test_the_page_is_what_the_kinds_declare():
    call_command("reminders_page", "--check")


def test_every_kind_stands_in_it():
    assert all(f"`{kind.code}`" in page() for kind in registry.registered())
    assert "2 hours before the shift begins" in page()


def test_it_is_written_anew_and_found_out_of_date(settings, tmp_path, capsys):
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    with pytest.raises(CommandError, match="out of date"):
        call_command("reminders_page", "--check")
    call_command("reminders_page")
    assert (tmp_path / "docs" / "reminders.md").read_text() == page()

"""The page about the faults names each of them, in the words of its declaration, and has a place for the last soak."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.arena import Fault, Outcome
from tests.faults.faults import FAULTS
from tests.faults.soak import BEGIN, END, Line, chosen, table, write

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


def row(fault: Fault) -> str:
    return f"| `{fault.name}` | {fault.what} | {fault.allowed} |"


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_the_page_says_how_it_is_injected_and_what_is_allowed(fault: Fault):
    assert row(fault) in PAGE.read_text().splitlines()


def test_the_page_names_no_fault_that_is_gone():
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert len(rows) == len(FAULTS)


def test_a_soak_writes_between_the_marks_and_nowhere_else(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write(page, "new")
    write(page, "newer")
    assert page.read_text() == f"before\n{BEGIN}\nnewer\n{END}\nafter\n"


def test_the_table_adds_the_runs_of_a_fault_up():
    runs = [
        Outcome("frozen", seed, reminders=3, mails=4, duplicates=1, explained=1, doubts=1, ticks=seed)
        for seed in (1, 2)
    ]
    lines = table([Line("frozen", runs), Line("left", [Outcome("left", 1, reminders=2, mails=2)])]).splitlines()
    assert lines[2] == "| frozen | 2 | 0 | 6 | 8 | 0 | 2 | 2 | 2 | 2 ticks |"
    assert lines[3] == "| left | 1 | 0 | 2 | 2 | 0 | 0 | 0 | 0 | – |"
    assert lines[4] == "| **together** | 3 | 0 | 8 | 10 | 0 | 2 | 2 | 2 | 2 ticks |"


def test_a_soak_of_a_fault_that_does_not_exist_says_which_do():
    with pytest.raises(SystemExit, match=r"No such fault: frost.*frozen"):
        chosen("frost")

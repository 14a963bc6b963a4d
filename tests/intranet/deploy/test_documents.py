"""The pages for people name things that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.intranet.deploy import plan

PAGES = [
    *(plan.CHECKOUT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((plan.CHECKOUT / "docs").rglob("*.md")),
]
OPERATIONS = plan.CHECKOUT / "docs" / "operations.md"
# Only for the tests' own databases.
NOT_FOR_OPERATORS = {"TEST_DATABASE_SUFFIX"}


@pytest.mark.parametrize("document", PAGES, ids=lambda document: str(document.relative_to(plan.CHECKOUT)))
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", PAGES, ids=lambda document: str(document.relative_to(plan.CHECKOUT)))
def test_files_that_are_named_exist(document: Path) -> None:
    """Words in backticks that look like a file of the repository."""
    top = {path.name for path in plan.CHECKOUT.iterdir() if not path.name.startswith(".")} - {"backups", "secrets"}
    named = re.findall(r"`((?:\w+/)+[\w./-]*\w)`", document.read_text())
    missing = [name for name in named if name.split("/")[0] in top and not (plan.CHECKOUT / name).exists()]
    assert missing == []


def test_every_setting_is_in_the_table_for_operators() -> None:
    read = set(
        re.findall(
            r'\benv(?:_flag|_number|_length)?\("(\w+)"', (plan.CHECKOUT / "intranet" / "settings.py").read_text()
        )
    )
    table = OPERATIONS.read_text().partition("## Environment variables")[2].partition("\n## ")[0]
    listed = {name for row in re.findall(r"^\| (.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert listed == read - NOT_FOR_OPERATORS


def test_every_setting_of_the_compose_file_is_in_the_operators_page() -> None:
    used = plan.names_in(plan.CHECKOUT / "docker-compose.yml")
    assert sorted(name for name in used if f"`{name}`" not in OPERATIONS.read_text()) == []


def test_every_container_is_explained() -> None:
    services = plan.compose(plan.example_settings())["services"]
    text = OPERATIONS.read_text()
    assert [name for name in services if name not in {"mail-catcher", "restore"} and f"`{name}`" not in text] == []

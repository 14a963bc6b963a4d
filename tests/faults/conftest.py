from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.faults.arena import Arena


@pytest.fixture(scope="session")
def arena(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Arena]:
    """Servers of these tests' own, and the product's processes."""
    with (
        tempfile.TemporaryDirectory(prefix="arena-", ignore_cleanup_errors=True) as folder,
        django_db_blocker.unblock(),
        Arena(Path(folder)).open() as arena,
    ):
        yield arena

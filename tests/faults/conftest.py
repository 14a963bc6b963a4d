from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.faults.arena import Arena


@pytest.fixture(scope="module")
def arena(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Arena]:
    """Servers of this module's own, and the product's processes."""
    with django_db_blocker.unblock(), Arena(tmp_path_factory.mktemp("arena")).open() as arena:
        yield arena

"""In these tests the product's clock stands still at the moment `at`, a Wednesday at ten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine


@pytest.fixture(autouse=True)
def _now(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield

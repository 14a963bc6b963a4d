"""What the measurements of pages share: a database that is thrown away, the median of a few answers, and their table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import Any

import django
from django.conf import settings

TIMES = 7


def in_a_database_of_its_own(measure: Callable[[], None]) -> None:
    """Run it in an empty database."""
    django.setup()
    from django.db import connection
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment()
    name = settings.DATABASES["default"]["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        measure()
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
        teardown_test_environment()


def each(browser: Any, addresses: Mapping[str, str]) -> dict[str, float]:
    """The median of a few answers for each page, in seconds; the first one, which fills caches, does not count."""
    return {name: _seconds(browser, address) for name, address in addresses.items()}


def _seconds(browser: Any, address: str) -> float:
    taken = []
    for _ in range(TIMES + 1):
        begun = perf_counter()
        response = browser.get(address)
        _ = response.getvalue() if response.streaming else response.content
        taken.append(perf_counter() - begun)
        assert response.status_code == 200, address  # noqa: S101
    return median(taken[1:])


def table(few: Mapping[str, float], many: Mapping[str, float], *, of: tuple[str, str]) -> None:
    print(f"{'median of ' + str(TIMES):<32}{of[0]:>18}{of[1]:>18}   ratio")
    for page, seconds in few.items():
        print(f"{page:<32}{seconds * 1000:>15.1f} ms{many[page] * 1000:>15.1f} ms{many[page] / seconds:>8.1f}")

from __future__ import annotations

from datetime import date

import pytest

from intranet.core.time import months_after


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 11, 25), 0, date(2026, 11, 25)),
        (date(2026, 11, 25), 1, date(2026, 12, 25)),
        (date(2026, 11, 25), 2, date(2027, 1, 25)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 10, 31), 25, date(2028, 11, 30)),
    ],
)
def test_months_after(day: date, months: int, then: date):
    assert months_after(day, months) == then

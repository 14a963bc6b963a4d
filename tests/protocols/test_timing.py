from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from protocols.timing import held_words

pytestmark = pytest.mark.django_db
CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ((2025, 5, 30, 14), (2026, 11, 16, 0), "May 30, 2025 to Nov 15, 2026"),
        ((2025, 5, 30, 0), (2026, 11, 16, 9), "May 30, 2025 to Nov 16, 2026, 9:00 AM"),
        ((2026, 10, 31, 0), (2026, 11, 2, 0), "Oct 31, 2026 to Nov 1, 2026"),
        ((2026, 11, 1, 0), (2026, 11, 2, 0), "Nov 1, 2026"),
        ((2026, 11, 16, 9), (2026, 11, 16, 10, 5), "Nov 16, 2026 to Nov 16, 2026, 10:05 AM"),
    ],
)
def test_a_past_version_names_the_last_day_on_which_it_held(start, end, words):
    assert held_words(datetime(*start, tzinfo=CHICAGO), datetime(*end, tzinfo=CHICAGO)) == words

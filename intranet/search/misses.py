"""What people looked for in vain, so that whoever keeps the aliases can help. Words and how often, never by whom."""

from __future__ import annotations

import re
from datetime import date, timedelta

from django.db import connection

from intranet.search.asking import tidy
from intranet.search.models import Miss

KEPT = timedelta(days=90)
MOST = 2000
LONGEST = 100
SHORTEST = 3
# What looks like a number of somebody (phone, birthday, record) or like an address is not kept at all.
_PERSONAL = re.compile(r"\d{4}|\d+[./-]\d+|@|\d.*\d.*\d.*\d")

NOTE = """
INSERT INTO search_miss AS kept (text, times, last_on)
SELECT %(text)s, 1, %(on)s WHERE (SELECT count(*) FROM search_miss) < %(most)s
    OR EXISTS (SELECT FROM search_miss WHERE text = %(text)s)
ON CONFLICT (text) DO UPDATE SET times = kept.times + 1, last_on = excluded.last_on
"""


def note(text: str, on: date) -> None:
    """Count that somebody found nothing for this. One statement, so that nobody waits and nothing is lost."""
    if _PERSONAL.search(text):
        return
    text = tidy(text).casefold()
    if SHORTEST <= len(text) <= LONGEST:
        with connection.cursor() as cursor:
            cursor.execute(NOTE, {"text": text, "on": on, "most": MOST})


def forget_old(on: date) -> int:
    """Drop what nobody has looked for in 90 days. How many there were."""
    return Miss.objects.filter(last_on__lt=on - KEPT).delete()[0]

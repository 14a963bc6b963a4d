"""Wall clocks in the database: what the functions of `time` say about one row, queries say about many with these."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import DateTimeField, ExpressionWrapper, F, Func, Value


class InZone(Func):
    """`timezone(zone, moment)`: what the clocks of a zone show, or the moment at which they show it."""

    function = "timezone"
    output_field = DateTimeField()


class WallClock(Func):
    """A day as its midnight, without a zone; a time without a zone stays as it is."""

    template = "(%(expressions)s)::timestamp"
    output_field = DateTimeField()


def moment_of(local: Any, zone: ZoneInfo) -> InZone:
    """The moment at which the clocks of `zone` show `local`, an expression: a time without a zone, or a day's midnight."""
    return InZone(Value(zone.key), WallClock(ExpressionWrapper(local, output_field=DateTimeField())))


def clock_after(local: Any, after: timedelta, zone: ZoneInfo | F | Value) -> InZone:
    """The moment at which the clocks of `zone` show so long after `local`, below nothing before it: 8 hours into a day is
    8 in the morning also on the two days that are not 24 hours.

    `local` is an expression, a day or a time without a zone; the zone may be a column with its name.
    """
    shown = ExpressionWrapper(WallClock(local) + Value(after), output_field=DateTimeField())
    return InZone(Value(zone.key) if isinstance(zone, ZoneInfo) else zone, shown)

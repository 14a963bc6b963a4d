"""What a kind says is owed, as SQL: one query for planning, for cancelling and for the last look before a mail leaves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from intranet.reminders import lead_times, registry
from intranet.reminders.models import Reminder
from intranet.reminders.registry import COLUMNS, HORIZON, Kind, Ladder

# The recipients are named once more for `owed` itself: PostgreSQL takes them down into the kind's own tables, so that the
# last look before a mail costs the same whether the kind owes ten reminders or a hundred thousand.
FIND = """
    SELECT r.id FROM reminders_reminder r JOIN owed o
    ON (o.recipient_id, o.subject_id, o.occasion) = (r.recipient_id, r.subject_id, r.occasion)
    WHERE r.id = ANY(%s) AND o.recipient_id = ANY(%s)
"""
NOTHING = "SELECT NULL, NULL, NULL, NULL, NULL WHERE false"


@dataclass(frozen=True)
class Owed:
    """A kind's set at a moment: `WITH owed AS (...)`, to be put in front of a statement that speaks of `owed`."""

    kind: Kind
    at: datetime
    sql: str
    params: tuple[Any, ...]

    def execute(self, statement: str, *params: Any) -> list[int]:
        """Run a statement that returns ids of reminders."""
        return [number for (number,) in self.rows(statement, *params)]

    def rows(self, statement: str, *params: Any) -> list[tuple[Any, ...]]:
        """Run a statement that returns rows."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql + statement, (*self.params, *params))
            return cursor.fetchall()


def owed(kind: Kind, at: datetime) -> Owed:
    """What the kind says at this moment, for people who can sign in. Two rows about the same thing count as one."""
    parts: list[str] = []
    params: list[Any] = []
    for owing in kind.owed(at):
        try:
            sql, values = _climbed(owing, at) if isinstance(owing, Ladder) else _compiled(owing, COLUMNS)
        except EmptyResultSet:
            continue
        parts.append(f"({sql})")
        params.extend(values)
    everything = " UNION ALL ".join(parts) or NOTHING
    sql = (
        f"WITH everything ({', '.join(COLUMNS)}) AS ({everything}),"  # noqa: S608  (SQL that Django wrote, with parameters)
        " owed AS (SELECT DISTINCT ON (1, 2, 3) e.recipient_id::bigint AS recipient_id, e.subject_id::bigint AS subject_id,"
        " e.occasion::text AS occasion, e.due_at::timestamptz AS due_at, e.not_after::timestamptz AS not_after"
        f" FROM everything e JOIN {get_user_model()._meta.db_table} p ON p.id = e.recipient_id::bigint AND p.is_active"
        " WHERE e.not_after::timestamptz > greatest(e.due_at::timestamptz, %s::timestamptz) ORDER BY 1, 2, 3, 4, 5 DESC) "
    )
    return Owed(kind, at, sql, (*params, at))


def _compiled(rows: QuerySet[Any, Any], columns: Sequence[str]) -> tuple[str, Sequence[Any]]:
    if rows.query.is_empty():
        raise EmptyResultSet
    return rows.order_by().values_list(*columns).query.sql_with_params()


def _climbed(ladder: Ladder, at: datetime) -> tuple[str, Sequence[Any]]:
    """The rows of a ladder at each of its rungs, as far as reminders look. Turning a set into SQL is what costs an idle
    tick its time, so that it is done once and not for every rung."""
    if not ladder.rungs:
        raise EmptyResultSet
    columns = ("recipient_id", "subject_id", "told", "begins", *(["lasts"] if ladder.lasting else []))
    sql, values = _compiled(ladder.rows, columns)
    moment = "timezone(%s, b.begins::timestamp + {})" if ladder.zone else "b.begins + {}"
    zone = [ladder.zone.key] if ladder.zone else []
    due, until = moment.format("rung.after"), moment.format("rung.until")
    rungs = [part for rung in ladder.rungs for part in (rung.words, rung.after, rung.until)]
    climbed = (
        f"SELECT b.recipient_id, b.subject_id, rung.words || b.told, {due}, {until}"  # noqa: S608  (as below)
        f" FROM ({sql}) AS b ({', '.join(columns)}) CROSS JOIN"
        f" (VALUES {', '.join(['(%s::text, %s::interval, %s::interval)'] * len(ladder.rungs))}) AS rung (words, after, until)"
        f" WHERE {due} <= %s{' AND rung.after < b.lasts' if ladder.lasting else ''}"
    )
    return climbed, (*zone, *zone, *values, *rungs, *zone, at + HORIZON)


def still_true(reminders: Collection[Reminder], at: datetime) -> set[int]:
    """The ids of those reminders that are owed at this moment. One query for each kind among them.

    A kind that this process does not know (another release of the product does) is taken at its word.
    """
    true = {reminder.pk for reminder in reminders if registry.find(reminder.kind) is None}
    with lead_times.read_once():
        for code in {reminder.kind for reminder in reminders}:
            if kind := registry.find(code):
                ours = [reminder for reminder in reminders if reminder.kind == code]
                people = sorted({reminder.recipient_id for reminder in ours})
                true.update(owed(kind, at).execute(FIND, [reminder.pk for reminder in ours], people))
    return true

"""What kinds of reminders say is owed, for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from intranet.reminders import owing, registry


def said(code: str, at: datetime) -> list[tuple[Any, ...]]:
    """[(recipient, subject, occasion, due, not after)] as a kind owes it at a moment, to people who can sign in: the first
    due first."""
    kind = registry.find(code)
    assert kind is not None
    columns = "recipient_id, subject_id, occasion, due_at, not_after"
    return owing.owed(kind, at).rows(f"SELECT {columns} FROM owed ORDER BY due_at, 1, 2, 3")

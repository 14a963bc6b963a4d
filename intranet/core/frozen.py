"""Triggers with which the database refuses to change what is on record, whoever asks and however."""

from __future__ import annotations

import pgtrigger


def refuse(sentence: str) -> str:
    return f"RAISE EXCEPTION '{sentence}' USING ERRCODE = 'restrict_violation';"


def no_truncate(sentence: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="refuse_truncate",
        level=pgtrigger.Statement,
        operation=pgtrigger.Truncate,
        when=pgtrigger.Before,
        func=refuse(sentence),
    )


def written_once(sentence: str) -> list[pgtrigger.Trigger]:
    """Rows are inserted and stay as they are."""
    return [
        pgtrigger.Trigger(
            name="refuse_update_and_delete",
            operation=pgtrigger.Update | pgtrigger.Delete,
            when=pgtrigger.Before,
            func=refuse(sentence),
        ),
        no_truncate(sentence),
    ]

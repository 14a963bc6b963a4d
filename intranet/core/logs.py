"""What no log line may hold: the key in the path of a request."""

from __future__ import annotations

import logging
import re

# What stands behind these opens an account (invitations, new passwords, new addresses) or somebody's calendar, or stops mail.
KEYS = re.compile(r"(/(?:people/welcome|password/reset/key|confirm-email|calendar|unsubscribe(?:/undo)?)/)[^/\s\"'?]+")


class WithoutKeys(logging.Filter):
    """Takes the token out of every path that a line names, in its words and in its arguments."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _without(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_without(value) for value in record.args)
        return True


class WithoutFirstBeat(logging.Filter):
    """Drops the line about a probe that came before anything has ever ticked: a start is no error."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(getattr(record, "request", None), "first_beat_awaited", False)


def _without(value: object) -> object:
    return KEYS.sub(r"\1…", value) if isinstance(value, str) else value

"""Where the request at hand comes from, so that every entry can say it without every action being told."""

from __future__ import annotations

from contextvars import ContextVar

address: ContextVar[str | None] = ContextVar("address", default=None)

"""Addresses of the board, as somebody looks at it."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, QueryDict
from django.urls import reverse

MODES = ("place", "how", "select")  # in the address of the board, as long as a shift is placed or several are selected


def board_address(request: HttpRequest) -> str | None:
    """The query of the board from which htmx asks; None when the request does not come from the board."""
    try:
        page = urlsplit(request.htmx.current_url or "") if request.htmx else None  # type: ignore[attr-defined]
    except ValueError:  # the header is whatever was sent; what was changed is changed, and deserves its answer
        return None
    return page.query if page and page.path == reverse("scheduling:board") else None


def without_modes(query: QueryDict) -> QueryDict:
    """The same look at the board, with nothing picked up or selected."""
    kept = query.copy()
    for name in MODES:
        kept.pop(name, None)
    return kept

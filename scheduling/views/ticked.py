"""Shifts that somebody ticked on a page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest

from intranet.core.access import Conflict
from intranet.core.forms import whole_number


def ticked_shifts(request: HttpRequest) -> dict[UUID, int]:
    """{shift: the version that the page showed}. Conflict for what no page has offered."""
    versions = {}
    for ticked in request.POST.getlist("shift"):
        shift, _, text = ticked.partition(":")
        version = whole_number(text)
        try:
            versions[UUID(shift)] = -1 if version is None else version
        except ValueError:
            raise Conflict.because("list-changed", "Look at the list again: a shift of it cannot be read.") from None
    return versions

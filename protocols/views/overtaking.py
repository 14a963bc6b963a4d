"""What somebody reads who was not quick enough, when they had written something."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from intranet.core.access import Conflict


def with_words(request: HttpRequest, conflict: Conflict, words: str) -> HttpResponse:
    """Why it was not done, and the words that were typed, to take along."""
    context = {"verdict": conflict.verdict, "words": words}
    return render(request, "protocols/overtaken.html", context, status=conflict.status)

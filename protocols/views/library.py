"""The library of protocols."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from intranet.search import misses
from protocols.drafting import may_write
from protocols.forms import LibraryForm
from protocols.library import Library

PAGE_SIZE = 25


def library(request: HttpRequest) -> HttpResponse:
    """What the person may read, found by words and filters. htmx asks for the part below the search field only; and when
    the typing rests on words that find nothing, once more, which only counts them."""
    form = LibraryForm(request.GET)
    shelf = Library(request.user, form.filters(), timezone.now())
    typing = bool(request.htmx and not request.htmx.boosted)
    rests = typing and "rests" in request.GET
    if shelf.asked and shelf.asked.in_vain and (rests or not typing):
        misses.note(shelf.filters.query, shelf.today)
    if rests:
        return HttpResponse(status=204)
    page = Paginator(shelf.found(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "query": form.cleaned_data.get("q", ""),
        "shelf": shelf,
        "page": page,
        "entries": shelf.entries(page),
        "may_write": may_write(request.user),
        "typing": typing,
    }
    response = render(request, f"protocols/library.html{'#results' if typing else ''}", context)
    response.headers["Vary"] = "HX-Request"
    return response

"""Whether somebody else has changed the week that one looks at. Asked every minute; answers with words, or nothing."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from scheduling.addresses import board_address
from scheduling.board import Board
from scheduling.news import news
from scheduling.views.board import board_form
from scheduling.views.shifts import own_clinics

NOTHING_NEW = 204


def board_news(request: HttpRequest) -> HttpResponse:
    """`since`: when the board was drawn. `told`: what its page says already."""
    own_clinics(request, None)  # refuses who makes no roster
    since, told = moment(request, "since"), moment(request, "told")
    if since is None:
        raise Http404("Say since when.")
    query = QueryDict(board_address(request) or "")
    form, monday = board_form(request, query)
    board = Board(request.user, form.look(monday), timezone.now())  # type: ignore[arg-type]
    found = news(board.editable, board.span, since=since, reader=board.user)
    if found is None or (told is not None and found.at <= told):
        return HttpResponse(status=NOTHING_NEW)
    return render(request, "scheduling/_news.html", {"news": found, "board": board, "query": query})


def moment(request: HttpRequest, name: str) -> datetime | None:
    """A moment of the address with its offset from UTC; None for anything else."""
    try:
        found = parse_datetime(request.GET.get(name, ""))
    except ValueError:
        return None
    return found if found is not None and timezone.is_aware(found) else None

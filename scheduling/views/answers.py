"""What a page gets back after a change: without script the board; with htmx only the cells that changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect, replace_url, reswap, retarget, trigger_client_event

from intranet.core.time import monday_of
from intranet.core.toasts import WayBack, say_done
from intranet.core.wording import counted
from scheduling.addresses import board_address, without_modes
from scheduling.board import Board
from scheduling.models import Shift
from scheduling.moving import Done
from scheduling.rows import EVERYONE
from scheduling.undoing import ticket
from scheduling.views.board import board_context
from scheduling.week_templates import Filled

SUNDAY = 6


@dataclass(frozen=True)
class Changed:
    """Where on the board a shift was, or is now."""

    staff_id: int | None
    day: date
    clinic_id: int

    @property
    def cell_id(self) -> str:
        return f"cell-{self.staff_id or 'open'}-{self.day}"

    @classmethod
    def of(cls, shift: Shift) -> Changed:
        return cls(shift.staff_id, shift.day, shift.clinic_id)


def say(request: HttpRequest, words: str, done: Sequence[Done]) -> None:
    """Say what was done, with the button that takes it back."""
    way_back = WayBack(reverse("scheduling:undo"), ticket(done, by=request.user))  # type: ignore[arg-type]
    say_done(request, words, way_back)


def say_filled(request: HttpRequest, filled: Filled, done: str) -> None:
    """How many shifts a week got, with the button that takes all of them back; nothing where it got none."""
    made = [Done(one.shift.pk, one.shift.version, None) for one in filled.outcomes if one.shift is not None]
    if made:
        say(request, f"{counted(len(made), 'shift')} {done}.", made)


def saved(
    request: HttpRequest, changed: Sequence[Changed], shift: Shift | None = None, *, focus: str = ""
) -> HttpResponse:
    """The answer to a change that went through. What to look at next is `focus`, or the shift, or where it was."""
    address = board_address(request)
    if address is None:
        return to_week(request, monday_of(changed[-1].day))
    query = without_modes(QueryDict(address))
    context = board_context(request, query)
    board: Board = context["board"]
    context |= {"request": request, "oob": True}
    if query.urlencode() == QueryDict(address).urlencode() and _fits(board, changed):
        response = render(request, "scheduling/_changes.html", context | _parts(board, changed))
        response = reswap(response, "none")
    else:
        response = _whole_board_at(request, context, query)
    done = {"focus": focus or (f"shift-{shift.pk}" if shift else changed[0].cell_id)}
    response = trigger_client_event(response, "box-done", done, after="settle")
    return trigger_client_event(response, "roster-changed", after="settle")


def published(request: HttpRequest, monday: date) -> HttpResponse:
    """The answer to publishing a week: the whole board, as it was looked at. The page stays, and with it the focus."""
    address = board_address(request)
    if address is None:
        return to_week(request, monday)
    query = without_modes(QueryDict(address))
    context = board_context(request, query)
    return trigger_client_event(_whole_board_at(request, context, query), "box-done", after="settle")


def to_week(request: HttpRequest, monday: date) -> HttpResponse:
    """To the board, from wherever else something was done."""
    url = f"{reverse('scheduling:board')}?week={monday}"
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def _whole_board_at(request: HttpRequest, context: dict[str, Any], query: QueryDict) -> HttpResponse:
    return replace_url(whole_board(request, context), f"{reverse('scheduling:board')}?{query.urlencode()}")


def whole_board(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The board in place of the one that is there, whatever the request was meant for."""
    response = render(request, "scheduling/_whole_board.html", context | {"oob": True}, status=status)
    return retarget(reswap(response, "outerHTML"), "#roster")


def _fits(board: Board, changed: Sequence[Changed]) -> bool:
    """Whether swapping cells is enough: nobody enters or leaves the board, and its days stay.

    A Sunday may come and go with its only shift.
    """
    if board.look.show != EVERYONE or board.look.find:
        return False
    in_week = [one for one in changed if board.look.monday == monday_of(one.day)]
    return all(board.row_of(one.staff_id) and one.day.weekday() < SUNDAY for one in in_week)


def _parts(board: Board, changed: Sequence[Changed]) -> dict[str, Any]:
    rows = {row.key: row for one in changed if (row := board.row_of(one.staff_id))}
    days = {one.day for one in changed}
    return {
        "cells": [(row, cell) for row in rows.values() for cell in row.cells if cell.day in days],
        "rows": rows.values(),
        "heads": [head for head in board.heads if head.day in days],
        "coverage": [
            (row, [day for day in row.days if day.day in days])
            for row in board.coverage
            if row.clinic.pk in {one.clinic_id for one in changed}
        ],
    }

"""What a page gets back after a change: without script the board; with htmx only the cells that changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget, trigger_client_event

from intranet.core.time import monday_of
from scheduling.board import Board
from scheduling.models import Shift
from scheduling.rows import EVERYONE
from scheduling.views.board import board_context

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


def saved(request: HttpRequest, changed: list[Changed], shift: Shift | None = None) -> HttpResponse:
    """The answer to a change that went through. `shift` is what to look at next, None if it is gone."""
    address = board_address(request)
    if address is None:
        url = f"{reverse('scheduling:board')}?week={monday_of(changed[-1].day)}"
        return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
    context = board_context(request, QueryDict(address))
    board: Board = context["board"]
    context |= {"request": request, "oob": True}
    if _fits(board, changed):
        response = render(request, "scheduling/_changes.html", context | _parts(board, changed))
        response = reswap(response, "none")
    else:
        response = retarget(reswap(render(request, "scheduling/_whole_board.html", context), "outerHTML"), "#roster")
    done = {"focus": f"shift-{shift.pk}" if shift else changed[0].cell_id}
    response = trigger_client_event(response, "box-done", done, after="settle")
    return trigger_client_event(response, "roster-changed", after="settle")


def board_address(request: HttpRequest) -> str | None:
    """The query of the board from which htmx asks; None when the request does not come from the board."""
    try:
        page = urlsplit(request.htmx.current_url or "") if request.htmx else None
    except ValueError:  # the header is whatever was sent; what was changed is changed, and deserves its answer
        return None
    return page.query if page and page.path == reverse("scheduling:board") else None


def _fits(board: Board, changed: list[Changed]) -> bool:
    """Whether swapping cells is enough: nobody enters or leaves the board, and its days stay.

    A Sunday may come and go with its only shift.
    """
    if board.look.show != EVERYONE or board.look.find:
        return False
    in_week = [one for one in changed if board.look.monday == monday_of(one.day)]
    return all(board.row_of(one.staff_id) and one.day.weekday() < SUNDAY for one in in_week)


def _parts(board: Board, changed: list[Changed]) -> dict[str, Any]:
    rows = {row.key: row for one in changed if (row := board.row_of(one.staff_id))}
    days = {one.day for one in changed}
    return {
        "cells": [(row, cell) for row in rows.values() for cell in row.cells if cell.day in days],
        "rows": rows.values(),
        "day_heads": [(day, count) for day, count in board.people_on if day in days],
        "coverage": [
            (row, [day for day in row.days if day.day in days])
            for row in board.coverage
            if row.clinic.pk in {one.clinic_id for one in changed}
        ],
    }

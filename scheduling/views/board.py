"""The week board."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone

from accounts.models import Clinic
from accounts.roles import Capability
from intranet.core.access import Forbidden, Refused, Verdict, require
from intranet.core.time import organisation_day
from scheduling.board import Board, short_days
from scheduling.coverage import monday_to_open
from scheduling.forms import BoardForm
from scheduling.my_schedule import may_have_schedule
from scheduling.placing_forms import SeveralForm
from scheduling.rows import EVERYONE, PROBLEMS, UNDER

SHOWS = [(EVERYONE, "Everyone"), (PROBLEMS, "Only people with a problem"), (UNDER, "Under their target hours")]


@dataclass(frozen=True)
class Selecting:
    """Several shifts are being chosen on the board: which are ticked, and why what was asked for them was refused."""

    form: SeveralForm
    ticked: frozenset[UUID] = field(default_factory=frozenset)
    refused: Refused | None = None

    @property
    def needs_reason(self) -> bool:
        return self.refused is not None and any(one.field == "reason" for one in self.refused.verdict.reasons)


def board(request: HttpRequest) -> HttpResponse:
    """One week of both clinics or of one, as the person may see it."""
    seen = (
        Verdict()
        if request.user.standing.holds(Capability.SEE_ROSTER)
        else Verdict.no("no-roster", "You are in no roster.")
    )
    require(seen, Forbidden)
    context = board_context(request, request.GET)
    return render(request, "scheduling/board.html", context)


def board_context(request: HttpRequest, query: QueryDict, selecting: Selecting | None = None) -> dict[str, Any]:
    """Everything that the board's templates need, for the choices in `query`. Unknown choices are a 404."""
    form, usual_monday = board_form(request, query)
    week = Board(request.user, form.look(usual_monday), timezone.now())
    with_day = form.cleaned_data["view"] == "day"
    if form.cleaned_data["select"] and week.may_change and selecting is None:
        selecting = Selecting(SeveralForm(None, user=request.user))
    return {
        "board": week,
        "look": week.look,
        "usual_monday": usual_monday,
        "query": query,
        "shows": SHOWS,
        "own_schedule": bool(may_have_schedule(request.user)),
        "with_day": with_day,
        "day": form.organisation_day(week),
        "short_days": short_days(week.coverage) if week.plans and with_day else {},
        "selecting": selecting,
    }


def board_form(request: HttpRequest, query: QueryDict) -> tuple[BoardForm, date]:
    """The choices of an address, and the week that is shown without any."""
    form = BoardForm(query, user=request.user)  # type: ignore[arg-type]
    if not form.is_valid():
        raise Http404("There is no such week or clinic.")
    return form, monday_to_open(Clinic.objects.visible_to(request.user), organisation_day(timezone.now()))

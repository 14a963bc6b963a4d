"""What becomes of the shifts that are selected on the board, all of them or none."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from intranet.core.access import Reason, Refused, Verdict
from intranet.core.wording import counted, name_list
from scheduling import moving
from scheduling.addresses import without_modes
from scheduling.models import Shift
from scheduling.moving import Done
from scheduling.placing_forms import SeveralForm
from scheduling.views.answers import Changed, saved, say, whole_board
from scheduling.views.board import Selecting, board_context
from scheduling.views.shifts import own_clinics
from scheduling.views.ticked import ticked_shifts


@require_POST
def several(request: HttpRequest) -> HttpResponse:
    """The address says how the board was looked at, so that it can come back with everything that was refused."""
    own_clinics(request, None)  # refuses who makes no roster
    form = SeveralForm(request.POST, user=request.user)
    try:
        changed = _change(request, form)
    except Refused as refused:
        return _again(request, form, refused)
    shifts = [shift for shift, _ in changed]
    places = name_list(sorted({str(shift.clinic) for shift in shifts}))
    say(request, f"{form.said(counted(len(shifts), 'shift'))} {places} only.", [done for _, done in changed])
    if not request.htmx:
        return redirect(f"{reverse('scheduling:board')}?{without_modes(request.GET).urlencode()}")
    return saved(request, [Changed.of(shift) for shift in shifts])


def _change(request: HttpRequest, form: SeveralForm) -> list[tuple[Shift, Done]]:
    if not form.is_valid():
        reasons = [Reason("invalid", str(words), field) for field, errors in form.errors.items() for words in errors]
        raise Refused(Verdict.of(reasons))
    reason = form.cleaned_data["reason"]
    return moving.change_several(ticked_shifts(request), form.change, by=request.user, at=timezone.now(), reason=reason)


def _again(request: HttpRequest, form: SeveralForm, refused: Refused) -> HttpResponse:
    """The board as it is now, with the same shifts ticked and every reason against."""
    try:
        ticked = frozenset(ticked_shifts(request))
    except Refused:
        ticked = frozenset()
    selecting = Selecting(form, ticked, refused)
    form.needs_reason(selecting.needs_reason)
    context = board_context(request, request.GET, selecting)
    if request.htmx:
        return whole_board(request, context, refused.status)
    return render(request, "scheduling/board.html", context, status=refused.status)

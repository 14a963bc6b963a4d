"""The Undo button of what was done on the board."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from intranet.core.access import Refused
from intranet.core.wording import counted
from scheduling.undoing import from_ticket, undo
from scheduling.views.answers import Changed, saved
from scheduling.views.shifts import own_clinics


@require_POST
def undo_change(request: HttpRequest) -> HttpResponse:
    """Make it what it was. A refusal is said in a toast: there is no form to go back to."""
    own_clinics(request, None)  # refuses who makes no roster
    try:
        done = from_ticket(request.POST.get("ticket", ""), by=request.user)
        undone = undo(done, by=request.user, at=timezone.now())
    except Refused as refused:
        messages.error(request, f"Not undone. {refused}")
        if request.htmx:
            return render(request, "_messages.html", {"oob": True}, status=refused.status)
        return redirect("scheduling:board")
    messages.success(request, "Undone." if len(undone) == 1 else f"{counted(len(undone), 'change')} undone.")
    changed = [Changed.of(shift) for pair in undone for shift in pair if shift is not None]
    return saved(request, changed, undone[-1][1])

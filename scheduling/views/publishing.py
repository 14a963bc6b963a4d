"""Publishing a week: what would change for whom, and the button that does it."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from accounts.models import Clinic
from intranet.core.access import Forbidden, Refused, require
from intranet.core.forms import in_this_century
from intranet.core.wording import counted
from scheduling import assigning, publishing
from scheduling.board import Board
from scheduling.models import RosterWeek
from scheduling.rows import Look
from scheduling.views.answers import published
from scheduling.views.shifts import shown_version


def publish(request: HttpRequest, clinic: str, monday: str) -> HttpResponse:
    """One week of one clinic: look, then publish."""
    at = timezone.now()
    place = get_object_or_404(Clinic.objects.visible_to(request.user), slug=clinic)
    require(assigning.may_edit(place, request.user), Forbidden)
    week = get_object_or_404(RosterWeek.objects.visible_to(request.user), clinic=place, monday=day_of(monday))
    refused = None
    if request.method == "POST":
        try:
            done = publishing.publish(
                week,
                version=shown_version(request),
                fingerprint=request.POST.get("fingerprint", ""),
                reason=request.POST.get("reason", "")[:200],
                by=request.user,
                at=at,
            )
        except Refused as error:
            refused = error
            week.refresh_from_db()
        else:
            told = done.recipients.count()
            messages.success(request, f"Published at {place}. {counted(told, 'person is', 'people are')} told.")
            return published(request, week.monday)
    preview = publishing.preview(week, at)
    board = Board(request.user, Look(monday=week.monday, clinic=place), at)
    context = {"week": week, "preview": preview, "board": board, "refused": refused}
    template = "scheduling/_publish.html" if request.htmx else "scheduling/publish.html"
    return render(request, template, context, status=refused.status if refused else 200)


def day_of(text: str) -> date:
    try:
        day = date.fromisoformat(text)
        in_this_century(day)
    except (ValueError, ValidationError):
        raise Http404("There is no such week.") from None
    return day

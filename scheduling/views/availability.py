"""One's own availability: the lines, and a form to add or change one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from intranet.core.access import Forbidden, Refused, add_refusal, require
from intranet.core.time import local_day
from scheduling.absence_forms import AvailabilityForm, weekday_choice
from scheduling.availability import Line, add_availability, change_availability, lines_of, remove_availability
from scheduling.models import Availability, Wish
from scheduling.my_schedule import may_have_schedule


@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """What I say of days to come, week by week and for single days."""
    require(may_have_schedule(request.user), Forbidden)
    today = local_day(timezone.now(), request.user.zone)
    lines = [(row, Line.of(row).spoken(today)) for row in lines_of(request.user, today)]
    context = {
        "weekly": [pair for pair in lines if pair[0].weekday is not None],
        "single": [pair for pair in lines if pair[0].weekday is None],
    }
    return render(request, "scheduling/availability.html", context)


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    require(may_have_schedule(request.user), Forbidden)
    at = timezone.now()
    today = local_day(at, request.user.zone)
    form = AvailabilityForm(
        request.POST or None, initial={"wish": Wish.UNAVAILABLE, "weekday": "0", "first_day": today}
    )
    if form.is_valid():
        try:
            add_availability(form.line, by=request.user, at=at)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Added: {form.line.spoken(today)}.")
            return redirect("scheduling:availability")
    return _form_page(request, form)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    at = timezone.now()
    row = get_object_or_404(_mine(request), pk=pk)
    line = Line.of(row)
    form = AvailabilityForm(request.POST or None, initial=vars(line) | {"weekday": weekday_choice(line)})
    if form.is_valid():
        try:
            change_availability(row, form.line, by=request.user, at=at)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Saved: {form.line.spoken(local_day(at, request.user.zone))}.")
            return redirect("scheduling:availability")
    return _form_page(request, form, row)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_mine(request), pk=pk)
    remove_availability(row, by=request.user)
    messages.success(request, "Removed.")
    return redirect("scheduling:availability")


def _mine(request: HttpRequest) -> Any:
    return Availability.objects.visible_to(request.user).filter(person=request.user.pk)


def _form_page(request: HttpRequest, form: AvailabilityForm, row: Availability | None = None) -> HttpResponse:
    context = {"form": form, "row": row}
    return render(request, "scheduling/availability_form.html", context, status=422 if form.errors else 200)

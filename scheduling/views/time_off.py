"""One's own time off: what was asked for and what came of it, asking, and taking back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from intranet.core.access import Forbidden, Refused, add_refusal, require
from intranet.core.time import local_day
from scheduling.absence_forms import TimeOffForm
from scheduling.absences import time_off_label
from scheduling.asking_off import Known, ask_for_time_off, known_about, withdraw_time_off
from scheduling.deciders import who_decides
from scheduling.models import TimeOff, TimeOffState
from scheduling.my_schedule import may_have_schedule
from scheduling.views.shifts import shown_version

PAST_SHOWN = 20


@require_GET
def own(request: HttpRequest) -> HttpResponse:
    """What I asked for, what was answered, and what can be taken back."""
    require(may_have_schedule(request.user), Forbidden)
    now = timezone.now()
    mine = (
        TimeOff.objects.visible_to(request.user).filter(person=request.user.pk).with_zone().select_related("decided_by")
    )
    context = {
        "ahead": mine.filter(period__endswith__gt=now).order_by("period", "pk"),
        "past": mine.filter(period__endswith__lte=now).order_by("-period", "pk")[:PAST_SHOWN],
        "now": now,
        "today": local_day(now, request.user.zone),
    }
    return render(request, "scheduling/time_off.html", context)


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for time off. What stands in these days is shown before the request is sent; `check` only asks for that."""
    require(may_have_schedule(request.user), Forbidden)
    at = timezone.now()
    form = TimeOffForm(request.POST or None)
    known = Known()
    if form.is_valid():
        known = known_about(form.wanted, request.user, at)
        if "check" not in request.POST and form.cleaned_data["seen"] == known.fingerprint:
            try:
                time_off = ask_for_time_off(form.wanted, by=request.user, at=at)
            except Refused as refused:
                add_refusal(form, refused)
            else:
                messages.success(request, _sent(time_off))
                return redirect("scheduling:time-off")
    sent = request.method == "POST" and "check" not in request.POST
    context = {
        "form": form,
        "known": known,
        "unsent": sent and not form.errors,
        "today": local_day(at, request.user.zone),
    }
    return render(request, "scheduling/time_off_ask.html", context, status=422 if sent else 200)


def _sent(time_off: TimeOff) -> str:
    today = local_day(time_off.requested_at, time_off.zone)
    when = time_off_label(time_off, time_off.zone, today)
    return f"Request sent for {when}. {who_decides(time_off.person, time_off.period, today)}"


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a request back, or give granted days back."""
    mine = TimeOff.objects.visible_to(request.user).filter(person=request.user.pk)
    time_off = get_object_or_404(mine.select_related("person"), pk=pk)
    granted = time_off.state == TimeOffState.APPROVED
    withdraw_time_off(time_off, version=shown_version(request), by=request.user, at=timezone.now())
    after = "Shifts that were opened for it stay open." if granted else "Nobody decides about it any more."
    messages.success(request, f"Withdrawn. {after}")
    return redirect("scheduling:time-off")

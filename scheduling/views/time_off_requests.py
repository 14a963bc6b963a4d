"""Time off of one's people: what waits, and the page on which a manager decides."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.roles import Capability
from intranet.core.access import Forbidden, Refused, Verdict, add_refusal, require
from intranet.core.time import local_day
from intranet.core.wording import counted
from scheduling.absence_forms import AnswerForm, RequestFilter
from scheduling.absences import time_off_label
from scheduling.asking_off import blackouts_in
from scheduling.deciding_off import (
    Hit,
    alone_without,
    approve_time_off,
    decline_time_off,
    gaps_without,
    hits,
    may_decide,
    others_away,
)
from scheduling.models import TimeOff, TimeOffState
from scheduling.models.time_off import TimeOffQuerySet
from scheduling.views.ticked import ticked_shifts

ON_A_PAGE = 25


@require_GET
def requests(request: HttpRequest) -> HttpResponse:
    """What people asked for, waiting first. htmx asks for the part below the filters."""
    require(may_have_requests(request), Forbidden)
    now = timezone.now()
    form = RequestFilter(request.GET, viewer=request.user)
    found = form.narrow(TimeOff.objects.entrusted_to(request.user), now).waiting_first(now)
    page = Paginator(found.with_zone().select_related("person", "decided_by"), ON_A_PAGE).get_page(
        request.GET.get("page")
    )
    context = {"form": form, "page": page, "now": now, "today": local_day(now, request.user.zone)}
    part = "#results" if request.htmx else ""
    response = render(request, f"scheduling/time_off_requests.html{part}", context)
    response.headers["Vary"] = "HX-Request"
    return response


def may_have_requests(request: HttpRequest) -> Verdict:
    if request.user.standing.scope(Capability.EDIT_ROSTER):
        return Verdict()
    return Verdict.no("no-manager", "The managers of the clinics decide about time off.")


@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: what it would change, and the answer with a decision about each shift in these days."""
    at = timezone.now()
    time_off = get_object_or_404(_seen(request), pk=pk)
    require(may_decide(time_off, request.user), Forbidden)
    form = AnswerForm(request.POST or None)
    if form.is_valid():
        try:
            _answer(request, time_off, form, at)
        except Refused as refused:
            add_refusal(form, refused)
            return _page(request, _seen(request).get(pk=pk), form, at, status=refused.status)
        return redirect("scheduling:time-off-requests")
    return _page(request, time_off, form, at, status=422 if form.errors else 200)


def _seen(request: HttpRequest) -> TimeOffQuerySet:
    return TimeOff.objects.visible_to(request.user).with_zone().select_related("person", "decided_by")


def _answer(request: HttpRequest, time_off: TimeOff, form: AnswerForm, at: datetime) -> None:
    version, answer = form.cleaned_data["version"], form.cleaned_data["answer"]
    who = f"{time_off.person}, {time_off_label(time_off, time_off.zone, local_day(at, time_off.zone))}"
    if form.cleaned_data["do"] == "decline":
        decline_time_off(time_off, version=version, by=request.user, at=at, answer=answer)
        messages.success(request, f"Declined: {who}.")
        return
    opened = ticked_shifts(request)
    found = hits(time_off, by=request.user, at=at)
    approve_time_off(time_off, opened, version=version, by=request.user, at=at, answer=answer)
    messages.success(request, f"Approved: {who}.{_opened(found)}")


def _opened(found: list[Hit]) -> str:
    """What became of the shifts, and what is left to do about them."""
    if not found:
        return ""
    later = [hit for hit in found if not hit.seen_as_planned]
    words = f" {counted(len(found), 'shift is', 'shifts are')} open now."
    return f"{words} Staff see {counted(len(later), 'change')} once you publish." if later else words


def _page(request: HttpRequest, time_off: TimeOff, form: AnswerForm, at: datetime, *, status: int) -> HttpResponse:
    undecided = time_off.state == TimeOffState.REQUESTED and time_off.end > at
    found = hits(time_off, by=request.user, at=at) if undecided else []
    ticked = set(request.POST.getlist("shift"))
    context = {
        "time_off": time_off,
        "form": form,
        "now": at,
        "today": local_day(at, time_off.zone),
        "undecided": undecided,
        "hits": [(hit, f"{hit.shift.pk}:{hit.shift.version}" in ticked) for hit in found],
        "gaps": gaps_without([hit.shift for hit in found]),
        "alone": alone_without([hit.shift for hit in found], at),
        "others": others_away(time_off, by=request.user),
        "blackouts": blackouts_in(time_off.person, time_off.period, at),
    }
    return render(request, "scheduling/time_off_request.html", context, status=status)

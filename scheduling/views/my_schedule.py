"""My schedule."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from intranet.core.access import Forbidden, require
from intranet.core.forms import in_this_century
from intranet.core.time import local_day, months_after
from scheduling.calendar_addresses import address_of
from scheduling.forms import SeenForm
from scheduling.my_schedule import may_have_schedule, my_month
from scheduling.my_schedule import my_schedule as schedule_of
from scheduling.seen import newest, note_seen, unseen


def my_schedule(request: HttpRequest) -> HttpResponse:
    """The person's own published shifts: the next one, this week and the next; or those of a month."""
    require(may_have_schedule(request.user), Forbidden)
    if "month" in request.GET:
        return _month(request, _first_of(request.GET["month"]))
    now, notices = timezone.now(), unseen(request.user)
    context = {
        "schedule": schedule_of(request.user, now),
        "now": now,
        "feed": address_of(request.user),
        "notices": notices,
        "newest": newest(notices),
    }
    return render(request, "scheduling/my_schedule.html", context)


def _month(request: HttpRequest, first: date) -> HttpResponse:
    now = timezone.now()
    context = {
        "weeks": my_month(request.user, first, now),
        "now": now,
        "today": local_day(now, request.user.zone),
        "first": first,
        "previous": months_after(first, -1),
        "following": months_after(first, 1),
    }
    return render(request, "scheduling/my_month.html", context)


def _first_of(month: str) -> date:
    """The first day of `2026-12`."""
    try:
        first = date.fromisoformat(f"{month}-01")
        in_this_century(first)
    except (ValueError, ValidationError) as error:
        raise Http404("There is no such month.") from error
    return first


@require_POST
def seen(request: HttpRequest) -> HttpResponse:
    """The person has the schedule on the screen: sent by the page itself, or by its button where there is no script."""
    require(may_have_schedule(request.user), Forbidden)
    form = SeenForm(request.POST)
    if not form.is_valid():
        raise Http404("There is nothing to have seen.")
    note_seen(request.user, up_to=form.cleaned_data["up_to"], at=timezone.now())
    return HttpResponse(status=204) if request.htmx else redirect("scheduling:my-schedule")

"""My schedule."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from intranet.core.access import Forbidden, require
from scheduling.calendar_addresses import address_of
from scheduling.my_schedule import may_have_schedule
from scheduling.my_schedule import my_schedule as schedule_of


def my_schedule(request: HttpRequest) -> HttpResponse:
    """The person's own published shifts: the next one, this week and the next."""
    require(may_have_schedule(request.user), Forbidden)
    now = timezone.now()
    context = {"schedule": schedule_of(request.user, now), "now": now, "feed": address_of(request.user)}
    return render(request, "scheduling/my_schedule.html", context)

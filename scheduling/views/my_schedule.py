"""My schedule."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import User
from accounts.roles import Capability
from intranet.core.access import YES, Forbidden, Verdict, require
from scheduling.my_schedule import my_schedule as schedule_of


def may_have_schedule(user: User) -> Verdict:
    """Everybody but those whose only role is to administer the intranet."""
    if user.standing.holds(Capability.OWN_SCHEDULE):
        return YES
    return Verdict.no("no-schedule", "Administrators are in no roster, so there is no schedule to show.")


def my_schedule(request: HttpRequest) -> HttpResponse:
    """The person's own published shifts: the next one, this week and the next."""
    require(may_have_schedule(request.user), Forbidden)
    now = timezone.now()
    context = {"schedule": schedule_of(request.user, now), "now": now}
    return render(request, "scheduling/my_schedule.html", context)

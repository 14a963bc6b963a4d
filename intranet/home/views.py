from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.roles import Capability
from intranet.announcements.publishing import may_post
from intranet.home import day
from intranet.home.duties import duties
from intranet.home.endings import losses
from intranet.home.floor import Floor
from intranet.home.forms import EndingsFilter
from scheduling.navigation import works_shifts


@require_GET
def endings(request: HttpRequest) -> HttpResponse:
    """What ends on people's files, and the shifts that depend on it. htmx asks for the list only."""
    if not request.user.standing.scope(Capability.SEE_CREDENTIALS):
        raise PermissionDenied("You see the files of nobody else.")
    form = EndingsFilter(request.GET, viewer=request.user)
    form.is_valid()
    found = losses(request.user, timezone.now(), within=form.within, clinic=form.place)
    context = {"form": form, "losses": found, "depending": sum(len(loss.shifts) for loss in found)}
    part = "#results" if request.htmx else ""
    response = render(request, f"home/endings.html{part}", context)
    response.headers["Vary"] = "HX-Request"
    return response


@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """Duties first: for everybody the own day, for those who answer for clinics what needs them there."""
    now = timezone.now()
    user = request.user
    floor = Floor(user, now)
    here = day.here_today(user, now)
    context = {
        "greeting": day.greeting(now, user),
        "today": now.astimezone(user.zone).date(),
        "next": day.next_shift(user, now),
        "works_shifts": works_shifts(user),
        "duties": duties(user, now),
        "changed": day.recently_changed(user, now),
        "here": here,
        "anybody_here": any(presence.here for _, people in here for presence in people),
        "announcements": day.latest_announcements(user, now),
        "floor": floor,
        "may_post": bool(may_post(user)),
    }
    return render(request, "home/floor.html" if floor else "home/today.html", context)

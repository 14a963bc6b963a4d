from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from intranet.announcements.publishing import may_post
from intranet.home import day
from intranet.home.duties import duties
from intranet.home.floor import Floor
from scheduling.navigation import works_shifts


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

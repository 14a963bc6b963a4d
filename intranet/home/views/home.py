"""Home, new starters, and what ends on people’s files."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.roles import Capability
from intranet.announcements.writing import may_post
from intranet.home import day
from intranet.home import starting as new_starters
from intranet.home.duties import duties
from intranet.home.endings import losses
from intranet.home.floor import Floor
from intranet.home.forms import EndingsFilter, StartersFilter
from intranet.home.starting import checklist_of, own_checklist, protocols_seen_by
from scheduling.navigation import works_shifts

STARTERS_ON_A_PAGE = 25
ENDINGS_ON_A_PAGE = 50


@require_GET
def endings(request: HttpRequest) -> HttpResponse:
    """What ends on people's files, and the shifts that depend on it. htmx asks for the list only."""
    if not request.user.standing.scope(Capability.SEE_CREDENTIALS):
        raise PermissionDenied("You see the files of nobody else.")
    form = EndingsFilter(request.GET, viewer=request.user)
    form.is_valid()
    found = losses(request.user, timezone.now(), within=form.within, clinic=form.place)
    page = Paginator(found, ENDINGS_ON_A_PAGE).get_page(request.GET.get("page"))
    depending = sum(len(loss.shifts) for loss in found)
    context = {"form": form, "page": page, "losses": page.object_list, "depending": depending}
    part = "#results" if request.htmx else ""
    response = render(request, f"home/endings.html{part}", context)
    response.headers["Vary"] = "HX-Request"
    return response


@require_GET
def starting(request: HttpRequest) -> HttpResponse:
    """One's own checklist: what role and clinic ask for, and what of it is done."""
    return render(request, "home/starting.html", {"checklist": checklist_of(request.user, timezone.now())})


@require_GET
def starters(request: HttpRequest) -> HttpResponse:
    """Who has started and has something left to do, and who is invited and not here yet."""
    if not request.user.standing.scope(Capability.SEE_CREDENTIALS):
        raise PermissionDenied("New starters are for those who answer for a clinic.")
    now = timezone.now()
    form = StartersFilter(request.GET, viewer=request.user)
    found = new_starters.starters(request.user, now, within=form.within, clinic=form.place)
    page = Paginator(found, STARTERS_ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "lists": new_starters.checklists(page.object_list, now, protocols=protocols_seen_by(request.user)),
        "places": new_starters.places_of(page.object_list, now),
        "sees_protocols": bool(protocols_seen_by(request.user)),
        "invited": new_starters.invited(request.user, form.place)[:STARTERS_ON_A_PAGE],
        "now": now,
    }
    part = "#results" if request.htmx else ""
    response = render(request, f"home/starters.html{part}", context)
    response.headers["Vary"] = "HX-Request"
    return response


@require_GET
def starter(request: HttpRequest, pk: int) -> HttpResponse:
    """The checklist of somebody new, for those who answer for them."""
    if not request.user.standing.scope(Capability.SEE_CREDENTIALS):
        raise PermissionDenied("New starters are for those who answer for a clinic.")
    now = timezone.now()
    seen = User.objects.with_file_visible_to(request.user)
    person = get_object_or_404(new_starters.new_people(now).filter(pk__in=seen.values("pk")), pk=pk)
    context = {
        "checklist": new_starters.checklist_for(person, request.user, now),
        "sees_protocols": bool(protocols_seen_by(request.user)),
    }
    return render(request, "home/starter.html", context)


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
        "checklist": own_checklist(user, now),
        "may_post": bool(may_post(user)),
    }
    return render(request, "home/floor.html" if floor else "home/today.html", context)

"""The calendar that programs subscribe to, and its private address."""

from __future__ import annotations

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.step_up import step_up
from intranet.core.access import Forbidden, require
from intranet.core.time import local_day
from scheduling import calendar_addresses
from scheduling.calendar_feed import calendar_of
from scheduling.my_schedule import may_have_schedule


@sensitive_variables("key")
@login_not_required  # A calendar program cannot sign in; the key says whose shifts it may read.
@require_safe
def calendar(request: HttpRequest, key: str) -> HttpResponse:
    """The shifts of whoever has made the key. It is looked up before anything is said of what has changed."""
    now = timezone.now()
    owner = calendar_addresses.owner_of(key, now)
    if owner is None:
        return _wrong_key(request)
    feed = calendar_of(owner, local_day(now, owner.zone))
    modified = int(feed.modified.timestamp())
    headers = {"Cache-Control": "private", "ETag": feed.etag, "Last-Modified": http_date(modified)}
    response = HttpResponse(feed.body, content_type="text/calendar; charset=utf-8", headers=headers)
    return get_conditional_response(request, etag=feed.etag, last_modified=modified, response=response)  # type: ignore[return-value]


def _wrong_key(request: HttpRequest) -> HttpResponse:
    """So many guesses from one address, counted in the database for all processes; keys that work are not held up."""
    config = {"wrong_calendar_key": settings.WRONG_TOKENS}
    if ratelimit.consume(request, app="scheduling", action="wrong_calendar_key", config=config, limit_get=True):
        raise Http404("No calendar has this address.")
    return HttpResponse("Too many wrong addresses. Wait a few minutes.", status=429, content_type="text/plain")


@sensitive_variables("key", "address")
@require_http_methods(["GET", "POST"])
@never_cache
@step_up
def address(request: HttpRequest) -> HttpResponse:
    """One's own address: whether there is one, and a button for a new one, which is in the answer and nowhere else."""
    require(may_have_schedule(request.user), Forbidden)
    key = ""
    if request.method == "POST":
        _, key = calendar_addresses.new_address(request.user, at=timezone.now())
    context = {
        "feed": calendar_addresses.address_of(request.user),
        "address": request.build_absolute_uri(reverse("scheduling:calendar", args=[key])) if key else "",
    }
    return render(request, "scheduling/calendar_address.html", context)


@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """Programs that read the calendar find nothing any more."""
    require(may_have_schedule(request.user), Forbidden)
    calendar_addresses.revoke(request.user, at=timezone.now())
    messages.success(request, "The calendar address was revoked. Programs that used it find nothing there any more.")
    return redirect("scheduling:my-schedule")

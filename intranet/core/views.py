"""Pages of the shell itself: the theme switch, the phone's page More, and the error pages."""

from __future__ import annotations

import logging
import secrets

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template import loader
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from intranet.core.context import THEMES, chosen_theme
from intranet.core.rest import error_document, is_api

log = logging.getLogger(__name__)

YEAR_IN_SECONDS = 365 * 24 * 60 * 60


@login_not_required  # The sign-in page has the switch too.
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark in a cookie, so that the server renders it; anything else means: as the system does."""
    response = HttpResponse(status=204) if request.headers.get("Accept") == "application/json" else back(request)
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie(
            "theme",
            chosen,
            max_age=YEAR_IN_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response


def more(request: HttpRequest) -> HttpResponse:
    """Every place that the phone's bar has no room for, and the person's account."""
    return render(request, "core/more.html")


def back(request: HttpRequest, fallback: str = "/") -> HttpResponseRedirect:
    """Go to `next` when it is an address of this very host, otherwise to `fallback`."""
    target = request.POST.get("next", "")
    local = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(target if local and target.startswith("/") else fallback)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return error_document(400)
    return render_plainly(request, "400.html", 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Visible but forbidden. The reason is what the code that refused has to say to people, if it says anything."""
    if is_api(request):
        return error_document(403)
    reason = str(exception) if exception.args and isinstance(exception.args[0], str) else ""
    return render(request, "403.html", {"reason": reason}, status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same page for what does not exist and for what this person must not know of."""
    if is_api(request):
        return error_document(404)
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Says sorry without touching the database; the reference in the page is the one in the log."""
    reference = secrets.token_hex(4)
    log.error("Server error %s at %s", reference, request.path)
    if is_api(request):
        return error_document(500)
    return render_plainly(request, "500.html", 500, reference=reference)


def render_plainly(request: HttpRequest, template: str, status: int, **context: str) -> HttpResponse:
    """A page without context processors, for moments in which nothing can be relied on."""
    body = loader.render_to_string(template, {"theme": chosen_theme(request)} | context)
    return HttpResponse(body, status=status)

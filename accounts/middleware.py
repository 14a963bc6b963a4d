"""What holds for every request of somebody signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import sessions
from accounts.second_step import is_missing
from intranet.core.access import Forbidden
from intranet.core.rest import is_api, refusal_document

# Setting the second step up, confirming the password for it, confirming the address, and the way out.
ENROLMENT = ("mfa_", "account_reauthenticate", "account_confirm_email", "account_logout", "core:theme", "health:")
# A page that asks for news every few seconds says so: it keeps nobody signed in who has gone.
BY_ITSELF = "X-By-Itself"
SENTENCE = "Your role needs a second step to sign in. Set it up first."

GetResponse = Callable[[HttpRequest], HttpResponse]


def session_limits(get_response: GetResponse) -> GetResponse:
    """A session that has lasted long enough ends with the next request, which goes on as anybody's: to the door."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return get_response(request)
        now = timezone.now()
        why = sessions.why_over(request.session, sessions.limits_of(request.user), now)
        if not why:
            if BY_ITSELF not in request.headers:
                sessions.note(request.session, now)
            return get_response(request)
        request.session_over = why  # type: ignore[attr-defined]  # for the trail
        logout(request)
        if not is_api(request):
            messages.info(request, why)
        return _from_where_they_were(request, get_response(request))

    return middleware


def _from_where_they_were(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The way back after signing in leads to a page: for what was sent, to the one from which it was sent."""
    to_the_door = response.status_code == 302 and urlsplit(response["Location"]).path == resolve_url(settings.LOGIN_URL)
    if not to_the_door or request.method in {"GET", "HEAD"}:
        return response
    page = request.headers.get("Referer", "")
    local = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    parts = urlsplit(page if local else "")
    return redirect_to_login(parts._replace(scheme="", netloc="", fragment="").geturl() or "/")


class second_step_first:  # noqa: N801 - a middleware factory like its neighbours; a class only for process_view
    """Whose roles demand a second step reaches nothing but its set-up until there is one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not request.user.is_authenticated or not is_missing(request.user):
            return None
        request.only_enrolment = True  # type: ignore[attr-defined]  # for the shell, whose places are all closed
        if request.resolver_match and request.resolver_match.view_name.startswith(ENROLMENT):
            return None
        if is_api(request):
            return refusal_document(Forbidden.because("second-step-missing", SENTENCE))
        return redirect("mfa_index")

"""What holds for every request of somebody signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.second_step import is_missing
from intranet.core.access import Forbidden
from intranet.core.rest import is_api, refusal_document

# Setting the second step up, confirming the password for it, confirming the address, and the way out.
ENROLMENT = ("mfa_", "account_reauthenticate", "account_confirm_email", "account_logout", "core:theme", "health:")
SENTENCE = "Your role needs a second step to sign in. Set it up first."


class second_step_first:  # noqa: N801 - a middleware factory like its neighbours; a class only for process_view
    """Whose roles demand a second step reaches nothing but its set-up until there is one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not request.user.is_authenticated or not is_missing(request.user):
            return None
        if request.resolver_match and request.resolver_match.view_name.startswith(ENROLMENT):
            return None
        if is_api(request):
            return refusal_document(Forbidden.because("second-step-missing", SENTENCE))
        return redirect("mfa_index")

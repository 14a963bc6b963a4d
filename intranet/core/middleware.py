"""What holds for every request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render

from intranet.core.access import Forbidden, Refused
from intranet.core.navigation import page_above
from intranet.core.rest import is_api

GetResponse = Callable[[HttpRequest], HttpResponse]


def private_pages(get_response: GetResponse) -> GetResponse:
    """No page of somebody signed in stays in a cache or behind the Back button of a shared computer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated and "Cache-Control" not in response:
            response["Cache-Control"] = "private, no-store"
        return response

    return middleware


class refusals:  # noqa: N801 - a middleware factory like its neighbours; a class only for process_exception
    """A refusal that no view has turned into a form error becomes a page with all its reasons."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refused):
            only_looking = request.method == "GET" and isinstance(exception, Forbidden)
            context = {"verdict": exception.verdict, "only_looking": only_looking, "above": page_above(request.path)}
            return render(request, "refused.html", context, status=exception.status)
        return None


def other_methods(get_response: GetResponse) -> GetResponse:
    """Whoever opens the address of a button, as one does after signing in again, is led to the page with the button."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or is_api(request):
            return response
        page = render(request, "405.html", {"above": page_above(request.path)}, status=405)
        page["Allow"] = response["Allow"]
        return page

    return middleware

"""What can do great harm asks once more who is there, when the last proof of it is older than five minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from intranet.core.access import Forbidden
from intranet.core.rest import is_api

# A password, or a code or passkey. The link of a reset mail proves a mailbox, not a person.
PROOFS = {"password", "mfa"}
SENTENCE = "Confirm that it is you first: enter your password or use your second step."

View = Callable[..., HttpResponse]


def confirmed_at(request: HttpRequest) -> datetime | None:
    """When the person last proved who they are in this session: by signing in or by confirming."""
    records = get_authentication_records(request, request.user)
    proofs = [record["at"] for record in records if record["method"] in PROOFS]
    return datetime.fromtimestamp(max(proofs), UTC) if proofs else None


def is_confirmed(request: HttpRequest, at: datetime) -> bool:
    last = confirmed_at(request)
    return last is not None and at - last < timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def confirm_first(request: HttpRequest) -> None:
    """Go on only with a fresh proof.

    A page's request is kept in the session meanwhile, with all that was typed, and done after the proof (allauth's
    middleware sees to both). A program gets a problem document with the code "confirm-first".
    """
    if getattr(request, "auth", None) is not None:
        raise Forbidden.because("by-hand", "No token does this. Sign in and do it yourself.")
    if is_confirmed(request, timezone.now()):
        return
    if is_api(request):
        raise Forbidden.because("confirm-first", SENTENCE)
    raise ReauthenticationRequired


def way_to_confirm(request: HttpRequest) -> str:
    """The page that asks for the proof and leads back here; empty while the last one is fresh.

    For pages that show more than a form: there it stands in the place of the form, before anything is typed.
    """
    if is_confirmed(request, timezone.now()):
        return ""
    return f"{reverse('account_reauthenticate')}?{urlencode({'next': request.get_full_path()})}"


def step_up_before(view: View) -> View:
    """For a page that is nothing but the form of such an act: the proof comes before anything is typed."""

    @wraps(view)
    def confirmed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        confirm_first(request)
        return view(request, *args, **kwargs)

    return confirmed


def step_up(view: View) -> View:
    """For a view whose changes a stolen session must not be capable of. Looking at its form asks nothing."""

    @wraps(view)
    def confirmed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            confirm_first(request)
        return view(request, *args, **kwargs)

    return confirmed


def step_up_from(page: str) -> Callable[[View], View]:
    """For a file: after the proof comes the page with its button again, for a file leaves the browser where it was."""

    def decorate(view: View) -> View:
        @wraps(view)
        def confirmed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if is_confirmed(request, timezone.now()):
                return view(request, *args, **kwargs)
            query = request.GET.urlencode()
            back = reverse(page, args=args, kwargs=kwargs) + (f"?{query}" if query else "")
            messages.info(request, "Confirm that it is you, then download it once more.")
            return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}")

        return confirmed

    return decorate

"""Where one is signed in: the list is allauth's page, ending a single one of them is ours."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts import sessions
from intranet.core.wording import browser_name


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign another browser of one's own out; this one has its button in the menu."""
    own = UserSession.objects.filter(user=request.user)
    session = get_object_or_404(own.exclude(session_key=request.session.session_key), pk=pk)
    sessions.end(session, by=request.user)
    messages.success(request, f"{browser_name(session.user_agent)} was signed out.")
    return redirect("usersessions_list")

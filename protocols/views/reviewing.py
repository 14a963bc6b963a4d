"""Reviewed, no change: by one person, and agreed to by another."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.step_up import step_up
from intranet.core.forms import whole_number
from protocols import reviewing
from protocols.views.reading import visible_version


@require_POST
def review(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Say that nothing has to change."""
    version = visible_version(request, slug, number)
    reviewing.review(version, note=request.POST.get("note", "")[:400], by=request.user, at=timezone.now())
    messages.success(request, "Reviewed. It counts once a second person agrees.")
    return redirect(version)


@require_POST
@step_up
def confirm(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Agree with the one who reviewed it. The form says which review it stood under."""
    version = visible_version(request, slug, number)
    found = get_object_or_404(version.reviews, pk=whole_number(request.POST.get("review", "")) or 0)
    reviewing.confirm(found, by=request.user, at=timezone.now())
    messages.success(request, "Review agreed to. The next one is counted from today.")
    return redirect(version)

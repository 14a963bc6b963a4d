"""An address to which mail did not arrive works again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.addresses import troubles_visible_to, works_again


@require_POST
def works(request: HttpRequest, pk: int) -> HttpResponse:
    """Say so. What waited for the person leaves as one mail."""
    now = timezone.now()
    trouble = get_object_or_404(troubles_visible_to(request.user, now).select_related("person"), pk=pk)
    works_again(trouble, by=request.user, at=now)
    leaves = "What waited leaves within a minute, at night in the morning."
    messages.success(request, f"Mail goes to {trouble.address} again. {leaves}")
    return redirect(trouble.person)

"""Reading a protocol and acknowledging it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from intranet.core.access import Conflict, Refused
from intranet.core.forms import whole_number
from protocols import acknowledging, prints
from protocols.library import ranked
from protocols.models import Protocol, ProtocolVersion
from protocols.pages import ReadingPage


def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """The version that the person works with: the one in force, while drafts go on."""
    at = timezone.now()
    version = best_version(request.user, slug, at)
    if version is None:
        raise Http404
    return render(request, "protocols/detail.html", {"page": ReadingPage(version, request.user, at)})


def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One version, in force or not, for those who may read it."""
    page = ReadingPage(visible_version(request, slug, number), request.user, timezone.now())
    return render(request, "protocols/detail.html", {"page": page})


@login_not_required  # Whoever holds a printed copy may ask whether it still counts.
@require_safe
def printed(request: HttpRequest, code: str) -> HttpResponse:
    """Whether a printed copy may still be used. Says nothing of what it is about."""
    version = prints.version_of(code)
    if version is None:
        raise Http404
    readable = Protocol.objects.visible_to(request.user).filter(pk=version.protocol_id).exists()
    context = {"answer": prints.answer(version, timezone.now()), "version": version, "readable": readable}
    response = render(request, "protocols/printed.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


@require_POST
def acknowledge(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Record the declaration under the text. The form carries the proof that the page gave with the text."""
    version, at = visible_version(request, slug, number), timezone.now()
    try:
        opened = request.POST.get("opened", "")
        acknowledging.acknowledge(version, by=request.user, at=at, opened=opened, answers=answers_in(request, version))
    except Conflict:
        raise
    except Refused as refused:
        page = ReadingPage(version, request.user, at)
        context = {"page": page, "refused": refused.verdict}
        return render(request, "protocols/detail.html", context, status=refused.status)
    messages.success(request, f"You acknowledged version {version.number} of “{version.title}”.")
    return redirect(version.protocol)


def answers_in(request: HttpRequest, version: ProtocolVersion) -> dict[UUID, int]:
    """The options that were chosen for the questions of the version."""
    given = {
        key: whole_number(request.POST.get(f"answer-{key}", ""))
        for key in version.questions.values_list("key", flat=True)
    }
    return {key: chosen for key, chosen in given.items() if chosen is not None}


def best_version(user: User, slug: str, at: datetime) -> ProtocolVersion | None:
    """What a link to the protocol shows to the person: the first visible version in the order of the library."""
    versions = ProtocolVersion.objects.visible_to(user).filter(protocol__slug=slug)
    return (
        ranked(versions.with_status(at))
        .select_related("protocol__owner", "approved_by")
        .order_by("rank", "-number")
        .first()
    )


def visible_version(request: HttpRequest, slug: str, number: int) -> ProtocolVersion:
    versions = ProtocolVersion.objects.visible_to(request.user).select_related("protocol__owner", "approved_by")
    return get_object_or_404(versions, protocol__slug=slug, number=number)

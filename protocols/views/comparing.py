"""What changed from one version to another."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from intranet.core.forms import whole_number
from protocols import comparing, questioning
from protocols.models import ProtocolVersion
from protocols.pages import ReadingPage
from protocols.views.reading import best_version, visible_version

LAYOUTS = {"pair": "Side by side", "merged": "In one column"}


def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Two versions that the person may read: by default what changed since the person signed."""
    page = ReadingPage(newer_version(request, slug), request.user, timezone.now())
    older = older_version(request, page)
    context = {
        "page": page,
        "comparison": compared(older, page) if older else None,
        "knows_older": bool(older and page.before and page.before.version_id == older.pk),
        "layout": request.GET.get("layout") if request.GET.get("layout") in LAYOUTS else "pair",
        "layouts": LAYOUTS,
    }
    return render(request, "protocols/compare.html", context)


def compared(older: ProtocolVersion, page: ReadingPage) -> comparing.Comparison:
    answers = questioning.may_see_answers([older, page.version], by=page.reader)
    return comparing.compare(older, page.version, answers=answers)


def newer_version(request: HttpRequest, slug: str) -> ProtocolVersion:
    version = asked_version(request, slug, "to") or best_version(request.user, slug, timezone.now())
    if version is None:
        raise Http404
    return version


def older_version(request: HttpRequest, page: ReadingPage) -> ProtocolVersion | None:
    return asked_version(request, page.protocol.slug, "from") or page.compare_with


def asked_version(request: HttpRequest, slug: str, name: str) -> ProtocolVersion | None:
    """The version whose number the address gives; None when it gives none. What the person may not read is not there."""
    if not (text := request.GET.get(name, "")):
        return None
    number = whole_number(text)
    if number is None:
        raise Http404
    return visible_version(request, slug, number)

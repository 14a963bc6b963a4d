"""Taking away what somebody wrote: a section of a draft, or the whole draft. Both are asked first, by name."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from intranet.core.access import Conflict, Forbidden, Verdict, require
from protocols import discarding, drafting
from protocols.forms import SeenForm
from protocols.models import Protocol, ProtocolVersion
from protocols.views.authoring import open_version


@require_http_methods(["GET", "POST"])
def discard(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a draft up."""
    version, conflict = open_version(request, slug), Verdict()
    require(discarding.may_discard(version, by=request.user), Forbidden)
    if request.method == "POST":
        try:
            discarding.discard(version, by=request.user, token=seen(request, version))
        except Conflict as changed:
            version, conflict = open_version(request, slug), changed.verdict
        else:
            messages.success(request, f"The draft of version {version.number} of “{version.title}” is discarded.")
            return redirect(still_there(request, slug))
    authors = [one.user for one in version.contributors.select_related("user") if one.user != request.user]
    context = {"authors": authors, "alone": version.number == 1}
    return question(request, "protocols/discard.html", version, conflict, context)


@require_http_methods(["GET", "POST"])
def remove_section(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    """Remove a section in which something stands."""
    version, conflict = open_version(request, slug), Verdict()
    require(drafting.may_edit(version, by=request.user), Forbidden)
    section = get_object_or_404(version.sections, key=key)
    if request.method == "POST":
        text = drafting.text_of(version)
        rest = replace(text, sections=[part for part in text.sections if part.key != key])
        try:
            token = seen(request, version)
            drafting.edit_draft(version, rest, by=request.user, at=timezone.now(), token=token)
        except Conflict as changed:
            version, conflict = open_version(request, slug), changed.verdict
            section = get_object_or_404(version.sections, key=key)
        else:
            messages.success(request, f"“{section.heading}” is removed.")
            return redirect("protocols:draft-edit", slug)
    return question(request, "protocols/remove_section.html", version, conflict, {"section": section})


def seen(request: HttpRequest, version: ProtocolVersion) -> int:
    """The token under which the question was answered. Raises Conflict when it was about another version."""
    form = SeenForm(request.POST)
    if not form.is_valid() or form.cleaned_data["version"] != version.number:
        raise Conflict.because("another-version", "This question was about another version. Look at this one first.")
    token: int = form.cleaned_data["token"]
    return token


def question(
    request: HttpRequest, template: str, version: ProtocolVersion, conflict: Verdict, context: dict[str, object]
) -> HttpResponse:
    """A page that asks about the version as it is now; with `conflict`, once more."""
    form = SeenForm(initial={"version": version.number, "token": version.token})
    context |= {"version": version, "protocol": version.protocol, "form": form, "conflict": conflict}
    return render(request, template, context, status=200 if conflict else 409)


def still_there(request: HttpRequest, slug: str) -> str:
    """The protocol without its draft, when the person reads another version of it; otherwise the library."""
    protocol = Protocol.objects.visible_to(request.user).filter(slug=slug).first()
    return protocol.get_absolute_url() if protocol else reverse("protocols:library")

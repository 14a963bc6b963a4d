"""Starting a protocol from a file, with a look at what it would become."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from intranet.core.access import Conflict, Forbidden, Refused, add_refusal, require
from protocols import drafting, previewing
from protocols.file_forms import ImportForm, TakeOverForm
from protocols.models import Preview


@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """Choose a file. It is read, and nothing is created yet."""
    require(drafting.may_write(request.user), Forbidden)
    sent = request.method == "POST"
    form = ImportForm(request.POST, request.FILES) if sent else ImportForm()
    if sent and form.is_valid() and form.imported:
        name = form.cleaned_data["file"].name or ""
        try:
            return redirect(previewing.prepare(form.imported, file_name=name, by=request.user, at=timezone.now()))
        except Refused as refused:
            add_refusal(form, refused)
    return render(request, "protocols/import.html", {"form": form}, status=422 if sent else 200)


@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Section by section what will be, with what was lost; and the word that makes it a draft."""
    require(drafting.may_write(request.user), Forbidden)
    at = timezone.now()
    found = get_object_or_404(Preview.objects.visible_to(request.user).fresh(at), pk=pk)
    form = TakeOverForm(request.POST if request.method == "POST" else None, preview=found)
    if request.method == "POST" and form.is_valid():
        try:
            version = previewing.take_over(
                found,
                title=form.cleaned_data["title"],
                same_title=form.cleaned_data["same_title"],
                category=form.cleaned_data["category"],
                sections=form.taken,
                descriptions=form.descriptions,
                by=request.user,
                at=at,
            )
        except Conflict:
            raise
        except Refused as refused:
            form.add_new_refusal(refused, by=request.user, at=at)
        else:
            messages.success(request, f"“{found.file_name}” is a draft now. Read through it once more.")
            return redirect("protocols:draft-edit", version.protocol.slug)
    context = {"preview": found, "form": form, "parts": form.parts()}
    return render(request, "protocols/import_preview.html", context, status=422 if form.errors else 200)

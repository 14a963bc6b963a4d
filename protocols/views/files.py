"""Pictures and attachments: for readers by the right to their version, for authors on a page of the draft."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from intranet.core.access import Forbidden, Refused, add_refusal, require
from intranet.core.files import served
from intranet.core.papers import IMAGES
from protocols import attachments, drafting, pictures, placing
from protocols.file_forms import AttachmentForm, AttachmentNameForm, PictureForm
from protocols.models import Attachment, Picture, ProtocolVersion
from protocols.views.authoring import draft_in_question, open_version


@require_GET
def picture(request: HttpRequest, digest: str) -> HttpResponse:
    """A picture that stands in something which the person may read."""
    found = pictures.shown_to(request.user, digest, timezone.now())
    if found is None:
        raise Http404
    content, kind = found
    return served(content, kind, "", keep=False)


@require_GET
def attachment(request: HttpRequest, slug: str, number: int, key: UUID) -> HttpResponse:
    """An attachment of a version that the person may read. Nothing but an image opens within the browser."""
    readable = Attachment.objects.visible_to(request.user)
    found = get_object_or_404(readable, version__protocol__slug=slug, version__number=number, key=key)
    return served(attachments.content_of(found), found.kind, found.file_name, keep=found.kind not in IMAGES)


@require_GET
def of_draft(request: HttpRequest, slug: str) -> HttpResponse:
    """What a draft carries, and the forms to add to it."""
    return _page(request, _draft(request, slug))


@require_POST
def add_picture(request: HttpRequest, slug: str) -> HttpResponse:
    version, form = _draft(request, slug), PictureForm(request.POST, request.FILES)
    if form.is_valid() and form.drawn:
        try:
            said = form.cleaned_data["description"]
            added = pictures.add(version, form.drawn, description=said, by=request.user, at=timezone.now())
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Picture added. Write {added.code} where it shall stand.")
            return redirect(f"{_address(slug)}#pictures")
    return _page(request, version, picture_form=form)


@require_POST
def remove_picture(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    version = _draft(request, slug)
    found: Picture = get_object_or_404(version.pictures.select_related("version"), pk=pk)
    pictures.remove(found, by=request.user, at=timezone.now())
    messages.success(request, "Picture removed.")
    return redirect(f"{_address(slug)}#pictures")


@require_POST
def attach(request: HttpRequest, slug: str) -> HttpResponse:
    version, form = _draft(request, slug), AttachmentForm(request.POST, request.FILES)
    if form.is_valid() and form.paper:
        try:
            added = attachments.add(version, form.paper, name=form.chosen_name, by=request.user, at=timezone.now())
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"“{added}” is attached.")
            return redirect(f"{_address(slug)}#attachments")
    return _page(request, version, attachment_form=form)


@require_POST
def rename(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    version = _draft(request, slug)
    found, form = _attachment(version, key), AttachmentNameForm(request.POST)
    if form.is_valid():
        try:
            attachments.rename(found, name=form.cleaned_data["name"], by=request.user, at=timezone.now())
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Renamed.")
            return redirect(f"{_address(slug)}#attachments")
    return _page(request, version, renamed=(key, form))


@require_POST
def remove(request: HttpRequest, slug: str, key: UUID) -> HttpResponse:
    version = _draft(request, slug)
    attachments.remove(_attachment(version, key), by=request.user, at=timezone.now())
    messages.success(request, "Attachment removed.")
    return redirect(f"{_address(slug)}#attachments")


def _draft(request: HttpRequest, slug: str) -> ProtocolVersion:
    """The draft, for those who may write on it."""
    version = draft_in_question(request, slug)
    drafting.require_open(version)
    require(drafting.may_edit(version, by=request.user), Forbidden)
    return version


def _attachment(version: ProtocolVersion, key: UUID) -> Attachment:
    return get_object_or_404(version.attachments.select_related("version"), key=key)


def _address(slug: str) -> str:
    return reverse("protocols:draft-files", args=[slug])


def _page(
    request: HttpRequest,
    version: ProtocolVersion,
    *,
    picture_form: PictureForm | None = None,
    attachment_form: AttachmentForm | None = None,
    renamed: tuple[UUID, AttachmentNameForm] | None = None,
) -> HttpResponse:
    version = open_version(request, version.protocol.slug)
    key, form = renamed or (None, None)
    used = placing.used_in(version)
    context: dict[str, Any] = {
        "version": version,
        "protocol": version.protocol,
        "pictures": [(row, row.sha256 in used) for row in version.pictures.all()],
        "attachments": [
            (
                row,
                form if row.key == key else AttachmentNameForm(initial={"name": row.name}, auto_id=f"name-{row.pk}-%s"),
            )
            for row in version.attachments.select_related("version__protocol")
        ],
        "picture_form": picture_form or PictureForm(),
        "attachment_form": attachment_form or AttachmentForm(),
    }
    wrong = any(given is not None for given in (picture_form, attachment_form, form))
    return render(request, "protocols/draft_files.html", context, status=422 if wrong else 200)

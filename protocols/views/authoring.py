"""Writing a protocol."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from intranet.core.access import Conflict, Forbidden, Refused, require
from intranet.core.forms import whole_number
from protocols import drafting, publishing
from protocols.drafting import SectionText
from protocols.forms import (
    BaseSectionFormSet,
    DraftForm,
    NewProtocolForm,
    SectionFormSet,
    add_draft_refusal,
    draft_text,
)
from protocols.models import Protocol, ProtocolVersion, SectionKind, State
from protocols.pages import ReadingPage

PREFIX = "section"


def new(request: HttpRequest) -> HttpResponse:
    """Start a protocol: its title and shelf. The rest is written in the draft."""
    require(drafting.may_write(request.user), Forbidden)
    form = NewProtocolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        version = drafting.new_protocol(**form.cleaned_data, by=request.user, at=timezone.now())
        return redirect("protocols:draft-edit", version.protocol.slug)
    return render(request, "protocols/new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Open the next version as a copy of the one in force."""
    protocol = get_object_or_404(Protocol.objects.visible_to(request.user), slug=slug)
    version = drafting.start_draft(protocol, by=request.user, at=timezone.now())
    messages.success(request, f"Draft of version {version.number} started. Readers keep the version in force.")
    return redirect("protocols:draft-edit", slug)


def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """The draft as a form. Every button saves; `then` says what happens to the sections or where to go afterwards."""
    version = open_version(request, slug)
    require(drafting.may_edit(version, by=request.user), Forbidden)
    if request.method != "POST":
        return render(request, "protocols/edit.html", edit_context(request, version))
    form, sections = DraftForm(request.POST), SectionFormSet(request.POST, prefix=PREFIX)
    if not (form.is_valid() & sections.is_valid()):
        return render(request, "protocols/edit.html", edit_context(request, version, form, sections), status=422)
    return save(request, version, form, sections)


def save(request: HttpRequest, version: ProtocolVersion, form: DraftForm, sections: BaseSectionFormSet) -> HttpResponse:
    """Save what was typed; on a conflict show both texts and lose neither."""
    then, _, argument = request.POST.get("then", "save").partition(":")
    text = draft_text(form, sections)
    text = drafting.DraftText(
        text.title, rearranged(list(text.sections), then, argument), text.change_summary, text.material
    )
    replaced = whole_number(request.POST.get("replace", ""))  # "Keep mine" names what it knowingly replaces
    token = form.cleaned_data["token"] if replaced is None else replaced
    try:
        saved = drafting.edit_draft(version, text, by=request.user, at=timezone.now(), token=token)
        if then == "submit":
            publishing.submit(saved, by=request.user, at=timezone.now())
    except Conflict as conflict:
        version.refresh_from_db()
        context = edit_context(request, version, form, sections) | {"theirs": differing(version, text)}
        return render(request, "protocols/edit.html", context | {"conflict": conflict.verdict}, status=409)
    except Refused as refused:
        add_draft_refusal(form, sections, refused)
        version.refresh_from_db()
        context = edit_context(request, version, form, sections, keep_token=then != "submit")
        return render(request, "protocols/edit.html", context, status=422)
    return where_next(request, saved, then, argument, text.sections)


@require_POST
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand the draft to review as it is stored."""
    version = publishing.submit(open_version(request, slug), by=request.user, at=timezone.now())
    messages.success(request, f"Version {version.number} is in review.")
    return redirect(version)


def open_version(request: HttpRequest, slug: str) -> ProtocolVersion:
    """The open draft of a protocol, when the person may see it."""
    versions = ProtocolVersion.objects.visible_to(request.user).open().select_related("protocol", "edited_by")
    return get_object_or_404(versions, protocol__slug=slug)


def edit_context(
    request: HttpRequest,
    version: ProtocolVersion,
    form: DraftForm | None = None,
    sections: BaseSectionFormSet | None = None,
    *,
    keep_token: bool = True,
) -> dict[str, Any]:
    text = drafting.text_of(version)
    initial = {
        "token": version.token,
        "title": text.title,
        "change_summary": text.change_summary,
        "material": "yes" if text.material else "no",
    }
    if form is not None and not keep_token:
        form.data = form.data.copy()
        form.data["token"] = version.token
    rows = [{"key": part.key, "kind": part.kind, "heading": part.heading, "body": part.body} for part in text.sections]
    return {
        "version": version,
        "protocol": version.protocol,
        "page": ReadingPage(version, request.user, timezone.now()),
        "form": form or DraftForm(initial=initial),
        "sections": sections if sections is not None else filled(rows),
        "kinds": SectionKind.choices,
        "was_sent_back": version.state == State.DRAFT and version.remarks.exists(),
    }


def filled(rows: list[dict[str, Any]]) -> BaseSectionFormSet:
    """The stored sections as forms that can be changed."""
    forms = SectionFormSet(initial=rows, prefix=PREFIX)
    forms.extra = 0
    return forms


def rearranged(sections: list[SectionText], then: str, argument: str) -> list[SectionText]:
    """The sections after a button was pressed: one added, removed, or moved by one place."""
    if then == "add":
        kind = argument if argument in SectionKind.values else SectionKind.TEXT
        return [*sections, SectionText(kind, str(SectionKind(kind).label))]
    keys = [str(part.key) for part in sections]
    if argument not in keys:
        return sections
    place = keys.index(argument)
    if then == "remove":
        return sections[:place] + sections[place + 1 :]
    goal = {"up": place - 1, "down": place + 1}.get(then, place)
    if 0 <= goal < len(sections):
        sections[place], sections[goal] = sections[goal], sections[place]
    return sections


def differing(version: ProtocolVersion, mine: drafting.DraftText) -> list[Any]:
    """The stored sections that are not as the author has them: what somebody else wrote meanwhile."""
    own = {part.key: part for part in mine.sections}
    stored = version.sections.all()
    return [part for part in stored if (own.get(part.key) or SectionText("", "")).body != part.body]


def where_next(request: HttpRequest, version: ProtocolVersion, then: str, argument: str, sections: Any) -> HttpResponse:
    if then == "submit":
        messages.success(request, f"Version {version.number} is in review.")
        return redirect(version)
    if then == "preview":
        return redirect(version)
    if then == "files":
        return redirect("protocols:draft-files", version.protocol.slug)
    address = reverse("protocols:draft-edit", args=[version.protocol.slug])
    if then == "add":
        return redirect(f"{address}#edit-{sections[-1].key}")
    if then in {"up", "down"} and argument in {str(part.key) for part in sections}:
        return redirect(f"{address}#edit-{argument}")
    messages.success(request, "Saved.")
    return redirect(address)

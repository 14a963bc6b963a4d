"""Writing a protocol."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import User
from intranet.core import richtext
from intranet.core.access import Conflict, Forbidden, Refused, Verdict, require
from intranet.core.forms import whole_number
from intranet.core.wording import clock_time, name_list
from protocols import drafting, merging, publishing
from protocols.drafting import DraftText, SectionText
from protocols.forms import (
    BaseSectionFormSet,
    DraftForm,
    NewProtocolForm,
    SectionFormSet,
    add_draft_refusal,
    draft_text,
)
from protocols.merging import Merge
from protocols.models import Protocol, ProtocolVersion, SectionKind
from protocols.pages import ReadingPage

PREFIX = "section"


def new(request: HttpRequest) -> HttpResponse:
    """Start a protocol: its title, its shelf, and the sections that it starts with. The rest is written in the draft."""
    require(drafting.may_write(request.user), Forbidden)
    at = timezone.now()
    readable = ProtocolVersion.objects.visible_to(request.user).in_force(at).order_by(Lower("title"), "pk")
    form = NewProtocolForm(request.POST or None, readable=readable)
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("title", "same_title", "category")}
        try:
            version = drafting.new_protocol(**said, sections=form.sections(), by=request.user, at=at)
        except Refused as refused:
            form.add_new_refusal(refused, by=request.user, at=at)
        else:
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
    version = draft_in_question(request, slug)
    require_author(request, version)
    if request.method != "POST":
        return render(request, "protocols/edit.html", edit_context(request, version))
    form, sections = DraftForm(request.POST), SectionFormSet(request.POST, prefix=PREFIX)
    if not (form.is_valid() & sections.is_valid()):
        merged = undecided(version, form, sections)
        context = edit_context(request, version, form, sections, merged=merged)
        return render(request, "protocols/edit.html", context, status=422)
    return save(request, version, form, sections)


def save(request: HttpRequest, version: ProtocolVersion, form: DraftForm, sections: BaseSectionFormSet) -> HttpResponse:
    """Save what was typed. When somebody else saved or published meanwhile, show what both wrote: nobody loses words."""
    then, _, argument = request.POST.get("then", "save").partition(":")
    if then == "submit" and (form.clashes or sections.clashing):
        then = "read-again"  # nobody has read yet what was just put together
    token = form.cleaned_data["token"]
    text = rearranged(settled(version, form, sections), then, argument)
    try:
        if then == "start":
            drafting.start_draft(version.protocol, by=request.user, at=timezone.now())
        saved = drafting.edit_draft(version, text, by=request.user, at=timezone.now(), token=token)
        if then == "submit":
            publishing.submit(saved, by=request.user, at=timezone.now())
    except Conflict as conflict:
        version = named_version(request, version.protocol.slug)
        return overtaken(request, version, drafting.tidied(text), token, conflict.verdict)
    except Refused as refused:
        add_draft_refusal(form, sections, refused)
        version.refresh_from_db()
        merged = undecided(version, form, sections)
        context = edit_context(request, version, form, sections, keep_token=then != "submit", merged=merged)
        return render(request, "protocols/edit.html", context, status=422)
    return where_next(request, saved, then, argument, text.sections)


def overtaken(
    request: HttpRequest, version: ProtocolVersion, text: DraftText, token: int, why: Verdict
) -> HttpResponse:
    """What was typed, put together with what somebody else saved, or with the later draft once the version is published.

    Where there is no draft for the words, they stand alone until somebody starts one.
    """
    draft = version if version.is_open else later_draft(request, version)
    if draft is None:
        context = edit_context(request, version, text=text)
        context["form"].initial["token"] = token
        context["start"] = drafting.may_start_draft(version.protocol, by=request.user)
    else:
        merged = merging.merge(drafting.saved(version, token), text, drafting.text_of(draft))
        context = edit_context(request, draft, text=merged.text, merged=merged)
    if draft not in {None, version}:
        words = f"{drafting.what_became(version)} This is the draft of version {draft.number}."
        why = Verdict.no("published", words)
        context["other"] = version.edited_by if draft.edited_by == request.user else draft.edited_by
    return render(request, "protocols/edit.html", context | {"conflict": why}, status=409)


def later_draft(request: HttpRequest, version: ProtocolVersion) -> ProtocolVersion | None:
    """The draft after a published version, when the person writes on it."""
    drafts = ProtocolVersion.objects.visible_to(request.user).open().select_related("protocol", "edited_by")
    draft = drafts.filter(protocol=version.protocol_id).first()
    return draft if draft and drafting.may_edit(draft, by=request.user) else None


def undecided(version: ProtocolVersion, form: DraftForm, sections: BaseSectionFormSet) -> Merge | None:
    """What the author still has to choose, where a page said that somebody else had changed it, too."""
    theirs = drafting.saved(version, form.cleaned_data.get("token", 0))
    if theirs is None:
        return None
    clashes = sections.clashes({part.key: part for part in theirs.sections})
    fields = {name: getattr(theirs, name) for name in form.clashes}
    return Merge(theirs, clashes, fields) if clashes or fields else None


@require_POST
def keep(request: HttpRequest, slug: str) -> JsonResponse:
    """What the editor saves by itself, every few seconds of writing: the token of the save, or why there is none."""
    version = named_version(request, slug)
    form, sections = DraftForm(request.POST), SectionFormSet(request.POST, prefix=PREFIX)
    if not (form.is_valid() & sections.is_valid()):
        return JsonResponse({"said": "Not saved: something is missing or too long."}, status=422)
    token, at = form.cleaned_data["token"], timezone.now()
    try:
        saved = drafting.edit_draft(
            version, draft_text(form, sections), by=request.user, at=at, token=token, quietly=True
        )
    except Refused as refused:
        said = f"Not saved by itself: {refused.verdict.reasons[0].message}"
        return JsonResponse({"said": said}, status=refused.status)
    return JsonResponse({"token": saved.token, "said": f"Saved {clock_time(timezone.localtime(saved.edited_at))}"})


@require_POST
def present(request: HttpRequest, slug: str) -> JsonResponse:
    """Who else has the draft open, and whether somebody has saved since the editor's last save, or has published it."""
    version = named_version(request, slug)
    if not version.is_open:
        return JsonResponse({"said": drafting.what_became(version)})
    require(drafting.may_edit(version, by=request.user), Forbidden)
    others = drafting.notice_editing(version, by=request.user, at=timezone.now())
    stale = str(version.token) != request.POST.get("token") and version.edited_by != request.user
    return JsonResponse({"said": presence_words(others, version if stale else None)})


def presence_words(others: list[User], saved: ProtocolVersion | None = None) -> str:
    """The notice above the editor; empty when one is alone."""
    names = name_list([person.name for person in others])
    said = f"{names} {'has' if len(others) == 1 else 'have'} this draft open, too." if others else ""
    if saved is not None:
        said += f" {saved.edited_by} has saved it meanwhile; when you save, you see both."
    return said.strip()


def settled(version: ProtocolVersion, form: DraftForm, sections: BaseSectionFormSet) -> DraftText:
    """What the forms say, with what the author chose where somebody else had written, too."""
    text = draft_text(form, sections)
    theirs = drafting.saved(version, form.cleaned_data["token"])
    if theirs is None:
        return text
    return merging.settle(text, theirs, sections.choices(), form.choices(), author=str(version.edited_by))


@require_POST
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand the draft to review as it is stored."""
    version = publishing.submit(named_version(request, slug), by=request.user, at=timezone.now())
    messages.success(request, f"Version {version.number} is in review.")
    return redirect(version)


def draft_in_question(request: HttpRequest, slug: str) -> ProtocolVersion:
    """What a page of the draft is about: to look at, the open draft of the protocol; to act on, the one that was seen."""
    return named_version(request, slug) if request.method == "POST" else open_version(request, slug)


def require_author(request: HttpRequest, version: ProtocolVersion) -> None:
    """Whoever may write on the version, also when it was published meanwhile: then the action says so."""
    by = request.user
    require(drafting.may_edit(version, by=by) if version.is_open else drafting.may_write(by), Forbidden)


def open_version(request: HttpRequest, slug: str) -> ProtocolVersion:
    """The open draft of a protocol, when the person may see it."""
    versions = ProtocolVersion.objects.visible_to(request.user).open().select_related("protocol", "edited_by")
    return get_object_or_404(versions, protocol__slug=slug)


def named_version(request: HttpRequest, slug: str) -> ProtocolVersion:
    """The version that a form was made for. It may be published by now; the action says so."""
    return get_object_or_404(drafting.named(slug, named_number(request), by=request.user))


def named_number(request: HttpRequest) -> int:
    return whole_number(request.POST.get("version", "")) or 0


def edit_context(
    request: HttpRequest,
    version: ProtocolVersion,
    form: DraftForm | None = None,
    sections: BaseSectionFormSet | None = None,
    *,
    keep_token: bool = True,
    text: DraftText | None = None,
    merged: Merge | None = None,
) -> dict[str, Any]:
    """The page with what was typed, with a text that was put together from it, or with what is stored."""
    text, at = text or drafting.text_of(version), timezone.now()
    if form is not None and not keep_token:
        form.data = form.data.copy()
        form.data["token"] = version.token
    return {
        "version": version,
        "protocol": version.protocol,
        "page": ReadingPage(version, request.user, at),
        "form": form or DraftForm(initial=initial_of(version, text)),
        "sections": marked(sections if sections is not None else filled(text), merged),
        "merged": merged,
        "conflict": drafting.changed_meanwhile(version) if merged else None,
        "of_fields": merging.OF_FIELDS,
        "kinds": SectionKind.choices,
        "was_sent_back": publishing.is_sent_back(version),
        "presence": presence_words(drafting.notice_editing(version, by=request.user, at=at)) if version.is_open else "",
        "other": version.edited_by,
    }


def initial_of(version: ProtocolVersion, text: DraftText) -> dict[str, Any]:
    material = "yes" if text.material else "no"
    return {"token": version.token, "title": text.title, "change_summary": text.change_summary, "material": material}


def filled(text: DraftText) -> BaseSectionFormSet:
    """The sections of a text as forms."""
    rows = [{"key": part.key, "kind": part.kind, "heading": part.heading, "body": part.body} for part in text.sections]
    forms = SectionFormSet(initial=rows, prefix=PREFIX)
    forms.extra = 0
    return forms


def marked(sections: BaseSectionFormSet, merged: Merge | None) -> BaseSectionFormSet:
    """The forms of sections, each with its `clash` where two people changed it."""
    clashes = {str(key): clash for key, clash in merged.clashes.items()} if merged else {}
    for form in sections:
        form.clash = clashes.get(str(form["key"].value()))
    return sections


def rearranged(text: DraftText, then: str, argument: str) -> DraftText:
    """The text after a button was pressed: a section added, moved by one place, or removed when it has no words.

    Whoever removes words is asked first, on a page of its own.
    """
    sections = list(text.sections)
    if then == "add":
        kind = argument if argument in SectionKind.values else SectionKind.TEXT
        return replace(text, sections=[*sections, SectionText(kind, str(SectionKind(kind).label))])
    keys = [str(part.key) for part in sections]
    if argument not in keys:
        return text
    place = keys.index(argument)
    if then == "remove":
        if richtext.plain(sections[place].body):
            return text
        return replace(text, sections=sections[:place] + sections[place + 1 :])
    goal = {"up": place - 1, "down": place + 1}.get(then, place)
    if 0 <= goal < len(sections):
        sections[place], sections[goal] = sections[goal], sections[place]
    return replace(text, sections=sections)


def where_next(request: HttpRequest, version: ProtocolVersion, then: str, argument: str, sections: Any) -> HttpResponse:
    if then == "submit":
        messages.success(request, f"Version {version.number} is in review.")
        return redirect(version)
    if then == "preview":
        return redirect(version)
    if then == "questions":
        return redirect("protocols:draft-questions", version.protocol.slug)
    if then == "files":
        return redirect("protocols:draft-files", version.protocol.slug)
    address = reverse("protocols:draft-edit", args=[version.protocol.slug])
    if then == "add":
        return redirect(f"{address}#edit-{sections[-1].key}")
    if then == "remove" and argument in {str(part.key) for part in sections}:
        return redirect("protocols:draft-section-remove", version.protocol.slug, argument)
    if then in {"up", "down"} and argument in {str(part.key) for part in sections}:
        return redirect(f"{address}#edit-{argument}")
    messages.success(request, "Saved. Read it once more, then submit it." if then == "read-again" else "Saved.")
    return redirect(address)

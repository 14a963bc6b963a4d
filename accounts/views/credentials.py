"""A credential on its pages: filing it with its document, and checking what somebody else filed."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import filing
from accounts.credential_types import preview, rule_words
from accounts.credentials import state_on
from accounts.documents import bytes_of, download_name, picture_of
from accounts.forms.credentials import CredentialForm, ReasonForm, initial_of
from accounts.models import Credential, CredentialDocument, CredentialType, User
from accounts.roles import Capability
from accounts.trainings import to_check as trainings_to_check
from intranet.core.access import Conflict, Forbidden, Refused, add_refusal, require
from intranet.core.files import served
from intranet.core.time import organisation_day
from intranet.core.wording import full_day

WAITING_ON_A_PAGE = 50


@require_GET
def to_check(request: HttpRequest) -> HttpResponse:
    """What waits for a check by this person, the oldest first."""
    if not request.user.standing.scope(Capability.VERIFY_CREDENTIAL):
        raise Forbidden.because("not-a-checker", "Managers and the clinical lead check credentials.")
    page = Paginator(filing.to_check(request.user), WAITING_ON_A_PAGE).get_page(request.GET.get("page"))
    trainings = trainings_to_check(request.user)
    context = {"page": page, "trainings": trainings[:WAITING_ON_A_PAGE], "trainings_waiting": trainings.count()}
    return render(request, "accounts/to_check.html", context)


@require_http_methods(["GET", "POST"])
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """File a credential: first of which type, then what stands on it. From a line of the file both are known."""
    person = get_object_or_404(User.objects.with_file_visible_to(request.user), pk=pk)
    require(filing.may_file(person, by=request.user), Forbidden)
    offered = [type for type in CredentialType.objects.in_use().prefetch_related("skills") if type.is_for(person)]
    type = next((type for type in offered if type.code == request.GET.get("type")), None)
    if type is None:
        return render(request, "accounts/credential_types_offered.html", {"person": person, "offered": offered})
    form = CredentialForm(*_posted(request), type=type)
    if request.method == "POST" and form.is_valid() and (filed := _handed_in(request, person, type, form)):
        return redirect(filed.user)
    return _form_page(request, form, person, type)


@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what nobody has verified yet, or what was sent back."""
    credential = _credential(request, pk)
    require(filing.may_correct(credential, by=request.user), Forbidden)
    form = CredentialForm(
        *_posted(request), type=credential.type, credential=credential, initial=initial_of(credential)
    )
    if request.method == "POST" and form.is_valid():
        try:
            filing.correct(credential, form.facts, paper=form.paper, by=request.user, at=timezone.now())
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"{credential.type} is corrected, and waits for a check.")
            return redirect(credential.user)
    return _form_page(request, form, credential.user, credential.type, credential)


@require_GET
def credential(request: HttpRequest, pk: int) -> HttpResponse:
    """What is on file beside its document, and what this person may do with it."""
    return _page(request, _credential(request, pk))


@require_POST
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    """It is right. Only what was looked at is verified, not what has replaced it since."""
    credential = _credential(request, pk)
    try:
        filing.verify_credential(credential, by=request.user, at=timezone.now(), seen=request.POST.get("seen", ""))
    except Forbidden:
        raise
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(credential)
    messages.success(request, f"{credential.type} of {credential.user} is checked.")
    return _onwards(request, credential)


@require_POST
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Not right: the person reads why."""
    credential = _credential(request, pk)
    require(filing.may_verify(credential.user, by=request.user, type=credential.type), Forbidden)
    form = ReasonForm(request.POST, prefix="back")
    if form.is_valid():
        seen, reason = request.POST.get("seen", ""), form.cleaned_data["reason"]
        try:
            filing.send_back(credential, reason=reason, by=request.user, at=timezone.now(), seen=seen)
        except Conflict as conflict:
            form.add_error(None, str(conflict))
        else:
            messages.success(request, f"{credential.type} is sent back: {credential.user} sees why.")
            return _onwards(request, credential)
    return _page(request, _credential(request, pk), back=form)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """A check that was a mistake: it counts no longer, and stays on record."""
    credential = _credential(request, pk)
    require(filing.may_verify(credential.user, by=request.user, type=credential.type), Forbidden)
    form = ReasonForm(request.POST, prefix="withdraw")
    if form.is_valid():
        try:
            filing.withdraw(credential, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now())
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"The check of {credential.type} is withdrawn.")
            return redirect(credential.user)
    return _page(request, _credential(request, pk), withdrawal=form)


@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove what nobody has verified."""
    credential = _credential(request, pk)
    filing.take_back(credential, by=request.user)
    messages.success(request, f"{credential.type} is taken back, with its document.")
    return redirect(credential.user)


@require_GET
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """The document itself. A PDF is for the disk: what stands in it runs in no page of ours."""
    found = _document(request, pk)
    return served(bytes_of(found), found.kind, download_name(found), keep=found.kind == CredentialDocument.Kind.PDF)


@require_GET
def picture(request: HttpRequest, pk: int) -> HttpResponse:
    """A picture of the document, drawn by us: the first pages of a PDF, or the image."""
    found = _document(request, pk)
    content, kind = picture_of(found)
    return served(content, kind, "", keep=False)


def _document(request: HttpRequest, pk: int) -> CredentialDocument:
    credential = _credential(request, pk)
    require(filing.may_see_document(credential.user, by=request.user), Forbidden)
    if (found := filing.document_of(credential)) is None:
        raise Http404
    return found


def _credential(request: HttpRequest, pk: int) -> Credential:
    rows = Credential.objects.visible_to(request.user)
    people = ("user", "type", "document", "filed_by", "verified_by", "sent_back_by", "withdrawn_by")
    return get_object_or_404(rows.select_related(*people), pk=pk)


def _posted(request: HttpRequest) -> tuple[Any, ...]:
    return (request.POST, request.FILES) if request.method == "POST" else ()


def _handed_in(request: HttpRequest, person: User, type: CredentialType, form: CredentialForm) -> Credential | None:
    try:
        filed = filing.hand_in(person, type, form.facts, paper=form.paper, by=request.user, at=timezone.now())
    except Refused as refused:
        add_refusal(form, refused)
        return None
    until = f" to {full_day(filed.last_day)}" if filed.last_day else ""
    words = f"{type} is filed, from {full_day(filed.valid.lower)}{until}. It counts once another person has checked it."
    messages.success(request, words)
    if hole := filing.gap_before(filed):
        messages.warning(
            request, f"Nothing is on file from {full_day(hole[0])} to {full_day(hole[1])}: this one does not follow on."
        )
    return filed


def _form_page(
    request: HttpRequest,
    form: CredentialForm,
    person: User,
    type: CredentialType,
    credential: Credential | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "person": person,
        "type": type,
        "credential": credential,
        "rule": rule_words(type),
        "preview": preview(type, _today()),
        "choose_again": form.is_bound and "document" in form.files,
    }
    return render(request, "accounts/credential_form.html", context, status=422 if form.errors else 200)


def _page(
    request: HttpRequest, found: Credential, *, back: ReasonForm | None = None, withdrawal: ReasonForm | None = None
) -> HttpResponse:
    user, failed = request.user, bool((back and back.errors) or (withdrawal and withdrawal.errors))
    may_check = found.waits and filing.may_verify(found.user, by=user, type=found.type)
    context = {
        "credential": found,
        "document": filing.document_of(found),
        "state": state_on(found, _today()),
        "gap": filing.gap_before(found),
        "shows_document": filing.may_see_document(found.user, by=user),
        "may_check": may_check,
        "may_correct": filing.may_correct(found, by=user),
        "may_withdraw": filing.may_withdraw(found, by=user),
        "seen": filing.fingerprint(found),
        "back": back or ReasonForm(prefix="back"),
        "withdrawal": withdrawal or ReasonForm(prefix="withdraw"),
        "waiting": filing.to_check(user).exclude(pk=found.pk).count() if may_check else 0,
    }
    return render(request, "accounts/credential.html", context, status=422 if failed else 200)


def _onwards(request: HttpRequest, credential: Credential) -> HttpResponse:
    """To what waits next, for somebody who came from the queue; else to the person."""
    if request.POST.get("from") == "queue":
        return redirect("accounts:to-check")
    return redirect(credential.user)


def _today() -> date:
    return organisation_day(timezone.now())

"""Approving, publishing and withdrawing a version, and the settings of a protocol."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import Clinic, Membership
from accounts.roles import Role
from accounts.step_up import step_up
from intranet.core.access import Conflict, Forbidden, Refused, add_refusal, require
from intranet.core.forms import whole_number
from intranet.core.time import organisation_day
from intranet.core.wording import full_day
from protocols import drafting, impact
from protocols import publishing as actions
from protocols.acknowledging import months_between
from protocols.forms import AudienceTable, PublishForm, SendBackForm, SettingsForm, WithdrawForm
from protocols.models import Protocol, ProtocolVersion
from protocols.pages import ReadingPage
from protocols.publishing import Readers
from protocols.views.authoring import draft_in_question, named_number
from protocols.views.overtaking import with_words
from protocols.views.reading import visible_version

TERMS = ("effective", "due_days", "material", "reads", "must")


@require_POST
@step_up
def approve(request: HttpRequest, slug: str) -> HttpResponse:
    """Approve the text under which the form stood: it carries the version's number and token."""
    version = version_to_review(request, slug)
    token = whole_number(request.POST.get("token", "")) or 0
    despite = "despite_comments" in request.POST
    version = actions.approve(version, by=request.user, at=timezone.now(), token=token, despite_comments=despite)
    messages.success(request, f"You approved version {version.number}. The clinical lead can publish it now.")
    return redirect(version)


@require_POST
def send_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the version to its authors. When somebody was quicker, the reviewer's words stay on the page."""
    form = SendBackForm(request.POST)
    try:
        version = version_to_review(request, slug)
    except Conflict as conflict:
        return with_words(request, conflict, request.POST.get("remark", ""))
    require(actions.may_approve(version, by=request.user), Forbidden)
    if form.is_valid():
        try:
            version = actions.send_back(version, by=request.user, at=timezone.now(), **form.cleaned_data)
        except Conflict as conflict:
            return with_words(request, conflict, form.cleaned_data["remark"])
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Version {version.number} went back to its authors.")
            still_read = ProtocolVersion.objects.visible_to(request.user).filter(pk=version.pk).exists()
            return redirect(version if still_read else "protocols:library")
    page = ReadingPage(version, request.user, timezone.now())
    return render(request, "protocols/detail.html", {"page": page, "form": form, "send_back": form}, status=422)


def version_to_review(request: HttpRequest, slug: str) -> ProtocolVersion:
    return get_object_or_404(actions.named_for_review(slug, named_number(request), by=request.user))


def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """When it comes into force, who reads it, who must acknowledge it and in how many days.

    Whoever publishes has seen what that does: the form carries the fingerprint of the preview under which it stood. The
    preview has an address of its own with its terms, so that the browser comes back to it without sending anything again.
    """
    looks = request.GET if "due_days" in request.GET else None
    try:
        version = draft_in_question(request, slug)
    except Http404:
        if looks is None or request.method == "POST":
            raise
        # It is published by now: whoever comes back to the preview sees what became of it.
        return redirect(get_object_or_404(Protocol.objects.visible_to(request.user), slug=slug))
    require(actions.may_publish(request.user), Forbidden)
    drafting.require_open(version)
    asked = request.POST if request.method == "POST" else looks
    form = PublishForm(asked, initial=proposed_terms(version))
    table = AudienceTable(asked, Clinic.objects.all(), proposed_readers(version), people_by_role_and_clinic())
    context = {"version": version, "protocol": version.protocol, "form": form, "table": table}
    status = 422
    if form.is_valid():
        terms = {"by": request.user, "at": timezone.now(), "readers": table.readers(), **form.cleaned_data}
        try:
            found = impact.publish_or_show(version, seen=request.POST.get("seen", ""), **terms)
            if found is None:
                messages.success(request, f"Version {version.number} of “{version.title}” is published{_when(terms)}.")
                return redirect(version.protocol)
            context |= {"impact": found, "changed": "seen" in request.POST, "terms": terms_in(asked)}
        except Refused as refused:
            status = refused.status
            add_refusal(form, refused)
    context["left_empty"] = actions.left_empty(version)
    context["skills"] = version.protocol.skills.exists()
    return render(request, "protocols/publish.html", context, status=status if form.errors else 200)


def _when(terms: dict[str, Any]) -> str:
    """What the toast says of a version that starts later."""
    start = actions.start_of(terms["effective"], terms["at"])
    return f" and starts on {full_day(organisation_day(start))}" if start > terms["at"] else ""


def withdraw(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Take a version out of force at once, with the reason."""
    version = visible_version(request, slug, number)
    require(actions.may_publish(request.user), Forbidden)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.withdraw(version, by=request.user, at=timezone.now(), **form.cleaned_data)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Version {version.number} is withdrawn.")
            return redirect(version)
    context = {"version": version, "form": form, "status": version.status(timezone.now())}
    return render(request, "protocols/withdraw.html", context, status=422 if form.errors else 200)


def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Shelf, owner, risk, governed procedures and the review cycle."""
    protocol = get_object_or_404(Protocol.objects.visible_to(request.user).titled(timezone.now()), slug=slug)
    require(actions.may_publish(request.user), Forbidden)
    at = timezone.now()
    again = {"reattest_months": months_between(protocol, at)}
    form = SettingsForm(request.POST or None, instance=protocol, initial=again)
    if request.method == "POST" and form.is_valid():
        actions.change_settings(protocol, by=request.user, at=at, **form.cleaned_data)
        messages.success(request, "Settings saved.")
        return redirect(protocol)
    context = {"protocol": protocol, "form": form}
    return render(request, "protocols/settings.html", context, status=422 if form.errors else 200)


def terms_in(asked: QueryDict | None) -> list[tuple[str, str]]:
    """What was chosen, for the form that publishes just that."""
    return [(name, value) for name in TERMS for value in (asked.getlist(name) if asked else [])]


def proposed_terms(version: ProtocolVersion) -> dict[str, Any]:
    """What the form starts with: the authors' view on acknowledgements, and days by risk."""
    high_risk = version.protocol.high_risk
    days = drafting.DUE_DAYS_HIGH_RISK if high_risk and version.number == 1 else version.due_days
    return {"material": "yes" if version.material else "no", "due_days": days}


def proposed_readers(version: ProtocolVersion) -> list[Readers]:
    lines = version.audiences.select_related("clinic")
    return [Readers(Role(line.role), line.clinic, line.must_acknowledge) for line in lines]


def people_by_role_and_clinic() -> dict[Any, int]:
    """How many people hold each role at each clinic today: `{(role, clinic id): people}`."""
    today = Membership.objects.on(timezone.localdate()).filter(user__is_active=True)
    rows = today.order_by().values("role", "clinic").annotate(people=Count("user", distinct=True))
    return {(row["role"], row["clinic"]): row["people"] for row in rows}

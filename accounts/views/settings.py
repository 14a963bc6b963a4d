"""What administrators keep for the organisation: credential types, procedures and clinics."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.credential_types import Asked, asked, bring_back, preview, remove_part, retire
from accounts.forms.settings import ClinicForm, CredentialTypeForm, PartForm, SkillForm
from accounts.models import Clinic, CredentialType, QualificationPart, Skill
from accounts.settings_pages import may_change_settings
from intranet.core.access import Forbidden, Refused, require
from intranet.core.time import organisation_day
from intranet.reminders.registry import registered

RULE_FIELDS = ("rule", "months", "month", "day")


@require_GET
def settings(request: HttpRequest) -> HttpResponse:
    """The places under Settings, with how much is in each."""
    require(may_change_settings(request.user), Forbidden)
    context = {
        "types": CredentialType.objects.in_use().count(),
        "skills": Skill.objects.count(),
        "clinics": Clinic.objects.count(),
        "reminders": len(registered()),
    }
    return render(request, "accounts/settings.html", context)


@require_GET
def credential_types(request: HttpRequest) -> HttpResponse:
    require(may_change_settings(request.user), Forbidden)
    types = CredentialType.objects.prefetch_related("skills").order_by("retired_at", "name")
    return render(request, "accounts/settings_types.html", {"types": types})


@require_http_methods(["GET", "POST"])
def credential_type(request: HttpRequest, code: str = "") -> HttpResponse:
    """Add a type or change one. `do=preview` keeps nothing and says when one issued today would end."""
    require(may_change_settings(request.user), Forbidden)
    today = organisation_day(timezone.now())
    type = get_object_or_404(CredentialType, code=code) if code else CredentialType(checked_on=today)
    form = CredentialTypeForm(request.POST if request.method == "POST" else None, instance=type)
    looks = request.POST.get("do") == "preview"
    if form.is_bound and not looks and _kept(request, form):
        return redirect("accounts:settings-types")
    wrong = [error for name in RULE_FIELDS for error in form.errors.get(name, [])]
    context = {
        "form": form,
        "type": CredentialType.objects.filter(pk=type.pk).first(),
        "preview": wrong[0] if wrong else preview(form.instance, today) if form.instance.rule else "",
        "asked": _asked(form),
        "on_file": type.credentials.count() if type.pk else 0,
    }
    failed = form.is_bound and bool(form.errors) and not looks
    return render(request, "accounts/settings_type.html", context, status=422 if failed else 200)


def _asked(form: CredentialTypeForm) -> Asked:
    """Whom the type would ask, as the form says it; what cannot be read yet counts as it is stored."""
    gates = form.cleaned_data.get("skills", ()) if form.is_bound else form.initial.get("skills", ())
    return asked(form.instance, gates=list(gates), at=timezone.now())


@require_POST
def credential_type_retire(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for it no longer, or again."""
    require(may_change_settings(request.user), Forbidden)
    type = get_object_or_404(CredentialType, code=code)
    try:
        if type.retired_at is None:
            retire(type, by=request.user, at=timezone.now())
            messages.success(request, f"{type} is asked for no longer. What is on file stays.")
        else:
            bring_back(type, by=request.user)
            messages.success(request, f"{type} is asked for again.")
    except Forbidden:
        raise
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("accounts:settings-type", type.code)
    return redirect("accounts:settings-types")


@require_http_methods(["GET", "POST"])
def part(request: HttpRequest, code: str, pk: int | None = None) -> HttpResponse:
    """Add a part to a qualification or change one."""
    require(may_change_settings(request.user), Forbidden)
    type = get_object_or_404(CredentialType, code=code)
    row = get_object_or_404(type.parts, pk=pk) if pk else QualificationPart(type=type, order=type.parts.count() + 1)
    form = PartForm(request.POST if request.method == "POST" else None, instance=row)
    if form.is_bound and _kept(request, form):
        return redirect("accounts:settings-type", type.code)
    name = QualificationPart.objects.get(pk=pk).name if pk else "Add a part"
    context = {"form": form, "type": type, "part": row if pk else None, "name": name}
    return render(request, "accounts/settings_part.html", context, status=422 if form.errors else 200)


@require_POST
def part_remove(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Ask for a part no longer."""
    require(may_change_settings(request.user), Forbidden)
    part = get_object_or_404(QualificationPart, type__code=code, pk=pk)
    try:
        remove_part(part, by=request.user)
    except Forbidden:
        raise
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("accounts:settings-part", code, pk)
    messages.success(request, f"{part} is asked for no longer.")
    return redirect("accounts:settings-type", code)


@require_GET
def skills(request: HttpRequest) -> HttpResponse:
    require(may_change_settings(request.user), Forbidden)
    rows = [
        (skill, [skill.region or "No region", *(type.name for type in skill.required_types.all())])
        for skill in Skill.objects.prefetch_related("required_types")
    ]
    return _list(request, rows, "Procedures", "needle", "accounts:settings-skill", "code", "Add a procedure")


@require_http_methods(["GET", "POST"])
def skill(request: HttpRequest, code: str = "") -> HttpResponse:
    require(may_change_settings(request.user), Forbidden)
    row = get_object_or_404(Skill, code=code) if code else Skill()
    form = SkillForm(request.POST if request.method == "POST" else None, instance=row)
    words = ("Procedures", "accounts:settings-skills", "Add a procedure")
    return _edit(request, form, words)


@require_GET
def clinics(request: HttpRequest) -> HttpResponse:
    require(may_change_settings(request.user), Forbidden)
    rows = [
        (clinic, [words for words in (clinic.address, clinic.phone, clinic.time_zone) if words])
        for clinic in Clinic.objects.visible_to(request.user)
    ]
    return _list(request, rows, "Clinics", "pin", "accounts:settings-clinic", "slug", "Add a clinic")


@require_http_methods(["GET", "POST"])
def clinic(request: HttpRequest, slug: str = "") -> HttpResponse:
    require(may_change_settings(request.user), Forbidden)
    row = get_object_or_404(Clinic.objects.visible_to(request.user), slug=slug) if slug else Clinic()
    form = ClinicForm(request.POST if request.method == "POST" else None, instance=row)
    words = ("Clinics", "accounts:settings-clinics", "Add a clinic")
    return _edit(request, form, words, template="accounts/settings_clinic.html")


def _list(
    request: HttpRequest,
    rows: list[tuple[Any, list[str]]],
    title: str,
    icon: str,
    route: str,
    key: str,
    add: str,
) -> HttpResponse:
    lines = [(row, getattr(row, key), facts) for row, facts in rows]
    context = {"lines": lines, "title": title, "icon_name": icon, "route": route, "add": add, "new": f"{route}-new"}
    return render(request, "accounts/settings_list.html", context)


def _edit(
    request: HttpRequest, form: ModelForm, words: tuple[str, str, str], template: str = "accounts/settings_edit.html"
) -> HttpResponse:
    place, back, add = words
    if form.is_bound and _kept(request, form):
        return redirect(back)
    name = str(type(form.instance).objects.get(pk=form.instance.pk)) if form.instance.pk else add
    context = {"form": form, "place": place, "back": back, "name": name}
    return render(request, template, context, status=422 if form.errors else 200)


def _kept(request: HttpRequest, form: Any) -> bool:
    if not form.is_valid():
        return False
    try:
        row = form.keep(request.user)
    except ValidationError as error:
        form.add_error(None, error.messages)
        return False
    messages.success(request, f"{row} is saved.")
    return True

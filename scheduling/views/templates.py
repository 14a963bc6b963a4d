"""Usual shifts and week templates of a clinic, and filling a week with one."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from intranet.core.access import Conflict, Refused, add_refusal
from intranet.core.time import local_day
from scheduling.making_templates import (
    add_week_template,
    change_week_template,
    lines_of,
    retire_week_template,
    usual_shifts_of,
)
from scheduling.models import ShiftTemplate, WeekTemplate
from scheduling.template_forms import ApplyForm, UsualShiftForm, WholeTemplate
from scheduling.usual_shifts import add_usual_shift, change_usual_shift, retire_usual_shift
from scheduling.views.answers import say_filled
from scheduling.views.setup import own_clinic
from scheduling.week_templates import apply_template, foresee


@require_GET
def templates(request: HttpRequest, slug: str) -> HttpResponse:
    clinic = own_clinic(request, slug)
    weeks = WeekTemplate.objects.filter(clinic=clinic, retired=False).annotate(line_count=Count("lines"))
    looked_at = ApplyForm(request.GET, today=local_day(timezone.now(), clinic.zone))  # the week of the board, if any
    week = looked_at.monday if "week" in request.GET and looked_at.is_valid() else None
    context = {"clinic": clinic, "templates": weeks, "shifts": usual_shifts_of(clinic), "week": week}
    return render(request, "scheduling/templates.html", context)


@require_http_methods(["GET", "POST"])
def usual_shift_add(request: HttpRequest, slug: str) -> HttpResponse:
    clinic = own_clinic(request, slug)
    form, status = UsualShiftForm(request.POST or None), 200
    if form.is_valid():
        try:
            row = add_usual_shift(clinic, form.wanted, by=request.user)
        except Refused as refused:
            add_refusal(form, refused)
            status = refused.status
        else:
            messages.success(request, f"{row} is a usual shift at {clinic} now.")
            return redirect("scheduling:templates", clinic.slug)
    context = {"clinic": clinic, "form": form}
    return render(request, "scheduling/usual_shift.html", context, status=_failed(status, form))


@require_http_methods(["GET", "POST"])
def usual_shift(request: HttpRequest, pk: int) -> HttpResponse:
    row = _own_shift(request, pk)
    form, status = UsualShiftForm(request.POST or None, row=row), 200
    if form.is_valid():
        try:
            change_usual_shift(row, form.wanted, seen=form.cleaned_data["seen"], by=request.user)
        except Refused as refused:
            add_refusal(form, refused)
            status = refused.status
        else:
            messages.success(request, f"Saved. Shifts that were made of {row} stay as they are.")
            return redirect("scheduling:templates", row.clinic.slug)
    context = {"clinic": row.clinic, "row": row, "form": form}
    return render(request, "scheduling/usual_shift.html", context, status=_failed(status, form))


@require_POST
def usual_shift_retire(request: HttpRequest, pk: int) -> HttpResponse:
    row = _own_shift(request, pk)
    try:
        retire_usual_shift(row, by=request.user)
    except Refused as refused:
        context = {"clinic": row.clinic, "row": row, "form": UsualShiftForm(row=row), "refused": refused}
        return render(request, "scheduling/usual_shift.html", context, status=refused.status)
    messages.success(request, f"{row} is retired. Its shifts stay.")
    return redirect("scheduling:templates", row.clinic.slug)


@require_http_methods(["GET", "POST"])
def week_template_add(request: HttpRequest, slug: str) -> HttpResponse:
    clinic = own_clinic(request, slug)
    whole, status = WholeTemplate(request.POST or None, clinic, timezone.now()), 200
    if request.method == "POST" and whole.is_valid():
        try:
            template = add_week_template(clinic, whole.wanted, by=request.user)
        except Refused as refused:
            add_refusal(whole.form, refused)
            status = refused.status
        else:
            messages.success(request, f"“{template}” is saved. It fills a week when you say so.")
            return redirect("scheduling:week-template", template.pk)
    context = {"clinic": clinic, "whole": whole}
    return render(request, "scheduling/week_template.html", context, status=_failed(status, whole))


@require_http_methods(["GET", "POST"])
def week_template(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole template in one form. Whoever saves second is told, and may then replace what the first one saved."""
    template = _own_template(request, pk)
    whole = WholeTemplate(
        request.POST or None, template.clinic, timezone.now(), template=template, lines=lines_of(template)
    )
    status, meanwhile = 200, False
    if request.method == "POST" and whole.is_valid():
        version = whole.form.cleaned_data["version"] or 0
        try:
            change_week_template(template, whole.wanted, version=version, by=request.user)
        except Refused as refused:
            add_refusal(whole.form, refused)
            status, meanwhile = refused.status, isinstance(refused, Conflict)
        else:
            messages.success(request, "Saved. Weeks that are filled stay as they are.")
            return redirect("scheduling:week-template", template.pk)
    if meanwhile:
        whole.look_again(template)
    context = {"clinic": template.clinic, "template": template, "whole": whole, "meanwhile": meanwhile}
    return render(request, "scheduling/week_template.html", context, status=_failed(status, whole))


@require_POST
def week_template_retire(request: HttpRequest, pk: int) -> HttpResponse:
    template = _own_template(request, pk)
    retire_week_template(template, by=request.user)
    messages.success(request, f"“{template}” is retired. The shifts that it made stay.")
    return redirect("scheduling:templates", template.clinic.slug)


@require_http_methods(["GET", "POST"])
def week_template_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Look at what a week would get, then fill it. The answer is shown at once: doing it again would make nothing."""
    at, template = timezone.now(), _own_template(request, pk)
    today = local_day(at, template.clinic.zone)
    form = ApplyForm(request.POST if request.method == "POST" else request.GET, today=today)
    context = {"clinic": template.clinic, "template": template, "form": form}
    status = 200 if form.is_valid() else 422
    if request.method == "POST" and form.fills and form.is_valid() and form.monday:
        try:
            filled = apply_template(template, form.monday, by=request.user, at=at, reason=form.cleaned_data["reason"])
        except Refused as refused:
            add_refusal(form, refused)
            status = refused.status
        else:
            say_filled(request, filled, "made")
            return render(request, "scheduling/filled.html", context | {"filled": filled})
    if form.monday:
        context |= {"monday": form.monday, "foreseen": foresee(template, form.monday)}
    return render(request, "scheduling/apply_template.html", context, status=status)


def _own_shift(request: HttpRequest, pk: int) -> ShiftTemplate:
    own = ShiftTemplate.objects.visible_to(request.user).filter(retired=False).select_related("clinic", "skill")
    return get_object_or_404(own, pk=pk)


def _own_template(request: HttpRequest, pk: int) -> WeekTemplate:
    own = WeekTemplate.objects.visible_to(request.user).filter(retired=False).select_related("clinic")
    return get_object_or_404(own, pk=pk)


def _failed(status: int, form: UsualShiftForm | WholeTemplate) -> int:
    """422 for what the form itself refused."""
    return 422 if status == 200 and form.is_bound and not form.is_valid() else status

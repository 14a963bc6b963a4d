"""Days of a clinic that are not like the others: one page for holidays, short hours and days without time off."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Clinic
from intranet.core.access import Forbidden, Refused, add_refusal, require
from intranet.core.time import local_day
from intranet.core.wording import counted, full_day
from scheduling import special_days
from scheduling.assigning import may_edit
from scheduling.day_forms import BlackoutForm, SpecialDayForm
from scheduling.models import Blackout, SpecialDay
from scheduling.views.setup import own_clinic


@require_http_methods(["GET", "POST"])
def days(request: HttpRequest, slug: str) -> HttpResponse:
    """The days to come, with the shifts that lie outside their hours; and a special day that is added."""
    clinic = get_object_or_404(Clinic.objects.visible_to(request.user), slug=slug)
    require(special_days.may_keep_days(clinic, request.user), Forbidden)
    form = SpecialDayForm(request.POST or None)
    if not form.is_valid():
        return _page(request, clinic, form=form)
    try:
        special = special_days.add_special_day(form.special_day(clinic), by=request.user, at=timezone.now())
    except Refused as refused:
        add_refusal(form, refused)
        return _page(request, clinic, refused.status, form=form)
    outside = len(special_days.affected([special], request.user)[special.pk])
    said = f" {counted(outside, 'shift lies', 'shifts lie')} outside its hours: see below." if outside else ""
    messages.success(request, f"{special.name} on {full_day(special.day)} is added.{said}")
    return redirect("scheduling:days", clinic.slug)


@require_POST
def special_day_remove(request: HttpRequest, pk: int) -> HttpResponse:
    specials = SpecialDay.objects.filter(clinic__in=Clinic.objects.visible_to(request.user))
    special = get_object_or_404(specials.select_related("clinic"), pk=pk)
    special_days.remove_special_day(special, by=request.user)
    messages.success(request, f"{full_day(special.day)} is a day like the others again.")
    return redirect("scheduling:days", special.clinic.slug)


@require_POST
def blackout_add(request: HttpRequest, slug: str) -> HttpResponse:
    clinic, form = own_clinic(request, slug), BlackoutForm(request.POST)
    if not form.is_valid():
        return _page(request, clinic, blackout_form=form)
    said = form.cleaned_data
    try:
        special_days.add_blackout(
            clinic, said["first"], said["last"], said["reason"], by=request.user, at=timezone.now()
        )
    except Refused as refused:
        add_refusal(form, refused)
        return _page(request, clinic, refused.status, blackout_form=form)
    messages.success(request, "The days are kept. Requests for them are still taken, with a warning to both sides.")
    return redirect("scheduling:days", clinic.slug)


@require_POST
def blackout_remove(request: HttpRequest, pk: int) -> HttpResponse:
    blackouts = Blackout.objects.filter(clinic__in=Clinic.objects.visible_to(request.user))
    blackout = get_object_or_404(blackouts.select_related("clinic"), pk=pk)
    special_days.remove_blackout(blackout, by=request.user)
    messages.success(request, "Time off is granted on these days as on others.")
    return redirect("scheduling:days", blackout.clinic.slug)


def _page(request: HttpRequest, clinic: Clinic, status: int = 200, **forms: Any) -> HttpResponse:
    today = local_day(timezone.now(), clinic.zone)
    specials = list(SpecialDay.objects.filter(clinic=clinic, day__gte=today).select_related("clinic"))
    outside = special_days.affected(specials, request.user)
    context = {
        "clinic": clinic,
        "edits": bool(may_edit(clinic, request.user)),
        "specials": [(special, outside[special.pk]) for special in specials],
        "blackouts": _blackouts(clinic, today),
        "form": forms.get("form", SpecialDayForm()),
        "blackout_form": forms.get("blackout_form", BlackoutForm()),
    }
    faulty = any(form.is_bound and not form.is_valid() for form in forms.values())
    return render(request, "scheduling/days.html", context, status=422 if faulty and status == 200 else status)


def _blackouts(clinic: Clinic, today: date) -> list[Blackout]:
    return list(Blackout.objects.filter(clinic=clinic, days__endswith__gt=today).select_related("clinic"))

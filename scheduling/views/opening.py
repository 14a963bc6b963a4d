"""When a clinic is open: one page for the whole week."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import Clinic
from accounts.roles import Capability
from intranet.core.access import Conflict, Forbidden, Refused, add_refusal, require
from scheduling.hours_form import HoursForm
from scheduling.opening import hours_of, may_set_hours, set_opening_hours, spoken


@require_http_methods(["GET", "POST"])
def hours(request: HttpRequest, slug: str) -> HttpResponse:
    """Each weekday with two times; a day without them is closed."""
    clinic = get_object_or_404(Clinic.objects.visible_to(request.user), slug=slug)
    require(may_set_hours(clinic, request.user), Forbidden)
    form = HoursForm(request.POST or None, hours=hours_of(clinic))
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            set_opening_hours(clinic, form.hours, by=request.user, seen=form.cleaned_data["seen"])
        except Refused as refused:
            add_refusal(form, refused)
            status = refused.status
            if isinstance(refused, Conflict):
                form.look_again()
        else:
            messages.success(request, f"{clinic}: {spoken(form.hours)}.")
            return redirect("scheduling:hours", clinic.slug)
    context = {
        "clinic": clinic,
        "form": form,
        "keeps_settings": request.user.standing.may(Capability.SETTINGS),
    }
    failed = 422 if form.errors and status == 200 else status
    return render(request, "scheduling/hours.html", context, status=failed)

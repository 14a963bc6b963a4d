"""Copying one week of a clinic to another: which, then what became of each shift."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import Clinic
from intranet.core.access import Forbidden, Refused, add_refusal, require
from intranet.core.time import monday_of
from scheduling import assigning, week_templates
from scheduling.models import Shift
from scheduling.placing_forms import CopyWeekForm
from scheduling.views.answers import say_filled
from scheduling.views.publishing import day_of

WEEK = timedelta(days=7)


@require_http_methods(["GET", "POST"])
def copy_week(request: HttpRequest, clinic: str, monday: str) -> HttpResponse:
    """The answer names every shift that is open instead or left out. Sent again, it makes nothing twice."""
    place = get_object_or_404(Clinic.objects.visible_to(request.user), slug=clinic)
    require(assigning.may_edit(place, request.user), Forbidden)
    target = monday_of(day_of(monday))
    form = CopyWeekForm(request.POST or None, usual=target - WEEK)
    status = 422 if form.errors else 200
    context = {"clinic": place, "monday": target, "form": form}
    if request.method == "POST" and form.is_valid():
        chosen, now = form.cleaned_data, timezone.now()
        try:
            filled = week_templates.copy_week(
                place, chosen["source"], target, by=request.user, at=now, reason=chosen["reason"]
            )
        except Refused as refused:
            add_refusal(form, refused)
            status = refused.status
        else:
            say_filled(request, filled, "copied")
            return render(request, "scheduling/copy_week.html", context | {"filled": filled})
    planned = Shift.objects.visible_to(request.user).planned().filter(clinic=place)
    context |= {
        "count": planned.filter(week__monday=target - WEEK).count(),
        "present": planned.filter(week__monday=target).count(),
    }
    return render(request, "scheduling/copy_week.html", context, status=status)

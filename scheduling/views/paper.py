"""The week for the wall."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Clinic
from intranet.core.access import Forbidden, require
from intranet.core.time import organisation_day
from scheduling.report_forms import WeekForm
from scheduling.roster import may_see_roster
from scheduling.week_paper import A_WEEK, sheets


@require_safe
def week_paper(request: HttpRequest) -> HttpResponse:
    """The published week of one clinic or of all, a sheet for each."""
    require(may_see_roster(request.user), Forbidden)
    form = WeekForm(request.GET, clinics=list(Clinic.objects.visible_to(request.user)))
    if form.left_out:
        raise Http404("There is no such week or clinic.")
    now = timezone.now()
    monday = form.monday(organisation_day(now))
    context = {"form": form, "sheets": sheets(form.clinics, monday), "monday": monday, "now": now}
    context |= {"previous": monday - A_WEEK, "following": monday + A_WEEK}
    return render(request, "scheduling/week_paper.html", context)

"""What rosters are made from: the way to the rules, needs, days and templates of a clinic."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from accounts.models import Clinic
from intranet.core.access import Forbidden, require
from scheduling.assigning import may_edit
from scheduling.opening import hours_of, may_set_hours, spoken


@require_GET
def setup(request: HttpRequest, slug: str) -> HttpResponse:
    """Managers of the clinic find everything here; administrators what they may keep of it."""
    clinic = get_object_or_404(Clinic.objects.visible_to(request.user), slug=slug)
    require(may_set_hours(clinic, request.user), Forbidden)
    context = {
        "clinic": clinic,
        "edits": bool(may_edit(clinic, request.user)),
        "hours": spoken(hours_of(clinic)),
    }
    return render(request, "scheduling/setup.html", context)


def own_clinic(request: HttpRequest, slug: str) -> Clinic:
    """The clinic, for whoever makes its roster; 403 for the others."""
    clinic = get_object_or_404(Clinic.objects.visible_to(request.user), slug=slug)
    require(may_edit(clinic, request.user), Forbidden)
    return clinic

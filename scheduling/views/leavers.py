"""The shifts to come of somebody who left: look at the list, then make them open."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.roles import Capability
from intranet.core.access import Forbidden, Refused, Verdict, require
from intranet.core.wording import counted
from scheduling.leavers import open_shifts, shifts_left
from scheduling.views.ticked import ticked_shifts


@require_http_methods(["GET", "POST"])
def leaver(request: HttpRequest, pk: int) -> HttpResponse:
    """A manager sees the shifts at the own clinics. Those that are ticked become open, all or none."""
    at = timezone.now()
    require(may_open_shifts(request.user), Forbidden)
    person = get_object_or_404(User.objects.visible_to(request.user).filter(is_active=False), pk=pk)
    refused = None
    if request.method == "POST":
        try:
            number = open_shifts(person, shown_versions(request), by=request.user, at=at)
        except Refused as error:
            refused = error
        else:
            said = counted(number, "shift is", "shifts are")
            messages.success(request, f"{said} open now. Staff see it when you publish the week.")
            return redirect("scheduling:leaver", person.pk)
    context = {"person": person, "shifts": shifts_left(person, request.user, at), "refused": refused}
    return render(request, "scheduling/leaver.html", context, status=refused.status if refused else 200)


def may_open_shifts(user: User) -> Verdict:
    if user.standing.scope(Capability.EDIT_ROSTER):
        return Verdict()
    return Verdict.no("no-manager", "Only managers open the shifts of somebody who left.")


def shown_versions(request: HttpRequest) -> dict[UUID, int]:
    """The shifts that are ticked, each with the version that the page showed."""
    versions = ticked_shifts(request)
    if not versions:
        raise Refused.because("none-ticked", "Tick the shifts that should become open.")
    return versions

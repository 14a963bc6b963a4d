"""Inviting many people at once: check a staff list, read what is wrong, and invite everybody on it, or nobody."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts import inviting
from accounts import staff_list as lists
from accounts.forms.staff_list import StaffListForm
from accounts.hiring import roles_to_invite_as
from accounts.models import Clinic, Profession
from accounts.roles import Capability, Role
from accounts.second_step import DEMANDING
from accounts.step_up import confirm_first
from intranet.core.access import Forbidden, Refused, require
from intranet.core.exports import csv_response
from intranet.core.wording import counted


@require_http_methods(["GET", "POST"])
def staff_list(request: HttpRequest) -> HttpResponse:
    """Check a list, which stores nothing; then invite everybody on what was checked, if it is still right."""
    require(inviting.may_invite(request.user), Forbidden)
    posted = (request.POST, request.FILES) if request.method == "POST" else ()
    form = StaffListForm(*posted, by=request.user)
    valid = form.is_valid()
    to_invite = valid and request.POST.get("do") == "invite"
    if to_invite and _invited(request, form):
        return redirect("accounts:invitations")
    context = {
        "form": form,
        "lines": form.lines,
        "wrong": [line for line in form.lines if not line.verdict],
        "columns": lists.COLUMNS,
        "words": _words(request),
    }
    failed = (form.is_bound and not valid) or to_invite
    return render(request, "accounts/staff_list.html", context, status=422 if failed else 200)


@require_GET
def example(request: HttpRequest) -> HttpResponse:
    """A list to start from, with a clinic for which the person may invite."""
    require(inviting.may_invite(request.user), Forbidden)
    clinic = Clinic.objects.where(request.user, Capability.INVITE).first()
    people = [
        ("Nina Newcomer", "nina.newcomer@example.org", Role.THERAPIST.label, clinic, Profession.PT.label),
        ("Otto Startmann", "otto.startmann@example.org", Role.FRONT_DESK.label, clinic, Profession.DESK.label),
    ]
    return csv_response("staff-list", lists.COLUMNS, people)


def _invited(request: HttpRequest, form: StaffListForm) -> bool:
    """False when a line is wrong by now: then the form holds the new verdicts, and nobody was invited."""
    if any(line.place and line.place.role in DEMANDING for line in form.lines):
        confirm_first(request)
    try:
        sent = lists.invite_everybody(form.lines, by=request.user, at=timezone.now())
    except Refused:
        form.lines = lists.check(form.cleaned_data["text"], by=request.user)
        return False
    people = counted(len(sent), "person was", "people were")
    messages.success(request, f"{people} invited: a link goes to each address within minutes.")
    return True


def _words(request: HttpRequest) -> dict[str, list[str]]:
    """What may stand in a cell, by column, for the person who invites."""
    given = roles_to_invite_as(request.user)
    roles = [role.label for role in Role if role in given]
    clinics = [clinic.name for clinic in Clinic.objects.where(request.user, Capability.INVITE)]
    return {"Role": roles, "Clinic": clinics, "Profession": list(Profession.labels)}

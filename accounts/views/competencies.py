"""The clinical lead signs people off for procedures, and takes it back."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import competencies
from accounts.files import missing_besides
from accounts.forms.competencies import SignOffForm, TakeBackForm
from accounts.models import Competency, Skill, User
from intranet.core.access import Forbidden, Refused, add_refusal, require
from intranet.core.time import organisation_day


@require_http_methods(["GET", "POST"])
def sign_off(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Sign somebody off for a procedure, from a day to a day."""
    person = get_object_or_404(User.objects.with_file_visible_to(request.user), pk=pk)
    skill = get_object_or_404(Skill, code=code)
    require(competencies.may_grant_competency(person, by=request.user), Forbidden)
    now = timezone.now()
    held = list(person.competencies.filter(skill=skill).select_related("granted_by"))
    form = SignOffForm(request.POST or None, start=_next_first_day(held, organisation_day(now)))
    if request.method == "POST" and form.is_valid():
        try:
            competencies.grant_competency(person, skill, start=form.start, end=form.end, by=request.user, at=now)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"{person.name} is signed off for {skill}.")
            return redirect(person)
    missing = missing_besides(person, skill, organisation_day(now))
    context = {"person": person, "skill": skill, "held": held, "form": form, "missing": missing}
    return render(request, "accounts/sign_off.html", context, status=422 if form.errors else 200)


def _next_first_day(held: list[Competency], today: date) -> date:
    """The day after the last that is granted already, or today."""
    return max([today, *(one.last_day + timedelta(days=1) for one in held if one.ended_at is None)])


@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a sign-off back, with a reason."""
    mine = Competency.objects.visible_to(request.user).select_related("user", "skill", "granted_by")
    competency = get_object_or_404(mine, pk=pk)
    require(competencies.may_grant_competency(competency.user, by=request.user), Forbidden)
    form = TakeBackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        competencies.end_competency(competency, by=request.user, at=timezone.now(), reason=reason)
        messages.success(request, f"{competency.user.name} is not signed off for {competency.skill} any more.")
        return redirect(competency.user)
    context = {"competency": competency, "person": competency.user, "form": form}
    return render(request, "accounts/competency_end.html", context, status=422 if form.errors else 200)

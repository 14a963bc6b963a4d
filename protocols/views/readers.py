"""Bookmarks, and problems that readers report."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from intranet.core.access import Forbidden, Refused, add_refusal, require
from intranet.core.time import organisation_day
from intranet.core.views import back
from intranet.core.wording import name_list
from protocols import readers
from protocols.forms import AnswerForm, ProblemForm
from protocols.models import Problem, Protocol
from protocols.views.reading import visible_version


@require_POST
def bookmark(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the protocol at hand, or no longer: `keep` says which."""
    protocol = get_object_or_404(Protocol.objects.visible_to(request.user), slug=slug)
    if request.POST.get("keep") == "yes":
        readers.bookmark(protocol, by=request.user, at=timezone.now())
    else:
        readers.remove_bookmark(protocol, by=request.user)
    return back(request, protocol.get_absolute_url())


@require_http_methods(["GET", "POST"])
def report_problem(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Say what is wrong on a version, to whoever answers for its protocol."""
    version, at = visible_version(request, slug, number), timezone.now()
    told = [person for person in readers.answering(version.protocol, on=organisation_day(at)) if person != request.user]
    form = ProblemForm(request.POST or None, version=version, initial={"section": request.GET.get("section", "")})
    if request.method == "POST" and form.is_valid():
        try:
            readers.report_problem(version, **form.cleaned_data, by=request.user, at=at)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, _thanks(told))
            return redirect(version)
    context = {"version": version, "form": form, "told": _named(told)}
    return render(request, "protocols/problem_new.html", context, status=422 if form.errors else 200)


def _thanks(told: list[User]) -> str:
    if not told:
        return "It is on the list of problems."
    return f"{_named(told)} {'has' if len(told) == 1 else 'have'} been told. Thank you."


def _named(people: list[User]) -> str:
    return name_list([person.name for person in people])


@require_GET
def problems(request: HttpRequest) -> HttpResponse:
    """What is open on protocols that the person answers for, and what came of the person's own reports."""
    seen = Problem.objects.visible_to(request.user).select_related("version__protocol", "by", "closed_by")
    open_ones = [(one, bool(readers.may_close(one, by=request.user))) for one in seen.open().order_by("at", "pk")[:200]]
    context = {"open": open_ones, "closed": seen.filter(closed_at__isnull=False).order_by("-closed_at")[:50]}
    return render(request, "protocols/problems.html", context)


@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what came of a problem."""
    seen = Problem.objects.visible_to(request.user).select_related("version__protocol", "by", "closed_by")
    problem = get_object_or_404(seen, pk=pk)
    may = readers.may_close(problem, by=request.user)
    form = AnswerForm(request.POST or None)
    if request.method == "POST":
        require(may, Forbidden)
    if form.is_valid():
        try:
            readers.close_problem(problem, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"{problem.by} can read your answer.")
            return redirect("protocols:problems")
    answering = readers.answering(problem.version.protocol, on=organisation_day(timezone.now()))
    context = {"problem": problem, "form": form, "may": may, "answering": _named(answering)}
    return render(request, "protocols/problem.html", context, status=422 if form.errors else 200)

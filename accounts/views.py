from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.credentials import credential_file, may_verify, verify_credential
from accounts.directory import directory, role_words
from accounts.forms import PeopleFilter
from accounts.models import Competency, Credential

PEOPLE_ON_A_PAGE = 50


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """The staff directory: work contact only."""
    today = timezone.localdate()
    form = PeopleFilter(request.GET or None, user=request.user)
    found = form.narrow(directory(request.user, today), today) if request.GET else directory(request.user, today)
    page = Paginator(found, PEOPLE_ON_A_PAGE).get_page(request.GET.get("page"))
    for person in page:
        person.roles = role_words(person.roles_on_day)
    template = "accounts/people.html#results" if request.htmx else "accounts/people.html"
    return render(request, template, {"form": form, "page": page})


@require_GET
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: contact and roles for everybody; the competency file for those who may see it."""
    now = timezone.now()
    today = timezone.localdate(now)
    found = get_object_or_404(directory(request.user, today), pk=pk)
    visible = Credential.objects.visible_to(request.user).filter(user=found)
    sees_file = found == request.user or visible.exists()
    context = {"person": found, "roles": role_words(found.roles_on_day), "sees_file": sees_file}
    if sees_file:
        context["lines"] = [
            (
                line,
                bool(
                    line.credential and not line.credential.verified_at and may_verify(line.credential, by=request.user)
                ),
            )
            for line in credential_file(found, today)
        ]
        competencies = Competency.objects.visible_to(request.user).filter(user=found)
        context["competencies"] = [
            (grant, grant.in_force_at(now)) for grant in competencies.select_related("skill", "granted_by")
        ]
    return render(request, "accounts/person.html", context)


@require_POST
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm that a document is on file and right."""
    credential = get_object_or_404(Credential.objects.visible_to(request.user).select_related("user", "type"), pk=pk)
    verify_credential(credential, by=request.user, at=timezone.now())
    messages.success(request, f"{credential.type} of {credential.user} is verified.")
    return redirect(credential.user)

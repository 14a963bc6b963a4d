"""The directory, a person's page, and what is done there."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.addresses import troubles_visible_to
from accounts.directory import directory, named_like, presences, staff
from accounts.files import file_of
from accounts.forms.people import PeopleFilter
from accounts.hiring import roles_to_give
from accounts.leaving import left_to_do
from accounts.profile import changeable
from accounts.roles import Capability
from accounts.vcard import card, file_name
from intranet.core.time import organisation_day

PEOPLE_ON_A_PAGE = 50


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """The staff directory: work contact, and who is on today. htmx asks for the part below the filters."""
    now = timezone.now()
    everybody = staff(request.user, organisation_day(now))
    form = PeopleFilter(request.GET, viewer=request.user)
    page = Paginator(form.narrow(everybody, now), PEOPLE_ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "presences": presences(page.object_list, request.user, now),
        "sees_files": bool(request.user.standing.scope(Capability.SEE_CREDENTIALS)),
        "alike": named_like(everybody.filter(is_active=True), form.words) if not page.object_list else [],
    }
    part = "#results" if request.htmx else ""
    response = render(request, f"accounts/people.html{part}", context)
    response.headers["Vary"] = "HX-Request"
    return response


@require_GET
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: contact and roles for everybody, the file for those who may see it."""
    now = timezone.now()
    today = organisation_day(now)
    found = get_object_or_404(staff(request.user, today), pk=pk)
    file = file_of(found, viewer=request.user, on=today, at=now)
    troubles = troubles_visible_to(request.user, now).open().filter(person=found)
    context = {
        "person": found,
        "file": file,
        "trouble": troubles.first() if found != request.user else None,
        "presence": presences([found], request.user, now).get(found.pk),
        "may_change": changeable(found, by=request.user, at=now),
        "gives_roles": bool(roles_to_give(request.user)),
        "left_to_do": left_to_do(found, request.user, now),
    }
    return render(request, "accounts/person.html", context)


@require_GET
def vcard(request: HttpRequest, pk: int) -> HttpResponse:
    """A colleague's work contact, for the contacts of a phone."""
    found = get_object_or_404(directory(request.user, organisation_day(timezone.now())), pk=pk)
    response = HttpResponse(card(found, found.roles_on_day), content_type="text/vcard; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name(found)}"'
    return response


@require_GET
def me(request: HttpRequest) -> HttpResponse:
    """One's own page, wherever it is."""
    return redirect(request.user)

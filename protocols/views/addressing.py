"""Adding readers to a published version."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from intranet.core.access import Forbidden, Refused, add_refusal, require
from protocols import addressing
from protocols.forms import AddedReadersTable
from protocols.views.publishing import people_by_role_and_clinic
from protocols.views.reading import visible_version


@require_http_methods(["GET", "POST"])
def add_readers(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Who reads the version at the own clinics, and who is to read it from now on."""
    version = visible_version(request, slug, number)
    require(addressing.may_add_readers([], by=request.user), Forbidden)
    posted = request.POST if request.method == "POST" else None
    table = AddedReadersTable(posted, addressing.places(request.user), version, people_by_role_and_clinic())
    form = forms.Form(posted)
    if form.is_valid():
        try:
            terms = {"by": request.user, "at": timezone.now()}
            made = addressing.add_readers(version, readers=table.readers(), **terms)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Added: {', '.join(map(addressing.words, made))}.")
            return redirect(version)
    context = {"version": version, "form": form, "table": table}
    return render(request, "protocols/readers.html", context, status=422 if form.errors else 200)

"""The profile: one's own contact, and of others what whoever manages them may change."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.directory import staff
from accounts.forms.profile import ProfileForm
from accounts.profile import change_profile, may_manage
from intranet.core.access import Forbidden, require
from intranet.core.time import organisation_day


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what the directory says about somebody: oneself, or a person whom one manages."""
    now = timezone.now()
    person = get_object_or_404(staff(request.user, organisation_day(now)), pk=pk)
    if person != request.user:
        require(may_manage(person, by=request.user, at=now), Forbidden)
    form = ProfileForm(request.POST or None, person=person, by=request.user, at=now)
    if request.method == "POST" and form.is_valid():
        try:
            change_profile(person, form.changes, by=request.user, at=now)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "Saved." if form.changes else "Nothing was changed.")
            return redirect(person)
    context = {"person": person, "form": form, "own": person == request.user}
    return render(request, "accounts/profile.html", context, status=422 if form.errors else 200)

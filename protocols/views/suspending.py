"""The emergency brake, and letting go of it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from intranet.core.access import Forbidden, Refused, Verdict, add_refusal, require
from intranet.core.wording import name_list
from protocols import suspending
from protocols.forms import LiftForm, SuspendForm
from protocols.models import Suspension
from protocols.views.reading import visible_version


@require_http_methods(["GET", "POST"])
def suspend(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Stop a version at own clinics at once, with the reason."""
    version = visible_version(request, slug, number)
    places = suspending.places(request.user, version)
    require(Verdict.of(() if places else suspending.NOT_YOURS), Forbidden)
    one = places if len(places) == 1 else []
    form = SuspendForm(request.POST or None, places=places, initial={"clinics": one})
    if request.method == "POST" and form.is_valid():
        try:
            made = suspending.suspend(version, **form.cleaned_data, by=request.user, at=timezone.now())
        except Forbidden:
            raise
        except Refused as refused:
            add_refusal(form, refused)
        else:
            where = name_list([str(one.clinic) for one in made])
            messages.success(request, f"Version {number} is suspended at {where}. Lead and readers are being told.")
            return redirect(version)
    context = {"version": version, "form": form, "already": suspending.open_on(version)}
    return render(request, "protocols/suspend.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def lift(request: HttpRequest, slug: str, number: int, pk: int) -> HttpResponse:
    """Let people work by a version again, with the reason."""
    version = visible_version(request, slug, number)
    seen = Suspension.objects.visible_to(request.user).filter(version=version).select_related("version", "clinic", "by")
    suspension = get_object_or_404(seen, pk=pk)
    require(suspending.may_lift(request.user), Forbidden)
    form = LiftForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            suspending.lift(suspension, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"Version {number} may be used again at {suspension.clinic}.")
            return redirect(version)
    context = {"version": version, "form": form, "suspension": suspension}
    return render(request, "protocols/lift.html", context, status=422 if form.errors else 200)

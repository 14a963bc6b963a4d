"""Lost phone and recovery codes: one administrator starts the reset, another one confirms it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import lost_factor
from accounts.directory import staff
from accounts.forms.lost_factor import ResetForm
from accounts.models import SecondStepReset
from accounts.roles import Capability
from accounts.step_up import step_up, step_up_before
from intranet.core.access import Forbidden, Refused, add_refusal, require
from intranet.core.wording import name_list

RECENT = 20


@require_http_methods(["GET", "POST"])
@step_up_before
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Say why, and ask for a second administrator."""
    now = timezone.now()
    person = get_object_or_404(staff(request.user, timezone.localdate(now)), pk=pk)
    if not request.user.standing.may(Capability.RESET_SECOND_STEP):
        require(lost_factor.may_start(person, by=request.user, at=now), Forbidden)
    form = ResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            lost_factor.start(person, reason=form.cleaned_data["reason"], by=request.user, at=now)
        except Refused as refused:
            add_refusal(form, refused)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"Another administrator has to confirm it. {person.name} was told by mail.")
            return redirect("accounts:second-step-resets")
    seconds = name_list([other.name for other in lost_factor.others_who_confirm(person, request.user, now)])
    may_start = lost_factor.may_start(person, by=request.user, at=now)
    context = {"person": person, "form": form, "may_start": may_start, "seconds": seconds}
    return render(request, "accounts/second_step_reset.html", context, status=422 if form.errors else 200)


@require_GET
def resets(request: HttpRequest) -> HttpResponse:
    """What waits for a second administrator, and what became of the latest ones."""
    if not request.user.standing.may(Capability.RESET_SECOND_STEP):
        raise Forbidden.because("no-administrator", "Administrators see who has lost a second step.")
    now = timezone.now()
    found = SecondStepReset.objects.visible_to(request.user)
    people = ("user", "started_by", "confirmed_by", "cancelled_by")
    waiting = list(found.pending(now).select_related(*people))
    for reset in waiting:
        reset.verdict = lost_factor.may_confirm(reset, by=request.user, at=now)
    settled = found.exclude(pk__in=[reset.pk for reset in waiting]).select_related(*people)[:RECENT]
    return render(request, "accounts/second_step_resets.html", {"waiting": waiting, "settled": settled})


@require_POST
@step_up
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the second steps away."""
    reset = get_object_or_404(SecondStepReset.objects.visible_to(request.user), pk=pk)
    reset = lost_factor.confirm(reset, by=request.user, at=timezone.now())
    messages.success(
        request,
        f"{reset.user.name} is signed out and signs in with the password alone, until a new second step is set up.",
    )
    return redirect("accounts:second-step-resets")


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave everything as it is."""
    reset = get_object_or_404(SecondStepReset.objects.visible_to(request.user), pk=pk)
    reset = lost_factor.cancel(reset, by=request.user, at=timezone.now())
    messages.success(request, f"Cancelled: the second steps of {reset.user.name} stay as they are.")
    return redirect("accounts:second-step-resets")

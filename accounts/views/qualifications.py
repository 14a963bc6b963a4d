"""The parts of a qualification, and what somebody has done towards each."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts import trainings
from accounts.filing import may_file
from accounts.forms.qualifications import StrikeForm, TrainingForm
from accounts.models import CredentialType, Training, User
from accounts.qualifications import covered_regions, progress
from intranet.core.access import Forbidden, Refused, add_refusal, require
from intranet.core.time import organisation_day


@require_http_methods(["GET", "POST"])
def qualification(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """How far somebody is with each part, and a form to file what was done."""
    person = get_object_or_404(User.objects.with_file_visible_to(request.user), pk=pk)
    type = get_object_or_404(CredentialType.objects.filter(parts__isnull=False).distinct(), code=code)
    today = organisation_day(timezone.now())
    form = TrainingForm(request.POST or None, type=type, today=today)
    if request.method == "POST":
        require(may_file(person, by=request.user), Forbidden)
        if form.is_valid() and _added(request, person, form):
            return redirect("accounts:qualification", person.pk, type.code)
    return _page(request, person, type, form)


def _added(request: HttpRequest, person: User, form: TrainingForm) -> bool:
    try:
        training = trainings.add_training(form.training_of(person), by=request.user, at=timezone.now())
    except Refused as refused:
        add_refusal(form, refused)
        return False
    except ValidationError as error:
        form.add_error(None, error.messages)
        return False
    messages.success(request, f"{training.part}: filed. It counts once the clinical lead has checked it.")
    return True


def _page(request: HttpRequest, person: User, type: CredentialType, form: TrainingForm) -> HttpResponse:
    now = timezone.now()
    steps = progress(person, type, on=organisation_day(now), at=now)
    context = {
        "person": person,
        "type": type,
        "steps": steps,
        "met": sum(step.met for step in steps),
        "regions": covered_regions(steps),
        "form": form if may_file(person, by=request.user) else None,
        "may_check": bool(trainings.may_check_trainings(person, by=request.user)),
    }
    return render(request, "accounts/qualification.html", context, status=422 if form.errors else 200)


@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm that something was done."""
    training = _training(request, pk)
    trainings.verify_training(training, by=request.user, at=timezone.now())
    messages.success(request, f"{training.part}: checked.")
    return _back(training)


@require_http_methods(["GET", "POST"])
def strike(request: HttpRequest, pk: int) -> HttpResponse:
    """Say why something does not count."""
    training = _training(request, pk)
    require(trainings.may_check_trainings(training.user, by=request.user), Forbidden)
    form = StrikeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        trainings.strike_training(training, reason=reason, by=request.user, at=timezone.now())
        messages.success(request, f"{training.part}: it does not count. {training.user.given_name} sees why.")
        return _back(training)
    context = {"training": training, "person": training.user, "form": form}
    return render(request, "accounts/training_strike.html", context, status=422 if form.errors else 200)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what nobody has checked."""
    training = _training(request, pk)
    trainings.remove_training(training, by=request.user)
    messages.success(request, f"{training.part}: taken back.")
    return _back(training)


def _training(request: HttpRequest, pk: int) -> Training:
    return get_object_or_404(Training.objects.visible_to(request.user).select_related("user", "part__type"), pk=pk)


def _back(training: Training) -> HttpResponse:
    return redirect("accounts:qualification", training.user_id, training.part.type.code)

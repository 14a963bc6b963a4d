"""The roles of a person over time: give one, end one, let somebody go."""

from __future__ import annotations

from datetime import date

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts import hiring, leaving
from accounts.directory import staff
from accounts.forms.roles import RoleEndForm, RoleForm
from accounts.models import Membership, User
from accounts.roles import Capability
from accounts.step_up import step_up, step_up_before, way_to_confirm
from intranet.core.access import Forbidden, Refused, add_refusal, require
from intranet.core.time import local_day, organisation_day
from intranet.core.wording import day_label


def today() -> date:
    return organisation_day(timezone.now())


@require_http_methods(["GET", "POST"])
@step_up
def roles(request: HttpRequest, pk: int) -> HttpResponse:
    """What somebody is, was and will be, and a form to give another role."""
    person = person_to_manage(request, pk)
    form = RoleForm(request.POST or None, by=request.user, today=today())
    if request.method == "POST" and form.is_valid() and given(request, person, form):
        return redirect("accounts:roles", person.pk)
    return page(request, person, form)


@require_http_methods(["GET", "POST"])
@step_up_before
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a role with a day."""
    membership = get_object_or_404(
        Membership.objects.select_related("user", "clinic").filter(user__in=User.objects.visible_to(request.user)),
        pk=pk,
    )
    person = person_to_manage(request, membership.user_id)
    here = local_day(timezone.now(), hiring.zone_of(hiring.place_of(membership)))
    require(hiring.may_give_role(hiring.place_of(membership), to=person, by=request.user), Forbidden)
    require(hiring.may_still_end(membership, person))
    form = RoleEndForm(request.POST or None, today=here)
    if request.method == "POST" and form.is_valid():
        try:
            hiring.take_role(membership, end=form.end, by=request.user, at=timezone.now())
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, ended_words(membership, form.cleaned_data["last"], here))
            return redirect("accounts:roles", person.pk)
    ahead = leaving.ahead(person, request.user, timezone.now(), membership.clinic)
    context = {"person": person, "membership": membership, "form": form, "ahead": ahead}
    return render(request, "accounts/role_end.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@step_up_before
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once more, then end somebody's access."""
    person = person_to_manage(request, pk)
    now = timezone.now()
    if request.method == "POST":
        leaving.let_go(person, by=request.user, at=now)
        messages.success(
            request,
            f"{person.name} has no access any more: {day_label(today(), today())} was the last day. "
            "What they signed and did stays on record.",
        )
        return redirect(person)
    require(leaving.may_let_go(person, by=request.user, at=now), Forbidden)
    context = {"person": person, "ahead": leaving.ahead(person, request.user, now)}
    return render(request, "accounts/leave.html", context)


@require_POST
@step_up
def bring_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Open an account again."""
    person = person_to_manage(request, pk)
    leaving.bring_back(person, by=request.user)
    messages.success(request, f"{person.name} may sign in again, once somebody gives a role.")
    return redirect("accounts:roles", person.pk)


def ended_words(membership: Membership, last: date, here: date) -> str:
    """The last day with its name; a role that ends with yesterday is gone at once."""
    role, name = membership.get_role_display(), membership.user.name
    if last < here:
        return f"{role}: {name} does not hold the role any more."
    return f"{role}: the last day of {name} is {day_label(last, here)}."


def person_to_manage(request: HttpRequest, pk: int) -> User:
    person = get_object_or_404(staff(request.user, today()), pk=pk)
    if not hiring.roles_to_give(request.user):
        raise PermissionDenied("You may not give or take roles.")
    return person


def resets_second_step(viewer: User, person: User) -> bool:
    """Whether the way to the reset is shown; what stands against it is said there."""
    here = person.is_active and person.pk != viewer.pk and is_mfa_enabled(person)
    return here and viewer.standing.may(Capability.RESET_SECOND_STEP)


def given(request: HttpRequest, person: User, form: RoleForm) -> bool:
    try:
        first, now = form.cleaned_data["first"], timezone.now()
        hiring.give_role(person, form.place, start=first, end=form.end, by=request.user, at=now)
    except Refused as refused:
        add_refusal(form, refused)
        return False
    except ValidationError as error:
        form.add_error(None, error.messages)
        return False
    messages.success(request, f"{person.name}: {form.place.role.label} from {form.cleaned_data['first']:%b %-d, %Y}.")
    return True


def page(request: HttpRequest, person: User, form: RoleForm) -> HttpResponse:
    held = list(person.memberships.select_related("clinic").order_by("-period", "pk"))
    for membership in held:
        here = local_day(timezone.now(), hiring.zone_of(hiring.place_of(membership)))
        over = membership.ended_at or (membership.last_day is not None and membership.last_day < here)
        membership.may_end = (
            person.is_active
            and not over
            and bool(hiring.may_give_role(hiring.place_of(membership), to=person, by=request.user))
        )
    context = {
        "person": person,
        "held": held,
        "form": form,
        "confirm": way_to_confirm(request),
        "today": today(),
        "may_let_go": leaving.may_let_go(person, by=request.user, at=timezone.now()),
        "may_reset": resets_second_step(request.user, person),
        "may_bring_back": leaving.may_bring_back(person, by=request.user),
    }
    return render(request, "accounts/roles.html", context, status=422 if form.errors else 200)

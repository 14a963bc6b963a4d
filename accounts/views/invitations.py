"""Asking people in, and the page at which they arrive."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import inviting, sessions
from accounts.forms.invitations import InvitationForm, WelcomeForm
from accounts.hiring import roles_to_invite_as
from accounts.models import Invitation, User
from accounts.second_step import DEMANDING
from accounts.step_up import confirm_first, way_to_confirm
from intranet.core.access import Forbidden, Refused, add_refusal, require
from intranet.core.time import organisation_day

INVITATIONS_ON_A_PAGE = 50
LINK = "invitation_link"  # of the session: the digest of the link that was opened


@require_http_methods(["GET", "POST"])
def invitations(request: HttpRequest) -> HttpResponse:
    """Everybody who was asked in, and a form to ask somebody in."""
    require(inviting.may_invite(request.user), Forbidden)
    form = InvitationForm(request.POST or None, by=request.user)
    if request.method == "POST" and form.is_valid() and _invited(request, form):
        return redirect("accounts:invitations")
    now = timezone.now()
    found = (
        Invitation.objects.visible_to(request.user)
        .with_power(organisation_day(now))
        .select_related("clinic", "invited_by", "accepted_by")
    )
    page = Paginator(found, INVITATIONS_ON_A_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "now": now, "confirm": power_to_confirm(request)}
    return render(request, "accounts/invitations.html", context, status=422 if form.errors else 200)


@require_POST
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """A new link for an invitation that waits; the old one stops working."""
    invitation = get_object_or_404(Invitation.objects.visible_to(request.user), pk=pk)
    if invitation.role in DEMANDING:
        confirm_first(request)
    _said(request, inviting.send_again(invitation, by=request.user, at=timezone.now()))
    return redirect("accounts:invitations")


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an invitation back."""
    invitation = get_object_or_404(Invitation.objects.visible_to(request.user), pk=pk)
    inviting.revoke(invitation, by=request.user, at=timezone.now())
    messages.success(request, f"The invitation of {invitation.name} was taken back. Its link no longer works.")
    return redirect("accounts:invitations")


@login_not_required  # Whoever holds the link is not a member of staff yet.
@never_cache
@require_GET
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Where the link leads: on to the welcome, at an address without the token, which is in no log and no Referer."""
    if inviting.found_by(token, timezone.now()) is None:
        return render(request, "accounts/welcome.html", {"invitation": None}, status=410)
    request.session[LINK] = inviting.digest(token)
    return redirect("accounts:welcome")


@login_not_required  # Whoever opened a link is not a member of staff yet.
@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """Whoever opened a link chooses a password, and comes in."""
    now, link = timezone.now(), request.session.get(LINK, "")
    invitation = inviting.opened_by(link, now)
    if invitation is None:
        return render(request, "accounts/welcome.html", {"invitation": None}, status=410)
    form = WelcomeForm(request.POST or None, person=User(email=invitation.email, name=invitation.name))
    if request.method == "POST" and form.is_valid():
        try:
            person = inviting.accept(link, password=form.cleaned_data["password1"], at=now)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            del request.session[LINK]
            sessions.sign_in(request, person)
            messages.success(request, f"Welcome, {person.given_name}. From now on you sign in with {person.email}.")
            return redirect("home:today")
    status = 422 if form.errors else 200
    return render(request, "accounts/welcome.html", {"form": form, "invitation": invitation}, status=status)


def _invited(request: HttpRequest, form: InvitationForm) -> bool:
    values = form.cleaned_data
    if form.place.role in DEMANDING:
        confirm_first(request)
    try:
        invitation = inviting.invite(
            email=values["email"],
            name=values["name"],
            profession=values["profession"],
            place=form.place,
            by=request.user,
            at=timezone.now(),
        )
    except Refused as refused:
        add_refusal(form, refused)
        return False
    except ValidationError as error:
        form.add_error(None, error)
        return False
    _said(request, invitation)
    if unusual := inviting.what_is_unusual(values["profession"], form.place.role):
        messages.warning(request, f"{unusual} If that was a slip, take the invitation back.")
    return True


def power_to_confirm(request: HttpRequest) -> str:
    """The way to the confirmation, for whoever invites people with power and has not confirmed lately."""
    return way_to_confirm(request) if roles_to_invite_as(request.user) & DEMANDING else ""


def _said(request: HttpRequest, invitation: Invitation) -> None:
    messages.success(request, f"{invitation.name} was invited: a link goes to {invitation.email} within a minute.")

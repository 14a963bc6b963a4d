"""What waits for managers: changes of hands and requests for open shifts; and what staff of a clinic may do at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Clinic
from accounts.roles import Capability
from intranet.core.access import Conflict, Forbidden, Refused, add_refusal, require
from intranet.core.forms import whole_number
from scheduling import claiming, offering, offers
from scheduling.decisions import (
    ClaimToDecide,
    claims_waiting,
    may_have_decisions,
    offers_to_decide,
    offers_waiting,
    shifts_to_decide,
    still_to_agree,
)
from scheduling.handovers import Outcome
from scheduling.hands import hands
from scheduling.models import Claim, Offer, OfferState, Shift
from scheduling.policies import policy_of, set_policy
from scheduling.rules import may_set_rules
from scheduling.swap_forms import AgreeForm, PolicyForm, RefuseForm
from scheduling.views.shifts import shown_version


@require_GET
def decisions(request: HttpRequest) -> HttpResponse:
    """Everything that waits, the first to start on top."""
    require(may_have_decisions(request.user), Forbidden)
    at = timezone.now()
    context = {
        "offers": offers_to_decide(offers_waiting(request.user), at),
        "open_shifts": shifts_to_decide(claims_waiting(request.user), at),
        "clinics": Clinic.objects.where(request.user, Capability.EDIT_ROSTER),
    }
    return render(request, "scheduling/decisions.html", context)


@require_http_methods(["GET", "POST"])
def decide_offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree to a change of hands, or refuse it with the reason."""
    at, agreeing = timezone.now(), request.POST.get("do") == "agree"
    made = get_object_or_404(Offer.objects.visible_to(request.user).select_related(*offers.RELATED), pk=pk)
    require(offers.is_managed(made, request.user), Forbidden)
    agree, refuse = decision_forms(request, agreeing=agreeing)
    form = agree if agreeing else refuse
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        deed = offering.agree if agreeing else offering.refuse
        version = shown_version(request)
        done, status = tried(form, lambda **said: deed(made, version=version, by=request.user, at=at, **said))
        if done:
            messages.success(request, _said_of_offer(done))
            return redirect("scheduling:decisions")
    [decision] = offers_to_decide(Offer.objects.filter(pk=pk), at)
    context = {"decision": decision, "offer": decision.offer, "agree": agree, "refuse": refuse}
    context["verdict"] = offers.may_decide(decision.offer, request.user)
    context["others"] = still_to_agree(decision, request.user)
    agree.needs_reason(bool(decision.outcome.concerns))
    return render(request, "scheduling/decide_offer.html", context, status=status)


def _said_of_offer(made: Offer) -> str:
    if made.state == OfferState.DONE:
        return "Done. The roster shows it, and everybody concerned is told."
    if made.state == OfferState.REFUSED:
        return "Not approved. They are told why, and everything stays as it was."
    return "You have agreed. It is done once the other clinic has, too."


def decision_forms(request: HttpRequest, *, agreeing: bool, of: str = "decision") -> tuple[AgreeForm, RefuseForm]:
    """The form to say yes and the one to say no; what was sent belongs to one of them. `of` keeps their ids apart."""
    sent = request.POST if request.method == "POST" else None
    return (
        AgreeForm(sent if agreeing else None, auto_id=f"{of}-%s"),
        RefuseForm(None if agreeing else sent, auto_id=f"{of}-%s"),
    )


def tried(form: Form, deed: Callable[..., Any]) -> tuple[Any, int]:
    """What the deed returned; or None and the status of a refusal, whose reasons stand in the form."""
    try:
        return deed(**form.cleaned_data), 200
    except Forbidden:
        raise
    except Refused as refused:
        add_refusal(form, refused)
        return None, refused.status


@require_http_methods(["GET", "POST"])
def decide_claims(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Who gets an open shift: give it to one of those who asked, or say no to one."""
    at, granting = timezone.now(), request.POST.get("do") == "grant"
    shift = get_object_or_404(Shift.objects.visible_to(request.user).select_related("clinic", "skill", "week"), pk=pk)
    chosen = whole_number(request.POST.get("claim", ""))
    agree, refuse = decision_forms(request, agreeing=granting, of=f"claim-{chosen}")
    form = agree if granting else refuse
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        claim = get_object_or_404(Claim.objects.filter(shift=shift).select_related("person"), pk=chosen)
        deed = claiming.grant if granting else claiming.decline
        done, status = tried(form, lambda **said: deed(claim, by=request.user, at=at, **said))
        if done:
            words = "has the shift, and everybody is told" if granting else "does not get it and is told why"
            messages.success(request, f"{claim.person} {words}.")
            return redirect("scheduling:decisions")
    asked = [
        (one, *(as_needed(agree, refuse, one.outcome) if one.claim.pk == chosen else decision_forms_for(one)))
        for waiting in shifts_to_decide(Claim.objects.waiting().filter(shift=shift), at)
        for one in waiting.claims
    ]
    context = {"shift": shift, "asked": asked, "form": form}
    return render(request, "scheduling/decide_claims.html", context, status=status)


def decision_forms_for(asked: ClaimToDecide) -> tuple[AgreeForm, RefuseForm]:
    """Both forms as nobody has filled them in."""
    prefix = f"claim-{asked.claim.pk}-%s"
    return as_needed(AgreeForm(auto_id=prefix), RefuseForm(auto_id=prefix), asked.outcome)


def as_needed(agree: AgreeForm, refuse: RefuseForm, outcome: Outcome) -> tuple[AgreeForm, RefuseForm]:
    agree.needs_reason(bool(outcome.concerns))
    return agree, refuse


@require_GET
def shift_hands(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Through whose hands a shift has gone."""
    shift = get_object_or_404(
        Shift.objects.visible_to(request.user).select_related("clinic", "skill", "staff", "week"), pk=pk
    )
    return render(request, "scheduling/shift_hands.html", {"shift": shift, "moments": hands(shift)})


@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest, slug: str) -> HttpResponse:
    """What staff of a clinic may do with published shifts by themselves."""
    clinic = get_object_or_404(Clinic.objects.visible_to(request.user), slug=slug)
    require(may_set_rules(clinic, request.user), Forbidden)
    form = PolicyForm(request.POST or None, policy=policy_of(clinic))
    status, changed_meanwhile = 422 if form.errors else 200, False
    if request.method == "POST" and form.is_valid():
        try:
            set_policy(clinic, form.policy, seen=form.cleaned_data["seen"], by=request.user)
        except Refused as refused:
            add_refusal(form, refused)
            status = refused.status
            if changed_meanwhile := isinstance(refused, Conflict):
                form.look_again()
        else:
            messages.success(request, f"Saved. It holds at {clinic} from now on.")
            return redirect("scheduling:policy", clinic.slug)
    choices = [form[name] for name in ("open_shifts", "give", "swap", "drop")]
    context = {"clinic": clinic, "form": form, "choices": choices, "changed_meanwhile": changed_meanwhile}
    return render(request, "scheduling/policy.html", context, status=status)

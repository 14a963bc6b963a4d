"""One's own published shift: give it to a colleague, swap it, hand it back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import User
from intranet.core.access import Refused, add_refusal
from scheduling import offering
from scheduling.models import Offer, OfferKind, OfferState, PublishedShift
from scheduling.my_swaps import (
    Choice,
    colleagues_at,
    may_be_offered,
    own_shift,
    promise,
    receivers,
    shifts_in_return,
)
from scheduling.offers import Wanted, answer_until, goes_at_once
from scheduling.policies import policy_of
from scheduling.swap_forms import ColleagueForm, GiveForm, NoteForm, SwapForm


@require_http_methods(["GET", "POST"])
def give(request: HttpRequest, pk: UUID) -> HttpResponse:
    """To one colleague, or to whoever may take it."""
    at = timezone.now()
    shift = get_object_or_404(own_shift(request.user, at), shift=pk)
    choices = receivers(shift, request.user, at)
    form = GiveForm(request.POST or None, choices=choices, initial=_initial(shift))
    if request.method == "POST" and form.is_valid():
        wanted = Wanted(OfferKind.GIVE, shift, to=form.receiver, note=form.cleaned_data["note"])
        if done := _offer(request, wanted, form):
            return done
    return _page(request, shift, OfferKind.GIVE, form, choices=choices)


@require_http_methods(["GET", "POST"])
def swap(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Against a shift of a colleague: first with whom, then for which."""
    at = timezone.now()
    shift = get_object_or_404(own_shift(request.user, at), shift=pk)
    asked = ColleagueForm(request.GET or None, colleagues=colleagues_at(shift, request.user))
    colleague: User | None = asked.cleaned_data["colleague"] if asked.is_valid() else None
    choices = shifts_in_return(shift, colleague, request.user, at) if colleague else []
    form = SwapForm(request.POST or None, choices=choices, initial=_initial(shift))
    if request.method == "POST" and colleague and form.is_valid():
        note, in_return = form.cleaned_data["note"], form.choice.shift
        wanted = Wanted(OfferKind.SWAP, shift, to=colleague, in_return=in_return, note=note)
        if done := _offer(request, wanted, form):
            return done
    return _page(request, shift, OfferKind.SWAP, form, choices=choices, asked=asked, colleague=colleague)


@require_http_methods(["GET", "POST"])
def hand_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """To the managers, without naming anybody."""
    shift = get_object_or_404(own_shift(request.user, timezone.now()), shift=pk)
    form = NoteForm(request.POST or None, initial=_initial(shift))
    if request.method == "POST" and form.is_valid():
        wanted = Wanted(OfferKind.DROP, shift, note=form.cleaned_data["note"])
        if done := _offer(request, wanted, form):
            return done
    return _page(request, shift, OfferKind.DROP, form)


def _initial(shift: PublishedShift) -> dict[str, int]:
    return {"sequence": shift.sequence}


def _offer(request: HttpRequest, wanted: Wanted, form: NoteForm) -> HttpResponse | None:
    """Offer it as it was seen; None when it was refused, with the reasons in the form."""
    try:
        wanted.shift.sequence = form.cleaned_data["sequence"]
        made = offering.offer(wanted, by=request.user, at=timezone.now())
    except Refused as refused:
        add_refusal(form, refused)
        form.status = refused.status  # type: ignore[attr-defined]
        return None
    messages.success(request, _said(made))
    return redirect("scheduling:swaps")


def _said(made: Offer) -> str:
    if made.state == OfferState.DONE:
        return "Done. The shift is open now, and no longer yours."
    if made.kind == OfferKind.DROP:
        return "A manager decides. Until then the shift is yours."
    return f"{made.to.given_name if made.to else 'Whoever could take it'} is told. Until it is done the shift is yours."


def _page(
    request: HttpRequest,
    shift: PublishedShift,
    kind: OfferKind,
    form: NoteForm,
    *,
    choices: Sequence[Choice] = (),
    asked: ColleagueForm | None = None,
    colleague: User | None = None,
) -> HttpResponse:
    policy, at = policy_of(shift.clinic), timezone.now()
    context = {
        "shift": shift,
        "form": form,
        "verdict": may_be_offered(shift, kind, at),
        "promise": promise(kind, shift, policy, colleague),
        "until": answer_until([shift], {shift.clinic_id: policy}, at),
        "at_once": kind == OfferKind.DROP and goes_at_once(shift, request.user, at),
        "can": [one for one in choices if one.verdict],
        "cannot": [one for one in choices if not one.verdict],
        "asked": asked,
        "colleague": colleague,
    }
    status = getattr(form, "status", 422) if form.errors else 200
    return render(request, f"scheduling/{kind.name.lower()}_shift.html", context, status=status)

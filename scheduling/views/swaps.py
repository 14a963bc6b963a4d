"""Open shifts and swaps, for staff: take, ask, offer, answer and withdraw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from intranet.core.access import Forbidden, Refused, require
from intranet.core.forms import whole_number
from scheduling import claiming, offering, offers
from scheduling.models import Claim, ClaimState, Offer, OfferState, PublishedShift
from scheduling.my_schedule import may_have_schedule
from scheduling.my_swaps import history, my_swaps
from scheduling.times import spoken
from scheduling.views.shifts import shown_version

PAGE = 10


@require_GET
def swaps(request: HttpRequest) -> HttpResponse:
    """What I may take, what I offered and asked for, and what became of it."""
    require(may_have_schedule(request.user), Forbidden)
    return page(request)


def page(request: HttpRequest, refused: Refused | None = None) -> HttpResponse:
    now = timezone.now()
    past = Paginator(history(request.user, now), PAGE).get_page(request.GET.get("page"))
    context = {"swaps": my_swaps(request.user, now), "past": past, "refused": refused}
    return render(request, "scheduling/swaps.html", context, status=refused.status if refused else 200)


def answer(request: HttpRequest, deed: Callable[[], Any], said: Callable[[Any], str]) -> HttpResponse:
    """Do it and say what was done; or the page again, with why it was not."""
    try:
        done = deed()
    except Forbidden:
        raise
    except Refused as refused:
        return page(request, refused)
    messages.success(request, said(done))
    return redirect("scheduling:swaps")


@require_POST
def take_open(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take an open shift, or ask for it where a manager decides."""
    at = timezone.now()
    seen = PublishedShift.objects.visible_to(request.user).select_related("clinic", "skill")
    shift = get_object_or_404(seen, shift=pk)
    require(may_have_schedule(request.user), Forbidden)
    sequence = whole_number(request.POST.get("sequence", ""))

    def said(claim: Claim) -> str:
        if claim.state == ClaimState.GRANTED:
            return f"The shift is yours: {spoken(shift, at)}."
        return f"You asked for {spoken(shift, at)}. A manager of {shift.clinic} decides."

    return answer(
        request,
        lambda: claiming.claim(shift, sequence=-1 if sequence is None else sequence, by=request.user, at=at),
        said,
    )


@require_POST
def withdraw_claim(request: HttpRequest, pk: int) -> HttpResponse:
    """I do not want the open shift any more that I asked for."""
    claim = get_object_or_404(Claim.objects.visible_to(request.user), pk=pk)
    return answer(
        request,
        lambda: claiming.withdraw(claim, by=request.user, at=timezone.now()),
        lambda _: "Withdrawn. You no longer ask for the shift.",
    )


def visible_offer(request: HttpRequest, pk: int) -> Offer:
    return get_object_or_404(Offer.objects.visible_to(request.user).select_related(*offers.RELATED), pk=pk)


@require_POST
def take_offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Take what a colleague offers."""
    made = visible_offer(request, pk)

    def said(taken: Offer) -> str:
        if taken.state == OfferState.DONE:
            return "Done. Your schedule shows it."
        return f"You take it. It is done once a manager has agreed; until then {made.by.given_name} has the shift."

    return answer(
        request,
        lambda: offering.take(made, version=shown_version(request), by=request.user, at=timezone.now()),
        said,
    )


@require_POST
def decline_offer(request: HttpRequest, pk: int) -> HttpResponse:
    """I do not want what is offered to me, or step back from what I took."""
    made = visible_offer(request, pk)
    return answer(
        request,
        lambda: offering.decline(made, version=shown_version(request), by=request.user, at=timezone.now()),
        lambda _: f"Declined. {made.by.given_name} keeps the shift and is told.",
    )


@require_POST
def withdraw_offer(request: HttpRequest, pk: int) -> HttpResponse:
    """I keep my shift after all."""
    made = visible_offer(request, pk)
    return answer(
        request,
        lambda: offering.withdraw(made, version=shown_version(request), by=request.user, at=timezone.now()),
        lambda _: "Withdrawn. You keep the shift.",
    )

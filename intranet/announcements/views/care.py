"""What becomes of an announcement that was sent: corrected, taken over while it is held, withdrawn; and what it said before."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from intranet.announcements import acknowledging, correcting, publishing
from intranet.announcements.audience import recipients
from intranet.announcements.forms import CorrectionForm
from intranet.announcements.reading import entries, said
from intranet.announcements.views.reading import visible
from intranet.core.access import Conflict, Forbidden, Refused, add_refusal, require
from intranet.core.forms import whole_number
from intranet.core.time import organisation_day


@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Say it better, say what has changed, and decide about the receipts."""
    now = timezone.now()
    announcement = get_object_or_404(visible(request), pk=pk)
    require(correcting.may_correct(announcement, by=request.user, at=now), Forbidden)
    posted = request.method == "POST"
    form = CorrectionForm(request.POST if posted else None, request.FILES if posted else None, stored=announcement)
    if form.is_bound and form.is_valid():
        token = form.cleaned_data["token"]
        try:
            correcting.correct(announcement, form.wording, token=token, by=request.user, at=now)
        except Forbidden:
            raise
        except Refused as refused:
            add_refusal(form, refused)
            if isinstance(refused, Conflict):
                form.show_token(get_object_or_404(visible(request), pk=pk).token)
        else:
            messages.success(request, "Corrected. Readers see what has changed.")
            return redirect(announcement)
    entry = entries([announcement], request.user, now)[0]
    context = {"form": form, "announcement": announcement, "entry": entry}
    return render(request, "announcements/correct.html", context, status=422 if form.errors else 200)


@require_GET
def editions(request: HttpRequest, pk: int) -> HttpResponse:
    """What it said before each correction, for those who see who has read it."""
    announcement = get_object_or_404(visible(request), pk=pk)
    require(acknowledging.may_see_names(announcement, by=request.user), Forbidden)
    context = {
        "announcement": announcement,
        "earlier": correcting.earlier_wordings(announcement),
    }
    return render(request, "announcements/editions.html", context)


@require_POST
def take_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish as one's own what its author may no longer post; if its days have passed, look at it first."""
    now = timezone.now()
    announcement = get_object_or_404(visible(request), pk=pk)
    try:
        taken = publishing.take_over(
            announcement, token=whole_number(request.POST.get("token", "")) or 0, by=request.user, at=now
        )
    except Forbidden:
        raise
    except Conflict as conflict:
        messages.warning(request, str(conflict))
        return redirect(announcement)
    except Refused as refused:
        messages.warning(request, f"Look at it first. {refused}")
        return redirect("announcements:change", pk)
    messages.success(request, said(taken, recipients(taken, organisation_day(now)).count(), now))
    return redirect(taken)


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, then take it back."""
    announcement = get_object_or_404(visible(request), pk=pk)
    now = timezone.now()
    require(publishing.may_withdraw(announcement, by=request.user, at=now), Forbidden)
    if request.method == "GET":
        context = {"announcement": announcement, "appeared": announcement.has_appeared(now)}
        return render(request, "announcements/withdraw.html", context)
    publishing.withdraw(announcement, by=request.user, at=now)
    messages.success(
        request, f"“{announcement.title}” is withdrawn. It has left every list; only its author still finds it."
    )
    return redirect("announcements:list")

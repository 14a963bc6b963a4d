"""What became of every demand to acknowledge a version, and excusing somebody from it."""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.step_up import step_up_from
from intranet.audit.recording import record
from intranet.core.access import Refused, add_refusal
from intranet.core.exports import csv_response
from protocols import receipts as rules
from protocols import reporting, waiving
from protocols.forms import WaiveForm
from protocols.models import ProtocolVersion, Waiver
from protocols.receipts import Fate, Receipt
from protocols.views.reading import visible_version


@require_GET
def receipts(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Everybody whom the version ever asked, and what came of it."""
    version = released_version(request, slug, number)
    found = found_for(request, version)
    fates = Counter(one.fate for one in found)
    context = {"version": version, "receipts": found, "signed": fates[Fate.SIGNED], "closed": fates[Fate.CLOSED]}
    return render(request, "protocols/receipts.html", context)


@step_up_from("protocols:receipts")
def receipts_csv(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The same as a file. Exports leave a trace."""
    version = released_version(request, slug, number)
    found = found_for(request, version)
    record(request.user, "acknowledgements.exported", version, people=len(found))
    return csv_response(f"{slug}-version-{number}-receipts", rules.CSV_HEADER, rules.csv_lines(version, found))


@require_http_methods(["GET", "POST"])
def receipt(request: HttpRequest, slug: str, number: int, pk: int) -> HttpResponse:
    """One person and one version: what was asked and what came of it. Posting waives the acknowledgement."""
    version, at = released_version(request, slug, number), timezone.now()
    found = one_receipt(request, version, pk)
    form = WaiveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            waiving.waive(version, found.person, **form.cleaned_data, by=request.user, at=at)
        except Refused as refused:
            if refused.status != 422:
                raise
            add_refusal(form, refused)
        else:
            messages.success(request, f"{found.person.given_name} need not acknowledge it for now.")
            return redirect("protocols:receipt", slug, number, pk)
    context = {
        "version": version,
        "receipt": found,
        "form": form,
        "may_waive": waiving.may_waive(version, found.person, by=request.user, at=at),
        "waiver": waiving.holding(version, found.person, at),
        "past": Waiver.objects.filter(version=version, user=found.person).select_related("by", "ended_by"),
    }
    return render(request, "protocols/receipt.html", context, status=422 if form.errors else 200)


@require_POST
def end_waiver(request: HttpRequest, slug: str, number: int, pk: int) -> HttpResponse:
    """Ask the person for the acknowledgement again."""
    version, at = released_version(request, slug, number), timezone.now()
    found = one_receipt(request, version, pk)
    waiver = get_object_or_404(Waiver.objects.holding(at), version=version, user=found.person)
    waiving.end(waiver, by=request.user, at=at)
    messages.success(request, f"{found.person.given_name} is asked to acknowledge it again.")
    return redirect("protocols:receipt", slug, number, pk)


def released_version(request: HttpRequest, slug: str, number: int) -> ProtocolVersion:
    """A published version on which the person may report. Raises Forbidden for those who report on nothing."""
    version = visible_version(request, slug, number)
    reporting.reported_clinics(request.user)
    if version.is_open:
        raise Http404
    return version


def found_for(request: HttpRequest, version: ProtocolVersion) -> list[Receipt]:
    return rules.receipts(version, timezone.now(), clinics=reporting.reach(request.user))


def one_receipt(request: HttpRequest, version: ProtocolVersion, pk: int) -> Receipt:
    person = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    found = next((one for one in found_for(request, version) if one.person == person), None)
    if found is None:
        raise Http404
    return found

"""The evidence page of a protocol, and its files."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.models import Clinic
from accounts.roles import Capability
from accounts.step_up import step_up_from
from intranet.audit.recording import record
from intranet.core.exports import csv_response
from intranet.core.files import served
from intranet.home.evidence import CSV_HEADER, Evidence, csv_lines
from intranet.home.evidence_paper import evidence_pdf
from intranet.home.forms import EvidenceForm
from protocols.models import Protocol


@require_GET
def evidence(request: HttpRequest, slug: str) -> HttpResponse:
    """What was in force at a clinic on a day, who had signed it and who was on shift."""
    form, found = asked(request, slug)
    return render(request, "home/evidence.html", {"form": form, "evidence": found, "protocol": found.protocol})


@require_GET
@step_up_from("home:evidence")
def evidence_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """The same as a file. It leaves a trace; a question that makes no sense leads to the page."""
    form, found = asked(request, slug)
    if form.left_out:
        return to_page(request, slug)
    leave_trace(request, found)
    return csv_response(file_name(found), CSV_HEADER, csv_lines(found, title=found.protocol.title))


@require_GET
@step_up_from("home:evidence")
def evidence_file(request: HttpRequest, slug: str) -> HttpResponse:
    """The same as a document on Letter pages, under the same terms as the CSV."""
    form, found = asked(request, slug)
    if form.left_out:
        return to_page(request, slug)
    leave_trace(request, found)
    content = evidence_pdf(found, title=found.protocol.title, by=request.user, at=form.at)
    return served(content, "application/pdf", f"{file_name(found)}.pdf", keep=True)


def leave_trace(request: HttpRequest, found: Evidence) -> None:
    terms = {"clinics": [found.clinic.pk], "day": found.on, "fingerprint": found.fingerprint}
    record(request.user, "evidence.exported", found.protocol, **terms)


def file_name(found: Evidence) -> str:
    return f"evidence-{found.protocol.slug}-{found.clinic.slug}-{found.on.isoformat()}"


def to_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Where the part of the question that makes no sense is named."""
    return redirect(f"{reverse('home:evidence', args=[slug])}?{request.GET.urlencode()}")


def asked(request: HttpRequest, slug: str) -> tuple[EvidenceForm, Evidence]:
    """The evidence that the address asks for, of a clinic for whose acknowledgements the person answers."""
    now = timezone.now()
    protocol = get_object_or_404(Protocol.objects.visible_to(request.user).titled(now), slug=slug)
    clinics = Clinic.objects.where(request.user, Capability.REPORT_ACKNOWLEDGEMENTS)
    if not clinics:
        raise PermissionDenied("Clinic managers and the clinical lead see who had signed what.")
    form = EvidenceForm(request.GET, clinics=clinics, at=now)
    return form, Evidence(protocol, form.place, form.day, now)

"""Who has acknowledged what, for managers of their clinics and the clinical lead."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.models import Clinic, User
from accounts.roles import Capability
from accounts.step_up import step_up_from
from intranet.audit.recording import record
from intranet.core.exports import csv_response
from intranet.core.time import last_moment, organisation_day
from protocols import reporting
from protocols.forms import ReportForm


def report(request: HttpRequest) -> HttpResponse:
    """People by protocols. htmx asks for the table only."""
    form, found = chosen_report(request, page=request.GET.get("page", "1"))
    context = {"form": form, "report": found, "page": found.page, "clinics": own_clinics(request.user)}
    part = "#matrix" if request.htmx and not request.htmx.boosted else ""
    response = render(request, f"protocols/report.html{part}", context)
    response.headers["Vary"] = "HX-Request"
    return response


@step_up_from("protocols:report")
def report_csv(request: HttpRequest) -> HttpResponse:
    """The same as a file, a line per person and version. Exports leave a trace; filters that make no sense lead to the page."""
    form, found = chosen_report(request)
    if form.left_out:
        return redirect(f"{reverse('protocols:report')}?{request.GET.urlencode()}")
    record(request.user, "acknowledgements.exported", request.user, people=len(found.rows), asked=found.asked)
    name = f"acknowledgements-{organisation_day(found.at).isoformat()}"
    return csv_response(name, reporting.CSV_HEADER, reporting.csv_lines(found))


def chosen_report(request: HttpRequest, *, page: str | None = None) -> tuple[ReportForm, reporting.Report]:
    """The report that the filters ask for, within the clinics of which the person sees acknowledgements."""
    clinics = own_clinics(request.user)
    form = ReportForm(request.GET, clinics=clinics)
    form.is_valid()
    chosen: dict[str, Any] = form.cleaned_data
    everywhere = request.user.standing.scope(Capability.REPORT_ACKNOWLEDGEMENTS).everywhere
    clinic = chosen.get("clinic")
    now = timezone.now()
    on = chosen.get("on")
    past = on is not None and on < organisation_day(now)
    found = reporting.report(
        last_moment(on) if past else now,
        clinics=[clinic] if clinic else None if everywhere else list(clinics),
        roles=[chosen["role"]] if chosen.get("role") else [],
        unfinished_only=chosen.get("unfinished", False),
        past=past,
        page=page,
    )
    return form, found


def own_clinics(user: User) -> Any:
    """The clinics whose acknowledgements the person sees. Raises PermissionDenied when there is none."""
    if not user.standing.scope(Capability.REPORT_ACKNOWLEDGEMENTS):
        raise PermissionDenied("Clinic managers and the clinical lead see who has acknowledged what.")
    return Clinic.objects.where(user, Capability.REPORT_ACKNOWLEDGEMENTS)

"""Who has acknowledged what, for managers of their clinics and the clinical lead."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.step_up import step_up_from
from intranet.audit.recording import record
from intranet.core.exports import csv_response
from intranet.core.time import organisation_day
from protocols import reporting
from protocols.forms import ReportForm


def report(request: HttpRequest) -> HttpResponse:
    """People by protocols. htmx asks for the figures and the table only."""
    form, found = chosen_report(request, page=request.GET.get("page", "1"))
    clinics = reporting.reported_clinics(request.user)
    context = {"form": form, "report": found, "page": found.page, "clinics": clinics}
    part = "#changed" if request.htmx and not request.htmx.boosted else ""
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
    form = ReportForm(request.GET, viewer=request.user)
    form.is_valid()
    return form, form.report(request.user, timezone.now(), page=page)

"""The audit log, as far as the person may see it."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import audit_log
from accounts.forms.audit import AuditFilter
from accounts.step_up import step_up_from
from intranet.audit.recording import record
from intranet.core.exports import csv_response

ENTRIES_ON_A_PAGE = 50


@require_GET
def audit(request: HttpRequest) -> HttpResponse:
    """Who did what, when and from where. htmx asks for the part below the filters."""
    form = AuditFilter(request.GET)
    entries = form.narrow(audit_log.entries_visible_to(request.user))
    page = Paginator(entries, ENTRIES_ON_A_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "lines": audit_log.lines_of(page.object_list, request.user)}
    part = "#results" if request.htmx else ""
    response = render(request, f"accounts/audit.html{part}", context)
    response.headers["Vary"] = "HX-Request"
    return response


@require_GET
@step_up_from("accounts:audit")
def audit_csv(request: HttpRequest) -> HttpResponse:
    """The same as a file. Exports leave a trace, with the number of lines; filters that make no sense lead to the page."""
    form = AuditFilter(request.GET)
    if form.left_out:
        return redirect(f"{reverse('accounts:audit')}?{request.GET.urlencode()}")
    entries = audit_log.as_of_now(form.narrow(audit_log.entries_visible_to(request.user)))
    record(request.user, "audit.exported", None, entries=entries.count())
    return csv_response(f"audit-{timezone.localdate():%Y-%m-%d}", audit_log.COLUMNS, audit_log.rows(entries))

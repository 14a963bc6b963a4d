"""Who has read an announcement, as a page and as a file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.step_up import step_up_from
from intranet.announcements import acknowledging
from intranet.announcements import receipts as rules
from intranet.announcements.forms import ReceiptsFilter
from intranet.announcements.models import Announcement
from intranet.announcements.publishing import clinics_of
from intranet.announcements.reading import entries
from intranet.announcements.views.reading import visible
from intranet.audit.recording import record
from intranet.core.access import Forbidden, require
from intranet.core.exports import csv_response


def _asked(request: HttpRequest, pk: int) -> Announcement:
    """The announcement, for those who may see the names of its readers. Before it appears it has none."""
    announcement = get_object_or_404(visible(request).ever_appeared(timezone.now()), pk=pk)
    require(acknowledging.may_see_names(announcement, by=request.user), Forbidden)
    return announcement


@require_GET
def receipts(request: HttpRequest, pk: int) -> HttpResponse:
    """Who has read it and who has not, as far as the person may see."""
    now = timezone.now()
    announcement = _asked(request, pk)
    form = ReceiptsFilter(request.GET, announcement=announcement, viewer=request.user)
    context = {
        "announcement": announcement,
        "entry": entries([announcement], request.user, now)[0],
        "form": form,
        "lines": rules.receipt_lines(announcement, request.user, now, **form.wanted),
    }
    return render(request, "announcements/receipts.html", context)


@step_up_from("announcements:receipts")
@require_GET
def receipts_csv(request: HttpRequest, pk: int) -> HttpResponse | StreamingHttpResponse:
    """The same as a file. Exports leave a trace; filters that make no sense lead to the page."""
    announcement = _asked(request, pk)
    form = ReceiptsFilter(request.GET, announcement=announcement, viewer=request.user)
    if form.left_out:
        return redirect(f"{reverse('announcements:receipts', args=[pk])}?{request.GET.urlencode()}")
    found = rules.receipt_lines(announcement, request.user, timezone.now(), **form.wanted)
    record(request.user, "announcement.exported", announcement, clinics=clinics_of(announcement), people=len(found))
    name = f"announcement-{announcement.pk}-receipts"
    return csv_response(name, rules.CSV_HEADER, rules.csv_lines(announcement, found))

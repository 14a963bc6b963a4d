"""Reports for those who plan: hours and overtime, coverage gaps ahead, and what each publication changed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.step_up import step_up_from
from intranet.audit.recording import record
from intranet.core.access import Forbidden, require
from intranet.core.exports import csv_response
from intranet.core.time import organisation_day
from scheduling import gaps as gap_list
from scheduling import history as told
from scheduling import hours as worked
from scheduling.models import RosterWeek
from scheduling.report_forms import AheadForm, ClinicsForm, PeriodForm, WeekForm
from scheduling.roster import coverage_gaps


@require_safe
def hours(request: HttpRequest) -> HttpResponse:
    """Who works how much, at which clinic, and who is over."""
    form = _form(request, PeriodForm)
    report = form.report(organisation_day(timezone.now()))
    return _page(request, "hours_report", form, report=report)


@require_safe
@step_up_from("scheduling:hours-report")
def hours_csv(request: HttpRequest) -> HttpResponse:
    form = _form(request, PeriodForm)
    report = form.report(organisation_day(timezone.now()))
    name = f"hours-{report.first}-{report.last_day}"
    return _file(request, form, "hours-report", name, worked.CSV_HEADER, worked.csv_lines(report))


@require_safe
def gaps(request: HttpRequest) -> HttpResponse:
    """Where people are missing in the days ahead, as planned."""
    form = _form(request, AheadForm)
    today = organisation_day(timezone.now())
    found = coverage_gaps(form.clinics, today, form.number)
    return _page(request, "gaps_report", form, gaps=found, today=today)


@require_safe
@step_up_from("scheduling:gaps-report")
def gaps_csv(request: HttpRequest) -> HttpResponse:
    form = _form(request, AheadForm)
    today = organisation_day(timezone.now())
    found = coverage_gaps(form.clinics, today, form.number)
    return _file(request, form, "gaps-report", f"coverage-gaps-{today}", gap_list.CSV_HEADER, gap_list.csv_lines(found))


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """What each publication of a week changed: by whom, when and why, and who has seen it."""
    form = _form(request, WeekForm)
    monday = form.monday(organisation_day(timezone.now()))
    step = worked.A_WEEK
    found = told.history_of(_weeks(request, form, monday))
    return _page(
        request, "history_report", form, told=found, monday=monday, previous=monday - step, following=monday + step
    )


@require_safe
@step_up_from("scheduling:history-report")
def history_csv(request: HttpRequest) -> HttpResponse:
    form = _form(request, WeekForm)
    monday = form.monday(organisation_day(timezone.now()))
    lines = told.csv_lines(told.history_of(_weeks(request, form, monday)))
    return _file(request, form, "history-report", f"roster-history-{monday}", told.CSV_HEADER, lines)


def _form(request: HttpRequest, form: type[Any]) -> Any:
    require(worked.may_report(request.user), Forbidden)
    return form(request.GET, clinics=worked.reported_clinics(request.user))


def _weeks(request: HttpRequest, form: WeekForm, monday: Any) -> list[RosterWeek]:
    return list(RosterWeek.objects.visible_to(request.user).filter(monday=monday, clinic__in=form.clinics))


def _page(request: HttpRequest, name: str, form: ClinicsForm, **found: Any) -> HttpResponse:
    context = {"form": form, "query": request.GET.urlencode(), "here": name} | found
    return render(request, f"scheduling/{name}.html", context)


def _file(request: HttpRequest, form: ClinicsForm, page: str, name: str, header: Any, lines: Any) -> HttpResponse:
    """A file leaves a trace; filters that make no sense lead to the page, which says so."""
    if form.left_out:
        return redirect(f"{reverse(f'scheduling:{page}')}?{request.GET.urlencode()}")
    record(request.user, "roster.exported", request.user, clinics=[one.pk for one in form.clinics], file=name)
    return csv_response(name, header, lines)

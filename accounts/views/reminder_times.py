"""Settings: when reminders come, and what the next days bring."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms.reminder_times import TimesForm
from accounts.models import User
from accounts.reminder_times import area_of, by_area, change_times, kept_kind, kept_kinds
from accounts.settings_pages import may_change_settings
from intranet.core.access import Forbidden, require
from intranet.core.time import organisation_day, organisation_zone
from intranet.core.wording import counted
from intranet.reminders import registry
from intranet.reminders.registry import Kind
from intranet.reminders.upcoming import all_coming, by_day


@require_GET
def reminder_times(request: HttpRequest) -> HttpResponse:
    """Every kind with its times."""
    require(may_change_settings(request.user), Forbidden)
    kinds = kept_kinds()
    context = {"areas": by_area(kinds), "changed": sum(one.changed for one in kinds)}
    return render(request, "accounts/settings_reminders.html", context)


@require_http_methods(["GET", "POST"])
def reminder_time(request: HttpRequest, code: str) -> HttpResponse:
    """The times of one kind. `do=preview` keeps nothing and says what saving would do to what is planned."""
    require(may_change_settings(request.user), Forbidden)
    kind, at = _kind_or_404(code), timezone.now()
    form = TimesForm(kind, request.POST if request.method == "POST" else None)
    looks = request.POST.get("do") == "preview"
    if form.is_bound and not looks and form.is_valid():
        different = form.keep(request.user, at)
        if different is not None:
            messages.success(request, _saved(kind, len(different)))
            return redirect("accounts:settings-reminders")
    context = {
        "form": form,
        "kept": kept_kind(kind),
        "area": area_of(kind),
        "effect": form.effect(at) if form.is_bound else None,
    }
    failed = form.is_bound and bool(form.errors) and not looks
    return render(request, "accounts/settings_reminder.html", context, status=422 if failed else 200)


@require_POST
def reminder_time_default(request: HttpRequest, code: str) -> HttpResponse:
    """Put a kind back to the times that it declares."""
    require(may_change_settings(request.user), Forbidden)
    kind = _kind_or_404(code)
    different = change_times(kind, {}, by=request.user, at=timezone.now())
    messages.success(request, _saved(kind, len(different)))
    return redirect("accounts:settings-reminders")


@require_GET
def reminders_coming(request: HttpRequest) -> HttpResponse:
    """What would be sent in the next seven days: how much of which kind, to whom and when; never the words."""
    require(may_change_settings(request.user), Forbidden)
    at, zone = timezone.now(), organisation_zone()
    rows = all_coming(at)
    context = {
        "days": list(by_day(rows, zone, organisation_day(at))),
        "people": User.objects.in_bulk({row.recipient_id for row in rows}),
        "total": len(rows),
        "today": organisation_day(at),
        "zone": zone,
    }
    return render(request, "accounts/settings_coming.html", context)


def _kind_or_404(code: str) -> Kind:
    kind = registry.find(code)
    if kind is None:
        raise Http404
    return kind


def _saved(kind: Kind, different: int) -> str:
    if not different:
        return f"{kind.label}: nothing was different."
    return f"{kind.label}: {counted(different, 'time')} changed. What is planned follows within a minute."

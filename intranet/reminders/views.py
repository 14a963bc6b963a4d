"""The inbox of the person who is signed in. Nobody sees another's, whatever the role."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from intranet.core.time import local_day
from intranet.core.wording import long_day
from intranet.reminders.models import Reminder
from intranet.reminders.preferring import choices_of, choose_mail
from intranet.reminders.reading import mark_read

PAGE_SIZE = 25


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    mine = Reminder.objects.visible_to(request.user)
    only_unread = request.GET.get("show") == "unread"
    page = Paginator(mine.unread() if only_unread else mine, PAGE_SIZE).get_page(request.GET.get("page"))
    zone = request.user.zone  # type: ignore[union-attr]  # nobody gets here without having signed in
    context = {
        "page": page,
        "days": by_day(page.object_list, zone, local_day(timezone.now(), zone)),
        "zone": zone,
        "only_unread": only_unread,
        "unread": mine.unread().count(),
        "choices": choices_of(request.user),
    }
    return render(request, "reminders/inbox.html", context)


@require_POST
def inbox_read(request: HttpRequest) -> HttpResponse:
    mark_read(Reminder.objects.all(), by=request.user, at=timezone.now())
    return redirect("reminders:inbox")


@require_POST
def reminder_read(request: HttpRequest, pk: int) -> HttpResponse:
    reminder = get_object_or_404(Reminder.objects.visible_to(request.user), pk=pk)
    mark_read(Reminder.objects.filter(pk=reminder.pk), by=request.user, at=timezone.now())
    return redirect(where_from(request))


@require_POST
def reminder_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to what the reminder is about; that counts as having read it."""
    reminder = get_object_or_404(Reminder.objects.visible_to(request.user), pk=pk)
    mark_read(Reminder.objects.filter(pk=reminder.pk), by=request.user, at=timezone.now())
    return redirect(reminder.path)


@require_POST
def mail_choose(request: HttpRequest) -> HttpResponse:
    choose_mail(request.user, wanted=request.POST.getlist("mail"))
    messages.success(request, "Saved. Your inbox has everything in any case.")
    return redirect("reminders:inbox")


def by_day(reminders: Iterable[Reminder], zone: ZoneInfo, today: date) -> list[tuple[str, list[Reminder]]]:
    """The reminders under the days on which they came, as the person's own clock counts days."""

    def label(reminder: Reminder) -> str:
        day = local_day(reminder.released_at, zone)  # type: ignore[arg-type]  # released, so it has a moment
        return {0: "Today", 1: "Yesterday"}.get((today - day).days) or long_day(day)

    return [(day, list(group)) for day, group in groupby(reminders, key=label)]


def where_from(request: HttpRequest) -> str:
    """The same tab and page of the inbox again."""
    state = {name: request.POST[name] for name in ("show", "page") if request.POST.get(name)}
    return reverse("reminders:inbox") + (f"?{urlencode(state)}" if state else "")

"""What will remind the person who is signed in, in the next seven days."""

from __future__ import annotations

from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from intranet.core.time import local_day
from intranet.reminders import registry
from intranet.reminders.forms import counted_tabs
from intranet.reminders.models import Reminder
from intranet.reminders.upcoming import expected_words, lines, own_coming


@require_safe
def coming_up(request: HttpRequest) -> HttpResponse:
    """By day, with what each is about; as many queries for many as for one."""
    at, zone = timezone.now(), request.user.zone  # type: ignore[union-attr]  # nobody gets here without signing in
    today = local_day(at, zone)
    rows = lines(own_coming(request.user, at))
    days = [(day, list(group)) for day, group in groupby(rows, key=lambda row: max(local_day(row.due_at, zone), today))]
    tabs = counted_tabs(Reminder.objects.visible_to(request.user).counted(at))
    return render(request, "reminders/coming_up.html", {"days": days, "zone": zone, "today": today, "tabs": tabs})


@require_safe
def words_to_come(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them in the words that it would have now."""
    at = timezone.now()
    reminder = get_object_or_404(own_coming(request.user, at), pk=pk)
    kind = registry.find(reminder.kind)
    if kind is None:
        raise Http404
    zone = request.user.zone  # type: ignore[union-attr]
    context = {
        "reminder": reminder,
        "kind": kind,
        "message": expected_words(reminder, at),
        "day": local_day(reminder.due_at, zone),
        "zone": zone,
    }
    return render(request, "reminders/words_to_come.html", context)

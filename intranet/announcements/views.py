from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Clinic
from intranet.announcements import acknowledging, publishing
from intranet.announcements.audience import reached
from intranet.announcements.forms import AnnouncementFilter, AnnouncementForm
from intranet.announcements.models import Announcement
from intranet.announcements.reading import entries, months, receipt_lines, with_parts
from intranet.core.access import Forbidden, Refused, add_refusal, require
from intranet.core.time import organisation_day, organisation_zone
from intranet.core.views import back
from intranet.core.wording import clock_time, counted, day_label

ON_A_PAGE = 15


def _visible(request: HttpRequest) -> QuerySet[Announcement]:
    return with_parts(Announcement.objects.visible_to(request.user))


@require_GET
def announcements(request: HttpRequest) -> HttpResponse:
    """What is current, what waits for an acknowledgement, what is over, or what a search finds."""
    now = timezone.now()
    lists = {
        "current": _visible(request).current(now).duties_first(request.user, now),
        "owed": with_parts(Announcement.objects.owed_by(request.user, now)),
        "scheduled": _visible(request).filter(published_at__gt=now, withdrawn_at__isnull=True),
        "earlier": _visible(request).over(now).order_by("-published_at"),
    }
    form = AnnouncementFilter(request.GET, user=request.user)
    show = "found" if form.active else request.GET.get("show", "current")
    published = _visible(request).filter(published_at__lte=now, withdrawn_at__isnull=True).order_by("-published_at")
    found = form.narrow(published) if form.active else lists.get(show, lists["current"])
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    acknowledging.note_opened(page.object_list, by=request.user, at=now)
    context = {
        "page": page,
        "entries": entries(page.object_list, request.user, now),
        "show": show if show in lists or form.active else "current",
        "form": form,
        "clinics": Clinic.objects.visible_to(request.user),
        "counts": {name: lists[name].count() for name in ("current", "owed", "scheduled")},
        "months": months(request.user, now),
        "may_post": bool(publishing.may_post(request.user)),
        "now": now,
    }
    return render(request, "announcements/list.html", context)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One announcement; opening it leaves a receipt of a recipient."""
    now = timezone.now()
    announcement = get_object_or_404(_visible(request), pk=pk)
    acknowledging.note_opened([announcement], by=request.user, at=now)
    context = {
        "entry": entries([announcement], request.user, now)[0],
        "announcement": announcement,
        "may_withdraw": bool(publishing.may_withdraw(announcement, by=request.user)),
        "now": now,
    }
    return render(request, "announcements/detail.html", context)


@require_http_methods(["GET", "POST"])
def compose(request: HttpRequest) -> HttpResponse:
    """Write an announcement, look at it, and send it, now or later."""
    now = timezone.now()
    require(publishing.may_post(request.user), Forbidden)
    today = organisation_day(now)
    form = AnnouncementForm(request.POST or None, author=request.user, today=today)
    preview = "preview" in request.POST
    if form.is_bound and form.is_valid() and not preview:
        try:
            announcement = publishing.publish(form.draft(), by=request.user, at=now)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, _sent(announcement, reached(form.chosen, today).count(), now))
            return redirect(announcement)
    context = {"form": form, "people": reached(form.chosen, today), "draft": form.draft(), "now": now}
    if preview and request.htmx:
        return render(request, "announcements/compose.html#answer", context)
    return render(request, "announcements/compose.html", context, status=422 if form.errors else 200)


def _sent(announcement: Announcement, people: int, now: datetime) -> str:
    """What the toast says: to how many it went, or when it will."""
    if announcement.published_at <= now:
        return f"Sent to {counted(people, 'person', 'people')}."
    moment = timezone.localtime(announcement.published_at, organisation_zone())
    when = f"{day_label(moment.date(), organisation_day(now))}, {clock_time(moment)}"
    return f"Scheduled. It goes to {counted(people, 'person', 'people')} on {when}."


@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that one has read it; then back to the page on which it stood."""
    announcement = get_object_or_404(_visible(request), pk=pk)
    acknowledging.acknowledge(announcement, by=request.user, at=timezone.now())
    messages.success(request, f"You have acknowledged “{announcement.title}”.")
    return back(request, announcement.get_absolute_url())


@require_GET
def receipts(request: HttpRequest, pk: int) -> HttpResponse:
    """Who has read it and who has not, as far as the person may see."""
    now = timezone.now()
    announcement = get_object_or_404(_visible(request), pk=pk)
    require(acknowledging.may_see_receipts(announcement, by=request.user), Forbidden)
    context = {
        "announcement": announcement,
        "entry": entries([announcement], request.user, now)[0],
        "lines": receipt_lines(announcement, request.user, now),
    }
    return render(request, "announcements/receipts.html", context)


@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, then take it back."""
    announcement = get_object_or_404(_visible(request), pk=pk)
    require(publishing.may_withdraw(announcement, by=request.user), Forbidden)
    if request.method == "GET":
        return render(request, "announcements/withdraw.html", {"announcement": announcement})
    publishing.withdraw(announcement, by=request.user, at=timezone.now())
    messages.success(request, f"“{announcement.title}” is withdrawn. Nobody else sees it any more.")
    return redirect("announcements:list")

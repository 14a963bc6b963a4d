"""The announcements that somebody may read, one of them, its files, and saying that one has read it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Clinic
from intranet.announcements import acknowledging, attaching, correcting, publishing
from intranet.announcements.forms import AnnouncementFilter
from intranet.announcements.models import Announcement, AnnouncementQuerySet, Attachment
from intranet.announcements.reading import appeared, entries, months, with_parts, withdrawal
from intranet.announcements.writing import may_post
from intranet.core.access import Conflict
from intranet.core.files import served
from intranet.core.forms import whole_number
from intranet.core.papers import IMAGES
from intranet.core.views import back

ON_A_PAGE = 15


def visible(request: HttpRequest) -> AnnouncementQuerySet:
    """What the person may read, with what cards show of it."""
    return with_parts(Announcement.objects.visible_to(request.user))


@require_GET
def announcements(request: HttpRequest) -> HttpResponse:
    """What is current, what waits for an acknowledgement, what is over, or what a search finds."""
    now = timezone.now()
    lists = {
        "current": visible(request).current(now).duties_first(request.user, now),
        "owed": with_parts(Announcement.objects.owed_by(request.user, now)),
        "scheduled": visible(request).scheduled(now).order_by("published_at", "pk"),
        "earlier": visible(request).over(now).order_by("-published_at"),
    }
    form = AnnouncementFilter(request.GET, user=request.user)
    show = "found" if form.active else request.GET.get("show", "current")
    published = with_parts(appeared(request.user, now)).order_by("-published_at")
    found = form.narrow(published) if form.active else lists.get(show, lists["current"])
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    acknowledging.note_opened(page.object_list, by=request.user, at=now)
    context = {
        "page": page,
        "entries": entries(page.object_list, request.user, now),
        "show": show if show in lists or form.active else "current",
        "form": form,
        "clinics": Clinic.objects.visible_to(request.user),
        "held": lists["scheduled"].unvouched().not_over(now).count(),
        "counts": {name: lists[name].count() for name in ("current", "owed", "scheduled")},
        "months": months(request.user, now),
        "may_post": bool(may_post(request.user)),
        "drafts": Announcement.objects.drafts_of(request.user).count(),
        "now": now,
    }
    return render(request, "announcements/list.html", context)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One announcement; opening it leaves a receipt of a recipient."""
    now = timezone.now()
    announcement = visible(request).filter(pk=pk).first()
    if announcement is None:
        return _withdrawn(request, pk)
    acknowledging.note_opened([announcement], by=request.user, at=now)
    context = {
        "entry": entries([announcement], request.user, now)[0],
        "announcement": announcement,
        "may_take_over": bool(publishing.may_take_over(announcement, by=request.user, at=now)),
        "may_withdraw": bool(publishing.may_withdraw(announcement, by=request.user, at=now)),
        "may_change": bool(publishing.may_change(announcement, by=request.user, at=now)),
        "may_correct": bool(correcting.may_correct(announcement, by=request.user, at=now)),
        "appeared": announcement.has_appeared(now),
        "now": now,
    }
    return render(request, "announcements/detail.html", context)


def _withdrawn(request: HttpRequest, pk: int) -> HttpResponse:
    """Whoever comes by an old link reads that it was withdrawn, if it was for them; its words are gone."""
    gone = Announcement.objects.withdrawn_from(request.user).select_related("withdrawn_by")
    announcement = get_object_or_404(gone, pk=pk)
    return render(request, "announcements/withdrawn.html", {"withdrawal": withdrawal(announcement)}, status=410)


@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that one has read it; then back to the page on which it stood."""
    announcement = get_object_or_404(visible(request), pk=pk)
    seen = whole_number(request.POST.get("edition", ""))
    try:
        acknowledging.acknowledge(announcement, edition=seen, by=request.user, at=timezone.now())
    except Conflict as conflict:
        messages.warning(request, str(conflict))
        return redirect(announcement)
    messages.success(request, f"You have acknowledged “{announcement.title}”.")
    return back(request, announcement.get_absolute_url())


@require_GET
def attachment(request: HttpRequest, pk: int, key: UUID) -> HttpResponse:
    """A file of an announcement that the person may read, or of an own draft; of an earlier wording, for those who see
    these. Nothing but an image opens within the browser.
    """
    found = Attachment.objects.visible_to(request.user).filter(announcement=pk, key=key).first()
    if found is None:
        announcement = get_object_or_404(Announcement.objects.visible_to(request.user), pk=pk)
        found = get_object_or_404(correcting.attachments_for(announcement, by=request.user), key=key)
    return served(attaching.content_of(found), found.kind, found.file_name, keep=found.kind not in IMAGES)

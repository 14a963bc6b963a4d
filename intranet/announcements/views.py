from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Clinic
from accounts.roles import Capability
from intranet.announcements import publishing
from intranet.announcements.audience import recipients
from intranet.announcements.forms import AnnouncementForm
from intranet.announcements.models import Announcement, Receipt
from intranet.announcements.reading import entries
from intranet.core.access import Forbidden, Refused, add_refusal, require

ON_A_PAGE = 20


def _visible(request: HttpRequest):  # noqa: ANN202 - Django's queryset of announcements, with what their cards show
    found = Announcement.objects.visible_to(request.user)
    return found.select_related("author").prefetch_related("audience__clinic")


@require_GET
def announcements(request: HttpRequest) -> HttpResponse:
    """What is current, what waits for an acknowledgement, or what is over."""
    now = timezone.now()
    found = _visible(request).filter(withdrawn_at__isnull=True)
    show = request.GET.get("show", "current")
    owed = Announcement.objects.owed_by(request.user, now)
    if show == "owed":
        found = found.filter(pk__in=owed.values("pk"))
    elif show == "earlier":
        found = found.filter(expires_at__lte=now)
    else:
        show, found = "current", found.exclude(expires_at__lte=now)
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "entries": entries(page.object_list, request.user, now),
        "show": show,
        "owed_count": owed.count(),
        "may_post": bool(publishing.may_post(request.user)),
        "now": now,
    }
    return render(request, "announcements/list.html", context)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One announcement; opening it leaves a receipt of a recipient."""
    now = timezone.now()
    announcement = get_object_or_404(_visible(request), pk=pk)
    publishing.note_opened(announcement, by=request.user, at=now)
    context = {
        "entry": entries([announcement], request.user, now)[0],
        "announcement": announcement,
        "may_see_receipts": bool(publishing.may_see_receipts(announcement, by=request.user)),
        "may_withdraw": bool(publishing.may_withdraw(announcement, by=request.user)),
        "now": now,
    }
    if context["may_see_receipts"]:
        context["progress"] = publishing.progress(announcement, timezone.localdate(now))
    return render(request, "announcements/detail.html", context)


@require_http_methods(["GET", "POST"])
def compose(request: HttpRequest) -> HttpResponse:
    """Write an announcement and send it, now or later."""
    require(publishing.may_post(request.user), Forbidden)
    form = AnnouncementForm(request.POST or None, author=request.user, today=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        try:
            announcement = publishing.publish(form.draft(), by=request.user, at=timezone.now())
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"“{announcement.title}” is sent.")
            return redirect(announcement)
    clinics = Clinic.objects.where(request.user, Capability.POST_ANNOUNCEMENT)
    status = 422 if form.errors else 200
    return render(request, "announcements/compose.html", {"form": form, "clinics": clinics}, status=status)


@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    announcement = get_object_or_404(Announcement.objects.visible_to(request.user), pk=pk)
    publishing.acknowledge(announcement, by=request.user, at=timezone.now())
    messages.success(request, f"You have acknowledged “{announcement.title}”.")
    return redirect(announcement)


@require_GET
def receipts(request: HttpRequest, pk: int) -> HttpResponse:
    """Who has read it and who has not."""
    announcement = get_object_or_404(_visible(request), pk=pk)
    require(publishing.may_see_receipts(announcement, by=request.user), Forbidden)
    today = timezone.localdate()
    given: dict[int, dict[str, object]] = {}
    for user, kind, at in announcement.receipts.values_list("user", "kind", "at"):
        given.setdefault(user, {})[kind] = at
    people = [
        (
            person,
            given.get(person.pk, {}).get(Receipt.Kind.OPENED),
            given.get(person.pk, {}).get(Receipt.Kind.ACKNOWLEDGED),
        )
        for person in recipients(announcement, today)
    ]
    context = {
        "announcement": announcement,
        "progress": publishing.progress(announcement, today),
        "people": sorted(people, key=lambda row: (row[2] is not None, row[1] is not None)),
    }
    return render(request, "announcements/receipts.html", context)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    announcement = get_object_or_404(Announcement.objects.visible_to(request.user), pk=pk)
    publishing.withdraw(announcement, by=request.user, at=timezone.now())
    messages.success(request, f"“{announcement.title}” is withdrawn. Nobody sees it any more.")
    return redirect("announcements:list")

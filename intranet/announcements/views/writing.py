"""Writing an announcement: something new, a draft that was kept, or one that has not appeared yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from intranet.announcements import drafting, publishing
from intranet.announcements.audience import reached
from intranet.announcements.forms import AnnouncementForm
from intranet.announcements.models import Announcement
from intranet.announcements.reading import said
from intranet.announcements.views.reading import visible
from intranet.announcements.writing import GONE, Draft, may_post, may_send
from intranet.core.access import Conflict, Forbidden, Refused, Verdict, add_refusal, require
from intranet.core.forms import whole_number
from intranet.core.time import organisation_day, organisation_zone
from intranet.core.wording import clock_time

FILES_ONCE_MORE = "Choose the files once more: they were not kept."


@require_GET
def drafts(request: HttpRequest) -> HttpResponse:
    """What the person has begun and not sent."""
    require(may_post(request.user), Forbidden)
    found = Announcement.objects.drafts_of(request.user).prefetch_related("audience__clinic")
    return render(request, "announcements/drafts.html", {"drafts": found})


@require_http_methods(["GET", "POST"])
def compose(request: HttpRequest) -> HttpResponse:
    """Write something new, look at it, and send it, now or later, or keep it as a draft."""
    require(may_post(request.user), Forbidden)
    return _page(request, None)


@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with an own draft. What was typed for one that is gone is shown once more: it can be kept as a new one."""
    require(may_post(request.user), Forbidden)
    stored = Announcement.objects.drafts_of(request.user).filter(pk=pk).first()
    if stored is None and request.method == "GET":
        raise Http404
    return _page(request, stored, gone=stored is None)


@require_POST
def keep(request: HttpRequest, pk: int | None = None) -> JsonResponse:
    """What the page saves by itself while somebody writes: the token of the save and where it is, or why there is none.

    The page reads every answer: to 403, 404 and 409 it stops, because nothing that is typed helps.
    """
    if not (verdict := may_post(request.user)):
        return _not_kept(str(verdict.reasons[0]), Forbidden.status)
    stored = Announcement.objects.drafts_of(request.user).filter(pk=pk).first() if pk is not None else None
    if pk is not None and stored is None:
        return _not_kept(GONE, 404)
    now = timezone.now()
    form = _form(request, stored, "keep", organisation_day(now))
    if not form.is_valid():
        return JsonResponse({"said": "Not saved: something is too long or not valid."}, status=422)
    wanted = replace(form.draft(), added=(), removed=())
    try:
        return _kept(_save(form, wanted, by=request.user, at=now), now)
    except Refused as refused:
        return _not_kept(refused.verdict.reasons[0].message, refused.status)


def _save(form: AnnouncementForm, wanted: Draft, *, by: User, at: datetime) -> Announcement:
    return drafting.save(wanted, onto=form.stored, token=form.seen_token, key=form.page_key, by=by, at=at)


def _not_kept(why: str, status: int) -> JsonResponse:
    return JsonResponse({"said": f"Not saved by itself: {why}"}, status=status)


def _kept(saved: Announcement, now: datetime) -> JsonResponse:
    kept = {
        "token": saved.token,
        "said": f"Draft saved {clock_time(timezone.localtime(now, organisation_zone()))}",
        "address": saved.get_absolute_url(),
        "keep_at": reverse("announcements:draft-keep", args=[saved.pk]),
        "discard_at": reverse("announcements:discard", args=[saved.pk]),
    }
    return JsonResponse(kept)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what has not appeared yet."""
    announcement = get_object_or_404(visible(request), pk=pk)
    require(publishing.may_change(announcement, by=request.user, at=timezone.now()), Forbidden)
    return _page(request, announcement)


@require_http_methods(["GET", "POST"])
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, then throw an own draft away."""
    found = get_object_or_404(Announcement.objects.drafts_of(request.user), pk=pk)
    if request.method == "GET":
        return render(request, "announcements/discard.html", {"draft": found})
    drafting.discard(found, token=whole_number(request.POST.get("token", "")) or 0, by=request.user)
    messages.success(request, f"“{found}” is discarded.")
    return redirect("announcements:drafts" if Announcement.objects.drafts_of(request.user) else "announcements:list")


def _page(request: HttpRequest, stored: Announcement | None, *, gone: bool = False) -> HttpResponse:
    """The page, or what follows when it is saved or sent. `gone`: what was typed was for a draft that is no more."""
    now = timezone.now()
    wish = _wish(request)
    form = _form(request, stored, wish, organisation_day(now))
    if gone:
        form.is_valid()
        form.add_error(None, GONE)
        form.show_stored(None)
    elif wish in ("save", "send") and (done := _done(request, form, wish, now)) is not None:
        return done
    return _shown(request, form, wish, now, gone=gone)


def _wish(request: HttpRequest) -> str:
    """What somebody wants with what they typed; "open" when they typed nothing yet."""
    if request.method != "POST":
        return "open"
    return next((name for name in ("preview", "discard", "save") if name in request.POST), "send")


def _form(request: HttpRequest, stored: Announcement | None, wish: str, today: date) -> AnnouncementForm:
    """The form with what was typed. It may be saved already, though the page has lost the answer that said so."""
    form = AnnouncementForm(
        request.POST if wish != "open" else None,
        request.FILES if wish in ("save", "send") else None,
        author=request.user,
        today=today,
        stored=stored,
        complete=wish in ("open", "preview", "send"),
    )
    if (key := form.repeated_key) and (saved := drafting.saved_on(key, by=request.user)) and stored in (None, saved):
        form.go_on_with(saved)
    return form


def _shown(request: HttpRequest, form: AnnouncementForm, wish: str, now: datetime, *, gone: bool) -> HttpResponse:
    wrong = wish != "discard" and bool(form.errors)  # asked first: what is shown is what was understood
    context = {
        "form": form,
        "action": _address(form.stored),
        "people": reached(form.chosen, organisation_day(now)),
        "draft": form.draft(),
        "warning": form.looks_like_patients,
        "discarding": wish == "discard",
        "author": request.user,
        "now": now,
    }
    if wish == "preview" and request.htmx:
        return render(request, "announcements/compose.html#answer", context)
    return render(request, "announcements/compose.html", context, status=404 if gone else 422 if wrong else 200)


def _done(request: HttpRequest, form: AnnouncementForm, wish: str, now: datetime) -> HttpResponse | None:
    """What follows when it is saved or sent; None when something stands against it."""
    try:
        if form.is_valid() and wish == "save":
            return _saved(request, form, now)
        if form.is_valid():
            return _sent(request, form, now)
        if wish == "send":
            _say_the_rest(form, by=request.user, at=now)
    except Conflict as conflict:
        add_refusal(form, conflict)
        _look_again(request, form)
    except Forbidden:
        raise
    except Refused as refused:
        add_refusal(form, refused)
    _keep_files(request, form, now)
    return None


def _saved(request: HttpRequest, form: AnnouncementForm, now: datetime) -> HttpResponse:
    saved = _save(form, form.draft(), by=request.user, at=now)
    messages.success(request, "Draft saved. Only you see it.")
    return redirect(saved)


def _sent(request: HttpRequest, form: AnnouncementForm, now: datetime) -> HttpResponse:
    wanted = form.draft()
    if form.stored is not None and not form.stored.is_draft:
        sent = publishing.change(form.stored, wanted, token=form.seen_token, by=request.user, at=now)
    else:
        sent = publishing.publish(
            wanted, onto=form.stored, token=form.seen_token, key=form.page_key, by=request.user, at=now
        )
    people = reached(form.chosen, organisation_day(now)).count()
    messages.success(request, said(sent, people, now))
    return redirect(sent)


def _say_the_rest(form: AnnouncementForm, *, by: User, at: datetime) -> None:
    """What the rules have against it besides what the form has: nobody is told of their mistakes one after the other."""
    verdict, said = may_send(form.as_far_as_said, by=by, at=at), set(form.errors)
    rest = Verdict.of(reason for reason in verdict.reasons if reason.field not in said)
    if not rest:
        add_refusal(form, Refused(rest))


def _look_again(request: HttpRequest, form: AnnouncementForm) -> None:
    """Somebody was quicker: what was typed stays, and goes on top of what is stored now, or becomes something new."""
    if form.stored is None:
        form.show_stored(drafting.begun_on(form.page_key, by=request.user) if form.page_key else None)
    else:
        mine = Announcement.objects.drafts_of(request.user) if form.stored.is_draft else visible(request)
        form.show_stored(mine.filter(pk=form.stored.pk).first())
    form.conflicts = True


def _keep_files(request: HttpRequest, form: AnnouncementForm, now: datetime) -> None:
    """Files that came with what cannot be sent yet are kept with a draft: no browser chooses them a second time."""
    if not form.cleaned_data.get("file"):
        return
    is_draft = form.stored is None or form.stored.is_draft
    if not is_draft or {"title", "body"} - set(form.cleaned_data):
        form.add_error("file", FILES_ONCE_MORE)
        return
    try:
        form.show_stored(
            drafting.save(
                form.draft(), onto=form.stored, token=form.current_token, key=form.page_key, by=request.user, at=now
            )
        )
    except Refused:
        form.add_error("file", FILES_ONCE_MORE)
    else:
        messages.info(request, "The files are kept with a draft. It is not sent yet.")


def _address(stored: Announcement | None) -> str:
    if stored is None:
        return reverse("announcements:compose")
    return reverse("announcements:draft" if stored.is_draft else "announcements:change", args=[stored.pk])

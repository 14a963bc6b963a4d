"""The inbox of the person who is signed in. Nobody sees another's, whatever the role."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from intranet.core.access import Refused, add_refusal
from intranet.core.forms import whole_number
from intranet.core.time import local_day
from intranet.core.wording import clock_time, counted, long_day, near_day
from intranet.reminders import unsubscribing
from intranet.reminders.forms import InboxFilter, PreferencesForm, SnoozeForm, counted_tabs
from intranet.reminders.models import Reminder, ReminderQuerySet
from intranet.reminders.news import news_of
from intranet.reminders.preferring import prefer
from intranet.reminders.reading import endings, mark_read, mark_unread
from intranet.reminders.snoozing import Offer, bring_back, offers, shared_offers, snooze, snooze_several
from intranet.reminders.unsubscribing import Link

PAGE_SIZE = 25
NO_MOMENT = "Choose until when."
NONE_CHOSEN = "Choose at least one reminder."


@dataclass(frozen=True, slots=True)
class Row:
    """A reminder as the list shows it: until when it may be put off, and when it comes back."""

    reminder: Reminder
    offers: list[Offer]
    back: str = ""
    ended: str = ""

    @property
    def choosable(self) -> bool:
        """What is done asks for nothing, so nothing is to be chosen for it."""
        return self.reminder.settled_at is None


@dataclass(frozen=True, slots=True)
class Several:
    """What can be done to several rows of the list at once: to at least one of them, that is."""

    rows: list[Row]

    @property
    def readable(self) -> bool:
        return any(row.reminder.unread and not row.back for row in self.rows)

    @property
    def unreadable(self) -> bool:
        return any(row.choosable and not row.reminder.unread for row in self.rows)

    @property
    def off(self) -> bool:
        return any(row.back for row in self.rows)

    @property
    def offers(self) -> list[Offer]:
        return shared_offers(row.offers for row in self.rows)

    @property
    def any(self) -> bool:
        return any(row.choosable for row in self.rows)


@dataclass(frozen=True, slots=True)
class NotPutOff:
    """What somebody wanted to put off and may not, as it stood in the page: in the box of one row, or in that of several."""

    box: int | str
    chosen: set[int]
    moment: str
    why: str

    def has_its_box_among(self, rows: list[Row]) -> bool:
        """Whether its box is still offered; what was done meanwhile has none."""
        if self.box == "several":
            return Several(rows).any
        return any(row.reminder.pk == self.box and row.offers for row in rows)


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    return inbox_page(request)


def inbox_page(
    request: HttpRequest, *, preferences: PreferencesForm | None = None, refused: NotPutOff | None = None
) -> HttpResponse:
    """The inbox, narrowed as the address says, with the person's settings beside it; with what was refused, as it was sent."""
    at, zone = timezone.now(), zone_of(request)
    if request.method == "POST":
        request.GET = QueryDict(urlencode(state_sent(request)))  # the rows and links of the page on which it was sent
    mine = Reminder.objects.visible_to(request.user)
    form = InboxFilter(request.GET, person=request.user)
    page = Paginator(form.narrow(mine, at), PAGE_SIZE).get_page(request.GET.get("page"))
    ended = endings(page.object_list)
    rows = [row_of(reminder, at, zone, ended.get(reminder.pk, "")) for reminder in page.object_list]
    counts = mine.counted(at)
    if refused and not refused.has_its_box_among(rows):
        messages.error(request, refused.why)
    context = {
        "page": page,
        "days": [("", rows)] if form.tab == "snoozed" and rows else by_day(rows, zone, local_day(at, zone)),
        "zone": zone,
        "form": form,
        "tabs": counted_tabs(counts),
        "state": [*form.state.items(), *([("page", page.number)] if page.number > 1 else [])],
        "several": Several(rows),
        "markable": bool(rows) and counts["unread"] and form.tab != "snoozed",
        "preferences": preferences or PreferencesForm(person=request.user),
        "refused": refused,
    }
    return render(request, "reminders/inbox.html", context, status=422 if preferences or refused else 200)


@require_POST
def inbox_read(request: HttpRequest) -> HttpResponse:
    """Mark those that were ticked as read, or everything that the same filters show."""
    at = timezone.now()
    if "selected" in request.POST:
        mark_read(among(chosen(request)), by=request.user, at=at)
    else:
        mine = Reminder.objects.visible_to(request.user)
        mark_read(InboxFilter(request.POST, person=request.user).narrow(mine, at).order_by(), by=request.user, at=at)
    return redirect(where_from(request))


@require_POST
def inbox_unread(request: HttpRequest) -> HttpResponse:
    """Mark those that were ticked as unread again."""
    mark_unread(among(chosen(request)), by=request.user)
    return redirect(where_from(request))


@require_POST
def inbox_snooze(request: HttpRequest) -> HttpResponse:
    """Put those that were ticked off, as far as each may be, and say how many stay."""
    at, zone, ticked = timezone.now(), zone_of(request), chosen(request)
    until = SnoozeForm(request.POST, at=at, zone=zone).chosen()
    try:
        if until is None:
            raise Refused.because("no-moment", NO_MOMENT, "until")
        number = snooze_several(among(ticked), until=until, by=request.user, at=at)
    except Refused as refused:
        return not_put_off(request, "several", ticked, refused)
    if number:
        verb = "comes" if number == 1 else "come"
        messages.success(request, f"{counted(number, 'reminder')} {verb} back {moment_words(until, at, zone)}.")
    if stay := len(ticked) - number:
        messages.warning(request, f"{counted(stay, 'reminder')} not put off: done, or of no more use by then.")
    return redirect(where_from(request))


def not_put_off(request: HttpRequest, box: int | str, ticked: set[int], refused: Refused) -> HttpResponse:
    """The page as it was, with what was ticked and typed, and why it is refused at its field."""
    why = f"Not put off. {refused}"
    return inbox_page(request, refused=NotPutOff(box, ticked, request.POST.get("moment", ""), why))


@require_POST
def inbox_wake(request: HttpRequest) -> HttpResponse:
    """Have those that were ticked back at once."""
    bring_back(among(chosen(request)), by=request.user, at=timezone.now())
    return redirect(where_from(request))


@require_POST
def reminder_read(request: HttpRequest, pk: int) -> HttpResponse:
    mark_read(one_of(own(request, pk)), by=request.user, at=timezone.now())
    return redirect(where_from(request))


@require_POST
def reminder_unread(request: HttpRequest, pk: int) -> HttpResponse:
    mark_unread(one_of(own(request, pk)), by=request.user)
    return redirect(where_from(request))


@require_POST
def reminder_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to what the reminder is about; that counts as having read it."""
    reminder = own(request, pk)
    mark_read(one_of(reminder), by=request.user, at=timezone.now())
    return redirect(reminder.path)


@require_POST
def reminder_snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """Put it off until a moment that was offered, or another one."""
    reminder, at, zone = own(request, pk), timezone.now(), zone_of(request)
    until = SnoozeForm(request.POST, at=at, zone=zone).chosen()
    try:
        if until is None:
            raise Refused.because("no-moment", NO_MOMENT, "until")
        snooze(reminder, until=until, by=request.user, at=at, zone=zone)
    except Refused as refused:
        return not_put_off(request, reminder.pk, set(), refused)
    messages.success(request, f"“{reminder.title}” comes back {moment_words(until, at, zone)}.")
    return redirect(where_from(request))


@require_POST
def reminder_wake(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it back at once."""
    bring_back(one_of(own(request, pk)), by=request.user, at=timezone.now())
    return redirect(where_from(request))


@require_POST
def mail_choose(request: HttpRequest) -> HttpResponse:
    form = PreferencesForm(request.POST, person=request.user)
    if form.is_valid():
        try:
            prefer(request.user, form.rhythms, form.hours, at=timezone.now())
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, "Saved. Your inbox has everything in any case.")
            return redirect(f"{where_from(request)}#mail")
    return inbox_page(request, preferences=form)


@require_safe
def inbox_news(request: HttpRequest) -> HttpResponse:
    """For the script of an open page. That it asks is no activity of the person: see `accounts.middleware`."""
    at = timezone.now()
    news = news_of(request.user, moment_in(request.GET.get("since", "")), at).as_json
    etag = f'"{hashlib.sha256(json.dumps(news).encode()).hexdigest()[:32]}"'
    response = HttpResponse(json.dumps(news | {"at": at.isoformat()}), content_type="application/json")
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response)  # type: ignore[return-value]


def moment_in(text: str) -> datetime | None:
    """A moment with its offset; None for anything else."""
    try:
        moment = parse_datetime(text[:40])
    except ValueError:
        return None
    return moment if moment is not None and timezone.is_aware(moment) and 2000 <= moment.year < 2100 else None


@sensitive_variables("token")
@login_not_required  # Whoever gets mail may stop it where they read it, which need not be where they sign in.
@csrf_exempt  # The mail program presses the button without having been here (RFC 8058); the link is the secret.
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """A page that says what will happen, and a button that does it."""
    return _followed(request, unsubscribing.found_by(token), back=False)


@sensitive_variables("token")
@login_not_required  # Takes back what was done without signing in.
@csrf_exempt  # As above: the link is the secret, and the browser may hold no cookie.
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe_undo(request: HttpRequest, token: str) -> HttpResponse:
    return _followed(request, unsubscribing.undo_found_by(token), back=True)


def _followed(request: HttpRequest, link: Link | None, *, back: bool) -> HttpResponse:
    if link is None:
        return _wrong_link(request)
    context: dict[str, Any] = {"link": link, "back": back}
    if request.method == "POST":
        context |= {"done": True, "undo": unsubscribing.follow(link, at=timezone.now())}
    return render(request, "reminders/unsubscribe.html", context)


def _wrong_link(request: HttpRequest) -> HttpResponse:
    """So many guesses from one address, counted in the database for all processes; links that work are not held up."""
    config = {"wrong_unsubscribe_link": settings.WRONG_TOKENS}
    counts = ratelimit.consume(request, app="reminders", action="wrong_unsubscribe_link", config=config, limit_get=True)
    return render(request, "reminders/unsubscribe.html", {"link": None}, status=404 if counts else 429)


def own(request: HttpRequest, pk: int) -> Reminder:
    return get_object_or_404(Reminder.objects.visible_to(request.user), pk=pk)


def one_of(reminder: Reminder) -> ReminderQuerySet:
    return among({reminder.pk})


def chosen(request: HttpRequest) -> set[int]:
    """The numbers that were ticked; says so when there are none."""
    numbers = {whole_number(text) for text in request.POST.getlist("reminder")} - {None}
    if not numbers:
        messages.error(request, NONE_CHOSEN)
    return numbers  # type: ignore[return-value]  # None was taken out


def among(numbers: set[int]) -> ReminderQuerySet:
    return Reminder.objects.filter(pk__in=numbers)


def zone_of(request: HttpRequest) -> ZoneInfo:
    zone: ZoneInfo = request.user.zone  # type: ignore[union-attr]  # nobody gets here without having signed in
    return zone


def row_of(reminder: Reminder, at: datetime, zone: ZoneInfo, ended: str = "") -> Row:
    offered = offers(reminder, at, zone)
    if not reminder.is_put_off(at) or reminder.snoozed_until is None:
        return Row(reminder, offered, ended=ended)
    return Row(reminder, offered, f"Comes back {moment_words(reminder.snoozed_until, at, zone)}")


def moment_words(moment: datetime, at: datetime, zone: ZoneInfo) -> str:
    """`tomorrow at 8:00 AM`, by the person's own clock."""
    return f"{near_day(local_day(moment, zone), local_day(at, zone))} at {clock_time(moment, zone)}"


def by_day(rows: Iterable[Row], zone: ZoneInfo, today: date) -> list[tuple[str, list[Row]]]:
    """The rows under the days on which they came, as the person's own clock counts days."""

    def label(row: Row) -> str:
        day = local_day(row.reminder.last_came_at, zone)  # type: ignore[arg-type]  # released, so it has a moment
        return {0: "Today", 1: "Yesterday"}.get((today - day).days) or long_day(day)

    return [(day, list(group)) for day, group in groupby(rows, key=label)]


def state_sent(request: HttpRequest) -> dict[str, str]:
    """The tab, filters and page of the inbox on which something was sent."""
    return {name: request.POST[name] for name in ("show", "about", "q", "page") if request.POST.get(name)}


def where_from(request: HttpRequest) -> str:
    """The same tab, filters and page of the inbox again."""
    state = state_sent(request)
    return reverse("reminders:inbox") + (f"?{urlencode(state)}" if state else "")

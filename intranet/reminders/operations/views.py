"""How the reminders are doing, and the mails that did not go: for whoever runs them."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from intranet.core.access import Forbidden, Refused, require
from intranet.core.forms import whole_number
from intranet.core.wording import counted
from intranet.reminders import dead_letters
from intranet.reminders.dead_letters import Outcome, may_have_arrived, may_settle
from intranet.reminders.models import AddressTrouble
from intranet.reminders.operating import may_operate
from intranet.reminders.operations.figures import figures
from intranet.reminders.operations.forms import MailFilter
from intranet.reminders.operations.mail_lists import kinds_of, with_history

PAGE_SIZE = 25


@require_safe
def reminders(request: HttpRequest) -> HttpResponse:
    """The figures of this moment. htmx asks for them again every few seconds, for as long as the page is looked at."""
    require(may_operate(request.user), Forbidden)
    part = "#figures" if request.htmx and not request.htmx.boosted else ""
    response = render(request, f"reminders/operations.html{part}", {"figures": figures(timezone.now())})
    response.headers["Vary"] = "HX-Request"
    return response


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """Mails that wait for a decision, or that fit the filters."""
    require(may_operate(request.user), Forbidden)
    now = timezone.now()
    form = MailFilter(request.GET)
    page = Paginator(with_history(form.narrow()), PAGE_SIZE).get_page(request.GET.get("page"))
    lines = [
        {"mail": mail, "kinds": kinds_of(mail), "settles": may_settle(mail), "over": mail.not_after <= now}
        for mail in page.object_list
    ]
    context = {
        "form": form,
        "page": page,
        "lines": lines,
        "settles": any(line["settles"] for line in lines),
        "doubts": any(line["settles"] and may_have_arrived(line["mail"]) for line in lines),
        "longest_reason": dead_letters.LONGEST_REASON,
    }
    part = "#results" if request.htmx else ""
    response = render(request, f"reminders/mails.html{part}", context)
    response.headers["Vary"] = "HX-Request"
    return response


@require_safe
def addresses(request: HttpRequest) -> HttpResponse:
    """Addresses to which mail does not arrive."""
    require(may_operate(request.user), Forbidden)
    troubles = AddressTrouble.objects.visible_to(request.user).open().filter(person__is_active=True)
    page = Paginator(troubles.select_related("person"), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "reminders/addresses.html", {"page": page})


@require_POST
def mails_retry(request: HttpRequest) -> HttpResponse:
    """Send the ticked ones once more."""
    twice = "twice" in request.POST
    outcome = dead_letters.retry(_ticked(request), by=request.user, at=timezone.now(), twice=twice)
    _tell(request, outcome, "goes out once more,go out once more")
    return redirect(_list_as_it_was(request))


@require_POST
def mails_write_off(request: HttpRequest) -> HttpResponse:
    """Let the ticked ones be."""
    try:
        why = request.POST.get("why", "")
        outcome = dead_letters.write_off(_ticked(request), why=why, by=request.user, at=timezone.now())
    except Forbidden:
        raise
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        _tell(request, outcome, "was written off,were written off")
    return redirect(_list_as_it_was(request))


def _ticked(request: HttpRequest) -> list[int]:
    return [pk for text in request.POST.getlist("mail") if (pk := whole_number(text))]


def _tell(request: HttpRequest, outcome: Outcome, words: str) -> None:
    one, many = words.split(",")
    if outcome.done:
        messages.success(request, f"{counted(outcome.done, 'mail')} {one if outcome.done == 1 else many}.")
    if outcome.refused:
        messages.error(request, f"{counted(len(outcome.refused), 'mail')} not: {' '.join(outcome.sentences)}")
    if not outcome.done and not outcome.refused:
        messages.info(request, "Tick the mails first.")


def _list_as_it_was(request: HttpRequest) -> str:
    """The same filters and page of the list again."""
    names = (*MailFilter.base_fields, "page")
    state = {name: request.POST[f"at_{name}"] for name in names if request.POST.get(f"at_{name}")}
    return reverse("operations:mails") + (f"?{urlencode(state)}" if state else "")

"""Search for everybody, and the words behind it for whoever keeps them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from intranet.core.access import Conflict, Forbidden, Refused, add_refusal, require
from intranet.core.time import organisation_day
from intranet.search import misses
from intranet.search.aliases import add, change, forget, may_edit, remove
from intranet.search.forms import AliasForm, SearchForm
from intranet.search.models import Alias, Miss
from intranet.search.searching import Search
from intranet.search.usual import add_usual

PAGE_SIZE = 20
QUICK = 8  # in the panel below the top bar's box


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Everything that the person may find. htmx asks for the part below the field, while the words are typed, and the box
    of the top bar for the best few; when the typing rests on words that find nothing, once more, which only counts them."""
    form = SearchForm(request.GET)
    form.is_valid()
    query, literally = form.cleaned_data.get("q", ""), form.cleaned_data.get("literally", False)
    found = Search(request.user, query, timezone.now(), kind=form.cleaned_data.get("kind", ""), literally=literally)
    typing = bool(request.htmx and not request.htmx.boosted)
    rests = typing and "rests" in request.GET
    if query and found.understood.in_vain and (rests or not typing):
        misses.note(query, organisation_day(found.at))
    if rests:
        return HttpResponse(status=204)
    quick = typing and request.htmx.target == "quick-results"
    page = Paginator(range(found.count), QUICK if quick else PAGE_SIZE).get_page(request.GET.get("page"))
    hits = found.hits(page.start_index() - 1, page.end_index()) if found.count else []
    context = {
        "form": form,
        "query": query,
        "found": found,
        "page": page,
        "hits": hits,
        "typing": typing,
        "may_edit": may_edit(request.user),
    }
    part = "#quick" if quick else "#results" if typing else ""
    response = render(request, f"search/search.html{part}", context)
    response.headers["Vary"] = "HX-Request, HX-Target"
    return response


@require_GET
def aliases(request: HttpRequest) -> HttpResponse:
    """The aliases, and what people looked for in vain."""
    require(may_edit(request.user), Forbidden)
    context = {
        "aliases": Alias.objects.select_related("edited_by"),
        "page": Paginator(Miss.objects.all(), PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "search/aliases.html", context)


@require_http_methods(["GET", "POST"])
def alias(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Keep a new alias or change one. Whoever comes second is shown what the other one saved."""
    require(may_edit(request.user), Forbidden)
    row = get_object_or_404(Alias, pk=pk) if pk else Alias(term=request.GET.get("term", "").replace("\x00", "")[:60])
    form = AliasForm(request.POST if request.method == "POST" else None, instance=row)
    status = 200
    if form.is_bound:
        status = _kept(request, form, pk)
        if status == 302:
            return redirect("search:aliases")
    stored = Alias.objects.filter(pk=pk).first() if pk else None
    return render(request, "search/alias.html", {"form": form, "alias": stored, "is_new": pk is None}, status=status)


def _kept(request: HttpRequest, form: AliasForm, pk: int | None) -> int:
    """Save what the form says; the status with which to answer. A conflict gives the form the token of now."""
    if not form.is_valid():
        return 422
    try:
        if pk is None:
            saved = add(form.words, by=request.user, at=timezone.now())
        else:
            token = form.cleaned_data["token"] or 0
            saved = change(Alias(pk=pk), form.words, token=token, by=request.user, at=timezone.now())
    except ValidationError as error:
        form.add_error(None if "__all__" in error.message_dict else "term", error.messages)
        return 422
    except Conflict as conflict:
        add_refusal(form, conflict)
        if now := Alias.objects.filter(pk=pk or 0).first():
            form.data = form.data.copy()
            form.data["token"] = str(now.token)
        return 409
    except Forbidden:
        raise
    except Refused as refused:
        add_refusal(form, refused)
        return 422
    messages.success(request, f"Whoever looks for “{saved.term}” also finds {saved.means}.")
    return 302


@require_POST
def alias_remove(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Alias, pk=pk) if may_edit(request.user) else Alias(pk=pk)
    token = request.POST.get("token", "")
    try:
        remove(row, token=int(token) if token.isdecimal() and len(token) < 10 else 0, by=request.user)
    except Conflict as conflict:
        messages.error(request, str(conflict))
        return redirect("search:alias", pk) if Alias.objects.filter(pk=pk).exists() else redirect("search:aliases")
    messages.success(request, f"“{row.term}” is no alias any more.")
    return redirect("search:aliases")


@require_POST
def alias_usual(request: HttpRequest) -> HttpResponse:
    """Keep those that a clinic usually starts with."""
    number = add_usual(by=request.user, at=timezone.now())
    messages.success(request, f"{number} added. Change or remove what does not fit.")
    return redirect("search:aliases")


@require_POST
def miss_forget(request: HttpRequest, pk: int) -> HttpResponse:
    require(may_edit(request.user), Forbidden)
    forget(get_object_or_404(Miss, pk=pk), by=request.user)
    return redirect("search:aliases")

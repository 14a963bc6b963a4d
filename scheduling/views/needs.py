"""How many people a clinic needs: one page for the whole week."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from intranet.core.access import Conflict, Refused
from scheduling.need_forms import need_forms
from scheduling.needs import fingerprint_of, needs_of, set_coverage_needs
from scheduling.views.setup import own_clinic


@require_http_methods(["GET", "POST"])
def needs(request: HttpRequest, slug: str) -> HttpResponse:
    """Whoever saves second is told, and may then replace what the first one saved."""
    clinic = own_clinic(request, slug)
    now = needs_of(clinic)
    form, rows = need_forms(request.POST or None, now)
    status, meanwhile = 200, False
    if request.method == "POST" and not (form.is_valid() and rows.is_valid()):
        status = 422
        form.add_error(None, "Put right what stands at the needs below.")
    elif request.method == "POST":
        try:
            set_coverage_needs(clinic, rows.needs, by=request.user, seen=form.cleaned_data["seen"])
        except Refused as refused:
            status, meanwhile = refused.status, isinstance(refused, Conflict)
            for words in rows.add_refusal(refused) or ["Put right what stands at the needs below."]:
                form.add_error(None, words)
        else:
            messages.success(request, f"What {clinic} needs is saved.")
            return redirect("scheduling:needs", clinic.slug)
    if meanwhile:
        form.data = {**form.data.dict(), "seen": fingerprint_of(now)}
    context = {"clinic": clinic, "form": form, "rows": rows, "meanwhile": meanwhile}
    return render(request, "scheduling/needs.html", context, status=status)

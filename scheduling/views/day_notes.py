"""Notes on a day of the board, for each of the clinics that the person plans."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from intranet.core.access import Refused
from intranet.core.wording import long_day
from scheduling.day_notes_form import DayNotesForm
from scheduling.models import DayNote
from scheduling.special_days import note_on_day
from scheduling.views.answers import Changed, saved
from scheduling.views.publishing import day_of
from scheduling.views.shifts import own_clinics


@require_http_methods(["GET", "POST"])
def day_notes(request: HttpRequest, day: str) -> HttpResponse:
    """Write, change or empty the notes; all of them or none."""
    on, clinics = day_of(day), own_clinics(request, None)
    notes = {note.clinic_id: note.text for note in DayNote.objects.filter(clinic__in=clinics, day=on)}
    form = DayNotesForm(request.POST or None, clinics=clinics, present=notes)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            _write(form, request, on)
        except Refused as refused:
            status = refused.status
        else:
            messages.success(request, f"{long_day(on)}: the note is saved.")
            return saved(request, [Changed(None, on, clinic.pk) for clinic in clinics], focus=f"note-{on}")
    template = "scheduling/_day_notes_form.html" if request.htmx else "scheduling/day_notes.html"
    return render(request, template, {"form": form, "day": on}, status=status)


@transaction.atomic
def _write(form: DayNotesForm, request: HttpRequest, day: date) -> None:
    """A refusal stands at the clinic's field, with what is there now; writing again replaces that."""
    for clinic, seen, text in form.changes:
        try:
            note_on_day(clinic, day, text, seen=seen, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        except Refused as refused:
            form.add_error(clinic.slug, str(refused))
            form.look_again()
            raise

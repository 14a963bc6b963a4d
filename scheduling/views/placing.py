"""Moving and copying a shift: to a day and a person that are chosen here, or to the cell of the board that was chosen there."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from intranet.core.access import Conflict, Refused, add_refusal
from scheduling import assigning, moving
from scheduling.forms import COPY, MOVE
from scheduling.models import Shift
from scheduling.moving import Done
from scheduling.placing_forms import PlaceForm
from scheduling.plans import Plan
from scheduling.views.answers import Changed, saved, say
from scheduling.views.shifts import message_for, shown_version, working_copies


def place(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Where the shift should go. The button says whether it moves, or another one like it is made."""
    shift = get_object_or_404(working_copies(request), pk=pk)
    form = PlaceForm(request.POST if request.method == "POST" else None, user=request.user, shift=shift)
    if request.method == "POST" and form.is_valid():
        before = Changed.of(shift)
        try:
            placed, done = _placed(request, shift, form)
        except Refused as refused:
            add_refusal(form, refused)
            return answer(request, form, shift, refused=refused)
        say(request, message_for(placed), [done])
        return saved(request, [before, Changed.of(placed)], placed)
    return answer(request, form, shift)


def _placed(request: HttpRequest, shift: Shift, form: PlaceForm) -> tuple[Shift, Done]:
    values = {**form.cleaned_data, "by": request.user, "at": timezone.now()}
    if copies(request):
        return moving.copy_shift(shift, **values)
    return moving.place_shift(shift, version=shown_version(request), **values)


def copies(request: HttpRequest) -> bool:
    return request.POST.get("how", request.GET.get("how", MOVE)) == COPY


def answer(request: HttpRequest, form: PlaceForm, shift: Shift, *, refused: Refused | None = None) -> HttpResponse:
    """The form, in the sheet of the board or as a page; after a refusal with what was tried, and every reason."""
    undone = ""
    if refused is not None:
        plan = moving.placed(Plan.of(shift), form.cleaned_data["day"], form.cleaned_data.get("staff"))
        undone = assigning.undone(plan, Plan.of(shift))
    if isinstance(refused, Conflict):
        shift = working_copies(request).filter(pk=shift.pk).first() or shift
    needed = "reason" in form.errors or bool(form["reason"].data)
    form.needs_reason(needed)
    context = {
        "form": form,
        "shift": shift,
        "copies": copies(request),
        "undone": undone,
        "changed_meanwhile": refused is not None and refused.verdict.reasons[0].code == "changed-meanwhile",
        "needs_reason": needed,
    }
    template = "scheduling/_place.html" if request.htmx else "scheduling/place.html"
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, template, context, status=status)

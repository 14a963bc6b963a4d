"""The side sheet of one shift: the same form as a page of its own, without script."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.core.access import Conflict, Forbidden, Refused, add_refusal, require
from intranet.core.forms import whole_number
from intranet.core.time import local_day, minutes_between
from scheduling import assigning, publishing
from scheduling.checking import check_shift
from scheduling.coverage import unusual_times
from scheduling.forms import NewShiftForm, ShiftForm, values_of
from scheduling.models import PublishedShift, Shift
from scheduling.moving import Done, remove_shift, replan_shift
from scheduling.plans import Plan
from scheduling.times import clock_change, ends_next_day, planned_hours
from scheduling.views.answers import Changed, saved, say


def add(request: HttpRequest) -> HttpResponse:
    """A new shift, for somebody or open. The address says from which cell it was asked for."""
    at = timezone.now()
    asked = NewShiftForm(request.GET, user=request.user)
    if not asked.is_valid():
        raise Http404("There is no such clinic, day or person.")
    clinics = own_clinics(request, asked.cleaned_data["clinic"])
    first = asked.cleaned_data["clinic"] or clinics[0]
    initial = asked.initial_values(first, local_day(at, first.zone))
    form = ShiftForm(request.POST or None, clinics=clinics, initial=initial)
    staff = chosen_person(request, asked.cleaned_data["staff"])
    if is_to_save(request) and form.is_valid():
        plan = form.plan(staff)
        try:
            shift = assigning.create_shift(plan, by=request.user, at=at, reason=form.cleaned_data["reason"])
        except Refused as refused:
            add_refusal(form, refused)
            undone = assigning.undone(plan, None)
            return sheet(request, form, staff=staff, undone=undone, status=refused.status)
        say(request, message_for(shift), [Done(shift.pk, shift.version, None)])
        return saved(request, [Changed.of(shift)], shift)
    return sheet(request, form, staff=staff)


def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One shift: change it, give it to somebody, make it open."""
    at = timezone.now()
    shift = get_object_or_404(working_copies(request), pk=pk)
    form = ShiftForm(request.POST or None, clinics=[shift.clinic], initial=values_of(shift))
    staff = chosen_person(request, shift.staff)
    if is_to_save(request) and form.is_valid():
        here, before, plan = Changed.of(shift), Plan.of(shift), form.plan(staff, shift)
        try:
            version = shown_version(request)
            with transaction.atomic():
                reason = form.cleaned_data["reason"]
                shift, done = replan_shift(shift, plan, version=version, by=request.user, at=at, reason=reason)
                if "tell" in request.POST:
                    publishing.tell_now(shift, version=shift.version, by=request.user, at=at, reason=reason)
        except Refused as refused:
            add_refusal(form, refused)
            undone = assigning.undone(plan, before)
            return sheet(request, form, shift, staff=staff, refused=refused, undone=undone, status=refused.status)
        say(request, message_for(shift, told="tell" in request.POST), [done])
        return saved(request, [here, Changed.of(shift)], shift)
    return sheet(request, form, shift, staff=staff)


@require_POST
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete a shift; from what staff see it goes with the next publication."""
    shift = get_object_or_404(working_copies(request), pk=pk)
    here, version = Changed.of(shift), shown_version(request)
    seen = PublishedShift.objects.standing().filter(shift=shift).exists()
    try:
        done = remove_shift(shift, version=version, by=request.user, at=timezone.now())
    except Refused as refused:
        form = ShiftForm(None, clinics=[shift.clinic], initial=values_of(shift))
        return sheet(request, form, shift, staff=shift.staff, refused=refused, status=refused.status)
    say(request, f"Deleted. {'Staff see it until you publish.' if seen else 'Staff had not seen it.'}", [done])
    return saved(request, [here])


def working_copies(request: HttpRequest) -> Any:
    shifts = Shift.objects.visible_to(request.user).planned()
    return shifts.select_related("clinic", "staff", "skill", "week__clinic", "changed_by")


def own_clinics(request: HttpRequest, wanted: Clinic | None) -> list[Clinic]:
    """The clinics whose roster the person makes. Forbidden when there is none, or not the one that is wanted."""
    if wanted is not None:
        require(assigning.may_edit(wanted, request.user), Forbidden)
    own = list(Clinic.objects.where(request.user, Capability.EDIT_ROSTER))
    if not own:
        raise Forbidden.because("not-a-manager", "Rosters are made by the managers of the clinics.")
    return own


def chosen_person(request: HttpRequest, present: User | None) -> User | None:
    """Whom the pressed button names: `assign` is a person, or empty for nobody; without it, whoever it is now."""
    wanted = request.POST.get("assign")
    if wanted is None:
        return present
    if not wanted:
        return None
    return get_object_or_404(User.objects.visible_to(request.user), pk=whole_number(wanted))


def is_to_save(request: HttpRequest) -> bool:
    """A form that only asks who could work the shift is sent with `check`; it saves nothing."""
    return request.method == "POST" and "check" not in request.POST


def shown_version(request: HttpRequest) -> int:
    """The version that the page was made from; one that nothing ever had when it says none."""
    version = whole_number(request.POST.get("version", ""))
    return -1 if version is None else version


def message_for(shift: Shift, *, told: bool = False) -> str:
    who = f"{shift.staff} works" if shift.staff else "Open shift"
    seen = "Staff see it now; whoever it concerns is told." if told else "Staff see it once you publish."
    twice = "".join(f" {reason}" for reason in unusual_times(Plan.of(shift)))
    return f"{who} {planned_hours(shift, timezone.now())}.{twice} {seen}"


def sheet(
    request: HttpRequest,
    form: ShiftForm,
    shift: Shift | None = None,
    *,
    staff: User | None = None,
    refused: Refused | None = None,
    undone: str = "",
    status: int = 0,
) -> HttpResponse:
    """The form with everybody who could work the shift, and why the others cannot."""
    if isinstance(refused, Conflict) and shift is not None:
        shift = working_copies(request).filter(pk=shift.pk).first() or shift
    now, context = timezone.now(), {"form": form, "shift": shift, "staff": staff, "refused": refused, "undone": undone}
    plan = planned(form, shift)
    if plan is not None:
        check = check_shift(plan, now, shift_id=shift.pk if shift else None)
        context["can"] = [one for one in check.candidates if one.verdict]
        context["cannot"] = [one for one in check.candidates if not one.verdict]
        context["concerned"] = check.may_need_reason or "reason" in form.errors or bool(form["reason"].data)
        context["holder"] = next((one for one in context["cannot"] if shift and one.person.pk == shift.staff_id), None)
        context["clock_change"] = clock_change(plan.span, plan.clinic.zone)
        context |= {"unusual": check.unusual, "next_day": ends_next_day(plan.span, plan.clinic.zone)}
        context |= {"plan": plan, "candidate_count": len(check.candidates), "minutes": minutes_between(*plan.span)}
    form.needs_reason("reason" in form.errors)
    context["is_past"] = bool(shift and shift.week.is_past(now))
    context["changed_meanwhile"] = bool(refused and refused.verdict.reasons[0].code == "changed-meanwhile")
    template = "scheduling/_shift.html" if request.htmx else "scheduling/shift.html"
    return render(request, template, context, status=status or (422 if form.errors else 200))


def planned(form: ShiftForm, shift: Shift | None) -> Plan | None:
    """What the form says as a plan, whether it was sent or not; None while its times make no sense."""
    if form.is_bound:
        form.is_valid()
        wanted = form.fields.keys() - {"reason", "warned"}
        return form.plan(None, shift) if wanted <= form.cleaned_data.keys() else None
    if shift is not None:
        return Plan.of(shift)
    return form.initial_plan()

"""The forms of the roster: how to look at the board, and what a shift should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import QueryDict

from accounts.models import Clinic, Skill, User
from intranet.core.forms import ClockInput, DayInput, in_this_century
from intranet.core.patient_words import WithoutPatients
from intranet.core.time import minutes_between, monday_of
from scheduling.board import Board
from scheduling.coverage import needed_times
from scheduling.looking import usual_clinic
from scheduling.models import Shift
from scheduling.plans import Plan
from scheduling.positions import Position, usual_position
from scheduling.rows import EVERYONE, PROBLEMS, UNDER, Look, Placing
from scheduling.times import shift_span, skipped_times

EVERY_CLINIC = "all"
MOVE, COPY = "move", "copy"
HOW = [(MOVE, "Move"), (COPY, "Copy")]
BREAK_FROM = 6 * 60  # minutes of a shift from which half an hour of break is usual
BREAKS = [(0, "None"), (15, "15 min"), (30, "30 min"), (45, "45 min"), (60, "60 min")]
USUAL_TIMES = {
    Position.THERAPIST: (time(7), time(15, 30)),
    Position.ASSISTANT: (time(7), time(15, 30)),
    Position.AIDE: (time(7), time(15, 30)),
    Position.FRONT_DESK: (time(8), time(16, 30)),
}


class RosterDayField(forms.DateField):
    default_validators = [in_this_century]


class SeenForm(forms.Form):
    """Up to which of the notices that one was told by."""

    up_to = forms.IntegerField(min_value=1, max_value=2**63 - 1)


class BoardForm(forms.Form):
    """The address of the board. Anything unknown in it makes the form invalid, and the page answers 404."""

    week = RosterDayField(required=False)
    clinic = forms.ModelChoiceField(Clinic.objects.none(), to_field_name="slug", required=False)
    cover = forms.SlugField(required=False)
    show = forms.ChoiceField(choices=[(name, name) for name in (EVERYONE, PROBLEMS, UNDER)], required=False)
    find = forms.CharField(max_length=80, required=False)
    view = forms.ChoiceField(choices=[("week", "week"), ("day", "day")], required=False)
    day = RosterDayField(required=False)
    place = forms.ModelChoiceField(Shift.objects.none(), required=False)  # what was picked up
    how = forms.ChoiceField(choices=HOW, required=False)
    select = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict, *, user: User) -> None:
        self.user, self.every_clinic = user, data.get("clinic") == EVERY_CLINIC
        if self.every_clinic:
            data = data.copy()
            del data["clinic"]
        super().__init__(data)
        own = Shift.objects.visible_to(user).planned().select_related("clinic", "staff", "skill", "week")
        self.fields["clinic"].queryset = Clinic.objects.visible_to(user)  # type: ignore[attr-defined]
        self.fields["place"].queryset = own  # type: ignore[attr-defined]

    def look(self, usual_monday: date) -> Look:
        """How to look at the board; without a choice, the usual week, at every clinic as long as a board holds it."""
        chosen = self.cleaned_data
        wanted = chosen["week"] or chosen["day"]
        monday = monday_of(wanted) if wanted else usual_monday
        return Look(
            monday=monday,
            clinic=chosen["clinic"] or (None if self.every_clinic else usual_clinic(self.user, monday)),
            cover=chosen["cover"] or Position.THERAPIST.value,
            show=chosen["show"] or EVERYONE,
            find=chosen["find"].strip(),
            placing=Placing(chosen["place"], copy=chosen["how"] == COPY) if chosen["place"] else None,
        )

    def organisation_day(self, board: Board) -> date:
        """The one day that the day view shows: the day asked for, today, or the day of the week next to them."""
        wanted = self.cleaned_data["day"] or board.today
        return min(max(wanted, board.days[0]), board.days[-1])


class NewShiftForm(forms.Form):
    """Where an empty form for a shift starts: which clinic, day and person, from the cell that was clicked."""

    clinic = forms.ModelChoiceField(Clinic.objects.none(), to_field_name="slug", required=False)
    day = RosterDayField(required=False)
    staff = forms.ModelChoiceField(User.objects.none(), required=False)
    position = forms.ChoiceField(choices=Position, required=False)
    skill = forms.ModelChoiceField(Skill.objects.none(), to_field_name="code", required=False)
    starts = forms.TimeField(required=False)
    ends = forms.TimeField(required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["clinic"].queryset = Clinic.objects.visible_to(user)  # type: ignore[attr-defined]
        self.fields["staff"].queryset = User.objects.visible_to(user)  # type: ignore[attr-defined]
        self.fields["skill"].queryset = Skill.objects.all()  # type: ignore[attr-defined]

    def initial_values(self, clinic: Clinic, today: date) -> dict[str, Any]:
        chosen = self.cleaned_data
        staff = chosen.get("staff")
        position = chosen.get("position") or (usual_position(staff.profession) if staff else Position.THERAPIST)
        day = chosen.get("day") or today + timedelta(days=1)
        starts, ends = needed_times(clinic, day, Position(position)) or USUAL_TIMES[Position(position)]
        values = {
            "clinic": clinic,
            "day": day,
            "starts": chosen.get("starts") or starts,
            "ends": chosen.get("ends") or ends,
            "position": position,
            "skill": chosen.get("skill"),
            "break_minutes": 0,
        }
        span = shift_span(values["day"], values["starts"], values["ends"], clinic.zone)
        return values | {"break_minutes": 30 if minutes_between(*span) >= BREAK_FROM else 0}


class SaysWhy(forms.Form):
    """A form with a `reason`, which is asked for only where something speaks against what it does."""

    def needs_reason(self, needed: bool) -> None:
        """How the page shows it; the action is what insists."""
        self.fields["reason"].required = needed


class ShiftForm(SaysWhy, WithoutPatients):
    """A shift in wall-clock times of its clinic. Who works it is not a field: that is the button that is pressed."""

    free_text = ("note",)
    clinic = forms.ModelChoiceField(Clinic.objects.none(), to_field_name="slug", empty_label=None)
    day = RosterDayField(widget=DayInput)
    starts = forms.TimeField(widget=ClockInput)
    ends = forms.TimeField(widget=ClockInput)
    position = forms.ChoiceField(choices=Position)
    break_minutes = forms.TypedChoiceField(label="Unpaid break", coerce=int)
    skill = forms.ModelChoiceField(
        Skill.objects.none(), to_field_name="code", required=False, label="Procedure", empty_label="None"
    )
    note = forms.CharField(
        max_length=200,
        required=False,
        label="Note for the person",
        help_text="Staff see it. No patient names or details.",
    )
    reason = forms.CharField(
        max_length=200,
        required=False,
        label="Why all the same",
        help_text="Where something speaks against it. It stands in the history.",
    )

    def __init__(self, data: QueryDict | None, *, clinics: Sequence[Clinic], initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial, auto_id="shift-%s")
        own = Clinic.objects.filter(pk__in=[clinic.pk for clinic in clinics])
        self.fields["clinic"].queryset = own  # type: ignore[attr-defined]
        self.fields["skill"].queryset = Skill.objects.all()  # type: ignore[attr-defined]
        minutes = initial.get("break_minutes", 0)
        others = [] if minutes in dict(BREAKS) else [(minutes, f"{minutes} min")]
        self.fields["break_minutes"].choices = sorted([*BREAKS, *others])  # type: ignore[attr-defined]
        if len(clinics) == 1:
            self.fields["clinic"].widget = forms.HiddenInput()
        if self.is_bound and len(clinics) == 1 and "clinic" not in self.data:
            self.data = self.data.copy()
            self.data["clinic"] = clinics[0].slug

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if "starts" in values and values["starts"] == values.get("ends"):
            self.add_error("ends", "A shift ends after it starts.")
        if {"clinic", "day", "starts", "ends"} <= values.keys():
            verdict = skipped_times(values["day"], values["starts"], values["ends"], values["clinic"].zone)
            for reason in verdict.reasons:
                self.add_error(reason.field, reason.message)
        return values

    def plan(self, staff: User | None, shift: Shift | None = None) -> Plan:
        """What the form asks for, with this person.

        Times that nobody touched stay the moments they are: an hour that the clocks show twice could not be told apart.
        """
        plan = plan_from(self.cleaned_data, staff)
        if shift is not None and not {"day", "starts", "ends"} & set(self.changed_data):
            plan = replace(plan, start=shift.start, end=shift.end)
        return plan

    def initial_plan(self) -> Plan:
        """What the form would ask for if it were sent as it comes."""
        return plan_from({"note": "", **self.initial}, None)


def plan_from(values: dict[str, Any], staff: User | None) -> Plan:
    start, end = shift_span(values["day"], values["starts"], values["ends"], values["clinic"].zone)
    return Plan(
        clinic=values["clinic"],
        position=Position(values["position"]),
        start=start,
        end=end,
        staff=staff,
        skill=values["skill"],
        break_minutes=values["break_minutes"],
        note=values["note"],
    )


def values_of(shift: Shift) -> dict[str, Any]:
    """What the form shows for an existing shift."""
    zone = shift.clinic.zone
    return {
        "clinic": shift.clinic,
        "day": shift.day,
        "starts": _clock(shift.start.astimezone(zone)),
        "ends": _clock(shift.end.astimezone(zone)),
        "position": shift.position,
        "break_minutes": shift.break_minutes,
        "skill": shift.skill,
        "note": shift.note,
    }


def _clock(moment: datetime) -> time:
    return moment.time().replace(second=0, microsecond=0)

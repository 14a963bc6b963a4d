"""The forms of time off and of availability, for staff and for the managers who decide."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Exists

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.core.forms import ClockInput, DayInput, FilterForm
from intranet.core.patient_words import WithoutPatients
from scheduling.asking_off import Wanted
from scheduling.availability import Line
from scheduling.deciders import workplaces
from scheduling.forms import RosterDayField
from scheduling.models import TimeOffState, Weekday, Wish
from scheduling.models.time_off import TimeOffQuerySet

WAITING = "waiting"
EACH = "each"  # of the days, whatever the weekday


class TimeOffForm(WithoutPatients):
    """Whole days, or with two times a part of one day."""

    free_text = ("reason",)
    first_day = RosterDayField(label="First day", widget=DayInput)
    last_day = RosterDayField(label="Last day", widget=DayInput, required=False)
    starts = forms.TimeField(label="From", widget=ClockInput, required=False)
    ends = forms.TimeField(label="Until", widget=ClockInput, required=False)
    reason = forms.CharField(
        max_length=200,
        required=False,
        help_text="Nobody has to say why. Only you and whoever decides see it. No diagnoses, no names of patients.",
    )
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    @property
    def wanted(self) -> Wanted:
        values = self.cleaned_data
        return Wanted(
            values["first_day"],
            values["last_day"] or values["first_day"],
            values["starts"],
            values["ends"],
            values["reason"],
        )

    @property
    def is_part_of_a_day(self) -> bool:
        """Whether the times stand open: something is in them, or wrong with them."""
        return any(self[name].value() or self[name].errors for name in ("starts", "ends"))


def _weekday(chosen: str) -> int | None:
    return None if chosen == EACH else int(chosen)


def weekday_choice(line: Line) -> str:
    """How the form names the weekday of a line."""
    return EACH if line.weekday is None else str(line.weekday)


class AvailabilityForm(WithoutPatients):
    """A line of availability."""

    free_text = ("note",)
    wish = forms.ChoiceField(
        label="What you want to say",
        choices=Wish,
        widget=forms.RadioSelect,
        help_text="A manager who plans you against it has to say why.",
    )
    weekday = forms.TypedChoiceField(
        label="Which days",
        coerce=_weekday,
        choices=[
            (EACH, "Each day from the first to the last"),
            *((day.value, f"Every {day.label}") for day in Weekday),
        ],
    )
    first_day = RosterDayField(label="From", widget=DayInput)
    last_day = RosterDayField(label="Until", widget=DayInput, required=False)
    starts = forms.TimeField(label="Starts", widget=ClockInput, required=False)
    ends = forms.TimeField(label="Ends", widget=ClockInput, required=False)
    note = forms.CharField(
        max_length=120,
        required=False,
        help_text="Only you and the managers of your clinics see it. No diagnoses, no names of patients.",
    )

    @property
    def line(self) -> Line:
        return Line(**self.cleaned_data | {"wish": Wish(self.cleaned_data["wish"])})

    @property
    def is_part_of_a_day(self) -> bool:
        return any(self[name].value() or self[name].errors for name in ("starts", "ends"))


class AnswerForm(forms.Form):
    """What a manager answers to a request. Which of the two is the button that is pressed."""

    do = forms.ChoiceField(choices=[("approve", "Approve"), ("decline", "Decline")])
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1)
    answer = forms.CharField(
        label="Your answer",
        max_length=200,
        required=False,
        help_text="The person reads it. To decline, say why.",
    )


class RequestFilter(FilterForm):
    """Which requests, and of which clinic's people."""

    state = forms.ChoiceField(
        label="Show",
        required=False,
        choices=[
            ("", "All, waiting first"),
            (WAITING, "Waiting"),
            *((state.value, state.label) for state in TimeOffState if state != TimeOffState.REQUESTED),
        ],
    )
    clinic = forms.ModelChoiceField(
        Clinic.objects.none(), label="Clinic", required=False, to_field_name="slug", empty_label="All clinics"
    )

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["clinic"].queryset = Clinic.objects.where(viewer, Capability.EDIT_ROSTER)  # type: ignore[attr-defined]
        self.is_valid()

    def narrow(self, requests: TimeOffQuerySet, at: datetime) -> TimeOffQuerySet:
        state, clinic = self.cleaned_data.get("state"), self.cleaned_data.get("clinic")
        if state == WAITING:
            requests = requests.waiting(at)
        elif state:
            requests = requests.filter(state=state)
        return requests.filter(Exists(workplaces().filter(clinic=clinic))) if clinic else requests

"""The forms of usual shifts and week templates: a whole template is one form, with a row for each line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.forms import formset_factory

from accounts.models import Clinic, Skill, User
from intranet.core.forms import ClockInput, DayInput
from intranet.core.patient_words import WithoutPatients
from intranet.core.time import local_day, monday_of
from intranet.core.wording import full_day
from scheduling.forms import BREAKS, RosterDayField
from scheduling.making_templates import MOST_OF_A_LINE, Cycle, Line, possible_people, usual_shifts_of
from scheduling.models import MOST_WEEKS, ShiftTemplate, Weekday, WeekTemplate
from scheduling.positions import Position
from scheduling.usual_shifts import UsualShift

MOST_LINES = 200
EMPTY_LINES = 5  # to write into; more come with each save


class UsualShiftForm(WithoutPatients):
    """A shift in wall-clock times."""

    free_text = ("name",)
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    name = forms.CharField(max_length=60, help_text="What you call it: Early, Late, Saturday.")
    position = forms.ChoiceField(choices=Position)
    starts = forms.TimeField(widget=ClockInput)
    ends = forms.TimeField(widget=ClockInput, help_text="Not after the start: on the next day.")
    break_minutes = forms.TypedChoiceField(label="Unpaid break", coerce=int)
    skill = forms.ModelChoiceField(
        Skill.objects.all(), to_field_name="code", required=False, label="Procedure", empty_label="None"
    )

    def __init__(self, data: Any = None, *, row: ShiftTemplate | None = None) -> None:
        now = UsualShift.of(row) if row else None
        names = ("name", "position", "starts", "ends", "break_minutes", "skill")
        initial = (
            {name: getattr(now, name) for name in names} | {"seen": now.fingerprint} if now else {"break_minutes": 30}
        )
        super().__init__(data, initial=initial)
        minutes = initial["break_minutes"]
        others = [] if minutes in dict(BREAKS) else [(minutes, f"{minutes} min")]
        self.fields["break_minutes"].choices = sorted([*BREAKS, *others])  # type: ignore[attr-defined]

    @property
    def wanted(self) -> UsualShift:
        said = self.cleaned_data
        return UsualShift(
            name=" ".join(said["name"].split()),
            position=Position(said["position"]),
            starts=said["starts"],
            ends=said["ends"],
            break_minutes=said["break_minutes"],
            skill=said["skill"],
        )


class TemplateForm(WithoutPatients):
    """What a week template is called, and in which rhythm it comes back."""

    free_text = ("name",)
    version = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    name = forms.CharField(max_length=60, help_text="What you call it: Usual week, Summer.")
    weeks = forms.TypedChoiceField(
        label="Comes back",
        coerce=int,
        choices=[(1, "Every week"), *((number, f"Every {number} weeks") for number in range(2, MOST_WEEKS + 1))],
    )
    anchor = RosterDayField(
        label="First week",
        widget=DayInput,
        help_text="Any day of it. From there on the weeks of the cycle are counted.",
    )

    def clean_anchor(self) -> date:
        return monday_of(self.cleaned_data["anchor"])


class LineForm(forms.Form):
    """A line; one without a shift is left out."""

    use_required_attribute = False

    week = forms.TypedChoiceField(coerce=int)
    weekday = forms.TypedChoiceField(coerce=int, choices=Weekday.choices)
    shift = forms.ChoiceField(required=False)
    quantity = forms.IntegerField(min_value=1, max_value=MOST_OF_A_LINE)
    person = forms.ChoiceField(required=False)

    def __init__(
        self, *args: Any, weeks: int, shifts: Sequence[ShiftTemplate], people: Sequence[User], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.shifts = {str(one.pk): one for one in shifts}
        self.people = {str(one.pk): one for one in people}
        choices = {
            "week": [(number, f"Week {number}") for number in range(1, weeks + 1)],
            "shift": [("", "No shift"), *((one.pk, one.name) for one in shifts)],
            "person": [("", "Open"), *((one.pk, one.name) for one in people)],
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = {"quantity": "How many"}.get(name, name.capitalize())

    @property
    def line(self) -> Line | None:
        said = self.cleaned_data
        if not said.get("shift"):
            return None
        person = self.people.get(said["person"])
        return Line(said["week"], said["weekday"], self.shifts[said["shift"]], said["quantity"], person)


LineFormSet = formset_factory(LineForm, extra=0, max_num=MOST_LINES, absolute_max=MOST_LINES, validate_max=True)
TOO_MANY = {"too_many_forms": f"A template has at most {MOST_LINES} lines."}


class WholeTemplate:
    """The two parts of the form, which are sent together."""

    def __init__(
        self,
        data: Any,
        clinic: Clinic,
        at: datetime,
        *,
        template: WeekTemplate | None = None,
        lines: Sequence[Line] = (),
    ) -> None:
        today = local_day(at, clinic.zone)
        initial = {"anchor": monday_of(today), "weeks": 1}
        if template:
            initial = {name: getattr(template, name) for name in ("name", "weeks", "anchor", "version")}
        self.form = TemplateForm(data, initial=initial)
        self.lines = LineFormSet(
            data,
            prefix="lines",
            error_messages=TOO_MANY,
            initial=[_written(line) for line in lines] + [{"week": 1, "weekday": 0, "quantity": 1}] * EMPTY_LINES,
            form_kwargs={
                "weeks": MOST_WEEKS,
                "shifts": usual_shifts_of(clinic),
                "people": _offered(clinic, today, lines),
            },
        )

    @property
    def is_bound(self) -> bool:
        return self.form.is_bound

    def look_again(self, template: WeekTemplate) -> None:
        """Somebody was quicker: what was typed stays, and the next try starts from the template as it is now."""
        template.refresh_from_db()
        self.form.data = {**self.form.data.dict(), "version": template.version}  # type: ignore[attr-defined]

    def is_valid(self) -> bool:
        if self.form.is_valid() and self.lines.is_valid():
            return True
        if not self.lines.is_valid() and None not in self.form.errors:
            self.form.add_error(None, "Put right what stands at the lines below.")
        return False

    @property
    def wanted(self) -> Cycle:
        said = self.form.cleaned_data
        return Cycle(
            " ".join(said["name"].split()),
            said["weeks"],
            said["anchor"],
            [form.line for form in self.lines.forms if form.line],
        )


class ApplyForm(WithoutPatients):
    """Which week to fill, and why although something speaks against it. Without a week, the next one.

    `looked_at` is the Monday of the week that the page showed: another one that was typed since is shown before it is filled.
    """

    free_text = ("reason",)
    week = RosterDayField(required=False, widget=DayInput, label="Week", help_text="Any day of it.")
    looked_at = forms.DateField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=200,
        required=False,
        label="Why all the same",
        help_text="Without it, whoever could work a shift only with a reason leaves it open.",
    )

    def __init__(self, data: Any, *, today: date) -> None:
        super().__init__(data)
        self.next = monday_of(today) + timedelta(days=7)
        self.fields["week"].initial = self.next

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if self.fills and self.monday and values.get("looked_at") not in (None, self.monday):
            words = f"This is the week of {full_day(self.monday)}. Look at it, and press again to fill it."
            self.add_error(None, words)
        return values

    @property
    def fills(self) -> bool:
        """Whether the week is to be filled, and not only looked at."""
        return "look" not in self.data

    @property
    def monday(self) -> date | None:
        """The Monday of the week; None where what was typed is no day."""
        if "week" not in self.cleaned_data:
            return None
        chosen = self.cleaned_data["week"]
        return monday_of(chosen) if chosen else self.next


def _written(line: Line) -> dict[str, Any]:
    return {
        "week": line.week,
        "weekday": line.weekday,
        "shift": line.shift.pk,
        "quantity": line.quantity,
        "person": line.person_id,
    }


def _offered(clinic: Clinic, today: date, lines: Sequence[Line]) -> list[User]:
    """Who may be named, and who is named already though they have left: nobody vanishes from a template unseen."""
    people = {one.pk: one for one in possible_people(clinic, today)}
    people |= {line.person.pk: line.person for line in lines if line.person}
    return sorted(people.values(), key=lambda one: (one.name.lower(), one.pk))

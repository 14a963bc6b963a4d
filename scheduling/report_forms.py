"""What the reports of the roster can be narrowed by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Clinic
from intranet.core.forms import DayInput, FilterForm, in_this_century
from intranet.core.time import monday_of
from scheduling.hours import A_WEEK, MOST_WEEKS, HoursReport, hours_report

USUAL_WEEKS, USUAL_DAYS = 4, 28
DAYS_AHEAD = [(14, "2 weeks"), (28, "4 weeks"), (56, "8 weeks")]


class ClinicsForm(FilterForm):
    """One of the own clinics, or all of them."""

    clinic = forms.ModelChoiceField(Clinic.objects.none(), label="Clinic", required=False, to_field_name="slug")

    def __init__(self, data: Any, *, clinics: Sequence[Clinic]) -> None:
        super().__init__(data)
        self.own = clinics
        self.fields["clinic"].queryset = Clinic.objects.filter(  # type: ignore[attr-defined]
            pk__in=[clinic.pk for clinic in clinics]
        )
        self.is_valid()

    @property
    def clinics(self) -> Sequence[Clinic]:
        chosen = self.cleaned_data.get("clinic")
        return [chosen] if chosen else self.own


class PeriodForm(ClinicsForm):
    """Whole weeks, by any of their days."""

    first = forms.DateField(label="From the week of", required=False, widget=DayInput, validators=[in_this_century])
    last = forms.DateField(label="To the week of", required=False, widget=DayInput, validators=[in_this_century])

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, Any] = super().clean() or {}
        first, last = chosen.get("first"), chosen.get("last")
        if first and last and not first <= last < first + MOST_WEEKS * A_WEEK:
            words = f"The last week comes after the first one, within {MOST_WEEKS} weeks."
            self.add_error("last", ValidationError(words, code="order"))
        return chosen

    def mondays(self, today: date) -> tuple[date, date]:
        """The first and the last week; without a choice, this one and the three before."""
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        usual = (USUAL_WEEKS - 1) * A_WEEK
        last = last or (first + usual if first else today)
        first = first or last - usual
        return monday_of(first), monday_of(last)

    def report(self, today: date) -> HoursReport:
        return hours_report(self.clinics, *self.mondays(today))


class AheadForm(ClinicsForm):
    """How far ahead to look."""

    days = forms.TypedChoiceField(label="Ahead", required=False, choices=DAYS_AHEAD, coerce=int, empty_value=None)

    @property
    def number(self) -> int:
        return self.cleaned_data.get("days") or USUAL_DAYS


class WeekForm(ClinicsForm):
    """A week, by any of its days."""

    week = forms.DateField(label="Week of", required=False, widget=DayInput, validators=[in_this_century])

    def monday(self, today: date) -> date:
        return monday_of(self.cleaned_data.get("week") or today)

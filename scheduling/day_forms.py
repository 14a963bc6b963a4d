"""The forms of days that are not like the others: special days, and days without time off."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import Clinic
from intranet.core.forms import ClockInput, DayInput
from intranet.core.patient_words import WithoutPatients
from scheduling.forms import RosterDayField
from scheduling.hours_form import ClockOrClosed
from scheduling.models import SpecialDay


class SpecialDayForm(WithoutPatients):
    """Without times, the clinic is closed."""

    free_text = ("name",)
    use_required_attribute = False

    day = RosterDayField(widget=DayInput)
    name = forms.CharField(max_length=60, label="What day it is", help_text="Thanksgiving, staff training.")
    opens = ClockOrClosed(widget=ClockInput, help_text="Leave both empty for a closed day.")
    closes = ClockOrClosed(widget=ClockInput)

    def special_day(self, clinic: Clinic) -> SpecialDay:
        said = self.cleaned_data
        return SpecialDay(clinic=clinic, **{name: said[name] for name in ("day", "name", "opens", "closes")})


class BlackoutForm(WithoutPatients):
    """Days on which no time off is granted."""

    free_text = ("reason",)
    use_required_attribute = False

    first = RosterDayField(widget=DayInput, label="First day")
    last = RosterDayField(widget=DayInput, label="Last day")
    reason = forms.CharField(max_length=120, label="Why", help_text="Whoever asks for these days reads it.")

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="blackout-%s")

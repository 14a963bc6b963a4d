"""The form of the opening hours: two times for each weekday."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from typing import Any

from django import forms
from django.forms import BoundField

from intranet.core.forms import ClockInput
from scheduling.models import Weekday
from scheduling.opening import Hours, spoken


class ClockOrClosed(forms.TimeField):
    """A time, or nothing on a day on which the clinic is closed: that is no omission, so it is not called optional."""

    def validate(self, value: time | None) -> None:
        pass


class HoursForm(forms.Form):
    """Both times of a day or none: then it is closed. Hidden is what the week was when the page was opened."""

    use_required_attribute = False

    seen = forms.CharField(required=False, max_length=400, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, hours: Hours) -> None:
        super().__init__(data)
        self.now = spoken(hours)
        self.fields["seen"].initial = self.now
        for day in Weekday:
            opens, closes = hours.get(day, (None, None))
            self.fields[f"opens_{day}"] = self._clock(f"{day.label} opens", opens)
            self.fields[f"closes_{day}"] = self._clock(f"{day.label} closes", closes)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for day in Weekday:
            opens, closes = values.get(f"opens_{day}"), values.get(f"closes_{day}")
            if opens and not closes and f"closes_{day}" not in self.errors:
                self.add_error(f"closes_{day}", f"Say when it closes on {day.label}s, or leave both empty.")
            if closes and not opens and f"opens_{day}" not in self.errors:
                self.add_error(f"opens_{day}", f"Say when it opens on {day.label}s, or leave both empty.")
        return values

    @property
    def hours(self) -> Hours:
        values = self.cleaned_data
        return {
            int(day): (values[f"opens_{day}"], values[f"closes_{day}"]) for day in Weekday if values[f"opens_{day}"]
        }

    @property
    def days(self) -> Iterator[tuple[str, BoundField, BoundField]]:
        for day in Weekday:
            yield day.label, self[f"opens_{day}"], self[f"closes_{day}"]

    def look_again(self) -> None:
        """Somebody was quicker: what was typed stays, and the next try starts from what they saved."""
        self.data = {**self.data.dict(), "seen": self.now}  # type: ignore[attr-defined]  # what was sent

    @staticmethod
    def _clock(label: str, value: time | None) -> forms.TimeField:
        words = {"invalid": "Write a time such as 7:00 AM or 19:00."}
        formats = ["%H:%M", "%H:%M:%S", "%I:%M %p"]
        return ClockOrClosed(label=label, initial=value, widget=ClockInput, input_formats=formats, error_messages=words)

"""How forms come out: one renderer in the design's words, and the inputs that browsers know best. And what every form
refuses: numbers and days that nobody means."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting

LONGEST_NUMBER = 9  # digits; fits into every id, version and token


def whole_number(text: str) -> int | None:
    """A number that somebody sent outside of a form; None for anything that is none, or too long to be one of ours."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else None


def in_this_century(day: date) -> None:
    """Nobody means the year 202 or 20266; and sums with such days leave the calendar."""
    if not 2000 <= day.year < 2100:
        raise ValidationError("Check the year.")


class WordsField(forms.CharField):
    """Words to search for. What is too long is cut: nobody reads an error about a search."""

    def clean(self, value: Any) -> str:
        return super().clean(str(value or "").replace("\x00", "")[: self.longest])  # type: ignore[no-any-return]

    longest = 100


class Renderer(TemplatesSetting):
    """`{{ form }}` and `{{ form.field.as_field_group }}` in the shape of our one field template."""

    form_template_name = "_form.html"
    field_template_name = "_field.html"


class DayInput(forms.DateInput):
    """A day, with the browser's own calendar."""

    input_type = "date"

    def __init__(self, attrs: dict[str, str] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class ClockInput(forms.TimeInput):
    """A wall-clock time, with the browser's own picker."""

    input_type = "time"

    def __init__(self, attrs: dict[str, str] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


class MomentInput(forms.DateTimeInput):
    """A day and a wall-clock time in the zone that is current for the person."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, str] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")

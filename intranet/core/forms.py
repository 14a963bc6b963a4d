"""How forms come out: one renderer in the design's words, and the inputs that browsers know best. And what every form
refuses: numbers and days that nobody means. Filters of lists are forms, too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import Any, Self

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting

PAGING = ("page", "page_size", "format")
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


class FilterForm(forms.Form):
    """What a list can be narrowed by. A page narrows by the values that make sense, and names the ones that it left out.

    Files and the API refuse those: there nobody would see that they hold more than was asked for.
    """

    @cached_property
    def left_out(self) -> list[str]:
        """A sentence for each value that makes no sense."""
        return [self._sentence(name, error) for name, errors in self.errors.as_data().items() for error in errors]

    def strictly(self, *, known: Iterable[str] = ()) -> Self:
        """The form, when everything that was given makes sense; otherwise a ValidationError by field.

        `known` are further names that may stand in the address.
        """
        unknown = [name for name in self.data if name not in self.fields and name not in {*PAGING, *known}]
        wrong = {name: [f"There is no filter “{name[:40]}”."] for name in unknown}
        if wrong or self.errors:
            raise ValidationError({**wrong, **self._by_field()})
        return self

    def _by_field(self) -> dict[str, list[str]]:
        return {
            name: [self._sentence(name, error) for error in errors] for name, errors in self.errors.as_data().items()
        }

    def _sentence(self, name: str, error: ValidationError) -> str:
        if error.code == "order":
            return str(error.message)
        given = self.fields[name].widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
        text = ", ".join(map(str, given)) if isinstance(given, list) else str(given)
        return f"“{text[:40]}” makes no sense as “{self[name].label}”."


class Renderer(TemplatesSetting):
    """`{{ form }}` and `{{ form.field.as_field_group }}` in the shape of our one field template."""

    form_template_name = "_form.html"
    field_template_name = "_field.html"


class CountedInput(forms.TextInput):
    """A line of limited length that cuts nothing silently: near its limit the page says how much room is left, beyond it how
    much is too long, and the form refuses that. A `maxlength` would drop the end of what is pasted."""

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        attrs: dict[str, Any] = super().build_attrs(base_attrs, extra_attrs)
        attrs["data-limit"] = attrs.pop("maxlength")
        return attrs


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

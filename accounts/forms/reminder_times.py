"""The times of one kind of reminder: a number for each step that can be moved, a tick for each that can be left out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.text import slugify

from accounts.models import User
from accounts.reminder_times import change_times
from intranet.core.access import Forbidden, Refused
from intranet.reminders import lead_times
from intranet.reminders.lead_times import Set
from intranet.reminders.registry import DAY, Kind, Step
from intranet.reminders.upcoming import Effect, effect_of

NO_NUMBER = "Give a number."
MOST = 100_000  # hours that a duration still holds; the step says how many make sense


class TimesForm(forms.Form):
    """Fields are named by the step: `time-evening`, `on-evening`. `seen` is what the times were when it was opened."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, kind: Kind, data: Any = None) -> None:
        super().__init__(data)
        self.kind = kind
        self.sets = lead_times.settings_of(kind)
        self.initial["seen"] = lead_times.fingerprint(kind)
        for one in self.sets:
            self._add(one)

    def _add(self, one: Set) -> None:
        step = one.step
        if not step.needed:
            self.fields[switch(step)] = forms.BooleanField(required=False, label="Sent", initial=one.amount is not None)
        if not step.fixed:
            unit = "Days" if step.unit == DAY else "Hours"
            limits = {"min": step.least // step.unit, "max": step.most // step.unit}
            self.fields[time(step)] = forms.IntegerField(
                label=unit,
                error_messages={"required": NO_NUMBER if step.needed else f"{NO_NUMBER[:-1]}, or do not send it."},
                widget=forms.NumberInput(attrs=limits),
                initial=one.number if one.amount is not None else step.default // step.unit,
            )

    def rows(self) -> list[tuple[str, list[tuple[Set, Any, Any]]]]:
        """[(group, [(step as it is, its number, its tick)])], as the page shows them."""
        groups: dict[str, list[tuple[Set, Any, Any]]] = {}
        for one in self.sets:
            fields = [self[name] if name in self.fields else None for name in (time(one.step), switch(one.step))]
            groups.setdefault(one.step.group, []).append((one, *fields))
        return list(groups.items())

    def clean(self) -> dict[str, Any]:
        """With `amounts`: every step as the form says it."""
        cleaned = self.cleaned_data
        amounts: dict[str, timedelta | None] = {}
        for one in self.sets:
            amounts[one.step.code] = self._amount(one.step)
        if not self.errors:
            self._say(lead_times.may_be(self.kind, amounts).reasons)
        cleaned["amounts"] = amounts
        return cleaned

    def _amount(self, step: Step) -> timedelta | None:
        if switch(step) in self.fields and not self.cleaned_data.get(switch(step)):
            self._errors.pop(time(step), None)  # what is not sent needs no time
            return None
        if step.fixed:
            return step.default
        number = self.cleaned_data.get(time(step))
        return step.default if number is None else max(min(number, MOST), -MOST) * step.unit

    def _say(self, reasons: Any) -> None:
        names = {one.step.code: time(one.step) for one in self.sets}
        for reason in reasons:
            name = names.get(reason.field)
            self.add_error(name if name in self.fields else None, reason.message)

    def effect(self, at: datetime) -> Effect | None:
        """What saving it would do; None as long as something in it is wrong."""
        return effect_of(self.kind, self.cleaned_data["amounts"], at) if self.is_valid() else None

    def keep(self, by: User, at: datetime) -> list[Set] | None:
        """Save it. None when it was refused; the form then says why."""
        try:
            return change_times(self.kind, self.cleaned_data["amounts"], by=by, at=at, seen=self.cleaned_data["seen"])
        except Forbidden:
            raise
        except Refused as refused:
            self._say(refused.verdict.reasons)
            return None


def time(step: Step) -> str:
    return f"time-{slugify(step.code)}"


def switch(step: Step) -> str:
    return f"on-{slugify(step.code)}"

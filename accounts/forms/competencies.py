from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms

from intranet.core.forms import DayInput, in_this_century
from intranet.core.time import at_local, months_after, organisation_zone


class SignOffForm(forms.Form):
    """From when to when somebody is signed off for a procedure."""

    first = forms.DateField(label="First day", widget=DayInput, validators=[in_this_century])
    last = forms.DateField(label="Last day", widget=DayInput, validators=[in_this_century])

    def __init__(self, *args: Any, start: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first"].initial = start
        self.fields["last"].initial = months_after(start, 12) - timedelta(days=1)

    @property
    def start(self) -> datetime:
        return at_local(self.cleaned_data["first"], time.min, organisation_zone())

    @property
    def end(self) -> datetime:
        """The first moment that is not signed off."""
        return at_local(self.cleaned_data["last"] + timedelta(days=1), time.min, organisation_zone())


class TakeBackForm(forms.Form):
    """Why a sign-off is taken back."""

    reason = forms.CharField(
        label="Why?",
        max_length=200,
        help_text="The person, their managers and whoever looks at the file later read it.",
    )

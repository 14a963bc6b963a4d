from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.core.forms import DayInput, FilterForm, in_this_century
from intranet.core.time import organisation_day
from intranet.home.starting import NEW_FOR


class EndingsFilter(FilterForm):
    """Which clinic, and how far ahead."""

    days = forms.TypedChoiceField(
        label="Ends within", coerce=int, required=False, empty_value=60, choices=[(60, "60 days"), (90, "90 days")]
    )
    clinic = forms.ModelChoiceField(
        Clinic.objects.none(), label="Clinic", required=False, to_field_name="slug", empty_label="All clinics"
    )

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["clinic"].queryset = Clinic.objects.where(viewer, Capability.SEE_CREDENTIALS)

    @property
    def within(self) -> timedelta:
        return timedelta(days=self.cleaned_data.get("days") or 60)

    @property
    def place(self) -> Clinic | None:
        return self.cleaned_data.get("clinic")


class EvidenceForm(FilterForm):
    """Which clinic, and which day: today unless another one is asked for."""

    clinic = forms.ModelChoiceField(
        Clinic.objects.none(), label="Clinic", required=False, to_field_name="slug", empty_label=None
    )
    on = forms.DateField(label="Day", required=False, widget=DayInput, validators=[in_this_century])

    def __init__(self, data: Any, *, clinics: Any, at: datetime) -> None:
        super().__init__(data)
        self.clinics, self.at = clinics, at
        self.fields["clinic"].queryset = clinics

    def clean_on(self) -> date | None:
        day = self.cleaned_data["on"]
        if day and day > organisation_day(self.at):
            raise ValidationError("This day is still to come.", code="order")
        return day  # type: ignore[no-any-return]

    @property
    def place(self) -> Clinic:
        self.is_valid()
        return self.cleaned_data.get("clinic") or self.clinics[0]

    @property
    def day(self) -> date:
        self.is_valid()
        return self.cleaned_data.get("on") or organisation_day(self.at)


class StartersFilter(FilterForm):
    """Which clinic, and how long ago somebody may have started."""

    days = forms.TypedChoiceField(
        label="Started within",
        coerce=int,
        required=False,
        empty_value=NEW_FOR.days,
        choices=[(30, "30 days"), (90, "90 days"), (180, "180 days"), (365, "a year")],
    )
    clinic = forms.ModelChoiceField(
        Clinic.objects.none(), label="Clinic", required=False, to_field_name="slug", empty_label="All clinics"
    )

    def __init__(self, wanted: Mapping[str, Any], *, viewer: User) -> None:
        super().__init__({"days": NEW_FOR.days} | {name: wanted[name] for name in wanted})
        self.fields["clinic"].queryset = Clinic.objects.where(viewer, Capability.SEE_CREDENTIALS)
        self.is_valid()

    @property
    def within(self) -> timedelta:
        return timedelta(days=self.cleaned_data.get("days") or NEW_FOR.days)

    @property
    def place(self) -> Clinic | None:
        return self.cleaned_data.get("clinic")

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.core.forms import FilterForm
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

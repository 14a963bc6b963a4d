from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms

from accounts.hiring import Place, roles_to_give
from accounts.models import Clinic, User
from accounts.roles import ORGANISATION_ROLES, Capability, Role
from intranet.core.forms import DayInput, in_this_century


class PlaceForm(forms.Form):
    """A role and where it is held. Offers only the `roles`, at the clinics for which the person may invite."""

    role = forms.ChoiceField(label="Role")
    clinic = forms.ModelChoiceField(
        Clinic.objects.none(), label="Clinic", required=False, empty_label="The whole organisation"
    )

    def __init__(self, *args: Any, by: User, roles: frozenset[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in Role if role in roles]
        clinic = self.fields["clinic"]
        clinic.queryset = Clinic.objects.where(by, Capability.INVITE)
        if not roles & ORGANISATION_ROLES:
            clinic.required, clinic.empty_label = True, None
        elif not roles - ORGANISATION_ROLES:
            clinic.widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("role") and "clinic" not in self.errors:
            belongs = values["role"] in ORGANISATION_ROLES
            if belongs and values.get("clinic"):
                self.add_error("clinic", "This role belongs to the whole organisation.")
            if not belongs and not values.get("clinic"):
                self.add_error("clinic", "Choose the clinic at which the person has this role.")
        return values

    @property
    def place(self) -> Place:
        return Place(Role(self.cleaned_data["role"]), self.cleaned_data["clinic"])


class RoleForm(PlaceForm):
    """Which role to give, where, and for how long."""

    first = forms.DateField(label="First day", widget=DayInput, validators=[in_this_century])
    last = forms.DateField(
        label="Last day",
        required=False,
        widget=DayInput,
        validators=[in_this_century],
        help_text="Empty: no end. Who writes announcements does so until a day.",
    )

    def __init__(self, *args: Any, by: User, today: date, **kwargs: Any) -> None:
        super().__init__(*args, by=by, roles=roles_to_give(by), **kwargs)
        self.fields["first"].initial = today
        self.fields["first"].widget.attrs["min"] = self.fields["last"].widget.attrs["min"] = today.isoformat()

    @property
    def end(self) -> date | None:
        """The first day without the role."""
        last: date | None = self.cleaned_data["last"]
        return last and last + timedelta(days=1)


class RoleEndForm(forms.Form):
    """The last day of a role."""

    last = forms.DateField(label="Last day", widget=DayInput, validators=[in_this_century])

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["last"].widget.attrs["min"] = (today - timedelta(days=1)).isoformat()
        self.fields["last"].initial = today

    @property
    def end(self) -> date:
        """The first day without the role."""
        last: date = self.cleaned_data["last"]
        return last + timedelta(days=1)

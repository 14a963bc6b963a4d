from __future__ import annotations

from datetime import date

from django import forms
from django.db.models import Q, QuerySet

from accounts.directory import at_clinic, in_role, matching
from accounts.models import Clinic, User
from accounts.roles import Role


class PeopleFilter(forms.Form):
    """What the directory can be narrowed by. Values that make no sense narrow nothing."""

    q = forms.CharField(label="Search people", required=False, max_length=100)
    clinic = forms.ModelChoiceField(Clinic.objects.none(), label="Clinic", required=False, empty_label="All clinics")
    role = forms.ChoiceField(label="Role", required=False, choices=[("", "All roles"), *Role.choices])

    def __init__(self, *args: object, user: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["clinic"].queryset = Clinic.objects.visible_to(user)
        self.fields["q"].widget.attrs |= {"type": "search", "placeholder": "Name, title or language"}

    def narrow(self, people: QuerySet[User], on: date) -> QuerySet[User]:
        """Only those who fit every filter that was filled in sensibly."""
        wanted = self.cleaned_data if self.is_valid() else getattr(self, "cleaned_data", {})
        conditions = [
            matching(wanted["q"]) if wanted.get("q") else Q(),
            at_clinic(wanted["clinic"], on) if wanted.get("clinic") else Q(),
            in_role(wanted["role"], on) if wanted.get("role") else Q(),
        ]
        return people.filter(*conditions)

    @property
    def active(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

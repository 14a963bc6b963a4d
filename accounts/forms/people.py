from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from accounts.directory import at_clinic, in_role, matching
from accounts.models import Clinic, User
from accounts.roles import Capability, Role
from intranet.core.forms import WordsField


class PeopleFilter(forms.Form):
    """What the directory can be narrowed by. Values that make no sense narrow nothing."""

    q = WordsField(label="Search people", required=False)
    clinic = forms.ModelChoiceField(
        Clinic.objects.none(), label="Clinic", required=False, to_field_name="slug", empty_label="All clinics"
    )
    role = forms.ChoiceField(label="Role", required=False, choices=[("", "All roles"), *Role.choices])
    left = forms.BooleanField(label="People who left", required=False)

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["clinic"].queryset = Clinic.objects.visible_to(viewer)
        if not viewer.standing.holds(Capability.INVITE):
            del self.fields["left"]

    def narrow(self, people: QuerySet[User], on: date) -> QuerySet[User]:
        """Only those who fit every filter that was filled in sensibly."""
        self.full_clean()
        wanted = self.cleaned_data
        conditions = [
            Q(is_active=not wanted.get("left")),
            matching(wanted["q"]) if wanted.get("q") else Q(),
            at_clinic(wanted["clinic"], on) if wanted.get("clinic") else Q(),
            in_role(wanted["role"], on) if wanted.get("role") else Q(),
        ]
        return people.filter(*conditions)

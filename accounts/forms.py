from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from accounts import audit_log
from accounts.directory import at_clinic, in_role, matching
from accounts.models import Clinic, User
from accounts.roles import Capability, Role
from intranet.audit.models import Entry
from intranet.core.forms import DayInput, WordsField


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


class AuditFilter(forms.Form):
    """What the audit log can be narrowed by. Values that make no sense narrow nothing."""

    q = WordsField(label="Person, object or address", required=False)
    action = forms.ChoiceField(
        required=False,
        choices=[
            ("", "All actions"),
            *sorted(((verb, said.words) for verb, said in audit_log.ACTIONS.items()), key=lambda choice: choice[1]),
        ],
    )
    first = forms.DateField(label="From", required=False, widget=DayInput)
    last = forms.DateField(label="To", required=False, widget=DayInput)

    def narrow(self, entries: QuerySet[Entry]) -> QuerySet[Entry]:
        """Only those that fit every filter that was filled in sensibly."""
        self.full_clean()
        wanted = self.cleaned_data
        found = entries.filter(audit_log.between(wanted.get("first"), wanted.get("last")))
        if wanted.get("action"):
            found = found.filter(verb=wanted["action"])
        return found.filter(audit_log.containing(wanted["q"])) if wanted.get("q") else found

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from accounts.directory import holding, languages_spoken, matching
from accounts.models import Clinic, Skill, User
from accounts.presence import Today, roster_for
from accounts.roles import Capability, Role
from accounts.skilled import who_may
from intranet.core.forms import FilterForm, WordsField
from intranet.core.time import organisation_day

HERE = {Today.ON, Today.NOW, Today.LATER}


class PeopleFilter(FilterForm):
    """What the directory can be narrowed by, page and API alike."""

    q = WordsField(label="Search people", required=False)
    clinic = forms.ModelChoiceField(
        Clinic.objects.none(), label="Clinic", required=False, to_field_name="slug", empty_label="All clinics"
    )
    role = forms.ChoiceField(label="Role", required=False, choices=[("", "All roles"), *Role.choices])
    language = forms.ChoiceField(label="Language", required=False)
    skill = forms.ModelChoiceField(
        Skill.objects.all(), label="May do today", required=False, to_field_name="code", empty_label="Any procedure"
    )
    today = forms.ChoiceField(label="Today", required=False)
    left = forms.BooleanField(label="People who left", required=False)

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.roster = roster_for(viewer)
        self.fields["clinic"].queryset = Clinic.objects.visible_to(viewer)
        languages = [(language, language) for language in languages_spoken(viewer)]
        self.fields["language"].choices = [("", "All languages"), *languages]
        wanted = [(choice.value, choice.label) for choice in (Today.ON, Today.NOW, Today.LATER, Today.OFF)]
        self.fields["today"].choices = [("", "Whenever"), *wanted]
        if self.roster is None:
            del self.fields["today"]
        if not viewer.standing.holds(Capability.INVITE):
            del self.fields["left"]

    def narrow(self, people: QuerySet[User], at: datetime) -> QuerySet[User]:
        """Only those who fit every filter that was filled in sensibly."""
        self.is_valid()
        wanted = self.cleaned_data
        on = organisation_day(at)
        people = people.filter(Q(is_active=not wanted.get("left")), matching(wanted.get("q") or ""))
        if wanted.get("language"):
            people = people.filter(languages__contains=[wanted["language"]])
        if wanted.get("skill"):
            people = people.filter(pk__in=who_may(wanted["skill"], on).values("pk"))
        return people.filter(self._places(on, at))

    def _places(self, on: date, at: datetime) -> Q:
        """With a wish for today the clinic is where they work today; otherwise where they hold their role."""
        wanted = self.cleaned_data
        clinic, role = wanted.get("clinic"), wanted.get("role") or ""
        today = Today(wanted["today"]) if wanted.get("today") and self.roster else None
        if today is None:
            return holding(on, clinic=clinic, role=role)
        if today in HERE:
            return self.roster.people(today, clinic=clinic, at=at) & holding(on, role=role)
        return self.roster.people(today, clinic=None, at=at) & holding(on, clinic=clinic, role=role)

    @property
    def words(self) -> str:
        """What was searched for."""
        return str(self.cleaned_data.get("q") or "")

    @property
    def any_chosen(self) -> bool:
        return any(value for name, value in self.cleaned_data.items() if name != "q")

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from accounts.models import CredentialType, QualificationPart, Training, User
from intranet.core.forms import DayInput, in_this_century


class TrainingForm(forms.Form):
    """What somebody has done towards a part of a qualification."""

    part = forms.ModelChoiceField(QualificationPart.objects.none(), label="Part", empty_label=None)
    amount = forms.IntegerField(
        label="Hours or sessions",
        required=False,
        min_value=1,
        max_value=5000,
        help_text="Only the total. Empty for an exam and for a day since when.",
    )
    first_day = forms.DateField(
        label="First day",
        required=False,
        widget=DayInput,
        validators=[in_this_century],
        help_text="When it took more than a day.",
    )
    last_day = forms.DateField(
        label="Last day",
        widget=DayInput,
        validators=[in_this_century],
        help_text="When it was done; for a time since a day, that day.",
    )
    attested_by = forms.CharField(
        label="Given or attested by",
        max_length=120,
        help_text="The provider or the supervisor. Never a patient, nor the date of a single session.",
    )
    regions = forms.MultipleChoiceField(
        label="Regions that it names", required=False, widget=forms.CheckboxSelectMultiple
    )
    exempt = forms.BooleanField(
        label="Exempt from this part",
        required=False,
        help_text="For example for coursework before the licence. The clinical lead checks it.",
    )

    def __init__(self, *args: Any, type: CredentialType, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["part"].queryset = type.parts.all()
        self.fields["regions"].choices = [(region, region) for region in type.regions]
        self.fields["last_day"].widget.attrs["max"] = self.fields["first_day"].widget.attrs["max"] = today.isoformat()
        if not type.regions:
            del self.fields["regions"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        first, last = values.get("first_day"), values.get("last_day")
        if first and last and first > last:
            self.add_error("first_day", "The last day is before the first.")
        return values

    def training_of(self, user: User) -> Training:
        """What was filled in, not saved."""
        return Training(user=user, **{"regions": [], **self.cleaned_data})


class StrikeForm(forms.Form):
    """Why something that was filed does not count."""

    reason = forms.CharField(label="Why does it not count?", max_length=200)

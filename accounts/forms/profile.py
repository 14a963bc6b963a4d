from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from accounts.models import Profession, User
from accounts.profile import changeable
from intranet.core.forms import DayInput, in_this_century


class LanguagesField(forms.CharField):
    """Names between commas, as a list."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return super().to_python(value).split(",")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class ProfileForm(forms.Form):
    """What stands about a person; each field is there for whoever may change it.

    Hidden beside each field is what it held when the page was opened: only what was typed since is changed, so that two
    people on one page do not undo each other's work.
    """

    name = forms.CharField(max_length=120, help_text="As it stands under signatures.")
    title = forms.CharField(max_length=80, required=False, help_text="For example “PT, DPT”. Stands beside the name.")
    profession = forms.ChoiceField(
        choices=Profession.choices, help_text="Decides which licences and procedures the person needs and may have."
    )
    weekly_hours = forms.IntegerField(label="Target hours a week", min_value=0, max_value=80)
    hired_on = forms.DateField(label="Hired on", required=False, widget=DayInput, validators=[in_this_century])
    phone = forms.CharField(
        label="Work phone",
        max_length=40,
        required=False,
        help_text="With its area code. Colleagues see it; never a private number.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    languages = LanguagesField(
        max_length=200, required=False, help_text="In which you can treat or help, with commas between them."
    )

    def __init__(self, *args: Any, person: User, by: User, at: datetime, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(person, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        allowed = changeable(person, by=by, at=at)
        for name in list(self.fields):
            if name not in allowed:
                del self.fields[name]
            else:
                self.fields[name].show_hidden_initial = True

    @property
    def changes(self) -> dict[str, Any]:
        """What somebody has typed, by field."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

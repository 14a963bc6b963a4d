from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordMixin

from accounts.forms.roles import PlaceForm
from accounts.hiring import roles_to_invite_as
from accounts.models import Profession, User
from accounts.naming import clean_person_name


class InvitationForm(PlaceForm):
    """Whom to ask in, and as what."""

    field_order = ("name", "email", "profession", "role", "clinic")

    name = forms.CharField(label="Name", max_length=120)
    email = forms.EmailField(label="Work email", help_text="The link goes there and works once, for 72 hours.")
    profession = forms.ChoiceField(label="Profession", choices=Profession.choices)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, by=by, roles=roles_to_invite_as(by), **kwargs)

    def clean_name(self) -> str:
        return clean_person_name(self.cleaned_data["name"])


class WelcomeForm(SetPasswordMixin, forms.Form):
    """The password with which somebody new will sign in."""

    password1, password2 = SetPasswordMixin.create_password_fields("Password", "The same again")

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["password2"].help_text = ""
        self.fields["password1"].help_text = "At least 15 characters. A few words in a row are easy to remember."

    def clean(self) -> dict[str, Any]:
        self.validate_passwords()
        self.validate_password_for_user(self.person, "password1")
        return super().clean() or self.cleaned_data

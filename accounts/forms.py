from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordMixin
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q, QuerySet

from accounts import audit_log, staff_list
from accounts.directory import at_clinic, in_role, matching
from accounts.hiring import Place, roles_to_give, roles_to_invite_as
from accounts.models import Clinic, Profession, User
from accounts.roles import ORGANISATION_ROLES, Capability, Role
from intranet.audit.models import Entry
from intranet.core.access import Refused
from intranet.core.forms import DayInput, WordsField, in_this_century


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


class InvitationForm(PlaceForm):
    """Whom to ask in, and as what."""

    field_order = ("name", "email", "profession", "role", "clinic")

    name = forms.CharField(label="Name", max_length=120)
    email = forms.EmailField(label="Work email", help_text="The link goes there and works once, for 72 hours.")
    profession = forms.ChoiceField(label="Profession", choices=Profession.choices)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, by=by, roles=roles_to_invite_as(by), **kwargs)

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


class StaffListForm(forms.Form):
    """A staff list as a file or pasted. What a file holds is then in the text area, to be mended there."""

    file = forms.FileField(
        label="File",
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        help_text="CSV in UTF-8: at most 500 people and 256 KB. A file replaces the text below.",
    )
    text = forms.CharField(
        label="Or the list itself",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"class": "cells", "rows": 8, "spellcheck": "false"}),
        help_text="Paste it from a spreadsheet, or type it with commas between the cells.",
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        self.lines: list[staff_list.Line] = []

    def clean_file(self) -> UploadedFile | None:
        file: UploadedFile | None = self.cleaned_data["file"]
        if file:
            try:
                words = staff_list.decode(file.read(staff_list.MOST_BYTES + 1))
            except Refused as refused:
                raise forms.ValidationError(str(refused)) from None
            self.data = self.data.copy()
            self.data["text"] = words
        return file

    def clean(self) -> dict[str, Any]:
        """Check the list that was given. Bytes that are no text are never kept, so there is nothing to mend."""
        values = super().clean() or self.cleaned_data
        if self.errors:
            return values
        if not values["file"] and not values["text"].strip():
            self.add_error("file", "Choose a file, or paste the list below.")
            return values
        try:
            self.lines = staff_list.check(values["text"], by=self.by)
        except Refused as refused:
            self.add_error("text", str(refused))
        return values


class RoleForm(PlaceForm):
    """Which role to give, where, and for how long."""

    first = forms.DateField(label="First day", widget=DayInput, validators=[in_this_century])
    last = forms.DateField(
        label="Last day", required=False, widget=DayInput, validators=[in_this_century], help_text="Empty: no end."
    )

    def __init__(self, *args: Any, by: User, today: date, **kwargs: Any) -> None:
        super().__init__(*args, by=by, roles=roles_to_give(by), **kwargs)
        self.today = today
        self.fields["first"].initial = today
        self.fields["first"].widget.attrs["min"] = self.fields["last"].widget.attrs["min"] = today.isoformat()

    def clean_first(self) -> date:
        first: date = self.cleaned_data["first"]
        if first < self.today:
            raise forms.ValidationError("Choose today or a later day: what was before is on record.")
        return first

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
        self.yesterday = today - timedelta(days=1)
        self.fields["last"].widget.attrs["min"] = self.yesterday.isoformat()
        self.fields["last"].initial = today

    def clean_last(self) -> date:
        last: date = self.cleaned_data["last"]
        if last < self.yesterday:
            raise forms.ValidationError("Choose yesterday or a later day: what was before is on record.")
        return last

    @property
    def end(self) -> date:
        """The first day without the role."""
        last: date = self.cleaned_data["last"]
        return last + timedelta(days=1)


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

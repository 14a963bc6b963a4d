from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from accounts.documents import MEGABYTE, MOST_BYTES, Paper, read_paper
from accounts.filing import Facts, document_of
from accounts.models import Credential, CredentialType, ValidityRule
from intranet.core.access import Refused
from intranet.core.forms import DayInput, in_this_century


class CredentialForm(forms.Form):
    """What stands on the document of one type, and the document."""

    issued_on = forms.DateField(label="First day on the document", widget=DayInput, validators=[in_this_century])
    last_day = forms.DateField(label="Last day on the document", widget=DayInput, validators=[in_this_century])
    reference = forms.CharField(label="Number on the document", max_length=60, required=False)
    document = forms.FileField(
        label="Document",
        required=False,
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg,application/pdf,image/png,image/jpeg"}),
        help_text=f"PDF, PNG or JPEG, at most {MOST_BYTES // MEGABYTE} MB. No patient data on it.",
    )

    def __init__(self, *args: Any, type: CredentialType, credential: Credential | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.paper: Paper | None = None
        if type.rule != ValidityRule.ENTERED:
            del self.fields["last_day"]
        on_file = credential is not None and document_of(credential) is not None
        if on_file:
            self.fields["document"].help_text += " Without a new one, the one on file stays."
        self.fields["document"].required = type.needs_document and not on_file

    def clean_document(self) -> UploadedFile | None:
        file: UploadedFile | None = self.cleaned_data["document"]
        if file:
            try:
                self.paper = read_paper(file.read(MOST_BYTES + 1), file.name or "")
            except Refused as refused:
                raise forms.ValidationError(str(refused)) from None
        return file

    @property
    def facts(self) -> Facts:
        values = self.cleaned_data
        return Facts(values["issued_on"], values.get("last_day"), values["reference"])


class ReasonForm(forms.Form):
    """Why something is sent back or withdrawn; the person reads it."""

    reason = forms.CharField(label="What is wrong with it", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


def initial_of(credential: Credential) -> dict[str, Any]:
    """What a form to correct it starts with."""
    last = credential.last_day
    return {
        "issued_on": credential.issued_on or credential.valid.lower,
        "last_day": last,
        "reference": credential.reference,
    }

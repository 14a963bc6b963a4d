from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from accounts import staff_list
from accounts.models import User
from intranet.core.access import Refused


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

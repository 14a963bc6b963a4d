"""What people hand in with a draft: pictures, attachments, and whole files to be read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from intranet.core.access import Refused
from intranet.core.richtext import LONGEST_DESCRIPTION
from protocols import attachments, pictures


class PictureForm(forms.Form):
    """A picture for the sections of a draft, and what it shows."""

    picture = forms.FileField(
        label="Picture",
        widget=forms.FileInput(attrs={"accept": ".png,.jpg,.jpeg,image/png,image/jpeg"}),
        help_text=f"PNG or JPEG, at most {pictures.MOST_BYTES // pictures.MEGABYTE} MB. No patient in it. Where and when it "
        "was taken is removed.",
        error_messages={"required": "Choose a picture."},
    )
    description = forms.CharField(
        label="What it shows",
        max_length=LONGEST_DESCRIPTION,
        help_text="Read aloud to whoever cannot see it: what somebody has to know from it.",
        error_messages={"required": "Say what the picture shows."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.drawn: pictures.Drawn | None = None

    def clean_picture(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["picture"]
        try:
            self.drawn = pictures.read_picture(file.read(pictures.MOST_BYTES + 1), file.name or "")
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None
        return file


class AttachmentForm(forms.Form):
    """A file that belongs to a draft, and what it is called."""

    file = forms.FileField(
        label="File",
        widget=forms.FileInput(attrs={"accept": ".pdf,.docx,.xlsx,.png,.jpg,.jpeg"}),
        help_text=f"{attachments.KINDS}, at most {attachments.MOST_BYTES // attachments.MEGABYTE} MB. No patient names or "
        "details.",
        error_messages={"required": "Choose a file."},
    )
    name = forms.CharField(
        label="Name",
        required=False,
        max_length=attachments.LONGEST_NAME,
        help_text="What readers see. Without one, the name of the file.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.paper: attachments.Paper | None = None

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        try:
            self.paper = attachments.read_paper(file.read(attachments.MOST_BYTES + 1), file.name or "")
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None
        return file

    @property
    def chosen_name(self) -> str:
        given: str = self.cleaned_data["name"]
        return given or attachments.name_from(self.cleaned_data["file"].name or "")


class AttachmentNameForm(forms.Form):
    name = forms.CharField(label="Name", max_length=attachments.LONGEST_NAME)

"""What people hand in with a draft: pictures, attachments, and whole files to be read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from intranet.core import papers, richtext
from intranet.core.access import Refused
from intranet.core.richtext import LONGEST_DESCRIPTION
from protocols import importing, pictures
from protocols.forms import SameTitleForm
from protocols.models import Category, Preview, SectionKind
from protocols.previewing import Taken
from protocols.unreadable import Unreadable


class PictureForm(forms.Form):
    """A picture for the sections of a draft, and what it shows."""

    picture = forms.FileField(
        label="Picture",
        widget=forms.FileInput(attrs={"accept": ".png,.jpg,.jpeg,image/png,image/jpeg"}),
        help_text=f"PNG or JPEG, at most {pictures.MOST_BYTES // pictures.MEGABYTE} MB. No patient in it. Where and when it "
        "was taken is removed.",
        error_messages={"required": "Choose a picture.", "empty": "This file is empty."},
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
        help_text=f"{papers.KINDS}, at most {papers.MOST_BYTES // papers.MEGABYTE} MB. No patient names or details.",
        error_messages={"required": "Choose a file.", "empty": "This file is empty."},
    )
    name = forms.CharField(
        label="Name",
        required=False,
        max_length=papers.LONGEST_NAME,
        help_text="What readers see. Without one, the name of the file.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.paper: papers.Paper | None = None

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        try:
            self.paper = papers.read_paper(file.read(papers.MOST_BYTES + 1), file.name or "")
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None
        return file

    @property
    def chosen_name(self) -> str:
        given: str = self.cleaned_data["name"]
        return given or papers.name_from(self.cleaned_data["file"].name or "")


class AttachmentNameForm(forms.Form):
    name = forms.CharField(label="Name", max_length=papers.LONGEST_NAME)


class ImportForm(forms.Form):
    """A file that becomes a protocol."""

    file = forms.FileField(
        label="File",
        widget=forms.FileInput(attrs={"accept": ".docx,.md,.txt,.html,.htm"}),
        help_text=f"Word (.docx) with its pictures, at most {importing.LARGEST_WORD // importing.MEGABYTE} MB; or .txt, .md, "
        ".html. No patient names or details.",
        error_messages={"required": "Choose a file.", "empty": "This file is empty."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.imported: importing.Imported | None = None

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        try:
            self.imported = importing.read_content(file.read(importing.LARGEST_WORD + 1), file.name or "")
        except Unreadable as error:
            raise forms.ValidationError(str(error)) from None
        return file


class TakeOverForm(SameTitleForm):
    """What of a preview becomes the draft: each section with its kind, and what each picture shows."""

    title = forms.CharField(max_length=160)
    category = forms.ChoiceField(choices=Category.choices)

    def __init__(self, *args: Any, preview: Preview, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preview = preview
        self.fields["title"].initial = preview.title
        for place, (kind, heading, _) in enumerate(preview.sections):
            self.fields[f"take-{place}"] = forms.BooleanField(label="Take over", required=False, initial=True)
            self.fields[f"heading-{place}"] = forms.CharField(
                label="Heading",
                max_length=120,
                initial=heading,
                error_messages={"required": "Give the section a heading."},
            )
            self.fields[f"kind-{place}"] = forms.ChoiceField(
                label="Kind of section", choices=SectionKind.choices, initial=kind
            )
        for picture in preview.pictures:
            self.fields[f"picture-{picture['sha256']}"] = forms.CharField(
                label="What it shows",
                max_length=LONGEST_DESCRIPTION,
                error_messages={"required": "Say what the picture shows."},
                initial=picture["description"],
                help_text="Read aloud to whoever cannot see it.",
            )

    def clean(self) -> dict[str, Any]:
        """What is not taken over needs neither heading nor words."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        shown: set[str] = set()
        for place, (_, _, body) in enumerate(self.preview.sections):
            if values.get(f"take-{place}"):
                shown.update(f"picture-{picture.digest}" for picture in richtext.pictures_in(body))
            else:
                self.errors.pop(f"heading-{place}", None)
        for name in [name for name in self.errors if name.startswith("picture-") and name not in shown]:
            del self.errors[name]
        return values

    def parts(self) -> list[dict[str, Any]]:
        """Each section for the page: its fields, its text, and the fields of the pictures that it shows first."""
        seen: set[str] = set()
        return [
            {
                "take": self[f"take-{place}"],
                "heading": self[f"heading-{place}"],
                "kind": self[f"kind-{place}"],
                "body": body,
                "pictures": [(picture, self[f"picture-{picture.digest}"]) for picture in self._first(body, seen)],
            }
            for place, (_, _, body) in enumerate(self.preview.sections)
        ]

    def _first(self, body: str, seen: set[str]) -> list[richtext.Picture]:
        new = [
            one
            for one in richtext.pictures_in(body)
            if one.digest not in seen and f"picture-{one.digest}" in self.fields
        ]
        seen.update(one.digest for one in new)
        return list({one.digest: one for one in new}.values())

    @property
    def taken(self) -> list[Taken]:
        said = self.cleaned_data
        places = (place for place in range(len(self.preview.sections)) if said[f"take-{place}"])
        return [Taken(place, said[f"kind-{place}"], said[f"heading-{place}"]) for place in places]

    @property
    def descriptions(self) -> dict[str, str]:
        said = ((name.partition("-"), words) for name, words in self.cleaned_data.items())
        return {digest: words for (kind, _, digest), words in said if kind == "picture"}

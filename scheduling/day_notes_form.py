"""Notes on a day: one field for each clinic, with what stood in it when the page came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django import forms
from django.http import QueryDict

from accounts.models import Clinic
from intranet.core.patient_words import WithoutPatients

LONGEST_NOTE = 160


class DayNotesForm(WithoutPatients):
    def __init__(self, data: QueryDict | None, *, clinics: Sequence[Clinic], present: Mapping[int, str]) -> None:
        super().__init__(data, auto_id="note-%s")
        self.clinics, self.present = clinics, present
        self.free_text = tuple(clinic.slug for clinic in clinics)  # type: ignore[misc]
        for clinic in clinics:
            text = present.get(clinic.pk, "")
            self.fields[clinic.slug] = forms.CharField(
                max_length=LONGEST_NOTE,
                required=False,
                label=clinic.name,
                initial=text,
                help_text="Everybody sees it above the day. No patient names or details.",
            )
            self.fields[f"{clinic.slug}-seen"] = forms.CharField(
                required=False, strip=False, initial=text, widget=forms.HiddenInput
            )

    @property
    def changes(self) -> Iterator[tuple[Clinic, str, str]]:
        """(clinic, what stood there, what should stand there) where they differ."""
        for clinic in self.clinics:
            seen, text = self.cleaned_data[f"{clinic.slug}-seen"], self.cleaned_data[clinic.slug]
            if text != seen:
                yield clinic, seen, text

    def look_again(self) -> None:
        """Say what stands there now; the next try is against that."""
        data = {name: self.data.get(name, "") for name in self.fields}
        for clinic in self.clinics:
            now, seen = self.present.get(clinic.pk, ""), data[f"{clinic.slug}-seen"]
            data[f"{clinic.slug}-seen"] = now
            if now != seen:
                self.add_error(clinic.slug, f"It is now: {now or 'empty'}")
        self.data = data

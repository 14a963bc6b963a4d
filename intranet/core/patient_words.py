"""Free text that looks as if it said who a patient is. It warns and never refuses: a program cannot know."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

from django import forms

PHONE = re.compile(r"(?<!\d)(?:\+?1[-. ]?)?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?!\d)")
_A_DATE = r"(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2}|[a-z]{3,9}\.? \d{1,2},? \d{4})"
_OF_BIRTH = r"\b(?:d\.?o\.?b\.?|born|birth ?date|date of birth)\b\D{0,12}"
_LONG_AGO = r"\b(?:\d{1,2}[/.-]\d{1,2}[/.-]19\d{2}|19\d{2}-\d{2}-\d{2}|[a-z]{3,9}\.? \d{1,2},? 19\d{2})\b"
_RECORD = r"\b(?:mrn|(?:record|chart|patient|account)(?: (?:no\.?|number|id))?)\s*[:#]?\s*[a-z]{0,3}-?\d{4,}\b"
# A date by itself may be one of a shift or a version, unless it is of the last century.
SIGNS = (
    ("a date of birth", re.compile(_OF_BIRTH + _A_DATE, re.IGNORECASE)),
    ("a date of birth", re.compile(_LONG_AGO, re.IGNORECASE)),
    ("a record number", re.compile(_RECORD, re.IGNORECASE)),
    ("a phone number", PHONE),
)


def warning(text: str) -> str:
    """What in the text looks as if it were about a patient, in a sentence for whoever wrote it; nothing when nothing does."""
    found: dict[str, str] = {}
    for what, sign in SIGNS:
        if seen := sign.search(text):
            found.setdefault(what, seen.group())
    if not found:
        return ""
    looks = " and ".join(f"“{words}” looks like {what}" for what, words in found.items())
    return f"{looks}. Take out whatever says who a patient is. If nothing does, send it again as it is."


class WithoutPatients(forms.Form):
    """A form with short free text. What looks as if it were about a patient is taken when it is sent a second time unchanged.

    `free_text` names the fields. The hidden field says which words the person was warned about; no action sees it.
    """

    free_text: tuple[str, ...]
    warned = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        warned = values.pop("warned", "")
        marks: list[str] = []
        for name in set(self.free_text) & set(self.changed_data):
            said = values.get(name, "")
            if sentence := warning(said):
                marks.append(_mark(said))
                if _mark(said) not in warned.split():
                    self.add_error(name, sentence)
                    values[name] = said  # a warning takes no words away: a preview still shows them
        if marks:
            self.data = self.data.copy()
            self.data[self.add_prefix("warned")] = " ".join(marks)
        return values


def _mark(text: str) -> str:
    return sha256(text.encode()).hexdigest()

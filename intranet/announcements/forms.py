from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms

from accounts.models import User, organisation_zone
from intranet.announcements.audience import Cell, cells_for
from intranet.announcements.publishing import Draft
from intranet.core import richtext
from intranet.core.time import at_local


class DayInput(forms.DateInput):
    input_type = "date"


class TimeInput(forms.TimeInput):
    input_type = "time"


class AnnouncementForm(forms.Form):
    """Text, audience and times of an announcement, in the organisation's zone."""

    title = forms.CharField(label="Title", max_length=160)
    body = forms.CharField(
        label="Message",
        max_length=20_000,
        help_text="Start with what people have to do. No patient names or details.",
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    audience = forms.MultipleChoiceField(
        label="Who gets it", error_messages={"required": "Choose who gets it."}, widget=forms.CheckboxSelectMultiple
    )
    on = forms.DateField(label="Day", required=False, widget=DayInput)
    clock = forms.TimeField(label="Time", required=False, widget=TimeInput, help_text="Chicago time")
    expires = forms.DateField(label="Disappears after", required=False, widget=DayInput)
    due = forms.DateField(
        label="Acknowledge by",
        required=False,
        widget=DayInput,
        help_text="Leave empty when nobody has to acknowledge it.",
    )
    pinned = forms.BooleanField(label="Pin it to the top until it disappears", required=False)
    urgent = forms.BooleanField(
        label="Urgent", required=False, help_text="Reminders come after 4 hours and after a day."
    )

    def __init__(self, *args: Any, author: User, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cells = {cell.key: cell for cell in cells_for(author, today)}
        self.fields["audience"].choices = [
            (key, f"{cell.role.label}, {cell.clinic}") for key, cell in self.cells.items()
        ]

    def grid(self) -> list[tuple[str, list[tuple[Cell, bool]]]]:
        """The audience table, row by row: a role, and its cell at each clinic with whether it is ticked."""
        chosen = set(self.data.getlist("audience")) if self.is_bound else set()
        rows: dict[str, list[tuple[Cell, bool]]] = {}
        for key, cell in self.cells.items():
            rows.setdefault(cell.role.label, []).append((cell, key in chosen))
        return list(rows.items())

    def clean_body(self) -> str:
        text = self.cleaned_data["body"]
        return text if richtext.looks_like_html(text) else richtext.from_text(text)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("clock") and not cleaned.get("on") and "on" not in self.errors:
            self.add_error("on", "Say on which day, or leave the time empty to send it now.")
        return cleaned

    def draft(self) -> Draft:
        data = self.cleaned_data
        return Draft(
            title=data["title"],
            body=data["body"],
            audience=[self.cells[key] for key in data["audience"]],
            appears=at_local(data["on"], data["clock"] or time(7), organisation_zone()) if data["on"] else None,
            expires=_end_of(data["expires"]),
            due=_end_of(data["due"]),
            pinned=data["pinned"],
            urgent=data["urgent"],
        )


def _end_of(day: date | None) -> datetime | None:
    """The moment at which the day is over at the clinics."""
    return at_local(day + timedelta(days=1), time.min, organisation_zone()) if day else None

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from accounts.models import Clinic, User
from intranet.announcements.audience import Cell, cells_for
from intranet.announcements.models import Announcement, Audience
from intranet.announcements.publishing import Draft
from intranet.core import richtext
from intranet.core.forms import ClockInput, DayInput, FilterForm, WordsField, in_this_century
from intranet.core.time import at_local, organisation_zone

USUAL_TIME = time(7)
USUAL_DAYS = timedelta(days=30)
NOW, LATER = "now", "later"


class AnnouncementForm(forms.Form):
    """Text, audience and times of an announcement, in the organisation's zone."""

    title = forms.CharField(label="Title", max_length=160)
    body = forms.CharField(
        label="Message",
        max_length=20_000,
        help_text="Start with what people have to do. An empty line begins a paragraph; lines with a dash become a list. "
        "No patient names or details.",
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    audience = forms.MultipleChoiceField(
        label="Who gets it",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose who gets it: with this choice it reaches nobody.",
            "invalid_choice": "You may not post to one of these. Choose again.",
        },
    )
    when = forms.ChoiceField(
        label="When", choices=[(NOW, "Now"), (LATER, "Later")], initial=NOW, widget=forms.RadioSelect
    )
    on = forms.DateField(
        label="Day",
        widget=DayInput,
        validators=[in_this_century],
        error_messages={"required": "Choose the day on which it appears."},
    )
    clock = forms.TimeField(label="Time", widget=ClockInput, error_messages={"required": "Choose when it appears."})
    until = forms.DateField(label="Last day", required=False, widget=DayInput, validators=[in_this_century])
    must_acknowledge = forms.BooleanField(label="People must acknowledge it", required=False)
    due = forms.DateField(
        label="Acknowledge by",
        widget=DayInput,
        validators=[in_this_century],
        error_messages={"required": "Choose the last day to acknowledge it."},
    )
    urgent = forms.BooleanField(label="It is urgent", required=False)
    pinned = forms.BooleanField(label="Pin it to the top until its last day", required=False)

    def __init__(self, *args: Any, author: User, today: date, **kwargs: Any) -> None:
        kwargs["initial"] = {"until": today + USUAL_DAYS, "clock": USUAL_TIME} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.cells = {cell.key: cell for cell in cells_for(author, today)}
        self.fields["audience"].choices = [(key, key) for key in self.cells]  # type: ignore[attr-defined]
        self.fields["clock"].label = f"Time in {organisation_zone().key.rpartition('/')[2].replace('_', ' ')}"
        if self.is_bound:  # what belongs to a choice that was not made may stay empty
            self.fields["on"].required = self.fields["clock"].required = self.data.get("when") == LATER
            self.fields["due"].required = "must_acknowledge" in self.data

    @property
    def chosen(self) -> list[Cell]:
        """The cells that are ticked, whatever else is still wrong."""
        ticked = self.data.getlist("audience") if self.is_bound else []
        return [cell for key, cell in self.cells.items() if key in ticked]

    @property
    def grid(self) -> list[tuple[str, list[tuple[Cell, bool, str]]]]:
        """The audience table, row by row: a role, and its cell at each clinic, whether it is ticked, and its box's id."""
        rows: dict[str, list[tuple[Cell, bool, str]]] = {}
        chosen = self.chosen
        for cell, box in zip(self.cells.values(), self["audience"], strict=True):
            rows.setdefault(cell.role_words, []).append((cell, cell in chosen, box.id_for_label))
        return list(rows.items())

    @property
    def clinics(self) -> list[Clinic]:
        return list(dict.fromkeys(cell.clinic for cell in self.cells.values()))

    def clean_body(self) -> str:
        """What is typed is text: its paragraphs and lists become markup, and a tag in it stays as it was typed."""
        return richtext.from_text(self.cleaned_data["body"])

    def draft(self) -> Draft:
        """What is filled in, also while something else is missing or wrong."""
        data = getattr(self, "cleaned_data", {})
        return Draft(
            title=data.get("title", ""),
            body=data.get("body", ""),
            audience=self.chosen,
            appears=self._appears(data),
            last_day=data.get("until"),
            due_on=data.get("due") if data.get("must_acknowledge") else None,
            pinned=data.get("pinned", False),
            urgent=data.get("urgent", False),
        )

    @staticmethod
    def _appears(data: Mapping[str, Any]) -> datetime | None:
        if data.get("when") != LATER or not data.get("on") or not data.get("clock"):
            return None
        return at_local(data["on"], data["clock"], organisation_zone())


class AnnouncementFilter(FilterForm):
    """What the list can be narrowed by."""

    q = WordsField(label="Search announcements", required=False)
    clinic = forms.ModelMultipleChoiceField(Clinic.objects.none(), label="Clinic", required=False, to_field_name="slug")
    month = forms.DateField(label="Month", required=False, input_formats=["%Y-%m"], validators=[in_this_century])

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["clinic"].queryset = Clinic.objects.visible_to(user)  # type: ignore[attr-defined]

    @property
    def active(self) -> bool:
        return any(self.data.getlist(name) not in ([], [""]) for name in self.fields) if self.is_bound else False

    def narrow(self, found: QuerySet[Announcement]) -> QuerySet[Announcement]:
        self.is_valid()
        wanted = self.cleaned_data
        for word in wanted.get("q", "").split():
            found = found.filter(
                Q(title__unaccent__icontains=word)
                | Q(words__unaccent__icontains=word)
                | Q(author__name__unaccent__icontains=word)
            )
        if wanted.get("clinic"):
            found = found.filter(pk__in=Audience.objects.filter(clinic__in=wanted["clinic"]).values("announcement"))
        if month := wanted.get("month"):
            zone = organisation_zone()
            following = (month + timedelta(days=31)).replace(day=1)
            span = (at_local(month, time.min, zone), at_local(following, time.min, zone))
            found = found.filter(published_at__gte=span[0], published_at__lt=span[1])
        return found

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Clinic, User
from intranet.announcements import attaching
from intranet.announcements.acknowledging import names_scope
from intranet.announcements.attaching import NewFile
from intranet.announcements.audience import Cell, cells_for
from intranet.announcements.correcting import LONGEST_NOTE, UNDECIDED, Wording, asks_about_receipts
from intranet.announcements.models import Announcement, Attachment, Audience
from intranet.announcements.publishing import clinics_of
from intranet.announcements.receipts import Missing
from intranet.announcements.reminders import when_reminded
from intranet.announcements.writing import Draft, may_weigh
from intranet.core import papers, richtext
from intranet.core.access import Refused
from intranet.core.editor import RichTextField
from intranet.core.forms import (
    ClockInput,
    CountedInput,
    DayInput,
    FilterForm,
    WordsField,
    in_this_century,
    whole_number,
)
from intranet.core.patient_words import WithoutPatients, warning
from intranet.core.time import at_local, organisation_day, organisation_zone
from intranet.core.wording import zone_words

USUAL_TIME = time(7)
USUAL_DAYS = timedelta(days=30)
USUAL_ANSWER = timedelta(days=7)
NOW, LATER = "now", "later"


class SeveralFiles(forms.FileInput):
    """An input that takes several files at once."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__({"multiple": True, "accept": papers.ACCEPTED})

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[UploadedFile]:
        return files.getlist(name) if files else []

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return name not in files


class FilesField(forms.FileField):
    """Files to attach, each looked at by its content. Comes out as a list of NewFile."""

    widget = SeveralFiles

    def __init__(self) -> None:
        most = f"at most {attaching.MOST_ATTACHMENTS} files of {papers.MOST_BYTES // papers.MEGABYTE} MB each"
        help_text = f"{papers.KINDS}; {most}. No patient names or details."
        super().__init__(label="Attach files", required=False, help_text=help_text)

    def clean(self, data: list[UploadedFile], initial: Any = None) -> list[NewFile]:  # type: ignore[override]
        if len(data) > attaching.MOST_ATTACHMENTS:
            raise forms.ValidationError(f"An announcement has at most {attaching.MOST_ATTACHMENTS} attachments.")
        return [self._read(file) for file in data]

    @staticmethod
    def _read(file: UploadedFile) -> NewFile:
        try:
            return attaching.looked_at(file)
        except Refused as refused:
            raise forms.ValidationError(f"“{file.name}”: {refused}") from None


class WithFiles(forms.Form):
    """Attachments come and go with what is written: those that are there, with a box to take each away, and new ones."""

    file = FilesField()
    remove = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def show_attachments(self, stored: Announcement | None) -> None:
        """What the announcement carries already."""
        self.there = list(stored.attachments.there().defer("words")) if stored else []
        self.fields["remove"].choices = [(str(row.key), row.name) for row in self.there]  # type: ignore[attr-defined]

    @property
    def carried(self) -> list[tuple[Attachment, bool]]:
        """Each attachment, and whether it is ticked to go."""
        ticked = self.data.getlist("remove") if self.is_bound else []
        return [(row, str(row.key) in ticked) for row in self.there]

    @property
    def removed(self) -> list[UUID]:
        return [UUID(key) for key in getattr(self, "cleaned_data", {}).get("remove", [])]


class AnnouncementForm(WithFiles, WithoutPatients):
    """Text, audience and times of an announcement, in the organisation's zone.

    With `complete` everything that sending it needs must be there; a draft may lack anything. `token` is that of the
    stored announcement which the person saw. `key` is that of the page, and `repeated` is filled in by the page when no
    answer came to its last save.
    """

    free_text = ("title", "body")

    title = forms.CharField(label="Title", max_length=160, widget=CountedInput)
    body = RichTextField(
        label="Message",
        max_length=20_000,
        help_text="Start with what people have to do. No patient names or details.",
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
        required=False,
        widget=DayInput,
        validators=[in_this_century],
        help_text="Left empty: a week after it appears",
    )
    urgent = forms.BooleanField(label="It is urgent", required=False)
    pinned = forms.BooleanField(label="Pin it to the top until its last day", required=False)
    token = forms.IntegerField(required=False, widget=forms.HiddenInput)
    key = forms.UUIDField(required=False, initial=uuid4, widget=forms.HiddenInput({"autocomplete": "off"}))
    repeated = forms.CharField(required=False, widget=forms.HiddenInput({"autocomplete": "off"}))

    def __init__(
        self,
        *args: Any,
        author: User,
        today: date,
        stored: Announcement | None = None,
        complete: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.stored = stored
        self.conflicts = False  # somebody was quicker: from there on the author decides
        self.today, self.complete = today, complete
        self.cells = {cell.key: cell for cell in cells_for(author, today)}
        self.weighs = may_weigh(author)
        self.fields["audience"].choices = [(key, key) for key in self.cells]  # type: ignore[attr-defined]
        self.fields["clock"].label = f"Time ({zone_words(organisation_zone())})"
        self.show_attachments(stored)
        if not self.is_bound:
            usual = {"until": today + USUAL_DAYS, "clock": USUAL_TIME}
            self.initial = {**usual, **(_as_filled_in(stored, today) if stored else {}), **self.initial}
            return
        # What belongs to a choice that was not made may stay empty.
        self.fields["on"].required = self.fields["clock"].required = self.data.get("when") == LATER
        if not complete:
            self.free_text = ()
            for field in self.fields.values():
                field.required = False

    @property
    def reminded(self) -> str:
        """When those who must acknowledge it are reminded, as administrators have set it."""
        return when_reminded(urgent=False)

    @property
    def reminded_if_urgent(self) -> str:
        return when_reminded(urgent=True)

    @property
    def seen_token(self) -> int:
        """The token that came with the form; 0 fits nothing that is stored."""
        return getattr(self, "cleaned_data", {}).get("token") or 0

    @property
    def current_token(self) -> int:
        """The token that the form sends next."""
        return whole_number(str(self.data.get("token") or "")) or 0

    @property
    def page_key(self) -> UUID | None:
        return getattr(self, "cleaned_data", {}).get("key")

    @property
    def repeated_key(self) -> UUID | None:
        """The key, once the page has lost the answer to a save."""
        with suppress(ValueError):
            return UUID(self.data.get("key", "")) if self.data.get("repeated") else None
        return None

    def show_stored(self, stored: Announcement | None) -> None:
        """From here on the form is about this stored one, as it is now; None: about something new. What was typed stays."""
        self.go_on_with(stored)
        self.data["key"] = str(uuid4())

    def go_on_with(self, stored: Announcement | None) -> None:
        """The page saved this one itself: it goes on as if the answer had come."""
        self.stored = stored
        self.show_attachments(stored)
        self.data = self.data.copy()
        self.data["token"], self.data["repeated"] = str(stored.token) if stored else "", ""

    @property
    def chosen(self) -> list[Cell]:
        """The cells that are ticked, whatever else is still wrong."""
        ticked = self.data.getlist("audience") if self.is_bound else self.initial.get("audience", [])
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

    @property
    def looks_like_patients(self) -> str:
        """A sentence about what in the text looks as if it said who a patient is."""
        shown = self.draft()
        return warning(f"{shown.title}\n{richtext.plain(shown.body)}")

    def draft(self) -> Draft:
        """What is filled in, also while something else is missing or wrong."""
        data = getattr(self, "cleaned_data", None) or self._as_stored()
        asks = bool(data.get("must_acknowledge"))
        return Draft(
            title=data.get("title") or "",
            body=data.get("body") or "",
            audience=self.chosen,
            appears=self._appears(data),
            last_day=data.get("until"),
            due_on=self._due_on(data) if asks else None,
            asks=asks,
            pinned=bool(data.get("pinned")),
            urgent=bool(data.get("urgent")),
            added=data.get("file") or (),
            removed=self.removed,
        )

    @property
    def as_far_as_said(self) -> Draft:
        """`draft`, for saying what is wrong with it whatever is missing: a day without its time is taken to its end."""
        draft, data = self.draft(), self.cleaned_data
        if draft.appears or data.get("when") != LATER or not data.get("on"):
            return draft
        return replace(draft, appears=at_local(data["on"], time.max, organisation_zone()))

    def _as_stored(self) -> dict[str, Any]:
        return {} if self.is_bound or self.stored is None else self.initial

    def _due_on(self, data: Mapping[str, Any]) -> date | None:
        """The day that was chosen, or the usual one where it is sent. A day that makes no sense stays an error."""
        if data.get("due") or "due" in self.errors or not (self.is_bound and self.complete):
            return data.get("due")
        appears = self._appears(data)
        return (organisation_day(appears) if appears else self.today) + USUAL_ANSWER

    @staticmethod
    def _appears(data: Mapping[str, Any]) -> datetime | None:
        if data.get("when") != LATER or not data.get("on") or not data.get("clock"):
            return None
        return at_local(data["on"], data["clock"], organisation_zone())


def _as_filled_in(stored: Announcement, today: date) -> dict[str, Any]:
    """What was written, as it stands in the form; a day on which it can no longer appear is left to choose."""
    filled: dict[str, Any] = {
        "title": stored.title,
        "body": stored.body,
        "audience": [f"{row.role}@{row.clinic.slug}" for row in stored.audience.select_related("clinic")],
        "until": stored.last_day,
        "must_acknowledge": stored.must_acknowledge,
        "due": stored.due_on,
        "urgent": stored.urgent,
        "pinned": stored.pinned,
        "token": stored.token,
    }
    if moment := stored.planned_for or stored.published_at:
        local = moment.astimezone(organisation_zone())
        if local.date() >= today:
            filled |= {"when": LATER, "on": local.date(), "clock": local.time()}
    return filled


class CorrectionForm(WithFiles, WithoutPatients):
    """Another wording of something that has appeared, what has changed, and whether the receipts so far still count."""

    free_text = ("title", "body", "note")

    title = forms.CharField(label="Title", max_length=160, widget=CountedInput)
    body = RichTextField(label="Message", max_length=20_000, help_text="No patient names or details.")
    until = forms.DateField(label="Last day", required=False, widget=DayInput, validators=[in_this_century])
    due = forms.DateField(
        label="Acknowledge by",
        widget=DayInput,
        validators=[in_this_century],
        error_messages={"required": "Choose the last day to acknowledge it."},
    )
    note = forms.CharField(
        label="What has changed",
        max_length=LONGEST_NOTE,
        widget=CountedInput,
        help_text="Readers see it under the message, for example: The collector comes on Tuesday, not on Monday.",
        error_messages={"required": "Say in a few words what has changed: readers see it."},
    )
    resets_receipts = forms.TypedChoiceField(
        label="Receipts so far",
        choices=[("no", "They still count"), ("yes", "Ask everybody again")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": UNDECIDED},
    )
    token = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, stored: Announcement, **kwargs: Any) -> None:
        filled = {
            "title": stored.title,
            "body": stored.body,
            "until": stored.last_day,
            "due": stored.due_on,
            "token": stored.token,
        }
        kwargs["initial"] = filled
        super().__init__(*args, **kwargs)
        self.show_attachments(stored)
        self.asks_about_receipts = asks_about_receipts(stored)
        if not stored.must_acknowledge:
            del self.fields["due"]
        if not self.asks_about_receipts:
            del self.fields["resets_receipts"]

    def show_token(self, token: int) -> None:
        """What was typed goes on top of the edition that is there now."""
        self.data = self.data.copy()
        self.data["token"] = str(token)

    @property
    def wording(self) -> Wording:
        data = self.cleaned_data
        return Wording(
            title=data["title"],
            body=data["body"],
            note=data["note"],
            last_day=data.get("until"),
            due_on=data.get("due"),
            resets_receipts=data.get("resets_receipts"),
            added=data.get("file") or (),
            removed=self.removed,
        )


class ReceiptsFilter(FilterForm):
    """Whom the report on receipts shows."""

    clinic = forms.ModelChoiceField(Clinic.objects.none(), label="Clinic", required=False, to_field_name="slug")
    answer = forms.ChoiceField(label="Show", choices=Missing.choices, required=False)

    def __init__(self, *args: Any, announcement: Announcement, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = names_scope(announcement, by=viewer)
        seen = [clinic for clinic in clinics_of(announcement) if clinic in scope]
        self.fields["clinic"].queryset = Clinic.objects.filter(pk__in=seen)  # type: ignore[attr-defined]
        self.fields["clinic"].empty_label = "Every clinic"  # type: ignore[attr-defined]
        if not announcement.must_acknowledge:
            self.fields["answer"].choices = Missing.choices[:2]  # type: ignore[attr-defined]

    @property
    def wanted(self) -> dict[str, Any]:
        """As `receipt_lines` takes it."""
        self.is_valid()
        return {
            "clinic": self.cleaned_data.get("clinic"),
            "missing": self.cleaned_data.get("answer") or Missing.NOTHING,
        }


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
        attached = Attachment.objects.there().filter(announcement=OuterRef("pk"))
        for word in wanted.get("q", "").split():
            found = found.filter(
                Q(title__unaccent__icontains=word)
                | Q(words__unaccent__icontains=word)
                | Q(author__name__unaccent__icontains=word)
                | Exists(attached.filter(name__unaccent__icontains=word))
            )
        if wanted.get("clinic"):
            found = found.filter(pk__in=Audience.objects.filter(clinic__in=wanted["clinic"]).values("announcement"))
        if month := wanted.get("month"):
            zone = organisation_zone()
            following = (month + timedelta(days=31)).replace(day=1)
            span = (at_local(month, time.min, zone), at_local(following, time.min, zone))
            found = found.filter(published_at__gte=span[0], published_at__lt=span[1])
        return found

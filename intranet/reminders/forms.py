"""What people send to their inbox: how to narrow it, until when to put something off, and how they hear of reminders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify

from intranet.core.forms import ClockInput, FilterForm, MomentInput, WordsField, in_this_century
from intranet.reminders.models import ReminderQuerySet
from intranet.reminders.preferring import Line, hours_of, kinds_for, lines_of
from intranet.reminders.quiet_hours import USUAL, Hours
from intranet.reminders.registry import Kind
from intranet.reminders.snoozing import Until, moment_of

TABS = [("all", "All"), ("unread", "Unread"), ("waiting", "Waiting for me"), ("snoozed", "Snoozed")]


def counted_tabs(counts: Mapping[str, int]) -> list[tuple[str, str, int | None]]:
    """The tabs of the inbox, the same on each of its pages, with how many wait behind each."""
    return [(name, label, counts.get(name)) for name, label in TABS]


class InboxFilter(FilterForm):
    """What the inbox can be narrowed by, page and API alike."""

    show = forms.ChoiceField(label="Show", required=False, choices=[("", "All"), *TABS])
    about = forms.ChoiceField(label="About", required=False)
    q = WordsField(label="Search the inbox", required=False)

    def __init__(self, *args: Any, person: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds: dict[str, list[Kind]] = {}
        self.fields["about"].choices = [("", "Everything"), *self._abouts(person)]  # type: ignore[attr-defined]

    def _abouts(self, person: Any) -> list[tuple[str, Any]]:
        """Groups of kinds, and below each its kinds; notes which kinds each choice means."""
        choices: list[tuple[str, Any]] = []
        for group, found in groupby(kinds_for(person), key=lambda kind: kind.group):
            kinds = list(found)
            self.kinds.update({kind.code: [kind] for kind in kinds})
            each = [(kind.code, kind.label) for kind in kinds]
            if group is None:
                choices += each
                continue
            self.kinds[slugify(group)] = kinds
            whole = (slugify(group), str(group))
            choices.append((str(group), [(whole[0], f"All: {group}"), *each]) if len(each) > 1 else whole)
        return choices

    @property
    def tab(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("show") or "all")

    @property
    def narrowed(self) -> bool:
        """Whether less is shown than the tab has."""
        return bool(self.state.keys() - {"show"})

    @property
    def state(self) -> dict[str, str]:
        """The values that make sense, for addresses that come back to the same rows."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value and (name, value) != ("show", "all")}

    def narrow(self, mine: ReminderQuerySet, at: datetime) -> ReminderQuerySet:
        """Those of the person's reminders that fit, in the order in which they are shown."""
        self.is_valid()
        wanted = self.cleaned_data
        tabs = {"unread": mine.unread, "waiting": mine.waiting, "snoozed": mine.put_off}
        found = tabs.get(self.tab, mine.here)(at)
        if wanted.get("about"):
            found = found.filter(kind__in=[kind.code for kind in self.kinds[wanted["about"]]])
        for word in (wanted.get("q") or "").split():
            found = found.filter(Q(title__unaccent__icontains=word) | Q(body__unaccent__icontains=word))
        return found.order_by("snoozed_until", "pk") if self.tab == "snoozed" else found.newest_first()


class SnoozeForm(forms.Form):
    """Until when: one of the moments that are offered, or another one by the person's own clock."""

    until = forms.ChoiceField(required=False, choices=[(until.value, until.value) for until in Until])
    moment = forms.DateTimeField(label="Until", required=False, widget=MomentInput)

    def __init__(self, data: Any, *, at: datetime, zone: ZoneInfo) -> None:
        super().__init__(data)
        self.at, self.zone = at, zone

    def clean_moment(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["moment"]
        if moment is not None:
            in_this_century(moment.date())
        return moment

    def chosen(self) -> datetime | None:
        """The moment; None if none was chosen, or none that there is."""
        with timezone.override(self.zone):
            if not self.is_valid():
                return None
        if until := self.cleaned_data["until"]:
            return moment_of(Until(until), self.at, self.zone)
        moment: datetime | None = self.cleaned_data["moment"]
        return moment


class PreferencesForm(forms.Form):
    """The rhythm of each line of a person's settings, and their quiet hours."""

    quiet = forms.BooleanField(label="Send nothing between", required=False)
    starts = forms.TimeField(label="From", required=False, widget=ClockInput)
    ends = forms.TimeField(label="To", required=False, widget=ClockInput)

    def __init__(self, data: Any = None, *, person: Any) -> None:
        hours = hours_of(person)
        shown = hours or USUAL
        super().__init__(data, initial={"quiet": hours is not None, "starts": shown.starts, "ends": shown.ends})
        self.lines = lines_of(person)
        for line in self.lines:
            if len(line.rhythms) > 1:
                self.fields[f"mail-{line.name}"] = _rhythm_field(line)

    @property
    def rows(self) -> list[tuple[Line, forms.BoundField | None]]:
        """Each line, with its field if there is anything to choose."""
        names = [f"mail-{line.name}" for line in self.lines]
        return [
            (line, self[name] if name in self.fields else None) for line, name in zip(self.lines, names, strict=True)
        ]

    @property
    def clocks(self) -> list[forms.BoundField]:
        return [self["starts"], self["ends"]]

    @property
    def rhythms(self) -> dict[str, str]:
        """{code: rhythm} of every kind for which something was chosen."""
        return {
            kind.code: rhythm
            for line in self.lines
            if (rhythm := self.cleaned_data.get(f"mail-{line.name}"))
            for kind in line.kinds
        }

    @property
    def hours(self) -> Hours | None:
        given = self.cleaned_data
        return Hours(given["starts"], given["ends"]) if given["quiet"] else None

    def clean(self) -> None:
        for name in ("starts", "ends"):
            if self.cleaned_data.get("quiet") and name not in self.errors and self.cleaned_data[name] is None:
                self.add_error(name, "Write a time, or switch the quiet hours off.")


def _rhythm_field(line: Line) -> forms.ChoiceField:
    choices = [(rhythm.value, rhythm.label) for rhythm in line.rhythms]
    mixed = line.rhythm is None
    field = forms.ChoiceField(
        label=line.label,
        choices=[("", "Each as it is"), *choices] if mixed else choices,
        required=not mixed,
        initial=line.rhythm or "",
    )
    field.widget.attrs["aria-label"] = f"{line.label}: email"
    return field

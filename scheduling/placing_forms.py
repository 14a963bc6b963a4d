"""Where a shift goes, and what becomes of several: the forms of the board besides that of one shift."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import User
from intranet.core.forms import DayInput
from intranet.core.time import monday_of
from scheduling.forms import RosterDayField, SaysWhy
from scheduling.models import Shift
from scheduling.moving import Aim, by_days, deleted, for_person, opened
from scheduling.positions import WORKING_ROLES

NOBODY = "open"  # how a cell of the row of open shifts is called


class ReasonField(forms.CharField):
    """Why something is planned although something speaks against it; shown once it is asked for."""

    def __init__(self) -> None:
        super().__init__(
            max_length=200,
            required=False,
            label="Why all the same",
            help_text="It stands in the history.",
        )


def staff_of(user: User) -> QuerySet[User]:
    """Everybody who has shifts anywhere, by name."""
    working = User.objects.visible_to(user).filter(is_active=True, memberships__role__in=WORKING_ROLES)
    return working.distinct().order_by("name", "pk")


class PlaceForm(SaysWhy):
    """Day and person for a shift that is moved or copied. A cell of the board says both as `to`: `12:2026-12-09`."""

    day = RosterDayField(widget=DayInput)
    staff = forms.ModelChoiceField(User.objects.none(), required=False, label="Person", empty_label="Nobody: open")
    reason = ReasonField()

    def __init__(self, data: QueryDict | None, *, user: User, shift: Shift) -> None:
        super().__init__(_from_cell(data), initial={"day": shift.day, "staff": shift.staff}, auto_id="place-%s")
        self.fields["staff"].queryset = staff_of(user)  # type: ignore[attr-defined]


def _from_cell(data: QueryDict | None) -> QueryDict | None:
    """The form as if somebody had filled it in by hand."""
    if data is None or "to" not in data:
        return data
    staff, _, day = data.get("to", "").partition(":")
    values = data.copy()
    values["staff"], values["day"] = "" if staff == NOBODY else staff, day
    return values


ASSIGN, OPEN, DELETE, SHIFT_DAYS = "assign", "open", "delete", "days"


def _days_words(days: int) -> str:
    if abs(days) == 7:
        return "a week later" if days > 0 else "a week earlier"
    return f"{abs(days)} day{'' if abs(days) == 1 else 's'} {'later' if days > 0 else 'earlier'}"


DAYS = [(days, _days_words(days)) for days in (1, 2, 3, 4, 5, 6, 7, -1, -2, -3, -4, -5, -6, -7)]


class SeveralForm(SaysWhy):
    """What should become of the shifts that are selected: the button that was pressed says it."""

    do = forms.ChoiceField(choices=[(name, name) for name in (ASSIGN, OPEN, DELETE, SHIFT_DAYS)])
    staff = forms.ModelChoiceField(User.objects.none(), required=False, label="Person", empty_label="Choose somebody")
    days = forms.TypedChoiceField(choices=DAYS, coerce=int, required=False, empty_value=None)
    reason = ReasonField()

    def __init__(self, data: QueryDict | None, *, user: User) -> None:
        super().__init__(data, auto_id="several-%s")
        self.fields["staff"].queryset = staff_of(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values.get("do") == ASSIGN and not values.get("staff") and "staff" not in self.errors:
            self.add_error("staff", "Choose who should have these shifts.")
        return values

    @property
    def distance(self) -> int:
        return self.cleaned_data["days"] or DAYS[0][0]

    @property
    def change(self) -> Aim:
        """What to make of each shift."""
        chosen = self.cleaned_data
        aims: dict[str, Aim] = {OPEN: opened, DELETE: deleted, SHIFT_DAYS: by_days(self.distance)}
        return for_person(chosen["staff"]) if chosen["do"] == ASSIGN else aims[chosen["do"]]

    def said(self, number: str) -> str:
        """What was done to `12 shifts`."""
        chosen = self.cleaned_data
        return {
            ASSIGN: f"{chosen['staff']} has {number}.",
            OPEN: f"{number} open now.",
            DELETE: f"{number} deleted.",
            SHIFT_DAYS: f"{number} {_days_words(self.distance)} now.",
        }[chosen["do"]]


class CopyWeekForm(forms.Form):
    """From which week, by any day of it."""

    source = RosterDayField(widget=DayInput, label="Copy from the week of")
    reason = ReasonField()

    def __init__(self, data: QueryDict | None, *, usual: date) -> None:
        super().__init__(data, initial={"source": usual}, auto_id="copy-%s")
        self.fields[
            "reason"
        ].help_text = "With it, people keep shifts that a rule only warns about. Without it, those become open shifts."

    def clean_source(self) -> date:
        return monday_of(self.cleaned_data["source"])

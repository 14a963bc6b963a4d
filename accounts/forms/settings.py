"""Forms of the pages under Settings. They parse and phrase; what they made of a row, the actions save."""

from __future__ import annotations

import calendar
import re
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import slugify

from accounts.credential_types import save_part, save_type
from accounts.forms.seen import SeenForm
from accounts.models import (
    Clinic,
    CredentialType,
    Profession,
    QualificationPart,
    Skill,
    Unit,
    User,
    ValidityRule,
)
from accounts.models.credentials import FIXED_DATE_RULES, MONTHS_RULES
from accounts.models.people import MARKS
from accounts.models.qualifications import REGION_LENGTH
from accounts.settings_pages import save_clinic, save_skill
from accounts.trainings import MEASURED
from intranet.core.forms import DayInput, in_this_century
from intranet.core.time import organisation_day

MOST_MONTHS = 120
MOST_LEADS = 12
MOST_REGIONS = 30
EARLIEST_LEAD = 730
RESERVED = "new"  # the address of the page that adds one
ZONES = [
    *("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles"),
    *("America/Anchorage", "Pacific/Honolulu"),
]


def free_code(model: Any, field: str, name: str) -> str:
    """A code from a name that nothing of its kind has yet."""
    longest = model._meta.get_field(field).max_length - 4
    code = beginning = slugify(name)[:longest].strip("-") or "new"
    number = 1
    while code == RESERVED or model.objects.filter(**{field: code}).exists():
        number += 1
        code = f"{beginning}-{number}"
    return code


class Professions(forms.MultipleChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=Profession.choices, widget=forms.CheckboxSelectMultiple, **kwargs)


class CredentialTypeForm(SeenForm):
    """A credential type. What a rule needs is asked beside its field, and what it does not need is refused there."""

    rule = forms.ChoiceField(label="How long it lasts", choices=ValidityRule.choices)
    months = forms.IntegerField(label="Months", required=False, help_text="For a rule in months.")
    month = forms.TypedChoiceField(
        label="Month",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "None"), *((number, calendar.month_name[number]) for number in range(1, 13))],
        help_text="For a fixed date.",
    )
    day = forms.IntegerField(label="Day", required=False, help_text="For a fixed date.")
    lead_days = forms.CharField(
        label="Remind so many days ahead",
        required=False,
        max_length=100,
        help_text="Numbers with commas between them, such as 90, 30, 7.",
    )
    regions = forms.CharField(
        label="Regions that its trainings name",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line. A procedure of a region then needs a checked training that names it.",
    )
    professions = Professions(label="Who has it", required=False, help_text="None ticked: everybody.")
    skills = forms.ModelMultipleChoiceField(
        Skill.objects.all(),
        label="Needed for",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Nobody is put on a shift for these procedures without it.",
    )

    class Meta:
        model = CredentialType
        fields = (
            *("name", "rule", "months", "month", "day", "professions", "required", "needs_document", "checker"),
            *("gate", "skills", "regions", "lead_days", "source", "checked_on"),
        )
        labels = {
            "required": "Everybody of these professions must have it",
            "needs_document": "Verified only with its document",
            "checker": "Who checks it",
            "gate": "When it is missing or has ended",
            "source": "Source",
            "checked_on": "Source last checked on",
        }
        help_texts = {
            "required": "Not ticked: only those who do a procedure that needs it.",
            "needs_document": "",
            "source": "The law, or whose policy it is.",
        }
        widgets = {"checked_on": DayInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["checked_on"].validators.append(in_this_century)
        self.fields["gate"].choices = [("warns", "Warns"), ("blocks", "Blocks every shift, if everybody must have it")]
        self.initial["lead_days"] = ", ".join(map(str, self.instance.lead_days))
        self.initial["regions"] = "\n".join(self.instance.regions)
        if self.instance.pk:
            self.initial["skills"] = list(self.instance.skills.all())

    def clean_regions(self) -> list[str]:
        lines = (" ".join(line.split()) for line in self.cleaned_data["regions"].splitlines())
        regions = list(dict.fromkeys(line for line in lines if line))
        if len(regions) > MOST_REGIONS or any(len(region) > REGION_LENGTH for region in regions):
            raise forms.ValidationError(f"At most {MOST_REGIONS} regions of {REGION_LENGTH} characters.")
        return regions

    def clean_lead_days(self) -> list[int]:
        said = [word for word in re.split(r"[\s,;]+", self.cleaned_data["lead_days"]) if word]
        days = {int(word) for word in said if word.isascii() and word.isdecimal() and len(word) < 5}
        if len(days) < len(set(said)) or len(days) > MOST_LEADS or any(day > EARLIEST_LEAD for day in days):
            raise forms.ValidationError(
                f"Write whole numbers of days with commas between them: at most {MOST_LEADS}, up to {EARLIEST_LEAD}."
            )
        return sorted(days, reverse=True)

    def clean_checked_on(self) -> Any:
        day = self.cleaned_data["checked_on"]
        if day > organisation_day(timezone.now()):
            raise forms.ValidationError("This day is still to come.")
        return day

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        rule = values.get("rule")
        if rule in MONTHS_RULES:
            if "months" in values and not 1 <= (values["months"] or 0) <= MOST_MONTHS:
                self.add_error("months", f"Say how many months it lasts, from 1 to {MOST_MONTHS}.")
        else:
            self._refuse("months", values, "This rule counts no months: leave this empty.")
        if rule in FIXED_DATE_RULES:
            self._check_date(values)
        else:
            for name in ("month", "day"):
                self._refuse(name, values, "This rule has no fixed date: leave this empty.")
        if rule == ValidityRule.NONE and values.get("lead_days"):
            self.add_error("lead_days", "It does not end, so nobody is reminded: leave this empty.")
        return values

    def _refuse(self, name: str, values: dict[str, Any], words: str) -> None:
        if values.get(name) is not None:
            self.add_error(name, words)

    def _check_date(self, values: dict[str, Any]) -> None:
        month, day = values.get("month"), values.get("day")
        if month is None and "month" in values:
            self.add_error("month", "Say in which month it ends.")
        elif day is None and "day" in values:
            self.add_error("day", "Say on which day it ends.")
        elif month and day is not None and not 1 <= day <= calendar.monthrange(2001, month)[1]:
            leap = " in every year" if (month, day) == (2, 29) else ""
            self.add_error("day", f"There is no {calendar.month_name[month]} {day}{leap}.")

    def save_by(self, by: User) -> CredentialType:
        if not self.instance.pk:
            self.instance.code = free_code(CredentialType, "code", self.instance.name)
        return save_type(self.instance, gates=list(self.cleaned_data["skills"]), by=by)


class SkillForm(SeenForm):
    """A procedure that only cleared people are rostered for."""

    professions = Professions(label="Who may do it at all")
    required_types = forms.ModelMultipleChoiceField(
        CredentialType.objects.none(),
        label="Credentials it needs",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Skill
        fields = ("name", "short_name", "region", "professions", "required_types")
        labels = {"short_name": "Short name, for the roster"}
        help_texts = {"region": "The part of the body, where trainings name one."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["required_types"].queryset = CredentialType.objects.in_use()

    def clean(self) -> dict[str, Any]:
        """A region that no training of a needed credential can name would clear nobody."""
        values = super().clean() or self.cleaned_data
        for type in values.get("required_types") or []:
            if values.get("region") and type.regions and values["region"] not in type.regions:
                known = ", ".join(type.regions)
                self.add_error("region", f"Trainings of {type} name other regions: {known}.")
        return values

    def save_by(self, by: User) -> Skill:
        if not self.instance.pk:
            self.instance.code = free_code(Skill, "code", self.instance.name)
        return save_skill(self.instance, needs=list(self.cleaned_data["required_types"]), by=by)


class PartForm(SeenForm):
    """A part of a qualification: how much of what, and by which source."""

    class Meta:
        model = QualificationPart
        fields = ("name", "unit", "least", "within_months", "order", "source")
        labels = {"unit": "Counted in", "order": "Place in the list"}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("unit") == Unit.PASSED and values.get("least", 1) != 1:
            self.add_error("least", "An exam is passed once: write 1.")
        if values.get("within_months") == 0:
            self.add_error("within_months", "Leave this empty, or say within how many months.")
        if values.get("within_months") and values.get("unit") not in MEASURED:
            self.add_error("within_months", "Only hours and sessions lie within months: leave this empty.")
        return values

    def save_by(self, by: User) -> QualificationPart:
        return save_part(self.instance, by=by)


class ClinicForm(SeenForm):
    """A clinic with its mark, its zone and how to reach it."""

    number = forms.TypedChoiceField(
        label="Mark and colour",
        coerce=int,
        choices=[(number, f"{number}: {mark}") for number, mark in MARKS.items()],
    )
    time_zone = forms.ChoiceField(label="Time zone", help_text="Shifts that are planned keep their moment.")

    class Meta:
        model = Clinic
        fields = ("name", "letter", "number", "time_zone", "address", "phone", "county")
        labels = {"letter": "Letter on its mark"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted({*ZONES, self.instance.time_zone})
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in zones]

    def clean_letter(self) -> str:
        letter: str = self.cleaned_data["letter"].upper()
        if not (letter.isascii() and letter.isalpha()):
            raise forms.ValidationError("Choose a letter from A to Z.")
        return letter

    def save_by(self, by: User) -> Clinic:
        if not self.instance.pk:
            self.instance.slug = free_code(Clinic, "slug", self.instance.name)
        return save_clinic(self.instance, by=by)

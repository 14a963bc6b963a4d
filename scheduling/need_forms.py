"""The form of the needs of a clinic: a row for each, the whole week at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory

from accounts.models import Skill
from intranet.core.access import Refused
from intranet.core.forms import ClockInput
from scheduling.coverage import Cover
from scheduling.models import Weekday
from scheduling.needs import MOST_PEOPLE, WeeklyNeed, fingerprint_of
from scheduling.positions import Position

MOST_NEEDS = 60
EMPTY_ROWS = 3  # to write into; more come with each save


def possible_covers() -> dict[str, Cover]:
    """{key: what a clinic may need people for}. One query."""
    covers = [
        *(Cover(position=position) for position in Position),
        *(Cover(skill=skill) for skill in Skill.objects.all()),
    ]
    return {cover.key: cover for cover in covers}


class NeedForm(forms.Form):
    """A need; one of nobody is left out."""

    use_required_attribute = False

    cover = forms.ChoiceField(label="Who", required=False)
    count = forms.IntegerField(label="How many", min_value=1, max_value=MOST_PEOPLE)
    starts = forms.TimeField(label="From", widget=ClockInput)
    ends = forms.TimeField(label="Until", widget=ClockInput)
    weekdays = forms.TypedMultipleChoiceField(
        label="On",
        coerce=int,
        choices=[(day.value, day.label[:3]) for day in Weekday],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one weekday."},
    )

    def __init__(self, *args: Any, covers: dict[str, Cover], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.covers = covers
        self.fields["cover"].choices = [("", "Nobody"), *((key, cover.label) for key, cover in covers.items())]  # type: ignore[attr-defined]

    def full_clean(self) -> None:
        """A row of nobody is not looked at, whatever else stands in it."""
        super().full_clean()
        if self.is_bound and not self["cover"].value():
            self._errors, self.cleaned_data = forms.utils.ErrorDict(), {}

    @property
    def need(self) -> WeeklyNeed | None:
        said = self.cleaned_data
        if not said.get("cover"):
            return None
        return WeeklyNeed(said["weekdays"], said["starts"], said["ends"], said["count"], self.covers[said["cover"]])


class BaseNeedFormSet(BaseFormSet):
    default_error_messages = {"too_many_forms": f"A clinic has at most {MOST_NEEDS} needs."}

    @property
    def stated(self) -> list[NeedForm]:
        return [form for form in self.forms if form.need]

    @property
    def needs(self) -> list[WeeklyNeed]:
        return [need for form in self.forms if (need := form.need)]

    def add_refusal(self, refused: Refused) -> list[str]:
        """Show each reason at the field of the row that it names; those that name none are the answer."""
        rest = []
        for reason in refused.verdict.reasons:
            name, _, number = reason.field.rpartition("_")
            if name:
                self.stated[int(number)].add_error(name, reason.message)
            else:
                rest.append(reason.message)
        return rest


NeedFormSet = formset_factory(
    NeedForm, BaseNeedFormSet, extra=0, max_num=MOST_NEEDS, absolute_max=MOST_NEEDS, validate_max=True
)


class SeenForm(forms.Form):
    """From which needs somebody started."""

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


def need_forms(data: Any, needs: Sequence[WeeklyNeed]) -> tuple[SeenForm, BaseNeedFormSet]:
    written = [
        {"cover": one.cover.key, "count": one.count, "starts": one.starts, "ends": one.ends, "weekdays": one.weekdays}
        for one in needs
    ]
    rows: BaseNeedFormSet = NeedFormSet(  # type: ignore[assignment]  # the factory's type forgets its base
        data,
        prefix="needs",
        initial=[*written, *[{"count": 1}] * EMPTY_ROWS],
        form_kwargs={"covers": possible_covers()},
    )
    return SeenForm(data, initial={"seen": fingerprint_of(needs)}), rows

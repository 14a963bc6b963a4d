"""The form of one rule of a clinic, in the unit in which people speak of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from intranet.core.forms import DayInput
from scheduling.forms import RosterDayField
from scheduling.models import RuleCode, RuleLevel
from scheduling.rules import Rule

HOUR = 60


class RuleForm(forms.Form):
    """What is seen of the rule; who sends it has looked at it, so that the day of the check is today unless they say else."""

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    level = forms.ChoiceField(label="What the roster does", choices=RuleLevel)
    amount = forms.DecimalField(min_value=0, max_digits=7, decimal_places=2)
    threshold = forms.DecimalField(
        label="In shifts from", help_text="Hours.", min_value=0, max_digits=7, decimal_places=2
    )
    source = forms.CharField(
        max_length=200, label="Where it comes from", help_text="A law with its paragraph, or your policy."
    )
    checked_on = RosterDayField(label="Checked on", widget=DayInput)

    def __init__(self, data: Any = None, *, rule: Rule, today: date) -> None:
        self.rule = rule
        initial = {
            "seen": rule.fingerprint,
            "level": rule.level,
            "amount": _shown(rule.amount) if rule.usual.in_hours else rule.amount,
            "threshold": _shown(rule.threshold or 0),
            "source": rule.source,
            "checked_on": today,
        }
        super().__init__(data, initial=initial)
        unit = "hours" if rule.usual.in_hours else rule.usual.unit
        self.fields["amount"].label = unit.capitalize()
        if rule.threshold is None:
            del self.fields["threshold"]
        if rule.code == RuleCode.TRAVEL:
            self.fields["level"].choices = [(RuleLevel.REFUSES.value, RuleLevel.REFUSES.label)]  # type: ignore[attr-defined]

    def clean_amount(self) -> int:
        amount = self.cleaned_data["amount"]
        if self.rule.usual.in_hours:
            return _minutes(amount)
        if amount != int(amount):
            raise forms.ValidationError(f"Write whole {self.rule.usual.unit}.")
        return int(amount)

    def clean_threshold(self) -> int:
        return _minutes(self.cleaned_data["threshold"])

    @property
    def wanted(self) -> Rule:
        said = self.cleaned_data
        return Rule(
            code=self.rule.code,
            level=RuleLevel(said["level"]),
            amount=said["amount"],
            source=said["source"],
            checked_on=said["checked_on"],
            threshold=said.get("threshold"),
        )


def _shown(minutes: int) -> Decimal:
    """Hours without idle zeros: `7.5`, `10`."""
    return Decimal(f"{round(minutes / HOUR, 2):g}")


def _minutes(hours: Decimal) -> int:
    return round(hours * HOUR)

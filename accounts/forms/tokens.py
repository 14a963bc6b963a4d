from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import TokenScope, User
from accounts.tokens import MOST_DAYS, USUAL_DAYS, scopes_for

LIVES = [(30, "30 days"), (USUAL_DAYS, f"{USUAL_DAYS} days"), (180, "180 days"), (MOST_DAYS, "1 year")]


class TokenForm(forms.Form):
    """What a program is called, what it may do, and for how long."""

    name = forms.CharField(label="Name", max_length=60, help_text="The program that will use it, and where it runs.")
    scopes = forms.MultipleChoiceField(
        label="What it is for", choices=TokenScope.choices, widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(label="Works for", choices=LIVES, coerce=int, initial=USUAL_DAYS)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        useful = scopes_for(by)
        self.fields["scopes"].choices = [(scope.value, scope.label) for scope in TokenScope if scope in useful]

"""What people type into search, and what the clinical lead keeps about it."""

from __future__ import annotations

from typing import Any

from django import forms

from intranet.core.forms import FilterForm, WordsField
from intranet.search.aliases import Words
from intranet.search.asking import LONGEST
from intranet.search.models import Alias
from intranet.search.searching import kinds


class LongWordsField(WordsField):
    longest = LONGEST


class SearchForm(FilterForm):
    q = LongWordsField(label="Search", required=False)
    kind = forms.ChoiceField(label="kind", required=False)
    literally = forms.BooleanField(label="only these words", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "Everything"), *kinds()]


class AliasForm(forms.ModelForm):
    """`token` says which state of the alias somebody has before them."""

    token = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=10**9)

    class Meta:
        model = Alias
        fields = ("term", "means")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "term"
        ].help_text = "As people type it: an abbreviation, a lay word, a brand. Capitals do not matter."
        self.initial["token"] = self.instance.token

    @property
    def words(self) -> Words:
        return Words(self.cleaned_data["term"], self.cleaned_data["means"])

    def validate_unique(self) -> None:
        """Left to the action, which holds the row."""

    def validate_constraints(self) -> None:
        """Left to the action, which holds the row."""

from __future__ import annotations

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from accounts import audit_log
from intranet.audit import vocabulary
from intranet.audit.models import Entry
from intranet.core.forms import DayInput, FilterForm, WordsField, in_this_century


class AuditFilter(FilterForm):
    """What the audit log can be narrowed by."""

    q = WordsField(label="Person, object or address", required=False)
    action = forms.ChoiceField(
        label="Action",
        required=False,
        choices=[
            ("", "All actions"),
            *((verb, said.words) for verb, said in vocabulary.actions()),
        ],
    )
    first = forms.DateField(label="From", required=False, widget=DayInput, validators=[in_this_century])
    last = forms.DateField(label="To", required=False, widget=DayInput, validators=[in_this_century])

    def clean_last(self) -> date | None:
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and last < first:
            raise ValidationError("The last day is before the first.", code="order")
        return last  # type: ignore[no-any-return]

    def narrow(self, entries: QuerySet[Entry]) -> QuerySet[Entry]:
        """Only those that fit every filter that was filled in sensibly."""
        self.is_valid()
        wanted = self.cleaned_data
        found = entries.filter(audit_log.between(wanted.get("first"), wanted.get("last")))
        if wanted.get("action"):
            found = found.filter(verb=wanted["action"])
        return found.filter(audit_log.containing(wanted["q"])) if wanted.get("q") else found

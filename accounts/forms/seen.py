"""Forms that do not overwrite what somebody else saved after they were opened."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from django import forms
from django.db import transaction
from django.forms.models import model_to_dict

from accounts.models import User


class SeenForm(forms.ModelForm):
    """Carries what its row was when it was opened: nobody overwrites unseen what somebody else saved meanwhile.

    The API sends no such thing; there a change names only what it changes.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = self._fingerprint(self.instance)

    def keep(self, by: User) -> Any:
        """Save the row. Raises ValidationError, also when it is not the one that was opened any more."""
        with transaction.atomic():
            if self.instance.pk and self.cleaned_data["seen"]:
                self._require_as_seen()
            return self.save_by(by)

    def save_by(self, by: User) -> Any:
        raise NotImplementedError

    def _require_as_seen(self) -> None:
        now = type(self.instance).objects.select_for_update().get(pk=self.instance.pk)
        if self._fingerprint(now) == self.cleaned_data["seen"]:
            return
        self.data = self.data.copy()
        self.data[self.add_prefix("seen")] = self._fingerprint(now)
        changed = [f"{self.fields[name].label}: {self._shown(name, value)}" for name, value in self._otherwise(now)]
        words = "; ".join(changed) or "the same as yours"
        raise forms.ValidationError(
            f"Somebody saved this after you opened it. Now it says: {words}. Save again to replace that with yours."
        )

    def _otherwise(self, now: Any) -> list[tuple[str, Any]]:
        """What the stored row says where this form says something else."""
        stored = model_to_dict(now, fields=self._meta.fields)
        mine = model_to_dict(self.instance, fields=self._meta.fields) | {
            name: list(self.cleaned_data[name])
            for name in stored
            if isinstance(stored[name], list) and name in self.cleaned_data
        }
        return [(name, value) for name, value in stored.items() if _plain(mine[name]) != _plain(value)]

    def _shown(self, name: str, value: Any) -> str:
        choices = dict(getattr(self.fields[name], "choices", ()))
        items = value if isinstance(value, list) else [value]
        return ", ".join(str(choices.get(item, item)) for item in items) or "nothing"

    def _fingerprint(self, row: Any) -> str:
        said = {name: _plain(value) for name, value in model_to_dict(row, fields=self._meta.fields).items()}
        return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """A value that can be compared: rows by their keys, whatever their order."""
    if isinstance(value, list):
        return sorted(str(getattr(item, "pk", item)) for item in value)
    return "" if value is None else str(value)

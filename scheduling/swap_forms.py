"""The forms of open shifts and swaps: to whom, for what, and what managers answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django import forms

from accounts.models import User
from intranet.core.patient_words import WithoutPatients
from scheduling.forms import SaysWhy
from scheduling.models import OpenShifts, Permission
from scheduling.my_swaps import Choice
from scheduling.policies import MOST_HOURS, Policy


class NoteForm(WithoutPatients):
    """A word with it; hidden is which publication of the shift was looked at."""

    free_text = ("note",)
    sequence = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    note = forms.CharField(max_length=160, required=False, label="A word with it")
    readers = "The managers of the clinic read it."

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["note"].help_text = f"{self.readers} No patient names, no diagnoses."


class GiveForm(NoteForm):
    """To one colleague, or (empty) to whoever may take it."""

    readers = "Whoever could take the shift and the managers of the clinic read it."
    to = forms.ChoiceField(required=False, widget=forms.RadioSelect, label="Who should have it?")

    def __init__(self, data: Any = None, *, choices: Sequence[Choice], **options: Any) -> None:
        super().__init__(data, **options)
        people = [(choice.value, choice.person.name) for choice in choices if choice.verdict]
        self.fields["to"].choices = [("", "Anybody who may take it"), *people]  # type: ignore[attr-defined]
        self.people = {choice.value: choice.person for choice in choices}

    @property
    def receiver(self) -> User | None:
        return self.people.get(self.cleaned_data["to"])


class SwapForm(NoteForm):
    """One of the colleague's shifts, as it was published when the page was made."""

    readers = "Your colleague and the managers of the clinic read it."
    in_return = forms.ChoiceField(widget=forms.RadioSelect, label="Shift in return")

    def __init__(self, data: Any = None, *, choices: Sequence[Choice], **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["in_return"].choices = [(one.value, str(one.shift)) for one in choices if one.verdict]  # type: ignore[attr-defined]
        self.choices = {choice.value: choice for choice in choices}

    @property
    def choice(self) -> Choice:
        return self.choices[self.cleaned_data["in_return"]]


class ColleagueForm(forms.Form):
    """With whom to swap."""

    colleague = forms.ModelChoiceField(User.objects.none(), label="Colleague", empty_label="Choose a colleague")

    def __init__(self, data: Any = None, *, colleagues: Any) -> None:
        super().__init__(data)
        self.fields["colleague"].queryset = colleagues  # type: ignore[attr-defined]


class AgreeForm(SaysWhy):
    """Why one agrees: asked for only where something speaks against it."""

    reason = forms.CharField(
        max_length=200,
        required=False,
        label="Why all the same",
        help_text="Something speaks against it. What you write stands in the history.",
    )


class RefuseForm(forms.Form):
    """Why not, for those who wanted it."""

    answer = forms.CharField(max_length=160, label="Why not", help_text="They read it, so that they can plan.")


class PolicyForm(forms.Form):
    """What holds at a clinic. Hidden is what held when the page was opened."""

    seen = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    open_shifts = forms.ChoiceField(choices=OpenShifts, widget=forms.RadioSelect, label="Open shifts")
    give = forms.ChoiceField(choices=Permission, widget=forms.RadioSelect, label="Giving a shift to a colleague")
    swap = forms.ChoiceField(choices=Permission, widget=forms.RadioSelect, label="Swapping shifts with a colleague")
    drop = forms.ChoiceField(choices=Permission, widget=forms.RadioSelect, label="Handing a shift back")
    hours_before = forms.IntegerField(
        min_value=0,
        max_value=MOST_HOURS,
        label="Hours before the start until which all of this is possible",
        help_text="After that they call you.",
    )

    def __init__(self, data: Any = None, *, policy: Policy) -> None:
        names = ("open_shifts", "give", "swap", "drop", "hours_before")
        initial = {name: getattr(policy, name) for name in names} | {"seen": policy.fingerprint}
        super().__init__(data, initial=initial)
        self.now = policy

    @property
    def policy(self) -> Policy:
        return Policy.said(self.cleaned_data)

    def look_again(self) -> None:
        """Somebody was quicker: what was chosen stays, and the next try starts from what they saved."""
        self.data = {**self.data.dict(), "seen": self.now.fingerprint}  # type: ignore[attr-defined]  # what was sent

    @property
    def meanwhile(self) -> list[tuple[str, str]]:
        """What somebody else saved where something else is chosen here: `("Handing a shift back", "At once")`."""
        chosen = asdict(self.policy)
        held = {name: value for name, value in asdict(self.now).items() if value != chosen[name]}
        return [(str(self.fields[name].label), str(getattr(value, "label", value))) for name, value in held.items()]

from __future__ import annotations

from django import forms


class ResetForm(forms.Form):
    """Why somebody's second steps are to be taken away."""

    reason = forms.CharField(
        label="Reason",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What was lost, and how you know that it is them: “at the front desk, I know her”. The second "
        "administrator reads it.",
    )

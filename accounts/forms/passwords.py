from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm, ResetPasswordKeyForm, SetPasswordForm

LABELS = {"oldpassword": "Current password", "password1": "New password", "password2": "The same again"}


class _InOurWords:
    """The label beside the field is the word in the summary of what is wrong."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in LABELS.items():
            if name in self.fields:
                self.fields[name].label = label


class PasswordChangeForm(_InOurWords, ChangePasswordForm):
    """Another password, by whoever knows the old one."""


class PasswordSetForm(_InOurWords, SetPasswordForm):
    """The first password of somebody who signs in without one."""


class PasswordResetForm(_InOurWords, ResetPasswordKeyForm):
    """Another password, by whoever reads the mailbox."""

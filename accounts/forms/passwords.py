from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm, ResetPasswordKeyForm, SetPasswordForm
from allauth.core import context
from allauth.core.internal import ratelimit
from django.conf import settings

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
    """Another password, by whoever knows the old one. Only wrong guesses of the old one are counted."""

    def clean_oldpassword(self) -> str:
        """A guess is counted before it is looked at, so that many at once are no more than the limit; a right one is not."""
        config = {"wrong_password": settings.WRONG_PASSWORDS}
        guess = ratelimit.consume(
            context.request, app="accounts", action="wrong_password", config=config, user=self.user
        )
        if guess is None:
            raise get_adapter().validation_error("rate_limited")
        given = str(super().clean_oldpassword())
        guess.rollback()
        return given


class PasswordSetForm(_InOurWords, SetPasswordForm):
    """The first password of somebody who signs in without one."""


class PasswordResetForm(_InOurWords, ResetPasswordKeyForm):
    """Another password, by whoever reads the mailbox."""

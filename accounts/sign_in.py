"""How people sign in: by e-mail address, and only those whom somebody has let in. Nobody signs up."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.utils import timezone

from accounts import second_step, step_up

ADDRESS_CHANGED = "account/email/email_changed"


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": "This account is closed. If that is wrong, ask your manager.",
        "duplicate_email": "That is your address already.",
        "email_password_mismatch": "That email and password do not match",
        "email_taken": "Somebody else uses that address. Enter another one.",
        "enter_current_password": "That is not your current password. Try again.",
        "incorrect_password": "That is not your password. Try again.",
        "invalid_login": "That email and password do not match",
        "invalid_password_reset": "The link no longer works. Send a new one.",
        "rate_limited": "Too many tries. Wait a few minutes, then try again.",
        "same_as_current": "That is the one you have now. Enter another one.",
        "too_many_login_attempts": "Too many tries. Wait a few minutes, then try again",
        "unverified_primary_email": "Confirm the address first. We sent a link there.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """As allauth does; a changed address is told to the new one as well as to the old one."""
        super().send_notification_mail(template_prefix, user, context, email)
        if template_prefix == ADDRESS_CHANGED and context:
            super().send_notification_mail(template_prefix, user, context, context["to_email"])

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """One rule for the account's pages and for ours: a sign-in of this minute is a proof as well."""
        asks = super().is_reauthentication_required(app=app, **kwargs)
        return bool(asks) and not step_up.is_confirmed(self.request, timezone.now())


class SecondStepAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "add_email_blocked": "Turn off the second step first. An account that has one keeps its address.",
        "cannot_delete_authenticator": "Your role needs a second step. Add another one before you remove this.",
        "cannot_generate_recovery_codes": "Set up a passkey or an authenticator app first.",
        "incorrect_code": "That code is not right. Enter the one that the app shows now.",
        "unverified_email": "Confirm your work email first. Then you can add a second step.",
    }

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        """The name a passkey starts with; the person may give it another."""
        return "Passkey"

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return second_step.may_remove(authenticator)

    def encrypt(self, text: str) -> str:
        return second_step.encrypted(text)

    def decrypt(self, encrypted_text: str) -> str:
        return second_step.decrypted(encrypted_text)


class EmailBackend(AuthenticationBackend):
    """allauth's backend, which signs in by address; ours by name so that settings say what is meant."""

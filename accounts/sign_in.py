"""How people sign in: by e-mail address, and only those whom somebody has let in. Nobody signs up."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class EmailBackend(AuthenticationBackend):
    """allauth's backend, which signs in by address; ours by name so that settings say what is meant."""

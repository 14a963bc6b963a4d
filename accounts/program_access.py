"""How a program says for whom it acts: `Authorization: Bearer emery_token_...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.core.internal import ratelimit
from django.conf import settings
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import tokens
from accounts.middleware import SENTENCE
from accounts.models import ApiToken, User
from accounts.second_step import is_missing
from intranet.core.access import Forbidden

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema

SCHEME = "bearer"
WRONG = "This token does not work: it is wrong, over, or was revoked."


class TokenAuthentication(BaseAuthentication):
    """By token, if the header brings one; otherwise the session is asked. What the owner may do is looked up each time."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME:
            return None
        token = tokens.found_by(text.strip(), timezone.now())
        if token is None:
            _count_wrong(request)
            raise exceptions.AuthenticationFailed(WRONG)
        if is_missing(token.user):
            raise Forbidden.because("second-step-missing", SENTENCE)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _count_wrong(request: Request) -> None:
    """So many guesses from one address, counted in the database for all processes; tokens that work are not held up."""
    config = {"wrong_token": settings.WRONG_TOKENS}
    if not ratelimit.consume(request, app="accounts", action="wrong_token", config=config, limit_get=True):
        raise exceptions.Throttled(detail="Too many wrong tokens from this address. Wait a few minutes.")


class TokenScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document speaks of tokens."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": SCHEME,
            "description": "A token from Sign-in and security. It opens what it was made for, and never what asks for the "
            "password again.",
        }

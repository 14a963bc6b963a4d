"""Who has to sign in with a second step, and how its secrets are kept."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from accounts.models import User
from accounts.roles import Role

# Those who change what others may do or must read.
DEMANDING = frozenset({Role.MANAGER, Role.CLINICAL_LEAD, Role.ADMINISTRATOR})
PURPOSE = b"intranet second step"


def is_demanded(user: User) -> bool:
    return not settings.SECOND_STEP_OPTIONAL and bool(DEMANDING & user.standing.roles)


def is_missing(user: User) -> bool:
    """Whether the person's roles demand a second step that the person has not set up yet."""
    return is_demanded(user) and not is_mfa_enabled(user)


def may_remove(authenticator: Authenticator) -> bool:
    """Whether somebody whose roles demand a second step keeps another one. Recovery codes are none by themselves."""
    others = Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk)
    kept = others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()
    return kept or authenticator.type == Authenticator.Type.RECOVERY_CODES or not is_demanded(authenticator.user)


def encrypted(text: str) -> str:
    """A secret as the database keeps it: nobody signs in with a stolen dump."""
    return _keys().encrypt(text.encode()).decode()


def decrypted(text: str) -> str:
    """The secret again; also with a key of SECRET_KEY_FALLBACKS. Raises InvalidToken for what was not encrypted here."""
    return _keys().decrypt(text.encode()).decode()


def _keys() -> MultiFernet:
    return MultiFernet([_key(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return Fernet(urlsafe_b64encode(derived))

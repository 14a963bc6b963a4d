"""What no password is, however long: too much to type, or something that is guessed first.

After NIST SP 800-63B: length counts, no rules of composition; what is common, repeated or the name of its owner is
refused. Django's list of common passwords knows whole passwords, and few of them have fifteen characters.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

LONGEST = 128
FEWEST_DIFFERENT = 5
ROWS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "01234567890123456789", "98765432109876543210")
GUESSED = "That is guessed first. Use a few words that do not belong together."


class NotTooLong:
    """A limit that nobody meets by typing; hashing anything longer is work for whoever sends it."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > LONGEST:
            raise ValidationError(f"Use at most {LONGEST} characters.", code="password_too_long")

    def get_help_text(self) -> str:
        return f"At most {LONGEST} characters."


class NotPredictable:
    """Nothing repeated, no run on the keyboard, no common password with numbers around it."""

    def __init__(self) -> None:
        self.common = CommonPasswordValidator().passwords

    def validate(self, password: str, user: Any = None) -> None:
        plain = "".join(password.casefold().split())
        core = plain.strip("0123456789!?.,;:-_+*#$%&/()=@")
        around = plain.replace(core, "", 1) if core else plain
        known = not core or core in self.common or _runs(core) or _repeats(core)
        if len(set(plain)) < FEWEST_DIFFERENT or (known and (_runs(around) or len(set(around)) < FEWEST_DIFFERENT)):
            raise ValidationError(GUESSED, code="password_predictable")

    def get_help_text(self) -> str:
        return "Nothing that is guessed first."


def _runs(text: str) -> bool:
    """Whether a text is a piece of the alphabet, the keyboard or the numbers, forwards or backwards."""
    return any(text in row or text in row[::-1] for row in ROWS)


def _repeats(text: str) -> bool:
    """Whether a text is a shorter one several times over."""
    return text in (text + text)[1:-1]

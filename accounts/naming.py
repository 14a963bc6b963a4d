"""What a person's name may be, wherever it comes in: invitation, staff list, profile, first administrator, API."""

from __future__ import annotations

from django.core.exceptions import ValidationError

LONGEST_NAME = 120


def clean_person_name(text: str) -> str:
    """The name in one line, without blanks around it. Raises ValidationError, with a code, for what is none.

    Control characters and those that turn the direction of reading would make a name look like another one, also
    under a signature.
    """
    name = " ".join(text.split())
    if not name:
        raise ValidationError("Name is missing.", code="missing")
    if len(name) > LONGEST_NAME:
        raise ValidationError(f"Name has more than {LONGEST_NAME} characters.", code="too-long")
    if not name.isprintable():
        raise ValidationError("Name has a character that nobody can see. Type it anew.", code="invisible")
    if not any(character.isalpha() for character in name):
        raise ValidationError("Name has no letter in it.", code="no-letter")
    return name

"""Who may do which procedure today. The protocols decide it with the file; they lie above this app and register.

Colleagues learn that somebody may do it, as the published roster tells them too; never why somebody else may not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.db.models import QuerySet

from accounts.models import Skill, User

Cleared = Callable[[Skill, date], QuerySet[User]]

_cleared: list[Cleared] = []


def ask(cleared: Cleared) -> None:
    """Have the directory ask this. Called once, when the app is ready."""
    _cleared[:] = [cleared]


def who_may(skill: Skill, on: date) -> QuerySet[User]:
    """Everybody who may do the procedure on the day, by file, sign-off and protocols."""
    return _cleared[0](skill, on)

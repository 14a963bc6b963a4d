"""Announcements, made only through the actions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import count
from typing import Any

from accounts.models import Clinic, User
from accounts.roles import Role
from intranet.announcements.audience import Cell
from intranet.announcements.models import Announcement
from intranet.announcements.publishing import publish
from intranet.announcements.writing import Draft

_numbers = count(1)


def draft(*, to: Iterable[Clinic], roles: Iterable[Role] = (Role.THERAPIST,), **fields: Any) -> Draft:
    """Something to announce to people with these roles at these clinics."""
    audience = [Cell(clinic, role) for clinic in to for role in roles]
    return Draft(**({"title": f"News {next(_numbers)}", "body": "<p>Words.</p>", "audience": audience} | fields))


def announcement(*, by: User, at: datetime, **fields: Any) -> Announcement:
    """Published by somebody at a moment."""
    return publish(draft(**fields), by=by, at=at)

"""What every page of the shell needs: the chosen theme, the navigation and the organisation's name."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from intranet.core.navigation import Navigation

THEMES = ("light", "dark")


def chosen_theme(request: HttpRequest) -> str:
    """`light` or `dark` when the person chose one, otherwise empty: then the system decides."""
    theme = request.COOKIES.get("theme", "")
    return theme if theme in THEMES else ""


def interface(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", AnonymousUser())
    closed = getattr(request, "only_enrolment", False)  # nothing in the shell leads anywhere yet
    return {
        "theme": chosen_theme(request),
        "navigation": Navigation(AnonymousUser() if closed else user, request.path),
        "closed": closed,
        "site_name": settings.SITE_NAME,
        "second_step_optional": settings.SECOND_STEP_OPTIONAL,
    }

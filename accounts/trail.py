"""What happens at the door leaves its trace: who came in and went, who was turned away, which keys were changed."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth import signals as auth
from django.dispatch import Signal
from django.http import HttpRequest

from accounts.models import User
from intranet.audit.recording import record


def listen() -> None:
    auth.user_logged_in.connect(_came_in, dispatch_uid="trail")
    auth.user_logged_out.connect(_went, dispatch_uid="trail")
    auth.user_login_failed.connect(_turned_away, dispatch_uid="trail")
    mfa.authentication_failed.connect(_wrong_code, dispatch_uid="trail")
    account.authentication_step_completed.connect(_confirmed, dispatch_uid="trail")
    changes: dict[str, Signal] = {
        "password.changed": account.password_changed,
        "password.set": account.password_set,
        "password.reset": account.password_reset,
        "address.changed": account.email_changed,
        "second_step.added": mfa.authenticator_added,
        "second_step.removed": mfa.authenticator_removed,
        "second_step.renewed": mfa.authenticator_reset,
    }
    for verb, signal in changes.items():
        signal.connect(_changed(verb), dispatch_uid=f"trail {verb}", weak=False)


def _came_in(sender: Any, user: User, **details: Any) -> None:
    record(user, "session.started", user, clinics=user.standing.clinic_ids)


def _went(sender: Any, user: User | None, request: HttpRequest, **details: Any) -> None:
    if user is not None:
        over = getattr(request, "session_over", "")
        record(user, "session.ended", user, clinics=user.standing.clinic_ids, **({"why": over} if over else {}))


def _turned_away(sender: Any, credentials: dict[str, Any], **details: Any) -> None:
    """What was typed is noted only when it is somebody's address: people type passwords into that field."""
    typed = credentials.get("email") or credentials.get("username") or ""
    person = User.objects.filter(email__iexact=typed).first()
    record(None, "session.refused", person, clinics=person.standing.clinic_ids if person else ())


def _wrong_code(sender: Any, user: User, authenticator: Authenticator, **details: Any) -> None:
    kind = authenticator.get_type_display()
    record(None, "second_step.refused", user, clinics=user.standing.clinic_ids, kind=kind)


def _confirmed(sender: Any, user: User, method: str, reauthenticated: bool = False, **details: Any) -> None:
    if reauthenticated:
        kind = details.get("type", method)
        record(user, "session.confirmed", user, clinics=user.standing.clinic_ids, kind=kind)


def _changed(verb: str) -> Any:
    def note(sender: Any, user: User, authenticator: Authenticator | None = None, **details: Any) -> None:
        kind = {"kind": authenticator.get_type_display()} if authenticator else {}
        record(user, verb, user, clinics=user.standing.clinic_ids, **kind)

    return note

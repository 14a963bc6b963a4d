"""How long somebody stays signed in, and how a session ends.

A session holds two moments: when it began, and when it was last used, to the minute. Its row is written once a minute
at most, however many requests come.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import signals as mfa
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth import signals as auth
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.second_step import DEMANDING
from intranet.audit.recording import record

BEGAN, SEEN = "began_at", "seen_at"
A_MINUTE = timedelta(minutes=1)
MINUTES_OF_AN_HOUR, HOURS_OF_A_DAY = 60, 24


@dataclass(frozen=True, slots=True)
class Limits:
    """After how long without a request, and after how long at all, one signs in again."""

    idle: timedelta
    longest: timedelta


def limits_of(person: User) -> Limits:
    """Shorter for those who change what others may do or must read."""
    return Limits(*settings.SESSION_LIMITS["demanding" if DEMANDING & person.standing.roles else "others"])


def begin(session: SessionBase, at: datetime) -> None:
    session[BEGAN] = session[SEEN] = at.timestamp()


def why_over(session: SessionBase, limits: Limits, at: datetime) -> str:
    """The sentence for the person whose session has lasted long enough; nothing while it goes on."""
    if at - _moment(session, BEGAN, at) >= limits.longest:
        return f"You were signed out: after {in_words(limits.longest)} everybody with your role signs in again."
    if at - _moment(session, SEEN, at) >= limits.idle:
        return f"You were signed out after {in_words(limits.idle)} without activity."
    return ""


def note(session: SessionBase, at: datetime) -> bool:
    """Remember that the session is used. Says whether there was something to write."""
    if BEGAN not in session:
        begin(session, at)
        return True
    if at - _moment(session, SEEN, at) < A_MINUTE:
        return False
    session[SEEN] = at.timestamp()
    UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=at)
    return True


def in_words(length: timedelta) -> str:
    """60 minutes, 12 hours, 14 days: the largest unit of which it has several."""
    number, unit = length // A_MINUTE, "minutes"
    for parts, larger in ((MINUTES_OF_AN_HOUR, "hours"), (HOURS_OF_A_DAY, "days")):
        if number % parts or number <= parts:
            break
        number, unit = number // parts, larger
    return f"{number} {unit}"


def sign_in(request: HttpRequest, person: User) -> None:
    """Somebody who has just chosen a password is in, as if it had been typed at the door."""
    login(request, person, backend="accounts.sign_in.EmailBackend")
    record_authentication(request, person, method="password")
    UserSession.objects.create_from_request(request)


def end(session: UserSession, *, by: User) -> None:
    """The browser finds itself signed out at its next request."""
    session.end()
    record(by, "session.ended", session.user, clinics=session.user.standing.clinic_ids, elsewhere=True)


def end_all(person: User) -> None:
    """Sign the person out wherever they are signed in."""
    for session in UserSession.objects.filter(user=person):
        session.end()


def listen() -> None:
    auth.user_logged_in.connect(_begin, dispatch_uid="sessions")
    account.authentication_step_completed.connect(_renew_id, dispatch_uid="sessions")
    for changed in (mfa.authenticator_added, mfa.authenticator_removed, mfa.authenticator_reset):
        changed.connect(_end_others, dispatch_uid="sessions")
    for changed in (account.password_changed, account.password_set):
        changed.connect(_end_others, dispatch_uid="sessions")
    account.email_changed.connect(_end_others, dispatch_uid="sessions")
    account.password_reset.connect(_end_all, dispatch_uid="sessions")


def _begin(sender: Any, request: HttpRequest, **details: Any) -> None:
    begin(request.session, timezone.now())


def _renew_id(sender: Any, request: HttpRequest, reauthenticated: bool = False, **details: Any) -> None:
    """An id that somebody has overheard is worth nothing after the next confirmation."""
    if reauthenticated:
        old = request.session.session_key
        request.session.cycle_key()
        UserSession.objects.filter(session_key=old).update(session_key=request.session.session_key)


def _end_others(sender: Any, request: HttpRequest, user: User, **details: Any) -> None:
    """Whoever came in with the old key is out: Django sees to it for a password, nobody for a second step or an address."""
    for session in UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key):
        session.end()


def _end_all(sender: Any, user: User, **details: Any) -> None:
    end_all(user)


def _moment(session: SessionBase, name: str, otherwise: datetime) -> datetime:
    """What the session holds; a session from before there were limits begins with its next request."""
    return datetime.fromtimestamp(session[name], UTC) if name in session else otherwise

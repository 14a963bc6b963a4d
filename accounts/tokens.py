"""Keys for programs: a token acts for one person, within the scopes it was made for, and never does what asks again.

A token begins with `PREFIX`, by which scanners find one that was left in a file, and has 256 random bits. What is kept
is its digest: the bits cannot be guessed back from it, and nobody reads them twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.inviting import digest
from accounts.models import ApiToken, TokenScope, User
from accounts.roles import Capability
from accounts.second_step import is_missing
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Reason, Refused, Verdict, is_staff_member, require

PREFIX = "emery_token_"
BYTES = 32  # 256 bits
USUAL_DAYS, MOST_DAYS, MOST_TOKENS = 90, 365, 20
# What one needs a right at some clinic for, besides a token.
WRITES = {
    TokenScope.SCHEDULE_WRITE: Capability.EDIT_ROSTER,
    TokenScope.ANNOUNCEMENTS_WRITE: Capability.POST_ANNOUNCEMENT,
}
A_MINUTE = timedelta(minutes=1)


def may_make(by: User) -> Verdict:
    """Members of staff make tokens for themselves; whose role demands a second step, only with one."""
    reasons = []
    if not is_staff_member(by):
        reasons.append(Reason("no-role", "Without a role there is nothing that a token could do."))
    if is_missing(by):
        reasons.append(Reason("second-step-missing", "Your role needs a second step to make tokens. Set it up first."))
    return Verdict.of(reasons)


def scopes_for(by: User) -> frozenset[TokenScope]:
    """What a token of theirs could be of use for: one that plans the roster needs an owner who does."""
    return frozenset(scope for scope in TokenScope if scope not in WRITES or by.standing.scope(WRITES[scope]))


def may_revoke(token: ApiToken, *, by: User) -> Verdict:
    """One's own; administrators also those of others."""
    if token.user_id == by.pk or by.standing.may(Capability.SETTINGS):
        return YES
    return Verdict.no("not-your-token", "Only its owner and administrators revoke a token.")


@transaction.atomic
def make(*, name: str, scopes: Iterable[TokenScope | str], days: int, by: User, at: datetime) -> tuple[ApiToken, str]:
    """A token for oneself. Returns it with its text, which is known nowhere else.

    Raises Forbidden without a second step that the role demands, ValidationError for a name that is taken, no scope or
    too long a life, Refused for too many tokens.
    """
    require(may_make(by), Forbidden)
    if not 1 <= days <= MOST_DAYS:
        raise ValidationError({"days": f"A token lasts between 1 and {MOST_DAYS} days."})
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # one at a time for one person, so that the number holds
    if ApiToken.objects.filter(user=by).working(at).count() >= MOST_TOKENS:
        raise Refused.because("too-many-tokens", f"You have {MOST_TOKENS} tokens. Revoke one first.")
    text = PREFIX + secrets.token_urlsafe(BYTES)
    token = ApiToken(
        user=by,
        name=" ".join(name.split()),
        digest=digest(text),
        scopes=[scope.value for scope in TokenScope if scope in set(scopes)],
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    token.full_clean()
    try:
        with transaction.atomic():
            token.save()
    except IntegrityError:
        raise Conflict.because("name-taken", "You have made a token of this name just now.", "name") from None
    record(by, "token.made", token, clinics=by.standing.clinic_ids, scopes=token.scopes, until=token.expires_at)
    return token, text


@transaction.atomic
def revoke(token: ApiToken, *, by: User, at: datetime) -> ApiToken:
    """End a token: the next request with it is a stranger's."""
    require(may_revoke(token, by=by), Forbidden)
    token = ApiToken.objects.select_for_update(of=("self",)).select_related("user").get(pk=token.pk)
    if token.revoked_at is not None:
        raise Refused.because("revoked", "The token was revoked already.")
    token.revoked_at, token.revoked_by = at, by
    token.save(update_fields=["revoked_at", "revoked_by"])
    record(by, "token.revoked", token, clinics=token.user.standing.clinic_ids, of=token.user)
    return token


def revoke_all(person: User, *, by: User, at: datetime) -> None:
    """End every token of somebody, as one part of an action that leaves its own trace."""
    ApiToken.objects.filter(user=person, revoked_at=None).update(revoked_at=at, revoked_by=by)


def found_by(text: str, at: datetime) -> ApiToken | None:
    """The token of these letters while it works; its owner is looked up anew. Notes its use, once a minute at most."""
    if not text.startswith(PREFIX):
        return None
    token = (
        ApiToken.objects.working(at).select_related("user").filter(digest=digest(text), user__is_active=True).first()
    )
    if token is not None:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=at - A_MINUTE)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=at)
    return token

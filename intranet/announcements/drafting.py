"""Keeping what is not finished: a draft is private to its author until it is sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from intranet.announcements import attaching
from intranet.announcements.audience import outside_scope
from intranet.announcements.models import Announcement
from intranet.announcements.writing import Draft, fits_on_a_page, is_own_draft, lock, may_post, write
from intranet.core.access import YES, Forbidden, Verdict, require

MOST_DRAFTS = 30  # of one person
KEYED, KEYS = 2**20, 2**30  # above what anybody counts up to, and within what the column holds


@transaction.atomic
def save(
    draft: Draft, *, onto: Announcement | None = None, token: int = 0, key: UUID | None = None, by: User, at: datetime
) -> Announcement:
    """Keep a draft, a new one or `onto` an own one as it was at `token`. It need not be complete.

    A page that begins one names its own `key`, and finds by it what it began: see `begun`. Raises Forbidden for somebody
    who posts nowhere, Refused for what cannot be kept, Conflict when it was saved, sent or discarded meanwhile.
    """
    require(may_post(by), Forbidden)
    require(outside_scope(by, draft.audience) + _says_something(draft) + fits_on_a_page(draft.body))
    if onto is None:
        require(_has_room(by))
        before = _first_token(key) - 1 if key else 0
        return write(Announcement(author=by, token=before), draft, sent_for=None, by=by, at=at)
    require(is_own_draft(onto, by), Forbidden)
    return write(lock(onto, token=token), draft, sent_for=None, by=by, at=at)


def begun(key: UUID, *, by: User) -> Announcement | None:
    """The draft that somebody's page began, if nobody has saved it since: the page asks when no answer came to the save."""
    return Announcement.objects.drafts_of(by).filter(token=_first_token(key)).first()


def _first_token(key: UUID) -> int:
    """Tokens of a draft count from here: they need not begin with 1, and so tell from which page it is."""
    return KEYED + key.int % KEYS


@transaction.atomic
def discard(draft: Announcement, *, token: int, by: User) -> None:
    """Throw an own draft away, with its files. Raises Conflict when it was saved, sent or discarded meanwhile."""
    require(is_own_draft(draft, by), Forbidden)
    draft = lock(draft, token=token)
    attaching.forget_later(set(draft.attachments.values_list("sha256", flat=True)))
    draft.delete()


def _says_something(draft: Draft) -> Verdict:
    if draft.title.strip() or draft.body.strip() or draft.added:
        return YES
    return Verdict.no("empty", "Write a title or a message first.", "title")


def _has_room(author: User) -> Verdict:
    """Drafts are no archive."""
    if Announcement.objects.drafts_of(author).count() < MOST_DRAFTS:
        return YES
    return Verdict.no("too-many-drafts", f"You have {MOST_DRAFTS} drafts. Send or discard one of them first.")

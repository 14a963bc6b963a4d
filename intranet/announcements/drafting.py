"""Keeping what is not finished: a draft is private to its author until it is sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from intranet.announcements import attaching
from intranet.announcements.audience import outside_scope
from intranet.announcements.models import Announcement
from intranet.announcements.writing import Draft, begin, fits_on_a_page, is_own_draft, lock, may_post, write
from intranet.core.access import YES, Forbidden, Verdict, require

MOST_DRAFTS = 30  # of one person


@transaction.atomic
def save(
    draft: Draft, *, onto: Announcement | None = None, token: int = 0, key: UUID | None = None, by: User, at: datetime
) -> Announcement:
    """Keep a draft, a new one or `onto` an own one as it was at `token`. It need not be complete.

    A page names its own `key`: it begins one draft and no second, and finds by it what it saved, see `saved_on`. Raises
    Forbidden for somebody who posts nowhere, Refused for what cannot be kept, Conflict when it was saved, sent or
    discarded meanwhile.
    """
    require(may_post(by), Forbidden)
    require(outside_scope(by, draft.audience) + _says_something(draft) + fits_on_a_page(draft.body))
    if onto is None:
        require(_has_room(by))
        return begin(draft, key=key, sent_for=None, by=by, at=at)
    require(is_own_draft(onto, by), Forbidden)
    row = lock(onto, token=token)
    row.saved_on = key
    return write(row, draft, sent_for=None, by=by, at=at)


def saved_on(key: UUID, *, by: User) -> Announcement | None:
    """The draft that somebody's page saved, if no other has saved it since: the page asks when no answer came to it."""
    return Announcement.objects.drafts_of(by).filter(saved_on=key).first()


def begun_on(key: UUID, *, by: User) -> Announcement | None:
    """The draft that somebody's page began, whoever saved it since."""
    return Announcement.objects.drafts_of(by).filter(begun_on=key).first()


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

"""Talking about a draft, section by section, while it is written and reviewed."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import User
from intranet.core.access import YES, Conflict, Forbidden, Refused, Verdict, require
from protocols.drafting import may_edit
from protocols.models import Comment, ProtocolVersion

MOST_OPEN = 200  # on one draft


@transaction.atomic
def comment(version: ProtocolVersion, *, text: str, section: UUID | None = None, by: User, at: datetime) -> Comment:
    """Say something about a draft or one of its sections. The caller has checked that the person may read it.

    The same words from the same person within a minute are one comment: a button pressed twice.
    """
    version = ProtocolVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    text = text.strip()
    if not version.is_open:
        raise Conflict.because("published", "This version is published. Report a problem instead.")
    if not text:
        raise Refused.because("no-text", "Write what you want to say.", "text")
    if section is not None and not version.sections.filter(key=section).exists():
        raise Refused.because("no-section", "This section is not in the draft any more.", "section")
    mine = version.comments.open().filter(by=by, section=section, text=text, at__gt=at - timedelta(minutes=1))
    if same := mine.first():
        return same
    if version.comments.open().count() >= MOST_OPEN:
        raise Refused.because("too-many", "There are too many open comments. Resolve some first.", "text")
    return Comment.objects.create(version=version, section=section, text=text, by=by, at=at)


def may_resolve(comment: Comment, *, by: User) -> Verdict:
    """Whoever wrote it, and whoever may edit the draft."""
    if comment.by_id == by.pk:
        return YES
    return may_edit(comment.version, by=by)


@transaction.atomic
def resolve(comment: Comment, *, by: User, at: datetime) -> Comment:
    """Say that it is dealt with. A second time changes nothing."""
    comment = Comment.objects.select_for_update(of=("self",)).select_related("version").get(pk=comment.pk)
    require(may_resolve(comment, by=by), Forbidden)
    if comment.resolved_at is None:
        comment.resolved_by, comment.resolved_at = by, at
        comment.save(update_fields=["resolved_by", "resolved_at"])
    return comment

"""Sending an announcement, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.roles import Capability
from intranet.announcements.audience import Cell, may_address
from intranet.announcements.models import Announcement, Audience
from intranet.audit.recording import record
from intranet.core import richtext
from intranet.core.access import YES, Forbidden, Reason, Verdict, require
from intranet.core.time import day_span, organisation_day, organisation_zone
from intranet.core.wording import day_label

# How long an announcement stays up after the last day to acknowledge it.
FOR_THE_LATE = timedelta(days=7)


@dataclass(frozen=True)
class Draft:
    """What somebody wants to announce, to whom and when.

    `appears` None means at once. `last_day` and `due_on` are whole days of the organisation; with `due_on` people must
    acknowledge it by the end of that day.
    """

    title: str
    body: str
    audience: Sequence[Cell]
    appears: datetime | None = None
    last_day: date | None = None
    due_on: date | None = None
    pinned: bool = False
    urgent: bool = False

    @property
    def must_acknowledge(self) -> bool:
        return self.due_on is not None


def may_post(author: User) -> Verdict:
    """Managers post to their clinics, the clinical lead and administrators to all."""
    if author.standing.scope(Capability.POST_ANNOUNCEMENT):
        return YES
    return Verdict.no("may-not-post", "Managers, the clinical lead and administrators write announcements.")


@transaction.atomic
def publish(draft: Draft, *, by: User, at: datetime) -> Announcement:
    """Send it, now or when it is to appear.

    Raises Forbidden for somebody who posts nowhere, Refused with all reasons when words, times or audience make no sense.
    """
    require(may_post(by), Forbidden)
    appears = draft.appears or at
    today = organisation_day(appears)
    require(may_address(by, draft.audience, today) + _has_words(draft) + _times_make_sense(draft, at))
    body = richtext.clean(draft.body)
    announcement = Announcement.objects.create(
        title=draft.title.strip(),
        body=body,
        words=richtext.plain(body),
        author=by,
        published_at=appears,
        expires_at=_end_of(draft.last_day),
        pinned=draft.pinned,
        urgent=draft.urgent,
        must_acknowledge=draft.must_acknowledge,
        due_at=_end_of(draft.due_on),
    )
    Audience.objects.bulk_create(
        Audience(announcement=announcement, role=cell.role, clinic=cell.clinic) for cell in draft.audience
    )
    clinics = {cell.clinic.pk for cell in draft.audience}
    record(by, "announcement.published", announcement, clinics=clinics, appears=appears, due=draft.due_on)
    return announcement


def _has_words(draft: Draft) -> Verdict:
    title = () if draft.title.strip() else (Reason("no-title", "Give it a title.", "title"),)
    body = richtext.clean(draft.body)
    if richtext.is_too_deep(body):
        deep = f"This has more than {richtext.DEEPEST} boxes within one another. Take the text out of them."
        return Verdict.of((*title, Reason("too-deep", deep, "body")))
    no_words = Reason("no-words", "Write what people need to know.", "body")
    return Verdict.of(title if richtext.plain(body) else (*title, no_words))


def _times_make_sense(draft: Draft, at: datetime) -> Verdict:
    appears = draft.appears or at
    first_day = organisation_day(appears)
    reasons = []
    if appears < at:
        reasons.append(
            Reason("appears-in-the-past", "That moment has passed. Choose a later one, or send it now.", "on")
        )
    if draft.due_on is not None and draft.due_on < first_day:
        reasons.append(Reason("due-too-early", "It appears only after that day. Choose a later one.", "due"))
    if draft.last_day is not None and draft.last_day < first_day:
        reasons.append(Reason("over-too-early", "It appears only after that day. Choose a later one.", "until"))
    if draft.last_day is not None and draft.due_on is not None and draft.last_day < draft.due_on + FOR_THE_LATE:
        enough = day_label(draft.due_on + FOR_THE_LATE, organisation_day(at))
        words = f"Leave it up until {enough} at least, so that whoever is late still finds it."
        reasons.append(Reason("over-too-soon", words, "until"))
    return Verdict.of(reasons)


def _end_of(day: date | None) -> datetime | None:
    """The moment at which the day is over in the organisation's zone."""
    return day_span(day, organisation_zone())[1] if day else None


def may_withdraw(announcement: Announcement, *, by: User) -> Verdict:
    """Its author, for as long as they could still post it, or whoever posts to the whole organisation. Once is enough."""
    if announcement.withdrawn_at is not None:
        return Verdict.no("withdrawn", "It is withdrawn already.")
    scope = by.standing.scope(Capability.POST_ANNOUNCEMENT)
    if scope.everywhere or (scope and by.pk == announcement.author_id and scope.covers(clinics_of(announcement))):
        return YES
    return Verdict.no("not-yours", "Its author, the clinical lead or an administrator withdraws an announcement.")


@transaction.atomic
def withdraw(announcement: Announcement, *, by: User, at: datetime) -> Announcement:
    """Take it back. It leaves every list, and reminders about it are cancelled; the record of who read it stays."""
    announcement = Announcement.objects.select_for_update(of=("self",)).get(pk=announcement.pk)
    require(may_withdraw(announcement, by=by), Forbidden)
    announcement.withdrawn_at, announcement.withdrawn_by = at, by
    announcement.save(update_fields=["withdrawn_at", "withdrawn_by"])
    record(by, "announcement.withdrawn", announcement, clinics=clinics_of(announcement))
    return announcement


def clinics_of(announcement: Announcement) -> set[int]:
    """The clinics that it addresses, as ids."""
    return {row.clinic_id for row in announcement.audience.all()}

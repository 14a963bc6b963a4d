"""What somebody writes before it is an announcement: the rules about words, times and audience, and putting it on record.

Sending, keeping a draft and changing what has not appeared yet all go through here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.roles import Capability, Role
from accounts.standing import Standing, standing_of
from intranet.announcements import attaching
from intranet.announcements.attaching import NewFile
from intranet.announcements.audience import Cell, may_address
from intranet.announcements.models import Announcement, Audience
from intranet.core import richtext
from intranet.core.access import YES, Conflict, Reason, Verdict
from intranet.core.time import day_span, organisation_day, organisation_zone
from intranet.core.wording import day_label

# How long an announcement stays up after the last day to acknowledge it.
FOR_THE_LATE = timedelta(days=7)

GONE = "This draft was sent or discarded meanwhile, perhaps in another window. What is typed here is not stored yet."
CHANGED = (
    "Somebody, perhaps you in another window, has saved it meanwhile. What you typed here is kept: look at the other one "
    "first, or save once more to put yours in its place."
)


@dataclass(frozen=True)
class Draft:
    """What somebody wants to announce, to whom and when.

    `appears` None means at once. `last_day` and `due_on` are whole days of the organisation; with `due_on` people must
    acknowledge it by the end of that day. `asks` is the wish for it, before the day is chosen. `added` and `removed` are
    the files that come and go with it.
    """

    title: str
    body: str
    audience: Sequence[Cell]
    appears: datetime | None = None
    last_day: date | None = None
    due_on: date | None = None
    asks: bool = False
    pinned: bool = False
    urgent: bool = False
    added: Sequence[NewFile] = ()
    removed: Collection[UUID] = ()

    @property
    def must_acknowledge(self) -> bool:
        return self.asks or self.due_on is not None

    @property
    def weighs(self) -> bool:
        """Whether it asks for what only some may ask for."""
        return self.must_acknowledge or self.urgent or self.pinned


def as_kept(stored: Announcement, *, added: Sequence[NewFile] = (), removed: Collection[UUID] = ()) -> Draft:
    """A stored one as it stands, draft or sent, with files that come and go."""
    rows = stored.audience.select_related("clinic")
    return Draft(
        title=stored.title,
        body=stored.body,
        audience=[Cell(row.clinic, Role(row.role)) for row in rows],
        appears=stored.planned_for or stored.published_at,
        last_day=stored.last_day,
        due_on=stored.due_on,
        asks=stored.must_acknowledge,
        pinned=stored.pinned,
        urgent=stored.urgent,
        added=added,
        removed=removed,
    )


def may_post(author: User) -> Verdict:
    """Managers post to their clinics, the clinical lead and administrators to all."""
    if author.standing.scope(Capability.POST_ANNOUNCEMENT):
        return YES
    return Verdict.no("may-not-post", "Managers, the clinical lead and administrators write announcements.")


def is_own_draft(announcement: Announcement, by: User) -> Verdict:
    """A draft belongs to whoever began it, and nobody else keeps, sends or discards it."""
    if announcement.is_draft and announcement.author_id == by.pk:
        return YES
    return Verdict.no("not-yours", "A draft is its author's alone.")


def may_send(draft: Draft, *, by: User, at: datetime) -> Verdict:
    """Every reason against it, each at its field: words, times, audience, and what only some may ask for."""
    audience = may_address(by, draft.audience, organisation_day(draft.appears or at))
    times = _times_make_sense(draft, at) + _may_post_then(draft, by)
    return audience + has_words(draft.title, draft.body) + times + _may_weigh(draft, by)


def may_weigh(author: User, clinics: Collection[int] = ()) -> bool:
    """Whether somebody's announcements to these clinics may be urgent, pinned or to be acknowledged."""
    scope = author.standing.scope(Capability.WEIGH_ANNOUNCEMENT)
    return bool(scope) and scope.covers(clinics)


def has_words(title: str, body: str) -> Verdict:
    """A title, and a message that says something and can be shown."""
    missing = () if title.strip() else (Reason("no-title", "Give it a title.", "title"),)
    deep = fits_on_a_page(body)
    if not deep:
        return Verdict.of(missing) + deep
    no_words = Reason("no-words", "Write what people need to know.", "body")
    return Verdict.of(missing if richtext.plain(richtext.clean(body)) else (*missing, no_words))


def fits_on_a_page(body: str) -> Verdict:
    if not richtext.is_too_deep(richtext.clean(body)):
        return YES
    deep = f"This has more than {richtext.DEEPEST} boxes within one another. Take the text out of them."
    return Verdict.no("too-deep", deep, "body")


def _may_weigh(draft: Draft, by: User) -> Verdict:
    if may_weigh(by, {cell.clinic.pk for cell in draft.audience}):
        return YES
    wishes = {"must_acknowledge": draft.must_acknowledge, "urgent": draft.urgent, "pinned": draft.pinned}
    words = "Only a manager of the clinic, the clinical lead or an administrator asks for this."
    return Verdict.of(Reason("too-weighty", words, field) for field, wished in wishes.items() if wished)


def _may_post_then(draft: Draft, by: User) -> Verdict:
    """Nobody schedules for a time at which they may no longer post, or ask for as much: it would be held."""
    if draft.appears is None:
        return YES
    then = standing_of(by, draft.appears)
    if not _covers_still(Capability.POST_ANNOUNCEMENT, draft, by.standing, then):
        words = "Your right to post there has ended by then. Choose an earlier day, or leave it to somebody else."
        return Verdict.no("not-then", words, "on")
    if draft.weighs and not _covers_still(Capability.WEIGH_ANNOUNCEMENT, draft, by.standing, then):
        words = (
            "By then you may only post what is neither urgent nor pinned nor to be acknowledged. Choose an earlier day."
        )
        return Verdict.no("not-so-then", words, "on")
    return YES


def _covers_still(capability: Capability, draft: Draft, now: Standing, then: Standing) -> bool:
    """Whether they have it then at each clinic at which they have it now; where they have it not, other reasons say so."""
    held = now.scope(capability)
    return then.scope(capability).covers([cell.clinic.pk for cell in draft.audience if cell.clinic.pk in held])


def _times_make_sense(draft: Draft, at: datetime) -> Verdict:
    appears = draft.appears or at
    first_day = organisation_day(appears)
    reasons = []
    if appears < at:
        reasons.append(
            Reason("appears-in-the-past", "That moment has passed. Choose a later one, or send it now.", "on")
        )
    if draft.must_acknowledge and draft.due_on is None:
        reasons.append(Reason("no-due-day", "Choose the last day to acknowledge it.", "due"))
    if draft.due_on is not None and draft.due_on < first_day:
        reasons.append(Reason("due-too-early", "It appears only after that day. Choose a later one.", "due"))
    if draft.last_day is not None and draft.last_day < first_day:
        reasons.append(Reason("over-too-early", "It appears only after that day. Choose a later one.", "until"))
    return Verdict.of(reasons) + stays_for_the_late(draft.last_day, draft.due_on, at)


def stays_for_the_late(last_day: date | None, due_on: date | None, at: datetime) -> Verdict:
    """Whoever is late must still find what they have to acknowledge."""
    if last_day is None or due_on is None or last_day >= due_on + FOR_THE_LATE:
        return YES
    enough = day_label(due_on + FOR_THE_LATE, organisation_day(at))
    words = f"Leave it up until {enough} at least, so that whoever is late still finds it."
    return Verdict.no("over-too-soon", words, "until")


def end_of(day: date | None) -> datetime | None:
    """The moment at which the day is over in the organisation's zone."""
    return day_span(day, organisation_zone())[1] if day else None


def lock(announcement: Announcement, *, token: int) -> Announcement:
    """The announcement as it is now, one writer at a time.

    `token` is that of the announcement when the person saw it. Raises Conflict when somebody has saved since, or when it
    is no draft any more, or gone: nobody overwrites words that they have not seen.
    """
    now = Announcement.objects.select_for_update(of=("self",)).filter(pk=announcement.pk).first()
    if now is None or now.is_draft != announcement.is_draft:
        raise Conflict.because("gone", GONE)
    if now.token != token:
        raise Conflict.because("changed-meanwhile", CHANGED)
    return now


def begin(draft: Draft, *, key: UUID | None, sent_for: datetime | None, by: User, at: datetime) -> Announcement:
    """Put something new on record. `key` is that of the page on which it was begun; None where no page asks twice.

    Raises Conflict when that page has begun something already: an answer was lost, a button pressed twice, or somebody
    went back to the page. The database decides, so that two requests at once make no two of it.
    """
    announcement = Announcement(author=by, token=0, begun_on=key, saved_on=key)
    if key is None:
        return write(announcement, draft, sent_for=sent_for, by=by, at=at)
    try:
        with transaction.atomic():
            return write(announcement, draft, sent_for=sent_for, by=by, at=at)
    except IntegrityError:
        before = Announcement.objects.filter(author=by, begun_on=key).first()
        if before is None:
            raise
    raise Conflict.because(*(("changed-meanwhile", CHANGED) if before.is_draft else ("gone", GONE)))


def write(
    announcement: Announcement, draft: Draft, *, sent_for: datetime | None, by: User, at: datetime
) -> Announcement:
    """Put everything that a draft says on record; `sent_for` is when it appears, None for what stays a draft."""
    body = richtext.clean(draft.body)
    announcement.title, announcement.body, announcement.words = draft.title.strip(), body, richtext.plain(body)
    announcement.published_at = sent_for
    announcement.planned_for = draft.appears if sent_for is None else None
    announcement.expires_at, announcement.due_at = end_of(draft.last_day), end_of(draft.due_on)
    announcement.must_acknowledge = draft.must_acknowledge
    announcement.pinned, announcement.urgent = draft.pinned, draft.urgent
    announcement.saved_at = at
    announcement.token += 1
    announcement.save()
    announcement.audience.all().delete()
    Audience.objects.bulk_create(
        Audience(announcement=announcement, role=cell.role, clinic=cell.clinic) for cell in draft.audience
    )
    attaching.change(announcement, added=draft.added, removed=draft.removed, by=by, at=at)
    return announcement

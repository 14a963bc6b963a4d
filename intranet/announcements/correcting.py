"""Correcting what has appeared: readers see what has changed, what was said before stays on record, and whoever corrects
says whether the receipts still count."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from intranet.announcements import attaching
from intranet.announcements.acknowledging import may_see_names
from intranet.announcements.attaching import NewFile
from intranet.announcements.models import Announcement, Attachment, AttachmentQuerySet, Correction
from intranet.announcements.publishing import clinics_of, in_charge
from intranet.announcements.writing import end_of, has_words, lock, stays_for_the_late
from intranet.audit.recording import record
from intranet.core import richtext
from intranet.core.access import YES, Forbidden, Reason, Verdict, require
from intranet.core.time import organisation_day

LONGEST_NOTE = 200
UNDECIDED = "Decide whether the receipts so far still count."
PUT = ("title", "body", "words", "expires_at", "due_at", "edition", "token")


@dataclass(frozen=True)
class Wording:
    """What it is to say from now on. `note` tells readers what has changed; `resets_receipts` None: not decided."""

    title: str
    body: str
    note: str
    last_day: date | None = None
    due_on: date | None = None
    resets_receipts: bool | None = None
    added: Sequence[NewFile] = ()
    removed: Collection[UUID] = ()


def may_correct(announcement: Announcement, *, by: User, at: datetime) -> Verdict:
    """Whoever is in charge of it, once it has appeared; also after it is over."""
    verdict = in_charge(announcement, by=by, at=at)
    if verdict and not announcement.has_appeared(at):
        return Verdict.no("not-yet", "Nobody has seen it yet. Change it instead.")
    return verdict


def asks_about_receipts(announcement: Announcement) -> bool:
    """Whether somebody has to decide about receipts: it asks for some, or has some."""
    return announcement.must_acknowledge or announcement.receipts.counting().exists()


@transaction.atomic
def correct(announcement: Announcement, wording: Wording, *, token: int, by: User, at: datetime) -> Announcement:
    """Make a new edition. Raises Forbidden, Refused with all reasons, Conflict when it was corrected meanwhile.

    When receipts are reset, and when the last day to acknowledge it moves, reminders ask those who owe an answer anew.
    """
    require(may_correct(announcement, by=by, at=at), Forbidden)
    announcement = lock(announcement, token=token)
    require(may_correct(announcement, by=by, at=at), Forbidden)
    require(_makes_sense(announcement, wording, at))
    resets = bool(wording.resets_receipts) and asks_about_receipts(announcement)
    moved = announcement.must_acknowledge and wording.due_on != announcement.due_on
    _keep(announcement, wording, resets=resets, by=by, at=at)
    _put(announcement, wording)
    if resets:
        announcement.receipts_from = announcement.edition
    if resets or moved:
        announcement.told_in, announcement.asked_again_at = announcement.edition, at
    announcement.save(update_fields=[*PUT, "receipts_from", "told_in", "asked_again_at"])
    attaching.change(announcement, added=wording.added, removed=wording.removed, by=by, at=at)
    terms = {"edition": announcement.edition, "receipts_reset": resets}
    record(by, "announcement.corrected", announcement, clinics=clinics_of(announcement), **terms)
    return announcement


def earlier_wordings(announcement: Announcement) -> list[Correction]:
    """What it said before each correction, the latest first; each with its `attachments` of that time. Two queries."""
    # Not by way of the announcement: what its card has loaded is a part of it.
    found = list(Correction.objects.filter(announcement=announcement).select_related("by").order_by("-edition"))
    files = list(Attachment.objects.filter(announcement=announcement).defer("words").order_by("name", "pk"))
    for one in found:
        before = one.edition - 1
        one.attachments = [file for file in files if file.added_in <= before < (file.removed_in or one.edition)]  # type: ignore[attr-defined]  # for the page
    return found


def attachments_for(announcement: Announcement, *, by: User) -> AttachmentQuerySet:
    """The files of something that the person may read; those of earlier wordings too, for who sees these."""
    found = Attachment.objects.filter(announcement=announcement)
    return found if may_see_names(announcement, by=by) else found.there()


def _keep(announcement: Announcement, wording: Wording, *, resets: bool, by: User, at: datetime) -> None:
    """What it said until now."""
    Correction.objects.create(
        announcement=announcement,
        edition=announcement.edition + 1,
        title=announcement.title,
        body=announcement.body,
        expires_at=announcement.expires_at,
        due_at=announcement.due_at,
        note=" ".join(wording.note.split()),
        resets_receipts=resets,
        by=by,
        at=at,
    )


def _put(announcement: Announcement, wording: Wording) -> None:
    body = richtext.clean(wording.body)
    announcement.title, announcement.body, announcement.words = wording.title.strip(), body, richtext.plain(body)
    announcement.expires_at = end_of(wording.last_day)
    if announcement.must_acknowledge:
        announcement.due_at = end_of(wording.due_on)
    announcement.edition += 1
    announcement.token += 1


def _makes_sense(announcement: Announcement, wording: Wording, at: datetime) -> Verdict:
    said = has_words(wording.title, wording.body) + _says_what_changed(announcement, wording)
    times = _times_make_sense(announcement, wording, at)
    if wording.resets_receipts is None and asks_about_receipts(announcement):
        return said + times + Verdict.no("undecided", UNDECIDED, "resets_receipts")
    return said + times


def _says_what_changed(announcement: Announcement, wording: Wording) -> Verdict:
    note = " ".join(wording.note.split())
    if not note:
        return Verdict.no("no-note", "Say in a few words what has changed: readers see it.", "note")
    if len(note) > LONGEST_NOTE:
        return Verdict.no("long-note", f"Say it in at most {LONGEST_NOTE} characters.", "note")
    due_on = wording.due_on if announcement.must_acknowledge else announcement.due_on
    before = (announcement.title, announcement.body, announcement.last_day, announcement.due_on)
    after = (wording.title.strip(), richtext.clean(wording.body), wording.last_day, due_on)
    if before == after and not wording.added and not wording.removed and not wording.resets_receipts:
        return Verdict.no("nothing-changed", "Nothing is different yet. Change what is wrong first.")
    return YES


def _times_make_sense(announcement: Announcement, wording: Wording, at: datetime) -> Verdict:
    """A day that is chosen anew lies ahead; whoever is asked again has time to answer."""
    today = organisation_day(at)
    last_day, due_on = wording.last_day, wording.due_on if announcement.must_acknowledge else None
    reasons = []
    if last_day is not None and last_day != announcement.last_day and last_day < today:
        reasons.append(Reason("over-too-early", "That day has passed. Choose today or a later one.", "until"))
    if announcement.must_acknowledge and due_on is None:
        reasons.append(Reason("no-due-day", "Choose the last day to acknowledge it.", "due"))
    if due_on is not None and due_on < today and (due_on != announcement.due_on or wording.resets_receipts):
        words = "That day has passed. Choose one on which people can still answer."
        reasons.append(Reason("due-too-early", words, "due"))
    return Verdict.of(reasons) + stays_for_the_late(last_day, due_on, at)

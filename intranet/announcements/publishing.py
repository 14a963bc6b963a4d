"""Sending an announcement, changing it or standing for it before it appears, and taking it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.roles import Capability
from intranet.announcements.models import Announcement
from intranet.announcements.writing import (
    Draft,
    as_kept,
    begin,
    is_own_draft,
    lock,
    may_post,
    may_send,
    may_weigh,
    write,
)
from intranet.audit.recording import record
from intranet.core.access import YES, Forbidden, Verdict, require


@transaction.atomic
def publish(
    draft: Draft, *, onto: Announcement | None = None, token: int = 0, key: UUID | None = None, by: User, at: datetime
) -> Announcement:
    """Send it, now or when it is to appear: something new, begun on the page with that `key`, or an own draft `onto` which
    it was kept, as it was at `token`.

    Raises Forbidden for somebody who posts nowhere, Refused with all reasons when words, times or audience make no sense,
    Conflict when the draft was saved, sent or discarded meanwhile.
    """
    require(may_post(by), Forbidden)
    require(may_send(draft, by=by, at=at))
    appears = draft.appears or at
    if onto is None:
        announcement = begin(draft, key=key, sent_for=appears, by=by, at=at)
    else:
        require(is_own_draft(onto, by), Forbidden)
        announcement = write(lock(onto, token=token), draft, sent_for=appears, by=by, at=at)
    clinics = {cell.clinic.pk for cell in draft.audience}
    seen_by = _told(clinics, appears, at)
    record(by, "announcement.published", announcement, clinics=seen_by, appears=appears, due=draft.due_on)
    return announcement


def _told(clinics: set[int], appears: datetime, at: datetime) -> set[int]:
    """The clinics whose managers find it in the audit trail: none before it appears, because its title is not theirs yet."""
    return clinics if appears <= at else set()


def may_change(announcement: Announcement, *, by: User, at: datetime) -> Verdict:
    """As long as nobody has it before them: afterwards it is corrected, so that readers see that it was."""
    if announcement.is_draft or announcement.has_appeared(at):
        return Verdict.no("appeared", "It has appeared already. Correct it instead.")
    return in_charge(announcement, by=by, at=at)


@transaction.atomic
def change(announcement: Announcement, draft: Draft, *, token: int, by: User, at: datetime) -> Announcement:
    """Put something else in the place of what has not appeared yet; the rules are those of sending it.

    Whoever changes it stands for it from then on: nobody's name is under what somebody else wrote, and the right that
    was asked about is that of the one who is named. Raises Forbidden, Refused with all reasons, Conflict when it was saved
    meanwhile.
    """
    require(may_change(announcement, by=by, at=at), Forbidden)
    announcement = lock(announcement, token=token)
    require(may_change(announcement, by=by, at=at), Forbidden)
    require(may_send(draft, by=by, at=at))
    former = _stand_for(announcement, by=by)
    clinics = clinics_of(announcement) | {cell.clinic.pk for cell in draft.audience}
    appears = draft.appears or at
    write(announcement, draft, sent_for=appears, by=by, at=at)
    seen_by = _told(clinics, appears, at)
    record(by, "announcement.changed", announcement, clinics=seen_by, appears=appears, due=draft.due_on, former=former)
    return announcement


def may_take_over(announcement: Announcement, *, by: User, at: datetime) -> Verdict:
    """Whoever is in charge of what does not appear because its author may no longer post it."""
    verdict = may_change(announcement, by=by, at=at)
    if verdict and announcement.is_vouched_for():
        return Verdict.no("not-held", "It is not held: its author may post it.")
    if verdict and by.pk == announcement.author_id and announcement.appears_at > at:
        return Verdict.no("own-right-ends", "Your right to post it ends before it appears; choose an earlier moment.")
    return verdict


@transaction.atomic
def take_over(announcement: Announcement, *, token: int, by: User, at: datetime) -> Announcement:
    """Publish it as one's own: at once when its moment has passed, else when it was to appear.

    Raises Forbidden, Refused with all reasons when its days have passed too, Conflict when it was saved meanwhile.
    """
    require(may_take_over(announcement, by=by, at=at), Forbidden)
    announcement = lock(announcement, token=token)
    require(may_take_over(announcement, by=by, at=at), Forbidden)
    later = announcement.appears_at if announcement.appears_at > at else None
    draft = replace(as_kept(announcement), appears=later)
    require(may_send(draft, by=by, at=at))
    former = _stand_for(announcement, by=by)
    appears = later or at
    write(announcement, draft, sent_for=appears, by=by, at=at)
    seen_by = _told(clinics_of(announcement), appears, at)
    record(by, "announcement.taken_over", announcement, clinics=seen_by, appears=appears, former=former)
    return announcement


def _stand_for(announcement: Announcement, *, by: User) -> str:
    """Make it the announcement of whoever puts their name to it, and leave word of that in the former author's own trail.
    The name of the former author, empty when it was theirs already."""
    former, announcement.author = announcement.author, by
    if former == by:
        return ""
    record(by, "announcement.passed_on", former, announcement=announcement.title)
    return former.name


def in_charge(announcement: Announcement, *, by: User, at: datetime) -> Verdict:
    """Its author, for as long as they could still post it, and whoever posts to the whole organisation; before it appears
    whoever answers for announcements at all of its clinics, too. Until it is withdrawn."""
    if announcement.withdrawn_at is not None:
        return Verdict.no("withdrawn", "It is withdrawn already.")
    clinics = clinics_of(announcement)
    scope = by.standing.scope(Capability.POST_ANNOUNCEMENT)
    if scope.everywhere or (scope and by.pk == announcement.author_id and scope.covers(clinics)):
        return YES
    if may_weigh(by, clinics) and not announcement.has_appeared(at):
        return YES
    return Verdict.no("not-yours", "Its author, the clinical lead or an administrator does this to an announcement.")


def may_withdraw(announcement: Announcement, *, by: User, at: datetime) -> Verdict:
    """Whoever is in charge of it. Once is enough; a draft is discarded."""
    return in_charge(announcement, by=by, at=at)


@transaction.atomic
def withdraw(announcement: Announcement, *, by: User, at: datetime) -> Announcement:
    """Take it back. It leaves every list, and reminders about it are cancelled; the record of who read it stays."""
    announcement = Announcement.objects.sent().select_for_update(of=("self",)).get(pk=announcement.pk)
    require(may_withdraw(announcement, by=by, at=at), Forbidden)
    seen_by = clinics_of(announcement) if announcement.has_appeared(at) else set()
    announcement.withdrawn_at, announcement.withdrawn_by = at, by
    announcement.token += 1
    announcement.save(update_fields=["withdrawn_at", "withdrawn_by", "token"])
    record(by, "announcement.withdrawn", announcement, clinics=seen_by)
    return announcement


def clinics_of(announcement: Announcement) -> set[int]:
    """The clinics that it addresses, as ids."""
    return {row.clinic_id for row in announcement.audience.all()}

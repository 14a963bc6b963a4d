"""Sending an announcement, withdrawing it, and what its recipients answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from accounts.models import User, organisation_zone
from accounts.roles import Capability
from intranet.announcements.audience import Cell, may_address, recipients
from intranet.announcements.models import Announcement, Audience, Receipt
from intranet.audit.recording import record
from intranet.core import richtext
from intranet.core.access import YES, Forbidden, Reason, Refused, Verdict, require
from intranet.core.time import local_day


@dataclass(frozen=True)
class Draft:
    """What somebody wants to announce, and when. `appears` None means at once."""

    title: str
    body: str
    audience: list[Cell]
    appears: datetime | None = None
    expires: datetime | None = None
    due: datetime | None = None
    pinned: bool = False
    urgent: bool = False

    @property
    def must_acknowledge(self) -> bool:
        return self.due is not None


@dataclass(frozen=True)
class Progress:
    """How far an announcement has come: people addressed, opened, acknowledged."""

    people: int
    opened: int
    acknowledged: int

    @property
    def words(self) -> str:
        return f"{self.opened} of {self.people} read"


def may_post(author: User) -> Verdict:
    if author.standing.scope(Capability.POST_ANNOUNCEMENT):
        return YES
    return Verdict.no("may-not-post", "Managers, the clinical lead and administrators write announcements.")


@transaction.atomic
def publish(draft: Draft, *, by: User, at: datetime) -> Announcement:
    """Send it, now or when it is to appear. Refused with all reasons when times or audience make no sense."""
    require(may_post(by), Forbidden)
    appears = max(draft.appears or at, at)
    verdict = may_address(by, draft.audience, local_day(appears, organisation_zone()))
    require(verdict + _times_make_sense(draft, appears))
    announcement = Announcement.objects.create(
        title=draft.title,
        body=richtext.clean(draft.body),
        author=by,
        published_at=appears,
        expires_at=draft.expires,
        pinned=draft.pinned,
        urgent=draft.urgent,
        must_acknowledge=draft.must_acknowledge,
        due_at=draft.due,
    )
    Audience.objects.bulk_create(
        Audience(announcement=announcement, role=cell.role, clinic=cell.clinic) for cell in draft.audience
    )
    clinics = {cell.clinic.pk for cell in draft.audience}
    record(by, "announcement.published", announcement, clinics=clinics, appears=appears, due=draft.due)
    return announcement


def _times_make_sense(draft: Draft, appears: datetime) -> Verdict:
    reasons = []
    if not richtext.plain(richtext.clean(draft.body)):
        reasons.append(Reason("no-words", "Write what people need to know.", "body"))
    if draft.due is not None and draft.due <= appears:
        reasons.append(Reason("due-too-early", "Give people until a day after it appears.", "due"))
    if draft.expires is not None and draft.expires <= appears:
        reasons.append(Reason("over-too-early", "It has to disappear after it appears.", "expires"))
    if draft.expires is not None and draft.due is not None and draft.expires < draft.due:
        reasons.append(
            Reason("over-before-due", "It must not disappear before people have to acknowledge it.", "expires")
        )
    return Verdict.of(reasons)


def may_withdraw(announcement: Announcement, *, by: User) -> Verdict:
    """The author, and whoever may post to all its clinics."""
    clinics = set(announcement.audience.values_list("clinic", flat=True))
    if by.pk == announcement.author_id or by.standing.scope(Capability.POST_ANNOUNCEMENT).covers(clinics):
        return YES
    return Verdict.no("not-yours", "Its author, or a manager of all its clinics, withdraws an announcement.")


@transaction.atomic
def withdraw(announcement: Announcement, *, by: User, at: datetime) -> Announcement:
    """Take it back. It leaves every list, and reminders about it are cancelled; the record stays."""
    require(may_withdraw(announcement, by=by), Forbidden)
    announcement = Announcement.objects.select_for_update(of=("self",)).get(pk=announcement.pk)
    if announcement.withdrawn_at is None:
        announcement.withdrawn_at, announcement.withdrawn_by = at, by
        announcement.save(update_fields=["withdrawn_at", "withdrawn_by"])
        clinics = announcement.audience.values_list("clinic", flat=True)
        record(by, "announcement.withdrawn", announcement, clinics=clinics)
    return announcement


def note_opened(announcement: Announcement, *, by: User, at: datetime) -> None:
    """Remember that a recipient had it before them. Others leave no trace."""
    if Announcement.objects.addressed_to(by).filter(pk=announcement.pk).exists():
        _give(announcement, by, Receipt.Kind.OPENED, at)


@transaction.atomic
def acknowledge(announcement: Announcement, *, by: User, at: datetime) -> Receipt:
    """Record that the person has read it. A second time changes nothing."""
    if not announcement.must_acknowledge:
        raise Refused.because("nothing-asked", "This announcement asks for no acknowledgement.")
    if not Announcement.objects.addressed_to(by).filter(pk=announcement.pk).exists():
        raise Forbidden.because("not-addressed", "This announcement does not ask you.")
    _give(announcement, by, Receipt.Kind.OPENED, at)
    receipt, created = _give(announcement, by, Receipt.Kind.ACKNOWLEDGED, at)
    if created:
        clinics = announcement.audience.values_list("clinic", flat=True)
        record(by, "announcement.acknowledged", announcement, clinics=clinics)
    return receipt


def _give(announcement: Announcement, user: User, kind: Receipt.Kind, at: datetime) -> tuple[Receipt, bool]:
    return Receipt.objects.get_or_create(announcement=announcement, user=user, kind=kind, defaults={"at": at})


def may_see_receipts(announcement: Announcement, *, by: User) -> Verdict:
    """Whoever sees receipts at all its clinics; the author of one of theirs sees it as well."""
    clinics = set(announcement.audience.values_list("clinic", flat=True))
    if by.pk == announcement.author_id or by.standing.scope(Capability.SEE_RECEIPTS).covers(clinics):
        return YES
    return Verdict.no("not-your-clinic", "Managers of its clinics see who has read an announcement.")


def progress(announcement: Announcement, on: date) -> Progress:
    """Counts among those whom it addresses today; people who left no longer count. One query."""
    people = {user.pk for user in recipients(announcement, on).only("pk")}
    given = announcement.receipts.filter(user__in=people).values_list("kind", "user")
    kinds = [kind for kind, _ in given]
    return Progress(len(people), kinds.count(Receipt.Kind.OPENED), kinds.count(Receipt.Kind.ACKNOWLEDGED))

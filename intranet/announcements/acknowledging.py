"""What the recipients of an announcement answer, and who may see that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import User
from accounts.roles import Capability
from accounts.standing import Scope
from intranet.announcements.audience import addressed_rows
from intranet.announcements.models import Announcement, Receipt
from intranet.announcements.publishing import clinics_of
from intranet.announcements.writing import may_weigh
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Refused, Verdict, require

Announcements = Iterable[Announcement] | QuerySet[Announcement]


def note_opened(announcements: Announcements, *, by: User, at: datetime) -> None:
    """Remember that a recipient had them before them. People to whom they are not addressed leave no trace."""
    shown = {announcement.pk: announcement.edition for announcement in announcements}
    opened = Receipt.objects.opened().counting().filter(user=by).values("announcement")
    fresh = Announcement.objects.addressed_to(by, at).filter(pk__in=shown).exclude(pk__in=opened)
    Receipt.objects.bulk_create(
        [Receipt(announcement=one, user=by, kind=Receipt.Kind.OPENED, edition=shown[one.pk], at=at) for one in fresh],
        ignore_conflicts=True,
    )


def may_acknowledge(announcement: Announcement, *, by: User, at: datetime) -> Verdict:
    """Whoever it is addressed to, if it asks; also after the due date, and after it is over."""
    if not announcement.must_acknowledge:
        return Verdict.no("nothing-asked", "This announcement asks for no acknowledgement.")
    if not Announcement.objects.addressed_to(by, at).filter(pk=announcement.pk).exists():
        return Verdict.no("not-addressed", "This announcement does not ask you.")
    return YES


@transaction.atomic
def acknowledge(announcement: Announcement, *, edition: int | None = None, by: User, at: datetime) -> Receipt:
    """Record that the person has read it. A second time changes nothing.

    `edition` is the one that they had before them; without it, that of `announcement`. Raises Conflict when it was
    corrected meanwhile and asks everybody again: nobody signs what they have not read.
    """
    verdict = may_acknowledge(announcement, by=by, at=at)
    require(verdict, Forbidden if announcement.must_acknowledge else Refused)
    seen = announcement.edition if edition is None else edition
    announcement = Announcement.objects.select_for_update(of=("self",), no_key=True).get(pk=announcement.pk)
    require(_is_as_read(announcement, seen), Conflict)
    note_opened([announcement], by=by, at=at)
    given = announcement.receipts.acknowledged().counting().filter(user=by).first()
    if given is not None:
        return given
    receipt = Receipt.objects.create(
        announcement=announcement, user=by, kind=Receipt.Kind.ACKNOWLEDGED, edition=announcement.edition, at=at
    )
    record(by, "announcement.acknowledged", announcement, clinics=clinics_of(announcement))
    return receipt


def _is_as_read(announcement: Announcement, seen: int) -> Verdict:
    if announcement.receipts_from <= seen <= announcement.edition:
        return YES
    return Verdict.no("corrected-meanwhile", "It was corrected meanwhile. Read it once more, then acknowledge it.")


def receipts_scope(announcement: Announcement, *, by: User) -> Scope:
    """The clinics of whose people somebody sees how many have answered: managers their own, the author everybody's
    for as long as they could still post it."""
    if _still_posts(announcement, by):
        return Scope(everywhere=True)
    return by.standing.scope(Capability.SEE_RECEIPTS)


def may_see_receipts(announcement: Announcement, *, by: User) -> Verdict:
    """How many have answered."""
    scope = receipts_scope(announcement, by=by)
    if scope.everywhere or scope.clinic_ids & clinics_of(announcement):
        return YES
    return Verdict.no("not-your-clinic", "Its author and the managers of its clinics see who has read an announcement.")


def names_scope(announcement: Announcement, *, by: User) -> Scope:
    """The clinics of whose people somebody sees who has answered. Whoever may only post there sees numbers of own posts."""
    if _still_posts(announcement, by) and may_weigh(by, clinics_of(announcement)):
        return Scope(everywhere=True)
    return by.standing.scope(Capability.SEE_RECEIPTS)


def may_see_names(announcement: Announcement, *, by: User) -> Verdict:
    """Who has answered, and what it said before it was corrected."""
    scope = names_scope(announcement, by=by)
    verdict = may_see_receipts(announcement, by=by)
    if not verdict or scope.everywhere or scope.clinic_ids & clinics_of(announcement):
        return verdict
    return Verdict.no("numbers-only", "Managers, the clinical lead and administrators see the names.")


def _still_posts(announcement: Announcement, by: User) -> bool:
    posts_at = by.standing.scope(Capability.POST_ANNOUNCEMENT)
    return by.pk == announcement.author_id and bool(posts_at) and posts_at.covers(clinics_of(announcement))


@dataclass(frozen=True, slots=True)
class Answer:
    """What one recipient has done, at one of the clinics through which the announcement addresses them."""

    user_id: int
    clinic_id: int
    opened_at: datetime | None
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an announcement has come: people addressed, opened, acknowledged. Everybody counts once."""

    people: int = 0
    opened: int = 0
    acknowledged: int = 0

    @classmethod
    def of(cls, answers: Iterable[Answer]) -> Progress:
        """People with two clinics have two answers of the same content."""
        each = {answer.user_id: answer for answer in answers}.values()
        opened = sum(answer.opened_at is not None for answer in each)
        return cls(len(each), opened, sum(answer.acknowledged_at is not None for answer in each))

    @property
    def complete(self) -> bool:
        return self.acknowledged == self.people

    @property
    def missing(self) -> int:
        return self.people - self.acknowledged


def answers(announcements: Collection[Announcement], on: date) -> dict[int, list[Answer]]:
    """{announcement: what those whom it addresses on the day have answered}. One query, however many there are."""
    given = Receipt.objects.filter(
        announcement=OuterRef("announcement"),
        user=OuterRef("user_id"),
        edition__gte=OuterRef("announcement__receipts_from"),
    )
    moments = given.order_by("edition").values("at")
    rows = addressed_rows(announcements, on).annotate(
        opened_at=Subquery(moments.filter(kind=Receipt.Kind.OPENED)[:1]),
        acknowledged_at=Subquery(moments.filter(kind=Receipt.Kind.ACKNOWLEDGED)[:1]),
    )
    found: dict[int, list[Answer]] = defaultdict(list)
    columns = ("user_id", "clinic_id", "opened_at", "acknowledged_at")
    for announcement, *answer in rows.values_list("announcement_id", *columns).distinct():
        found[announcement].append(Answer(**dict(zip(columns, answer, strict=True))))
    return found


def answers_for(announcements: Collection[Announcement], viewer: User, on: date) -> dict[int, list[Answer]]:
    """The same, as far as the viewer may see it: announcements whose receipts are not theirs to see have no entry."""
    scopes = {one.pk: receipts_scope(one, by=viewer) for one in announcements if may_see_receipts(one, by=viewer)}
    found = answers([one for one in announcements if one.pk in scopes], on) if scopes else {}
    return {pk: [answer for answer in found.get(pk, []) if answer.clinic_id in scope] for pk, scope in scopes.items()}

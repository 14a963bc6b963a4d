"""Publishing the week of one clinic: what staff see changes here and nowhere else, and only as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q

from accounts.models import Clinic, User
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Reason, Verdict, require
from intranet.core.wording import full_day
from scheduling.assigning import CLASHES, lock_people, lock_weeks, may_assign, may_edit
from scheduling.eligibility import TRAVEL, attention, too_close
from scheduling.models import (
    DETAILS,
    ChangeKind,
    Publication,
    PublicationChange,
    PublicationRecipient,
    PublishedShift,
    RosterWeek,
    Shift,
    ShiftDetails,
    ShiftState,
)
from scheduling.plans import Plan
from scheduling.times import hours_and_day, spoken


@dataclass(frozen=True)
class Change:
    """What a publication would do to one shift: what staff see now, and what they would see."""

    kind: ChangeKind
    shift: Shift
    before: PublishedShift | None
    after: Shift | None

    @property
    def shown(self) -> ShiftDetails:
        """The shift as it will be, or as it was if it goes."""
        return self.after or self.before or self.shift

    @property
    def people(self) -> set[int]:
        """Whose roster changes."""
        return {one.staff_id for one in (self.before, self.after) if one is not None and one.staff_id is not None}


def pending_changes(week: RosterWeek) -> list[Change]:
    """What staff do not see yet of a week, in order of time."""
    return pending_by_week([week])[week.pk]


def pending_by_week(weeks: Sequence[RosterWeek]) -> dict[int, list[Change]]:
    """{week: what staff do not see yet of it}. Two queries, however many weeks and shifts."""
    people = ("clinic", "staff", "skill")
    planned = Shift.objects.planned().filter(week__in=weeks).select_related(*people)
    seen = PublishedShift.objects.standing().filter(Q(week__in=weeks) | Q(shift__week__in=weeks))
    published = {
        one.shift_id: one for one in seen.select_related(*people, "shift__clinic", "shift__staff", "shift__skill")
    }
    changes: dict[int, list[Change]] = defaultdict(list)
    for shift in planned:
        before = published.get(shift.pk)
        if kind := change_kind(before, shift):
            changes[shift.week_id].append(Change(kind, shift, before, shift))
    for one in published.values():
        if one.shift.state == ShiftState.CANCELLED or one.shift.week_id != one.week_id:
            changes[one.week_id].append(Change(ChangeKind.REMOVE, one.shift, one, None))
    for found in changes.values():
        found.sort(key=lambda change: change.shown.start)
    return changes


def change_kind(before: PublishedShift | None, shift: Shift) -> ChangeKind | None:
    """How the shift differs from what staff see; None when it does not."""
    if before is None:
        return ChangeKind.ADD
    different = {name for name in DETAILS if getattr(before, name) != getattr(shift, name)}
    if "staff_id" in different:
        return ChangeKind.REASSIGN
    if "period" in different:
        return ChangeKind.RETIME
    return ChangeKind.ALTER if different else None


def unpublished_changes(clinic: Clinic, at: datetime) -> int:
    """How many shifts of the clinic's present and coming weeks staff see differently, or not at all."""
    weeks = [week for week in RosterWeek.objects.filter(clinic=clinic).select_related("clinic") if not week.is_past(at)]
    return sum(map(len, pending_by_week(weeks).values()))


@dataclass(frozen=True)
class ShiftReason(Reason):
    """A reason with the shift to look at, so that a page can lead there."""

    shift: Shift | None = None


@dataclass(frozen=True)
class Preview:
    """What publishing a week would do, what stands against it, and what to look at first."""

    week: RosterWeek
    changes: list[Change] = field(default_factory=list)
    verdict: Verdict = YES

    @property
    def added(self) -> list[Change]:
        return [one for one in self.changes if one.kind == ChangeKind.ADD and one.shift.staff_id]

    @property
    def opened(self) -> list[Change]:
        return [one for one in self.changes if one.after and one.after.staff_id is None]

    @property
    def changed(self) -> list[Change]:
        return [one for one in self.changes if one.before and one.after and one.after.staff_id]

    @property
    def removed(self) -> list[Change]:
        return [one for one in self.changes if one.after is None]

    @property
    def seen_before(self) -> list[Change]:
        return [one for one in self.changes if one.before]

    @property
    def people(self) -> set[int]:
        return set().union(*(change.people for change in self.changes))


def preview(week: RosterWeek, at: datetime) -> Preview:
    """What would be published now."""
    changes = pending_changes(week)
    return Preview(week, changes, may_publish(week, changes, at))


def may_publish(week: RosterWeek, changes: Sequence[Change], at: datetime) -> Verdict:
    """No for a past week, for nothing to publish, and for every new or changed shift whose holder may not work it.

    A shift that staff see already and whose holder has lost clearance since is a warning: hiding the rest of the week
    would not make it better.
    """
    if week.is_past(at):
        return Verdict.no("week-is-past", f"The week of {full_day(week.monday)} is over and locked.")
    if not changes:
        return Verdict.no("nothing-to-publish", "Staff see everything already: there is nothing to publish.")
    shifts = list(week.shifts.planned().select_related("clinic", "staff", "skill"))  # type: ignore[attr-defined]
    unfit = attention(shifts, at)
    new = {change.shift.pk for change in changes}
    against = [_in_full(shift, at) for shift in shifts if shift.pk in unfit and shift.pk in new]
    beside = [_in_full(shift, at) for shift in shifts if shift.pk in unfit and shift.pk not in new]
    return Verdict.of([*against, *_double_publications(changes, at)], beside)


def _in_full(shift: Shift, at: datetime) -> Reason:
    assert shift.staff is not None  # noqa: S101 - attention() speaks only of shifts that somebody has
    reasons = " ".join(str(reason) for reason in may_assign(shift, shift.staff, at).reasons)
    return ShiftReason("holder-may-not-work", f"{shift.staff}, {hours_and_day(shift, at)}: {reasons}", shift=shift)


def _double_publications(changes: Sequence[Change], at: datetime) -> list[Reason]:
    """Clinics and weeks are published one by one: what staff still see of a person must go before this can come."""
    coming = [change.after for change in changes if change.after is not None and change.after.staff_id]
    if not coming:
        return []
    start, end = min(one.start for one in coming) - TRAVEL, max(one.end for one in coming) + TRAVEL
    others = PublishedShift.objects.standing().filter(staff__in={one.staff_id for one in coming}).within(start, end)
    others = others.exclude(shift__in=[change.shift for change in changes]).select_related("clinic")
    return [
        ShiftReason(
            "still-published-elsewhere",
            f"{shift.staff} is still published for {spoken(other, at)}. Publish that change at {other.clinic} first.",
            shift=shift,
        )
        for other in others
        for shift in coming
        if other.staff_id == shift.staff_id and too_close(Plan.of(shift), other)
    ]


@transaction.atomic
def publish(week: RosterWeek, *, version: int, by: User, at: datetime) -> Publication:
    """Show staff the week as it is planned, and write down what changed for whom.

    `version` is the week's version that the person looked at; Conflict when somebody has changed the week since.
    """
    require(may_edit(week.clinic, by), Forbidden)
    week = lock_weeks(week.clinic, [], also=[week.pk])[0]
    if week.version != version:
        raise Conflict.because(
            "changed-meanwhile",
            "Somebody changed this week meanwhile. Look at what would be published now. Nothing was sent.",
        )
    changes = pending_changes(week)
    lock_people([one.staff for change in changes for one in (change.before, change.after) if one is not None])
    require(may_publish(week, changes, at))
    number = (week.publications.aggregate(last=Max("number"))["last"] or 0) + 1  # type: ignore[attr-defined]
    publication = Publication.objects.create(week=week, number=number, by=by, at=at)
    _show(changes, week, at)
    _write_down(publication, changes)
    week.published_at = at
    week.save(update_fields=["published_at"])
    record(by, "roster.published", week, clinics=[week.clinic_id], number=number, changes=_counts(changes))
    return publication


def _show(changes: Sequence[Change], week: RosterWeek, at: datetime) -> None:
    """Withdraw first, then show the rest in one statement: the database checks for double bookings after each."""
    gone = [change.shift.pk for change in changes if change.after is None]
    shown = [change.shift for change in changes if change.after is not None]
    locked = PublishedShift.objects.select_for_update().filter(shift__in=[*gone, *(shift.pk for shift in shown)])
    sequences = dict(locked.order_by("pk").values_list("shift_id", "sequence"))
    PublishedShift.objects.filter(shift__in=gone, week=week).update(withdrawn_at=at, sequence=F("sequence") + 1)
    copies = [_copy(shift, sequences.get(shift.pk), at) for shift in shown]
    updated = [f.name for f in PublishedShift._meta.concrete_fields if f.name not in {"id", "shift"}]
    try:
        with transaction.atomic():
            PublishedShift.objects.bulk_create(
                copies, update_conflicts=True, unique_fields=["shift"], update_fields=updated
            )
    except IntegrityError as error:
        if error.__cause__.diag.constraint_name not in CLASHES | {"no_published_double_booking"}:  # type: ignore[union-attr]
            raise
        raise Conflict.because(
            "published-meanwhile",
            "The other clinic has just published shifts of the same people. Look at the week again. Nothing was sent.",
        ) from error


def _copy(shift: Shift, sequence: int | None, at: datetime) -> PublishedShift:
    shared = {f.attname: getattr(shift, f.attname) for f in ShiftDetails._meta.fields}
    return PublishedShift(shift=shift, sequence=0 if sequence is None else sequence + 1, published_at=at, **shared)


def _write_down(publication: Publication, changes: Sequence[Change]) -> None:
    PublicationChange.objects.bulk_create(
        PublicationChange(
            publication=publication,
            shift=change.shift,
            kind=change.kind,
            staff_before_id=change.before.staff_id if change.before else None,
            staff_after_id=change.after.staff_id if change.after else None,
            before=_snapshot(change.before),
            after=_snapshot(change.after),
        )
        for change in changes
    )
    told = sorted(set().union(*(change.people for change in changes)))
    PublicationRecipient.objects.bulk_create(
        PublicationRecipient(publication=publication, person_id=person_id) for person_id in told
    )


def _snapshot(shift: ShiftDetails | None) -> dict[str, Any] | None:
    """The shift as people read it, for the history: names, not ids, because they must stay readable for ever.

    A procedure may get another name: its code stays, and says which one it was.
    """
    if shift is None:
        return None
    return {
        "staff": str(shift.staff or ""),
        "start": shift.start.isoformat(),
        "end": shift.end.isoformat(),
        "position": shift.position,
        "skill": str(shift.skill or ""),
        "skill_code": shift.skill.code if shift.skill else "",
        "break_minutes": shift.break_minutes,
    }


def _counts(changes: Iterable[Change]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for change in changes:
        counts[change.kind.value] += 1
    return dict(counts)

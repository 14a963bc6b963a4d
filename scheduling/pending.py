"""What staff do not see yet of a week, or see differently: the plan beside what was published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.models import Clinic
from scheduling.models import DETAILS, ChangeKind, PublishedShift, RosterWeek, Shift, ShiftDetails, ShiftState


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

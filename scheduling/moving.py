"""Moving and copying on the board: the same wall-clock times on another day, for somebody else or nobody; one or several
shifts at once. The way back is `undoing`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import User
from intranet.core.access import Conflict, Reason, Refused, Verdict
from scheduling.assigning import (
    NOTHING_CHANGED,
    NeedsReason,
    change_shift,
    create_shift,
    delete_shift,
    lock_people,
    lock_weeks_by_id,
)
from scheduling.models import RosterWeek, Shift
from scheduling.plans import Plan
from scheduling.times import hours_and_day, shift_span

MOST_AT_ONCE = 200  # shifts; each is judged by itself, and everybody else waits for their weeks meanwhile

Aim = Callable[[Plan], Plan | None]


def on_day(plan: Plan, day: date) -> Plan:
    """The same shift on another day, at the same wall-clock times, whatever the clocks do between."""
    if day == plan.day:
        return plan
    zone = plan.clinic.zone
    starts, ends = (moment.astimezone(zone).time() for moment in plan.span)
    start, end = shift_span(day, starts, ends, zone)
    return replace(plan, start=start, end=end)


def placed(plan: Plan, day: date, staff: User | None) -> Plan:
    """The same shift in another cell of the board."""
    return replace(on_day(plan, day), staff=staff)


@dataclass(frozen=True)
class Done:
    """What was done to a shift, and what it was before: what there is to undo."""

    shift_id: UUID
    version: int  # after it was done
    before: Plan | None  # None: it was made
    gone: bool = False  # it was deleted
    line: int | None = None  # of which template it came, and where in it
    place: int = 0

    @classmethod
    def deleted(cls, shift: Shift, version: int) -> Done:
        """That the shift, which was at this version, is deleted."""
        return cls(shift.pk, version + 1, Plan.of(shift), True, shift.template_line_id, shift.template_place)


def place_shift(
    shift: Shift, *, day: date, staff: User | None, version: int, by: User, at: datetime, reason: str = ""
) -> tuple[Shift, Done]:
    """Put a shift on a day, for somebody or open."""
    before = Plan.of(shift)
    after = change_shift(shift, placed(before, day, staff), version=version, by=by, at=at, reason=reason)
    return after, Done(after.pk, after.version, before)


def copy_shift(
    shift: Shift, *, day: date, staff: User | None, by: User, at: datetime, reason: str = ""
) -> tuple[Shift, Done]:
    """Make a shift like this one on a day, for somebody or open."""
    made = create_shift(placed(Plan.of(shift), day, staff), by=by, at=at, reason=reason)
    return made, Done(made.pk, made.version, None)


def for_person(person: User) -> Aim:
    return lambda plan: replace(plan, staff=person)


def opened(plan: Plan) -> Plan:
    return replace(plan, staff=None)


def deleted(plan: Plan) -> None:
    return None


def by_days(days: int) -> Aim:
    return lambda plan: on_day(plan, plan.day + timedelta(days=days))


@transaction.atomic
def change_several(
    seen: Mapping[UUID, int], change: Aim, *, by: User, at: datetime, reason: str = ""
) -> list[tuple[Shift, Done]]:
    """Change each of the shifts, of which `seen` gives the version that the person saw; all of them, or none.

    `change` gives what a shift should be, None to delete it. Every refusal of every shift is said at once. One that is
    only in the way of another waits until that has moved.
    """
    left = _found(seen, by)
    wanted = [change(Plan.of(shift)) for shift in left]
    lock_all(left, wanted)
    if any(plan is not None and plan.start > shift.start for shift, plan in zip(left, wanted, strict=True)):
        left.reverse()  # the last one makes way for the one before it

    def one(shift: Shift, reason: str = reason) -> tuple[Shift, Done]:
        return _one(shift, change, seen[shift.pk], by=by, at=at, reason=reason)

    done, stuck = _as_far_as_possible(left, one)
    if stuck:
        raise _together(sorted(_obstacles(stuck, one), key=lambda each: (each[0].start, each[0].pk)), at)
    return done


Refusals = list[tuple[Shift, Refused]]


def _as_far_as_possible(
    left: Sequence[Shift], one: Callable[[Shift], tuple[Shift, Done]]
) -> tuple[list[tuple[Shift, Done]], Refusals]:
    """What could be done, each as soon as nothing is in its way any more, and what speaks against the rest."""
    done: list[tuple[Shift, Done]] = []
    while left:
        refusals: Refusals = []
        for shift in left:
            try:
                with transaction.atomic():
                    done.append(one(shift))
            except Refused as refused:
                refusals.append((shift, refused))
        if len(refusals) == len(left):
            return done, refusals
        left = [shift for shift, _ in refusals]
    return done, []


def _obstacles(stuck: Refusals, one: Callable[..., tuple[Shift, Done]]) -> Refusals:
    """Of the refusals those that matter: what is only in the way of a shift that waits for a reason is none.

    Tried out as if there were a reason, and undone.
    """
    waiting: Refusals = [(shift, error) for shift, error in stuck if isinstance(error, NeedsReason)]
    if len(waiting) in (0, len(stuck)):
        return stuck
    with transaction.atomic():
        _, barred = _as_far_as_possible([shift for shift, _ in stuck], lambda shift: one(shift, "Tried out"))
        transaction.set_rollback(True)
    return barred or waiting


def _found(seen: Mapping[UUID, int], by: User) -> list[Shift]:
    if not seen:
        raise Refused.because("none-ticked", "Select the shifts first.")
    if len(seen) > MOST_AT_ONCE:
        raise Refused.because("too-many", f"Change at most {MOST_AT_ONCE} shifts at once.")
    planned = Shift.objects.visible_to(by).planned().select_related("clinic", "week__clinic", "staff", "skill")
    found = list(planned.filter(pk__in=seen).order_by("period", "pk"))
    if len(found) != len(seen):
        raise Conflict.because(
            "changed-meanwhile", f"One of these shifts is gone. Look at the board again. {NOTHING_CHANGED}"
        )
    return found


def lock_all(shifts: Iterable[Shift], plans: Iterable[Plan | None]) -> None:
    """Lock at once, in the order of all actions, the weeks and people of some shifts and of what they are to become."""
    shifts, wanted = list(shifts), [plan for plan in plans if plan is not None]
    weeks = {shift.week_id for shift in shifts}
    for clinic, monday in {(plan.clinic, plan.monday) for plan in wanted}:
        weeks.add(RosterWeek.objects.get_or_create(clinic=clinic, monday=monday)[0].pk)
    lock_weeks_by_id(weeks)
    lock_people([*(shift.staff for shift in shifts), *(plan.staff for plan in wanted)])


def _one(shift: Shift, change: Aim, version: int, *, by: User, at: datetime, reason: str) -> tuple[Shift, Done]:
    before = Plan.of(shift)
    wanted = change(before)
    if wanted is None:
        done = Done.deleted(shift, version)
        delete_shift(shift, version=version, by=by, at=at)
        return shift, done
    after = change_shift(shift, wanted, version=version, by=by, at=at, reason=reason)
    return after, Done(after.pk, after.version, before)


def _together(refusals: Sequence[tuple[Shift, Refused]], at: datetime) -> Refused:
    """One refusal with every reason of each. What needs a reason is said once nothing else stands against it."""
    against = [(shift, error) for shift, error in refusals if not isinstance(error, NeedsReason)]
    reasons = [_of_shift(one, shift, at) for shift, error in against for one in error.verdict.reasons]
    if not reasons:
        concerns = [_of_shift(one, shift, at) for shift, error in refusals for one in error.verdict.reasons[:-1]]
        return NeedsReason(concerns)
    kind = Conflict if all(isinstance(error, Conflict) for _, error in against) else Refused
    return kind(Verdict.of(reasons))


def _of_shift(reason: Reason, shift: Shift, at: datetime) -> Reason:
    message = reason.message.removesuffix(f" {NOTHING_CHANGED}")
    return replace(reason, message=f"{shift.staff or 'Open shift'}, {hours_and_day(shift, at)}: {message}", field="")

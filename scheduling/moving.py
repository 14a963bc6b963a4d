"""Moving and copying on the board: the same wall-clock times on another day, for somebody else or nobody; one or several
shifts at once. The way back is `undoing`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

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
    standing_concerns,
)
from scheduling.models import AcceptedWarning, RosterWeek, Shift
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
class Why:
    """The reason that somebody gave for a concern."""

    reason: str
    by_id: int
    at: datetime


@dataclass(frozen=True)
class Stood:
    """What spoke against a shift before it was changed, and why it was planned all the same, where somebody was asked."""

    code: str
    message: str
    why: Why | None = None

    @classmethod
    def of(cls, row: AcceptedWarning) -> Stood:
        return cls(row.code, row.message, Why(row.reason, row.by_id, row.at))


def as_they_stand(shifts: Sequence[Shift], at: datetime) -> dict[UUID, tuple[Stood, ...]]:
    """{shift: what speaks against it as it is planned, with the reasons that were given for this version of it}.

    As many queries for many as for one.
    """
    found: dict[UUID, dict[tuple[str, str], Stood]] = {
        pk: {(one.code, one.message): Stood(one.code, one.message) for one in concerns}
        for pk, concerns in standing_concerns(shifts, at).items()
    }
    for row in AcceptedWarning.objects.filter(shift__in=shifts, shift_version=F("shift__version")):
        found[row.shift_id][row.code, row.message] = Stood.of(row)
    return {pk: tuple(stood.values()) for pk, stood in found.items()}


@dataclass(frozen=True)
class Done:
    """What was done to a shift, and what it was before: what there is to undo."""

    shift_id: UUID
    version: int  # after it was done
    before: Plan | None  # None: it was made
    gone: bool = False  # it was deleted
    line: int | None = None  # of which template it came, and where in it
    place: int = 0
    stood: tuple[Stood, ...] = ()  # what spoke against it before

    @classmethod
    def deleted(cls, shift: Shift, version: int, stood: tuple[Stood, ...] = ()) -> Done:
        """That the shift, which was at this version, is deleted."""
        return cls(shift.pk, version + 1, Plan.of(shift), True, shift.template_line_id, shift.template_place, stood)


def replan_shift(
    shift: Shift, plan: Plan, *, version: int, by: User, at: datetime, reason: str = ""
) -> tuple[Shift, Done]:
    """Make a shift what the plan says, with the way back."""
    before, stood = Plan.of(shift), as_they_stand([shift], at)[shift.pk]
    after = change_shift(shift, plan, version=version, by=by, at=at, reason=reason)
    return after, Done(after.pk, after.version, before, stood=stood)


def remove_shift(shift: Shift, *, version: int, by: User, at: datetime) -> Done:
    """Delete a shift, with the way back."""
    done = Done.deleted(shift, version, as_they_stand([shift], at)[shift.pk])
    delete_shift(shift, version=version, by=by, at=at)
    return done


def place_shift(
    shift: Shift, *, day: date, staff: User | None, version: int, by: User, at: datetime, reason: str = ""
) -> tuple[Shift, Done]:
    """Put a shift on a day, for somebody or open."""
    return replan_shift(shift, placed(Plan.of(shift), day, staff), version=version, by=by, at=at, reason=reason)


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
    stood = as_they_stand(left, at)  # before any of them changes
    if any(plan is not None and plan.start > shift.start for shift, plan in zip(left, wanted, strict=True)):
        left.reverse()  # the last one makes way for the one before it

    def one(shift: Shift, reason: str = reason) -> tuple[Shift, Done]:
        return _one(shift, change, seen[shift.pk], stood[shift.pk], by=by, at=at, reason=reason)

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


def _one(
    shift: Shift, change: Aim, version: int, stood: tuple[Stood, ...], *, by: User, at: datetime, reason: str
) -> tuple[Shift, Done]:
    before = Plan.of(shift)
    wanted = change(before)
    if wanted is None:
        done = Done.deleted(shift, version, stood)
        delete_shift(shift, version=version, by=by, at=at)
        return shift, done
    after = change_shift(shift, wanted, version=version, by=by, at=at, reason=reason)
    return after, Done(after.pk, after.version, before, stood=stood)


def _together(refusals: Sequence[tuple[Shift, Refused]], at: datetime) -> Refused:
    """One refusal with every reason of each. What needs a reason is said once nothing else stands against it."""
    against = [(shift, error) for shift, error in refusals if not isinstance(error, NeedsReason)]
    reasons = [of_shift(one, shift, at) for shift, error in against for one in error.verdict.reasons]
    if not reasons:
        concerns = [of_shift(one, shift, at) for shift, error in refusals for one in error.verdict.reasons[:-1]]
        return NeedsReason(concerns)
    kind = Conflict if all(isinstance(error, Conflict) for _, error in against) else Refused
    return kind(Verdict.of(reasons))


def of_shift(reason: Reason, shift: Shift, at: datetime) -> Reason:
    """The reason with the shift that it is about, for where several are spoken of."""
    message = reason.message.removesuffix(f" {NOTHING_CHANGED}")
    return replace(reason, message=f"{shift.staff or 'Open shift'}, {hours_and_day(shift, at)}: {message}", field="")

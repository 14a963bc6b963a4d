"""Moving and copying on the board: the same wall-clock times on another day, for somebody else or nobody; one or several
shifts at once, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import transaction

from accounts.models import Clinic, Skill, User
from intranet.core.access import Conflict, Reason, Refused, Verdict, require
from intranet.core.time import local_day
from intranet.core.wording import counted
from scheduling.assigning import (
    NOTHING_CHANGED,
    NeedsReason,
    change_shift,
    create_shift,
    delete_shift,
    lock_people,
    lock_weeks_by_id,
)
from scheduling.models import Shift
from scheduling.plans import Plan
from scheduling.positions import Position
from scheduling.times import hours_and_day, shift_span

UNDO_SALT = "scheduling.moving.undo"
UNDO_FOR = timedelta(hours=1)


def on_day(plan: Plan, day: date) -> Plan:
    """The same shift on another day, at the same wall-clock times, whatever the clocks do between."""
    zone = plan.clinic.zone
    starts, ends = (moment.astimezone(zone).time() for moment in plan.span)
    start, end = shift_span(day, starts, ends, zone)
    return replace(plan, start=start, end=end)


def copy_shift(shift: Shift, *, day: date, staff: User | None, by: User, at: datetime, reason: str = "") -> Shift:
    """Make a shift like this one on a day, for somebody or open."""
    plan = replace(on_day(Plan.of(shift), day), staff=staff)
    return create_shift(plan, by=by, at=at, reason=reason)


@dataclass(frozen=True)
class Done:
    """What was done to a shift, and what it was before: what there is to undo."""

    shift_id: UUID
    version: int  # after it was done
    before: Plan | None  # None: it was made
    gone: bool = False  # it was deleted


@transaction.atomic
def change_several(
    seen: Mapping[UUID, int],
    change: Callable[[Plan], Plan | None],
    *,
    by: User,
    at: datetime,
    reason: str = "",
) -> list[Done]:
    """Change each of the shifts, of which `seen` gives the version that the person saw; all of them, or none.

    `change` gives what a shift should be, None to delete it. Every refusal of every shift is said at once.
    """
    found = list(
        Shift.objects.visible_to(by)
        .planned()
        .select_related("clinic", "week__clinic", "staff", "skill")
        .filter(pk__in=seen)
    )
    if {shift.pk for shift in found} != set(seen):
        raise Conflict.because(
            "changed-meanwhile", f"One of these shifts is gone. Look at the board again. {NOTHING_CHANGED}"
        )
    _lock(found, change)
    done, reasons, concerns = [], [], []
    for shift in sorted(found, key=lambda one: (one.start, str(one.pk))):
        before, wanted = Plan.of(shift), change(Plan.of(shift))
        try:
            with transaction.atomic():
                done.append(_one(shift, before, wanted, seen[shift.pk], by=by, at=at, reason=reason))
        except NeedsReason as refused:
            concerns += [_of_shift(one, shift, at) for one in refused.verdict.reasons[:-1]]
        except Refused as refused:
            reasons += [_of_shift(one, shift, at) for one in refused.verdict.reasons]
    require(Verdict.of(reasons))
    if concerns:
        raise NeedsReason(concerns)
    return done


def _lock(shifts: Sequence[Shift], change: Callable[[Plan], Plan | None]) -> None:
    """Everything at once, in the order in which all actions lock."""
    lock_weeks_by_id({shift.week_id for shift in shifts})
    after = [plan.staff for shift in shifts if (plan := change(Plan.of(shift))) is not None]
    lock_people([*after, *(shift.staff for shift in shifts)])


def _one(shift: Shift, before: Plan, wanted: Plan | None, version: int, *, by: User, at: datetime, reason: str) -> Done:
    if wanted is None:
        delete_shift(shift, version=version, by=by, at=at)
        return Done(shift.pk, version + 1, before, gone=True)
    after = change_shift(shift, wanted, version=version, by=by, at=at, reason=reason)
    return Done(after.pk, after.version, before)


def _of_shift(reason: Reason, shift: Shift, at: datetime) -> Reason:
    return replace(
        reason, message=f"{shift.staff or 'Open shift'}, {hours_and_day(shift, at)}: {reason.message}", field=""
    )


@transaction.atomic
def undo(done: Iterable[Done], *, by: User, at: datetime) -> int:
    """Make each shift what it was before; Conflict when somebody has changed one since. How many there were.

    What was accepted then is accepted again: it goes back to what somebody had decided.
    """
    steps = list(done)
    kept = {one.shift_id: one for one in steps if not one.gone}
    shifts = Shift.objects.visible_to(by).planned().select_related("clinic", "week__clinic", "staff", "skill")
    found = {shift.pk: shift for shift in shifts.filter(pk__in=kept)}
    if found.keys() != kept.keys():
        raise Conflict.because("changed-meanwhile", f"Somebody deleted the shift since. {NOTHING_CHANGED}")
    for one in reversed(steps):
        if one.gone and one.before is not None:
            create_shift(one.before, by=by, at=at, reason="Undone.")
        elif one.before is None:
            delete_shift(found[one.shift_id], version=one.version, by=by, at=at)
        else:
            change_shift(found[one.shift_id], one.before, version=one.version, by=by, at=at, reason="Undone.")
    return len(steps)


def ticket(done: Sequence[Done], *, by: User) -> str:
    """What the Undo button sends back: signed, for this person, for an hour."""
    return signing.dumps({"by": by.pk, "done": [_packed(one) for one in done]}, salt=UNDO_SALT, compress=True)


def from_ticket(text: str, *, by: User) -> list[Done]:
    """What a ticket holds; Refused when it is too old, another person's or not ours."""
    too_late = "This can be undone for an hour. Change it on the board instead."
    try:
        packed = signing.loads(text, salt=UNDO_SALT, max_age=UNDO_FOR)
    except signing.BadSignature:
        raise Refused.because("too-late", too_late) from None
    if packed["by"] != by.pk:
        raise Refused.because("too-late", too_late)
    return [_unpacked(one) for one in packed["done"]]


def _packed(one: Done) -> dict[str, Any]:
    plan = one.before
    before = plan and {
        "clinic": plan.clinic.pk,
        "position": plan.position.value,
        "start": plan.start.isoformat(),
        "end": plan.end.isoformat(),
        "staff": plan.staff and plan.staff.pk,
        "skill": plan.skill and plan.skill.pk,
        "break_minutes": plan.break_minutes,
        "note": plan.note,
    }
    return {"shift": str(one.shift_id), "version": one.version, "gone": one.gone, "before": before}


def _unpacked(packed: dict[str, Any]) -> Done:
    values = packed["before"]
    plan = values and Plan(
        clinic=Clinic.objects.get(pk=values["clinic"]),
        position=Position(values["position"]),
        start=datetime.fromisoformat(values["start"]),
        end=datetime.fromisoformat(values["end"]),
        staff=User.objects.filter(pk=values["staff"]).first(),
        skill=Skill.objects.filter(pk=values["skill"]).first(),
        break_minutes=values["break_minutes"],
        note=values["note"],
    )
    return Done(UUID(packed["shift"]), packed["version"], plan, packed["gone"])


def said(done: Sequence[Done], words: str) -> str:
    """`3 shifts moved.`"""
    return f"{counted(len(done), 'shift')} {words}."


def days_between(plan: Plan, day: date) -> timedelta:
    return day - local_day(plan.start, plan.clinic.zone)

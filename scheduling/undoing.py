"""The way back from what was done on the board: a ticket that its page hands out, and hands in again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import transaction

from accounts.models import Clinic, Skill, User
from intranet.core.access import Conflict, Reason, Refused, Verdict
from scheduling.assigning import (
    NOTHING_CHANGED,
    change_shift,
    create_shift,
    delete_shift,
    restore_shift,
    standing_concerns,
)
from scheduling.models import AcceptedWarning, Shift, TemplateLine
from scheduling.moving import Done, Stood, Why, lock_all, of_shift
from scheduling.plans import Plan
from scheduling.positions import Position

SALT = "scheduling.undoing"
UNDO_FOR = timedelta(hours=1)
TOO_LATE = "This can be undone for an hour. Change it on the board instead."
UNDECIDED = f"Nobody has decided about this. Make the change by hand and say why. {NOTHING_CHANGED}"


@transaction.atomic
def undo(done: Iterable[Done], *, by: User, at: datetime) -> list[tuple[Shift, Shift | None]]:
    """Make each shift what it was before, the last change first: (as it was until now, as it is again).

    Refused when somebody has changed one since, when something else has come in its place, or when something speaks
    against one that did not before; then nothing is undone.
    """
    steps = list(reversed(list(done)))
    known = Shift.objects.visible_to(by).select_related("clinic", "week__clinic", "staff", "skill")
    shifts = known.filter(pk__in=[one.shift_id for one in steps])
    lock_all(shifts, [one.before for one in steps])
    found = {shift.pk: shift for shift in shifts.all()}  # as they are now that nobody changes them
    undone = [_undo_one(one, found.get(one.shift_id), by=by, at=at) for one in steps]
    _accept_as_before([(one, again) for one, (_, again) in zip(steps, undone, strict=True) if again is not None], at)
    return undone


def _undo_one(one: Done, shift: Shift | None, *, by: User, at: datetime) -> tuple[Shift, Shift | None]:
    if one.gone and one.before is not None:
        if shift is None:
            line = TemplateLine.objects.filter(pk=one.line).first() if one.line else None
            again = create_shift(one.before, by=by, at=at, line=line, place=one.place, key=one.shift_id, asks=False)
        else:
            again = restore_shift(shift, version=one.version, by=by, at=at)
        return again, again
    if shift is None:
        raise Conflict.because("deleted-meanwhile", f"Somebody deleted the shift since. {NOTHING_CHANGED}")
    if one.before is None:
        delete_shift(shift, version=one.version, by=by, at=at)
        return shift, None
    return shift, change_shift(shift, one.before, version=one.version, by=by, at=at, asks=False)


def _accept_as_before(back: Sequence[tuple[Done, Shift]], at: datetime) -> None:
    """Write the reasons again that had been given for the shifts as they are again. Refused when there is a new concern.

    They are looked at once all of them are back: before, each lacks what the others say about it. In other words it is
    another concern, as everywhere. What stood there without a reason, since no rule asked then, is as it was.
    """
    back = [(one, shift) for one, shift in back if shift.version != one.version]  # the others never changed
    new = _new_concerns(back, at)
    if new:
        raise Refused(Verdict.of([*new, Reason("undecided", UNDECIDED)]))
    rows = [_accepted_again(shift, stood, stood.why) for one, shift in back for stood in one.stood if stood.why]
    AcceptedWarning.objects.bulk_create(rows)


def _new_concerns(back: Sequence[tuple[Done, Shift]], at: datetime) -> list[Reason]:
    """What speaks against the shifts and did not before; once for each person, however many of their shifts say it."""
    now = standing_concerns([shift for _, shift in back], at)
    new: dict[tuple[int | None, str, str], Reason] = {}
    for one, shift in back:
        known = {(stood.code, stood.message) for stood in one.stood}
        for concern in now[shift.pk]:
            if (concern.code, concern.message) not in known:
                new.setdefault((shift.staff_id, concern.code, concern.message), of_shift(concern, shift, at))
    return list(new.values())


def _accepted_again(shift: Shift, stood: Stood, why: Why) -> AcceptedWarning:
    row = AcceptedWarning(shift=shift, shift_version=shift.version, code=stood.code, message=stood.message)
    row.reason, row.by_id, row.at = why.reason, why.by_id, why.at
    return row


def ticket(done: Sequence[Done], *, by: User) -> str:
    """What the Undo button sends back: signed, for this person, for an hour. It holds no space."""
    return signing.dumps({"by": by.pk, "done": [_packed(one) for one in done]}, salt=SALT, compress=True)


def from_ticket(text: str, *, by: User) -> list[Done]:
    """What a ticket holds; Refused when it is too old, another person's or not ours. Three queries."""
    try:
        packed = signing.loads(text, salt=SALT, max_age=UNDO_FOR)
    except signing.BadSignature:
        raise Refused.because("too-late", TOO_LATE) from None
    if packed["by"] != by.pk:
        raise Refused.because("too-late", TOO_LATE)
    plans = [one["before"] for one in packed["done"] if one["before"]]
    clinics = Clinic.objects.in_bulk({plan["clinic"] for plan in plans})
    people = User.objects.in_bulk({plan["staff"] for plan in plans} - {None})
    skills = Skill.objects.in_bulk({plan["skill"] for plan in plans} - {None})
    return [_unpacked(one, clinics, people, skills) for one in packed["done"]]


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
    came = {"line": one.line, "place": one.place, "stood": [_packed_concern(stood) for stood in one.stood]}
    return {"shift": str(one.shift_id), "version": one.version, "gone": one.gone, "before": before} | came


def _unpacked(
    packed: dict[str, Any], clinics: dict[int, Clinic], people: dict[int, User], skills: dict[int, Skill]
) -> Done:
    values = packed["before"]
    plan = values and Plan(
        clinic=clinics[values["clinic"]],
        position=Position(values["position"]),
        start=datetime.fromisoformat(values["start"]),
        end=datetime.fromisoformat(values["end"]),
        staff=people[values["staff"]] if values["staff"] else None,
        skill=skills[values["skill"]] if values["skill"] else None,
        break_minutes=values["break_minutes"],
        note=values["note"],
    )
    return Done(
        UUID(packed["shift"]),
        packed["version"],
        plan,
        packed["gone"],
        packed["line"],
        packed["place"],
        tuple(_unpacked_concern(stood) for stood in packed["stood"]),
    )


def _packed_concern(stood: Stood) -> list[Any]:
    why = stood.why
    return [stood.code, stood.message, *([why.reason, why.by_id, why.at.isoformat()] if why else [])]


def _unpacked_concern(packed: list[Any]) -> Stood:
    code, message, *why = packed
    return Stood(code, message, Why(why[0], why[1], datetime.fromisoformat(why[2])) if why else None)

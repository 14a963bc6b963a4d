"""Shifts ahead whose holder may not work them any more: looked for every hour, and as a clinic's day begins.

Facts change after a shift is given out: a competency is ended, a licence runs out, a protocol gets a new version or is
suspended, a role ends. `eligibility.attention` says what is true; here it is written down once, so that the person and
the managers are told once. What is written down is over as soon as it is right again or the shift is another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from accounts.models import Clinic
from intranet.core.access import Verdict
from intranet.core.time import local_day
from intranet.reminders.runs import Clock
from scheduling.eligibility import attention
from scheduling.models import ClearanceSweep, LostClearance, Shift, ShiftState

# Papers end with a day, so that most is found as it begins. A competency that is ended at noon, or a paper that turns out
# to have ended long ago, is not left until the next one.
AGAIN = timedelta(hours=1)


def look_after(clock: Clock, stopping: Callable[[], bool]) -> Counter[str]:
    """As a step of the tick; whoever is concerned is told by the next one."""
    at = clock()
    return Counter({"clearances_right_again": settle(at), "clearances_lost": look_through_all(at)})


def look_through_all(at: datetime) -> int:
    """Look through the shifts ahead of every clinic that was not looked through on its day within the hour. How many it
    found."""
    days = {clinic: local_day(at, clinic.zone) for clinic in Clinic.objects.all()}
    if not days:
        return 0
    recent = ClearanceSweep.objects.filter(on__gte=min(days.values()), at__gt=at - AGAIN)
    done = set(recent.values_list("clinic", "on"))
    return sum(look_through(clinic, on, at) for clinic, on in days.items() if (clinic.pk, on) not in done)


@transaction.atomic
def look_through(clinic: Clinic, on: date, at: datetime) -> int:
    """Write down who may not work a shift ahead at the clinic any more, and that it was looked through: both or none.

    Whoever comes while another looks has nothing to do. As many queries for many shifts as for one.
    """
    free = Clinic.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=clinic.pk)
    sweep = ClearanceSweep.objects.filter(clinic=clinic, on=on)
    if not free or sweep.filter(at__gt=at - AGAIN).exists():
        return 0
    shifts = list(_ahead(clinic, at))
    found = _write_down(shifts, attention(shifts, at), at)
    if not sweep.update(at=at, found=F("found") + found):
        ClearanceSweep.objects.create(clinic=clinic, on=on, at=at, found=found)
    return found


def _ahead(clinic: Clinic, at: datetime) -> Iterable[Shift]:
    """The shifts to come that somebody has, published or not."""
    coming = Shift.objects.planned().filter(clinic=clinic, staff__isnull=False, period__startswith__gt=at)
    return coming.select_related("clinic", "staff", "skill")


def _write_down(shifts: Sequence[Shift], unfit: dict[Any, Verdict], at: datetime) -> int:
    """A row for each shift and person, unless there is one that says so; when something else stands against it, another.

    Compared are the sentences: two licences share a code. When less stands against it, the row says so: that is no news.
    """
    rows = LostClearance.objects.open().select_for_update(of=("self",)).filter(shift__in=unfit)
    known = {(row.shift_id, row.person_id): row for row in rows}
    new, fewer = [], []
    for shift in shifts:
        if shift.pk not in unfit or shift.staff is None:
            continue
        reasons = _plain(unfit[shift.pk])
        before = known.get((shift.pk, shift.staff.pk))
        if before is None or not {reason["message"] for reason in reasons} <= set(before.words):
            new.append(LostClearance(shift=shift, person=shift.staff, reasons=reasons, found_at=at))
        elif reasons != before.reasons:
            before.reasons = reasons
            fewer.append(before)
    LostClearance.objects.bulk_update(fewer, ["reasons"])
    _end((known[key] for one in new if (key := (one.shift_id, one.person_id)) in known), at)
    return len(LostClearance.objects.bulk_create(new))


@transaction.atomic
def settle(at: datetime) -> int:
    """End what is right again, and what was found of shifts that have begun or are somebody else's by now. How many.

    Asked by every tick, so that nobody is told of what they have put right. One query while nothing was found.
    """
    rows = LostClearance.objects.open().select_for_update(of=("self",), skip_locked=True)
    found = list(rows.select_related("shift__clinic", "shift__staff", "shift__skill"))
    unfit = attention((row.shift for row in found if _is_held(row, at)), at)
    return _end((row for row in found if row.shift_id not in unfit or not _is_held(row, at)), at)


def _is_held(row: LostClearance, at: datetime) -> bool:
    """Whether it is still the person's shift, and to come."""
    shift = row.shift
    return shift.state == ShiftState.PLANNED and shift.staff_id == row.person_id and shift.start > at


def _end(rows: Iterable[LostClearance], at: datetime) -> int:
    ids = [row.pk for row in rows]
    return LostClearance.objects.open().filter(pk__in=ids).update(over_at=at) if ids else 0


def _plain(verdict: Verdict) -> list[dict[str, str]]:
    return [{"code": reason.code, "message": reason.message} for reason in verdict.reasons]

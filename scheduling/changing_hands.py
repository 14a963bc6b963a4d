"""One or two published shifts change hands at once: claimed, given, swapped, handed back, or freed by time off.

Plan and published copy change in one transaction, and everybody concerned is told by a publication of these shifts alone.
Locks are taken as everywhere: weeks, people, shifts, each by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import BigIntegerField, Case, F, Value, When
from django.db.models.functions import Cast

from accounts.models import User
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Reason, Refused, Verdict, require
from scheduling.assigning import CLASHES, NOTHING_CHANGED, NeedsReason, lock_people, lock_weeks_by_id
from scheduling.eligibility import gather, meal_verdict
from scheduling.models import AcceptedWarning, Occasion, Publication, PublishedShift, RosterWeek, Shift
from scheduling.pending import pending_by_week
from scheduling.plans import Plan
from scheduling.rules import Concern
from scheduling.showing import show

NOT_AS_PUBLISHED = "The managers are changing this shift. Wait until they have published it."


def verdict_on(new_holders: Mapping[Shift, User | None], at: datetime) -> Verdict:
    """What speaks against these people having these shifts instead of those that they give away.

    `new_holders`: {shift: who has it then, None for nobody}. Every reason of everybody, with their names.
    """
    verdict = YES
    for shift, person in new_holders.items():
        if person is None:
            continue
        plan = Plan.of(shift)
        evidence = gather(plan, [person], shift_id=shift.pk, leaving=[one.pk for one in new_holders])
        verdict += evidence.verdict(person, at) + meal_verdict(plan, evidence.rules)
    return verdict


def concerns_in(verdict: Verdict) -> list[Reason]:
    return [warning for warning in verdict.warnings if isinstance(warning, Concern)]


@transaction.atomic
def change_hands(
    new_holders: Mapping[Shift, User | None],
    sequences: Mapping[UUID, int],
    *,
    by: User,
    at: datetime,
    occasion: Occasion,
    reason: str = "",
) -> list[Publication]:
    """Give each shift to its new holder, in the plan and in what staff see, or refuse with all reasons.

    `sequences` are those of the published shifts that everybody agreed about: Conflict when one was published anew, when
    the managers are changing it, or when somebody was quicker. Whether `by` may decide is the caller's question.
    NeedsReason when there are concerns and no reason is given.
    """
    weeks = lock_weeks_by_id({shift.week_id for shift in new_holders})
    lock_people([*new_holders.values(), *(shift.staff for shift in new_holders)])
    shifts = _as_agreed(list(new_holders), sequences, at)
    holders = {shifts[old.pk]: person for old, person in new_holders.items()}
    verdict = verdict_on(holders, at)
    require(verdict, Conflict if _clashes(verdict) else Refused)
    concerns = concerns_in(verdict)
    if concerns and not reason.strip():
        raise NeedsReason(concerns)
    _write(holders, by=by, at=at)
    _accept(holders, reason.strip(), by=by, at=at)
    for week in weeks:
        week.version += 1
        week.save(update_fields=["version"])
    return _tell(list(holders), by=by, at=at, occasion=occasion, reason=reason.strip())


def _as_agreed(found: Sequence[Shift], sequences: Mapping[UUID, int], at: datetime) -> dict[UUID, Shift]:
    """The shifts as they are now, locked, when staff see them as they are planned and as was agreed."""
    ids = [shift.pk for shift in found]
    locked = Shift.objects.planned().select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    shifts = {one.pk: one for one in locked.select_related("clinic", "week__clinic", "staff", "skill")}
    published = {one.shift_id: one for one in PublishedShift.objects.standing().filter(shift__in=ids)}
    for pk in ids:
        shift, seen = shifts.get(pk), published.get(pk)
        if shift is None or seen is None or seen.sequence != sequences[pk]:
            raise Conflict.because("changed-meanwhile", f"This shift was changed meanwhile. {NOTHING_CHANGED}")
        if shift.start <= at:
            raise Refused.because("begun", f"This shift has begun. {NOTHING_CHANGED}")
    if any(
        change.shift.pk in shifts for changes in pending_by_week(_weeks(shifts.values())).values() for change in changes
    ):
        raise Conflict.because("not-as-published", f"{NOT_AS_PUBLISHED} {NOTHING_CHANGED}")
    return shifts


def _weeks(shifts: Iterable[Shift]) -> list[RosterWeek]:
    return list({shift.week_id: shift.week for shift in shifts}.values())


def _write(holders: Mapping[Shift, User | None], *, by: User, at: datetime) -> None:
    """All shifts in one statement: the database looks for double bookings when both have their new holder."""
    whens = [When(pk=shift.pk, then=Value(person.pk if person else None)) for shift, person in holders.items()]
    staff = Cast(Case(*whens), BigIntegerField())  # without it, nobody at all would be a text to the database
    changed = {"version": F("version") + 1, "changed_by": by, "changed_at": at}
    try:
        with transaction.atomic():
            rows = Shift.objects.filter(pk__in=[shift.pk for shift in holders])
            rows.update(staff=staff, **changed)
    except IntegrityError as error:
        name = error.__cause__.diag.constraint_name  # type: ignore[union-attr]  # psycopg's error is always the cause
        if name not in CLASHES | {"shift_holder_is_competent"}:
            raise
        raise Conflict.because("changed-meanwhile", f"Somebody was quicker. {NOTHING_CHANGED}") from error
    for shift, person in holders.items():
        before, shift.staff, shift.version = shift.staff, person, shift.version + 1
        record(by, "shift.changed", shift, clinics=[shift.clinic_id], staff=[str(before or ""), str(person or "")])


def _accept(holders: Mapping[Shift, User | None], reason: str, *, by: User, at: datetime) -> None:
    """Write down what was agreed to all the same, shift by shift."""
    AcceptedWarning.objects.bulk_create(
        AcceptedWarning(
            shift=shift,
            shift_version=shift.version,
            code=one.code,
            message=one.message,
            reason=reason,
            by=by,
            at=at,
        )
        for shift, person in holders.items()
        if reason and person
        for one in concerns_in(verdict_on({shift: person}, at))
    )


def _tell(shifts: Sequence[Shift], *, by: User, at: datetime, occasion: Occasion, reason: str) -> list[Publication]:
    """One publication of these shifts for each week that they are in."""
    ids = {shift.pk for shift in shifts}
    weeks = _weeks(shifts)
    pending = pending_by_week(weeks)
    own = [(week, [change for change in pending[week.pk] if change.shift.pk in ids]) for week in weeks]
    return [show(week, found, by=by, at=at, occasion=occasion, reason=reason) for week, found in own if found]


def _clashes(verdict: Verdict) -> bool:
    return any(one.code in {"double-booking", "travel", "time-off"} for one in verdict.reasons)

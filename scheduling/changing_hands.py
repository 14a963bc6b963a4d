"""One or two published shifts change hands at once: claimed, given, swapped or handed back.

Plan and published copy change in one transaction, and everybody concerned is told by a publication of these shifts alone.
Locks are taken as everywhere: weeks, people, shifts, each by id. Between people and shifts come the days on which
assistants and therapists work, at whichever clinic: whether somebody is left alone is decided one change after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import BigIntegerField, Case, F, Value, When
from django.db.models.functions import Cast

from accounts.models import User
from intranet.audit.recording import record
from intranet.core.access import Conflict, Refused, Verdict, require
from scheduling.assigning import CLASHES, NOTHING_CHANGED, NeedsReason, lock_people, lock_weeks_by_id
from scheduling.handovers import Handover, Outcome, judge
from scheduling.models import AcceptedWarning, Occasion, Publication, PublishedShift, RosterWeek, Shift, ShiftDetails
from scheduling.pending import pending_by_week
from scheduling.publishing import double_publications
from scheduling.rules import concerns_in
from scheduling.showing import show
from scheduling.supervising import CONCERNED
from scheduling.times import days_touched

SUPERVISED_DAY = 7_200_010  # the first half of an advisory lock’s key; the second is the day
STILL_PUBLISHED = "One of them is still published for another shift at that time. Publish that change first."
NOT_AS_PUBLISHED = "The managers are changing this shift. Wait until they have published it."


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
    lock_supervised_days(new_holders)
    shifts = _as_agreed(list(new_holders), sequences, at)
    holders = {shifts[old.pk]: person for old, person in new_holders.items()}
    [outcome] = judge([Handover(list(holders.items()))], at)
    reason = reason.strip()
    require_agreeable(outcome, reason)
    _write(holders, by=by, at=at)
    _accept(outcome, [shift for shift, person in holders.items() if person], reason, by=by, at=at)
    for week in weeks:
        week.version += 1
        week.save(update_fields=["version"])
    return _tell(list(holders), by=by, at=at, occasion=occasion, reason=reason)


def lock_supervised_days(shifts: Iterable[ShiftDetails]) -> None:
    """Until the end of the transaction nobody else changes the hands of a therapist's or an assistant's shift of these
    days. After weeks and people, before shifts; may be asked for again."""
    worked = [shift for shift in shifts if shift.position in CONCERNED]
    days = {day for shift in worked for day in days_touched((shift.start, shift.end), shift.clinic.zone)}
    with connection.cursor() as cursor:
        for day in sorted(days):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [SUPERVISED_DAY, day.toordinal()])


def require_agreeable(outcome: Outcome, reason: str) -> None:
    """Refuse what cannot be; and what speaks against it without barring it, unless there is a reason."""
    require(outcome.verdict, Conflict if _clashes(outcome.verdict) else Refused)
    if outcome.concerns and not reason.strip():
        raise NeedsReason(outcome.concerns, "Say why you agree all the same.")


def _as_agreed(found: Sequence[Shift], sequences: Mapping[UUID, int], at: datetime) -> dict[UUID, Shift]:
    """The shifts as they are now, locked, when staff see them as they are planned and as was agreed."""
    ids = [shift.pk for shift in found]
    locked = Shift.objects.planned().select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    shifts = {one.pk: one for one in locked.select_related("clinic", "week__clinic", "staff", "skill")}
    published = PublishedShift.objects.standing().filter(shift__in=ids)
    seen = dict(published.values_list("shift_id", "sequence"))
    for pk in ids:
        if pk not in shifts or seen.get(pk) != sequences[pk]:
            raise Conflict.because("changed-meanwhile", f"This shift was changed meanwhile. {NOTHING_CHANGED}")
        if shifts[pk].start <= at:
            raise Refused.because("begun", f"This shift has begun. {NOTHING_CHANGED}")
    if published.as_planned().count() < len(ids):
        raise Conflict.because("not-as-published", f"{NOT_AS_PUBLISHED} {NOTHING_CHANGED}")
    return shifts


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


def _accept(outcome: Outcome, shifts: Sequence[Shift], reason: str, *, by: User, at: datetime) -> None:
    """Write down what was agreed to all the same, shift by shift: at those of whoever gets one, and of assistants."""
    accepted = [(shift, one) for gain, shift in zip(outcome.gains, shifts, strict=True) for one in gain.concerns]
    lone = {one.shift.planned_id: concerns_in(one.verdict) for one in outcome.alone}
    still_there = Shift.objects.planned().select_for_update(of=("self",), no_key=True).filter(pk__in=lone)
    accepted += [(shift, one) for shift in still_there.order_by("pk") for one in lone[shift.pk]]
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
        for shift, one in accepted
    )


def _weeks(shifts: Iterable[Shift]) -> list[RosterWeek]:
    return list({shift.week_id: shift.week for shift in shifts}.values())


def _tell(shifts: Sequence[Shift], *, by: User, at: datetime, occasion: Occasion, reason: str) -> list[Publication]:
    """One publication of these shifts for each week that they are in."""
    ids = {shift.pk for shift in shifts}
    weeks = _weeks(shifts)
    pending = pending_by_week(weeks)
    own = [(week, [change for change in pending[week.pk] if change.shift.pk in ids]) for week in weeks]
    require(Verdict.of(double_publications([change for _, found in own for change in found], at)), Conflict)
    with _double_bookings_looked_for_at_the_end():
        return [show(week, found, by=by, at=at, occasion=occasion, reason=reason) for week, found in own if found]


@contextmanager
def _double_bookings_looked_for_at_the_end() -> Iterator[None]:
    """Shifts of two weeks that are swapped are shown one after the other: in between somebody has both."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS no_published_double_booking DEFERRED")
        yield
        try:
            with transaction.atomic():
                cursor.execute("SET CONSTRAINTS no_published_double_booking IMMEDIATE")
        except IntegrityError as error:
            raise Conflict.because("still-published-elsewhere", f"{STILL_PUBLISHED} {NOTHING_CHANGED}") from error


def _clashes(verdict: Verdict) -> bool:
    return any(one.code in {"double-booking", "travel", "time-off"} for one in verdict.reasons)

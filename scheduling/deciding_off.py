"""Time off, by the managers who decide: what it would change, and an answer with a decision about every shift it hits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import Clinic, User
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Reason, Refused, Verdict, require
from intranet.core.time import organisation_day
from intranet.core.wording import counted, name_list
from scheduling.asking_off import as_seen, blackouts_in, clinic_ids, keep
from scheduling.assigning import NOTHING_CHANGED, lock_people, lock_weeks_by_id, make_open, may_edit
from scheduling.changing_hands import change_hands
from scheduling.coverage import DayCoverage, Demand, Gap, by_day
from scheduling.deciders import who_decides
from scheduling.models import Occasion, PublishedShift, RosterWeek, Shift, TimeOff, TimeOffState
from scheduling.pending import change_kind
from scheduling.supervising import left_alone
from scheduling.times import days_touched, planned_hours

A_DAY = timedelta(days=1)  # a night from Sunday reaches into the next week
# What stands at an assistant's shift, which other managers read; the answer itself is for the person alone.
GRANTED = "Decided together with a request."


def may_decide(time_off: TimeOff, by: User) -> Verdict:
    """Whoever the time off is entrusted to; to everybody else the sentence names them."""
    if time_off.person_id == by.pk:
        return Verdict.no("own", "Somebody else decides about your time off.")
    if TimeOff.objects.entrusted_to(by).filter(pk=time_off.pk).exists():
        return YES
    on = organisation_day(by.standing.at)
    return Verdict.no("not-yours-to-decide", who_decides(time_off.person, time_off.period, on))


@dataclass(frozen=True)
class Hit:
    """A planned shift in the days asked for. `seen` is what staff see of it, `obstacle` why it cannot be opened here."""

    shift: Shift
    seen: PublishedShift | None
    obstacle: Reason | None

    @property
    def seen_as_planned(self) -> bool:
        """Whether staff see it just so: then they see at once that it is open."""
        shown = self.seen is not None and self.seen.week_id == self.shift.week_id
        return shown and change_kind(self.seen, self.shift) is None


def shifts_hit(time_off: TimeOff) -> list[Shift]:
    """Planned shifts of the person that the time off touches, at every clinic, in order of time."""
    hit = Shift.objects.planned().filter(staff=time_off.person_id, period__overlap=time_off.period)
    return list(hit.select_related("clinic", "week__clinic", "staff", "skill", "changed_by").order_by("period", "pk"))


def hits(time_off: TimeOff, *, by: User, at: datetime) -> list[Hit]:
    """What has to be decided about. Two queries."""
    shifts = shifts_hit(time_off)
    seen = {one.shift_id: one for one in PublishedShift.objects.standing().filter(shift__in=shifts)}
    return [Hit(shift, seen.get(shift.pk), _obstacle(shift, by, at)) for shift in shifts]


def _obstacle(shift: Shift, by: User, at: datetime) -> Reason | None:
    when = planned_hours(shift, at)
    if not may_edit(shift.clinic, by):
        return Reason("elsewhere", f"{when}: the managers of {shift.clinic} decide about this shift first.")
    if shift.start <= at:
        return Reason("begun", f"{when}: this shift has begun. End it earlier on the roster, or decline.")
    return None


def gaps_without(shifts: Sequence[Shift]) -> list[Gap]:
    """Where people are missing only, or more of them, once nobody works these shifts; in order of time. Four queries."""
    if not shifts:
        return []
    clinics = {shift.clinic for shift in shifts}
    demand, gone = Demand.of(clinics), {shift.pk for shift in shifts}
    around = (min(shift.week.span[0] for shift in shifts), max(shift.week.span[1] for shift in shifts) + A_DAY)
    there = Shift.objects.planned().filter(clinic__in=clinics, staff__isnull=False, period__overlap=around)
    planned = by_day(there.select_related("clinic"))
    found = [
        gap
        for clinic, day in _days_of(shifts)
        for cover in demand.covers([clinic])
        for gap in _worse(
            demand.coverage(clinic, day, cover, planned[clinic.pk, day]),
            demand.coverage(clinic, day, cover, [one for one in planned[clinic.pk, day] if one.planned_id not in gone]),
        )
    ]
    return sorted(found, key=lambda gap: (gap.start, gap.clinic.number, gap.cover.key))


def _days_of(shifts: Sequence[Shift]) -> set[tuple[Clinic, date]]:
    return {
        (shift.clinic, day) for shift in shifts for day in days_touched((shift.start, shift.end), shift.clinic.zone)
    }


def _worse(before: DayCoverage, after: DayCoverage) -> Iterator[Gap]:
    known = before.gaps
    return (gap for gap in after.gaps if gap not in known)


def others_away(time_off: TimeOff, *, by: User) -> list[TimeOff]:
    """Time off of others in these days, granted or asked for, as far as `by` decides about it. One query."""
    others = TimeOff.objects.entrusted_to(by).alive().within(time_off.start, time_off.end)
    others = others.filter(person__is_active=True).exclude(person=time_off.person_id)
    return list(others.with_zone().select_related("person").order_by("period", "pk"))


@transaction.atomic
def approve_time_off(
    time_off: TimeOff, opened: Mapping[UUID, int], *, version: int, by: User, at: datetime, answer: str = ""
) -> TimeOff:
    """Grant it. The shifts in `opened` ({shift: version seen}) become open, also in what staff see.

    Conflict with a reason for each while a shift is left that is not among them: give it to somebody else before. So
    nobody loses a shift that no manager has looked at. Days without time off at a clinic, and assistants who would be
    left without a therapist, take an answer that says why.
    """
    require(may_decide(time_off, by), Forbidden)
    weeks = lock_weeks_by_id({shift.week_id for shift in shifts_hit(time_off)})
    lock_people([time_off.person])
    time_off = _undecided(time_off, version)
    found = hits(time_off, by=by, at=at)
    require(_all_decided(found, opened, weeks, at), Conflict)
    alone = alone_without([hit.shift for hit in found], at)
    require(_may_grant(time_off, alone, answer, at))
    _open(found, by=by, at=at, reason=GRANTED if alone.warnings else "")
    _answer(time_off, TimeOffState.APPROVED, answer, by=by, at=at)
    record(by, "time-off.approved", time_off, clinics=clinic_ids(time_off), opened=len(found))
    return time_off


def _all_decided(
    found: Sequence[Hit], opened: Mapping[UUID, int], weeks: Sequence[RosterWeek], at: datetime
) -> Verdict:
    free = [hit.shift for hit in found if hit.obstacle is None]
    left = [shift for shift in free if shift.pk not in opened or shift.week not in weeks]
    changed = [shift for shift in free if shift not in left and shift.version != opened[shift.pk]]
    verdict = Verdict.of(hit.obstacle for hit in found if hit.obstacle)
    if left:
        words = name_list([planned_hours(shift, at) for shift in left])
        verdict += Verdict.no("undecided", f"Decide about {counted(len(left), 'shift')} first: {words}.")
    return verdict + Verdict.of(
        Reason(
            "changed-meanwhile",
            f"{planned_hours(shift, at)}: {shift.changed_by or 'Somebody'} changed this shift. Decide again.",
        )
        for shift in changed
    )


def alone_without(shifts: Sequence[Shift], at: datetime) -> Verdict:
    """What the clinics' rules say about assistants without a therapist, once nobody works these shifts. Two queries."""
    [alone] = left_alone([[(shift, None) for shift in shifts]], Shift.objects.planned(), at)
    return sum((one.verdict for one in alone), YES)


def _may_grant(time_off: TimeOff, alone: Verdict, answer: str, at: datetime) -> Verdict:
    if time_off.end <= at:
        return Verdict.no("over", "These days are over.")
    verdict = Verdict.of(alone.reasons)
    concerns = [*blackouts_in(time_off.person, time_off.period, at), *alone.warnings]
    if concerns and not answer.strip():
        why = Reason("needs-reason", "Say why you grant it all the same.", "answer")
        verdict += Verdict.of([*concerns, why])
    return verdict


def _open(found: Sequence[Hit], *, by: User, at: datetime, reason: str) -> None:
    """What staff see as it is planned is taken from it at once. The rest they see with the next publication."""
    sequences = {hit.shift.pk: hit.seen.sequence for hit in found if hit.seen and hit.seen_as_planned}
    if sequences:
        nobody = {hit.shift: None for hit in found if hit.shift.pk in sequences}
        change_hands(nobody, sequences, by=by, at=at, occasion=Occasion.TIME_OFF, reason=reason)
    for hit in found:
        if hit.shift.pk not in sequences:
            make_open(hit.shift, version=hit.shift.version, by=by, at=at)


@transaction.atomic
def decline_time_off(time_off: TimeOff, *, version: int, by: User, at: datetime, answer: str) -> TimeOff:
    """Say no, and why."""
    require(may_decide(time_off, by), Forbidden)
    if not answer.strip():
        raise Refused.because("no-answer", "Say why, so that they can plan.", "answer")
    lock_people([time_off.person])
    time_off = _undecided(time_off, version)
    _answer(time_off, TimeOffState.DECLINED, answer, by=by, at=at)
    record(by, "time-off.declined", time_off, clinics=clinic_ids(time_off))
    return time_off


def _undecided(time_off: TimeOff, version: int) -> TimeOff:
    time_off = as_seen(time_off, version)
    if time_off.state != TimeOffState.REQUESTED:
        raise Conflict.because("decided", f"This is {time_off.get_state_display().lower()} already. {NOTHING_CHANGED}")
    return time_off


def _answer(time_off: TimeOff, state: TimeOffState, answer: str, *, by: User, at: datetime) -> None:
    time_off.state, time_off.decided_by, time_off.decided_at = state, by, at
    time_off.answer = " ".join(answer.split())
    try:
        with transaction.atomic():
            keep(time_off)
    except IntegrityError as error:
        if error.__cause__.diag.constraint_name != "no_shift_during_time_off":  # type: ignore[union-attr]
            raise
        words = f"{time_off.person.given_name} got a shift then meanwhile. {NOTHING_CHANGED}"
        raise Conflict.because("shift-meanwhile", words) from error

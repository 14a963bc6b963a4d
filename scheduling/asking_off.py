"""Time off: asked for by whoever needs it, granted or declined by a manager, who decides about every shift that it hits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Reason, Refused, Verdict, require
from intranet.core.time import at_local, day_span, local_day
from intranet.core.wording import counted, day_label, name_list
from scheduling.absences import days_touched
from scheduling.assigning import NOTHING_CHANGED, lock_people, lock_weeks_by_id, make_open
from scheduling.models import Blackout, Shift, TimeOff, TimeOffState
from scheduling.my_schedule import may_have_schedule
from scheduling.times import Span, planned_hours

LONGEST = timedelta(days=366)
FURTHEST = timedelta(days=2 * 366)


@dataclass(frozen=True)
class Wanted:
    """The days, or the part of one day, that somebody asks for."""

    first_day: date
    last_day: date
    starts: time | None = None
    ends: time | None = None
    reason: str = ""

    @property
    def whole_days(self) -> bool:
        return self.starts is None or self.ends is None

    def span(self, person: User) -> Span:
        """The moments, by the clocks of the person's clinic."""
        zone = person.zone
        if self.starts is None or self.ends is None:
            return day_span(self.first_day, zone)[0], day_span(self.last_day, zone)[1]
        return at_local(self.first_day, self.starts, zone), at_local(self.last_day, self.ends, zone)


def may_be_asked(wanted: Wanted, person: User, at: datetime) -> Verdict:
    """Whether the days make sense. Days without time off at a clinic of the person warn: the manager decides."""
    start, end = wanted.span(person)
    if end <= start:
        return Verdict.no("ends-before-it-begins", "The last day comes after the first one.", "last_day")
    verdict = YES
    if end <= at:
        verdict += Verdict.no("past", "These days are over. Talk to your manager.", "first_day")
    if end - start > LONGEST:
        verdict += Verdict.no("too-long", "Ask for a year at most.", "last_day")
    if start > at + FURTHEST:
        verdict += Verdict.no("too-far", "Ask for days within the next two years.", "first_day")
    return verdict + Verdict((), tuple(_blackouts(wanted, person, at)))


def _blackouts(wanted: Wanted, person: User, at: datetime) -> list[Reason]:
    clinics = Clinic.objects.filter(pk__in=person.standing.clinic_ids)
    days = (wanted.first_day, wanted.last_day + timedelta(days=1))
    today = local_day(at, person.zone)
    return [
        Reason("blackout", f"{one.clinic} grants no time off around {day_label(one.days.lower, today)}: {one.reason}.")
        for one in Blackout.objects.filter(clinic__in=clinics, days__overlap=days).select_related("clinic")
    ]


@transaction.atomic
def ask_for_time_off(wanted: Wanted, *, by: User, at: datetime) -> TimeOff:
    """Ask for time off; a manager of one of the person's clinics decides. Nobody has to say why or who covers."""
    require(may_have_schedule(by), Forbidden)
    require(may_be_asked(wanted, by, at))
    start, end = wanted.span(by)
    lock_people([by])
    time_off = TimeOff(
        person=by,
        period=DateTimeTZRange(start, end),
        whole_days=wanted.whole_days,
        reason=" ".join(wanted.reason.split()),
        requested_by=by,
        requested_at=at,
    )
    try:
        with transaction.atomic():
            time_off.save()
    except IntegrityError as error:
        if error.__cause__.diag.constraint_name != "time_off_is_asked_for_once":  # type: ignore[union-attr]
            raise
        raise Conflict.because(
            "asked-already", "You have asked for some of these days already.", "first_day"
        ) from error
    record(by, "time-off.asked", time_off, clinics=by.standing.clinic_ids, start=start, end=end)
    return time_off


@transaction.atomic
def withdraw_time_off(time_off: TimeOff, *, version: int, by: User, at: datetime) -> TimeOff:
    """Take a request back, or give granted days back that are not over."""
    if time_off.person_id != by.pk:
        raise Forbidden.because("not-yours", "Only whoever asked for time off withdraws it.")
    lock_people([by])
    time_off = _locked(time_off, version)
    if time_off.state not in (TimeOffState.REQUESTED, TimeOffState.APPROVED) or time_off.end <= at:
        raise Refused.because("over", "This time off is over or was decided already.")
    time_off.state = TimeOffState.WITHDRAWN
    _save(time_off)
    record(by, "time-off.withdrawn", time_off, clinics=by.standing.clinic_ids)
    return time_off


def may_decide(time_off: TimeOff, by: User) -> Verdict:
    """A manager of a clinic at which the person works then; never about oneself."""
    if time_off.person_id == by.pk:
        return Verdict.no("own", "Somebody else decides about your time off.")
    first, last = (local_day(moment, time_off.person.zone) for moment in (time_off.start, time_off.end))
    clinics = time_off.person.memberships.filter(
        clinic__isnull=False, period__overlap=(first, last + timedelta(days=1))
    )
    if any(by.standing.may(Capability.EDIT_ROSTER, one.clinic) for one in clinics.select_related("clinic")):
        return YES
    return Verdict.no("not-your-clinic", f"The managers of {time_off.person.given_name}’s clinics decide about this.")


def shifts_hit(time_off: TimeOff) -> list[Shift]:
    """Planned shifts of the person that the time off touches, at every clinic, in order of time."""
    hit = Shift.objects.planned().filter(staff=time_off.person_id, period__overlap=time_off.period)
    return list(hit.select_related("clinic", "week__clinic", "staff", "skill").order_by("period", "pk"))


@transaction.atomic
def approve_time_off(
    time_off: TimeOff, opened: Mapping[UUID, int], *, version: int, by: User, at: datetime, answer: str = ""
) -> TimeOff:
    """Grant it. Every shift that it hits is decided about: those in `opened` ({shift: version seen}) become open.

    Refused while a shift is left: give it to somebody else first, or make it open here. Shifts of clinics whose roster
    the person does not make have to be dealt with by their managers before. Nobody loses a shift silently.
    """
    require(may_decide(time_off, by), Forbidden)
    weeks = {shift.week_id for shift in shifts_hit(time_off)}
    lock_weeks_by_id(weeks)
    lock_people([time_off.person])
    time_off = _locked(time_off, version)
    _require_undecided(time_off)
    hit = shifts_hit(time_off)
    require(_all_decided(hit, opened, by, at), Conflict if {shift.week_id for shift in hit} - weeks else Refused)
    for shift in hit:
        make_open(shift, version=opened[shift.pk], by=by, at=at)
    time_off.state, time_off.decided_by, time_off.decided_at = TimeOffState.APPROVED, by, at
    time_off.answer = " ".join(answer.split())
    try:
        with transaction.atomic():
            _save(time_off)
    except IntegrityError as error:
        if error.__cause__.diag.constraint_name != "no_shift_during_time_off":  # type: ignore[union-attr]
            raise
        raise Conflict.because(
            "shift-meanwhile", f"{time_off.person.given_name} got a shift then meanwhile. {NOTHING_CHANGED}"
        ) from error
    record(by, "time-off.approved", time_off, clinics=_clinic_ids(time_off), opened=len(hit))
    return time_off


def _all_decided(hit: list[Shift], opened: Mapping[UUID, int], by: User, at: datetime) -> Verdict:
    left = [shift for shift in hit if shift.pk not in opened]
    elsewhere = [shift for shift in hit if not by.standing.may(Capability.EDIT_ROSTER, shift.clinic)]
    verdict = Verdict.of(
        Reason(
            "elsewhere", f"{planned_hours(shift, at)}: the managers of {shift.clinic} decide about this shift first."
        )
        for shift in elsewhere
    )
    if left := [shift for shift in left if shift not in elsewhere]:
        words = name_list([planned_hours(shift, at) for shift in left])
        verdict += Verdict.no("undecided", f"Decide about {counted(len(left), 'shift')} first: {words}.")
    return verdict


@transaction.atomic
def decline_time_off(time_off: TimeOff, *, version: int, by: User, at: datetime, answer: str) -> TimeOff:
    """Say no, and why."""
    require(may_decide(time_off, by), Forbidden)
    if not answer.strip():
        raise Refused.because("no-answer", "Say why, so that they can plan.", "answer")
    lock_people([time_off.person])
    time_off = _locked(time_off, version)
    _require_undecided(time_off)
    time_off.state, time_off.decided_by, time_off.decided_at = TimeOffState.DECLINED, by, at
    time_off.answer = " ".join(answer.split())
    _save(time_off)
    record(by, "time-off.declined", time_off, clinics=_clinic_ids(time_off))
    return time_off


def _locked(time_off: TimeOff, version: int) -> TimeOff:
    fresh = TimeOff.objects.select_for_update(of=("self",)).select_related("person", "decided_by").get(pk=time_off.pk)
    if fresh.version != version:
        who = f"{fresh.decided_by or fresh.person} has changed this meanwhile"
        raise Conflict.because("changed-meanwhile", f"{who}: it is {fresh.get_state_display().lower()}.")
    return fresh


def _require_undecided(time_off: TimeOff) -> None:
    if time_off.state != TimeOffState.REQUESTED:
        raise Conflict.because("decided", f"This is {time_off.get_state_display().lower()} already.")


def _save(time_off: TimeOff) -> None:
    time_off.version += 1
    time_off.save()


def _clinic_ids(time_off: TimeOff) -> list[int]:
    days = days_touched((time_off.start, time_off.end), time_off.person.zone)
    held = time_off.person.memberships.filter(
        clinic__isnull=False, period__overlap=(days[0], days[-1] + timedelta(days=1))
    )
    return sorted(set(held.values_list("clinic_id", flat=True)))

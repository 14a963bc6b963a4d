"""Time off, by whoever needs it: asked for, with what to know before, and taken back. Who decides: `deciding_off`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Value

from accounts.models import User
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Reason, Refused, Verdict, require
from intranet.core.time import at_local, day_span, local_day
from scheduling.absences import days_label
from scheduling.assigning import NOTHING_CHANGED, lock_people
from scheduling.deciders import workplaces
from scheduling.models import Blackout, PublishedShift, TimeOff, TimeOffState
from scheduling.my_schedule import may_have_schedule
from scheduling.roster import published_shifts
from scheduling.times import days_touched, skipped_times

LONGEST = timedelta(days=366)
FURTHEST = timedelta(days=2 * 366)


@dataclass(frozen=True)
class Wanted:
    """The days that somebody asks for, or with both times a part of one day."""

    first_day: date
    last_day: date
    starts: time | None = None
    ends: time | None = None
    reason: str = ""

    @property
    def whole_days(self) -> bool:
        return self.starts is None and self.ends is None

    def period(self, person: User) -> DateTimeTZRange:
        """The moments, by the clocks of the person's clinic."""
        zone = person.zone
        if self.starts is None or self.ends is None:
            return DateTimeTZRange(day_span(self.first_day, zone)[0], day_span(self.last_day, zone)[1])
        return DateTimeTZRange(at_local(self.first_day, self.starts, zone), at_local(self.last_day, self.ends, zone))


def may_be_asked(wanted: Wanted, person: User, at: datetime) -> Verdict:
    """Whether the days and times make sense."""
    verdict = _times(wanted, person)
    today = local_day(at, person.zone)
    if wanted.last_day < wanted.first_day:
        verdict += Verdict.no("ends-before-it-begins", "The last day comes before the first one.", "last_day")
    if wanted.first_day < today:
        words = "Days that are over cannot be asked for. Talk to your manager."
        verdict += Verdict.no("past", words, "first_day")
    if wanted.last_day - wanted.first_day >= LONGEST:
        verdict += Verdict.no("too-long", "Ask for a year at most.", "last_day")
    if wanted.first_day - today > FURTHEST:
        verdict += Verdict.no("too-far", "Ask for days within the next two years.", "first_day")
    return verdict


def _times(wanted: Wanted, person: User) -> Verdict:
    if wanted.starts is None and wanted.ends is None:
        return YES
    if wanted.starts is None:
        return Verdict.no("one-time", "Say from when, or leave both times empty for whole days.", "starts")
    if wanted.ends is None:
        return Verdict.no("one-time", "Say until when, or leave both times empty for whole days.", "ends")
    if wanted.last_day != wanted.first_day:
        return Verdict.no("several-days", "Part of a day is within one day. Ask for each day by itself.", "last_day")
    if wanted.ends <= wanted.starts:
        return Verdict.no("ends-before-it-begins", "It ends after it begins.", "ends")
    return skipped_times(wanted.first_day, wanted.starts, wanted.ends, person.zone)


@dataclass(frozen=True)
class Known:
    """What to know before asking: days on which the clinics grant no time off, and one's published shifts."""

    blackouts: Sequence[Reason] = ()
    shifts: Sequence[PublishedShift] = ()

    def __bool__(self) -> bool:
        return bool(self.blackouts or self.shifts)

    @property
    def fingerprint(self) -> str:
        """Names what was looked at; empty when there was nothing to look at."""
        seen = [*(str(one) for one in self.blackouts), *(f"{one.pk} {one.sequence}" for one in self.shifts)]
        return hashlib.sha256("\n".join(seen).encode()).hexdigest() if seen else ""


def known_about(wanted: Wanted, person: User, at: datetime) -> Known:
    """Nothing about days that make no sense."""
    if not may_be_asked(wanted, person, at):
        return Known()
    period = wanted.period(person)
    return Known(
        blackouts_in(person, period, at),
        [one for one in published_shifts(person, period.lower, period.upper) if one.end > at],
    )


def blackouts_in(person: User, period: DateTimeTZRange, at: datetime) -> list[Reason]:
    """Where a clinic of the person grants no time off on these days, and why. The manager decides all the same."""
    days = days_touched((period.lower, period.upper), person.zone)
    clinics = workplaces(Value(person.pk), Value(period, DateTimeRangeField())).values("clinic")
    found = Blackout.objects.filter(clinic__in=clinics, days__overlap=(days[0], days[-1] + timedelta(days=1)))
    today = local_day(at, person.zone)
    return [
        Reason("blackout", f"{one.clinic} grants no time off {_blackout_days(one, today)}: {one.reason}.")
        for one in found.select_related("clinic")
    ]


def _blackout_days(blackout: Blackout, today: date) -> str:
    first, last = blackout.days.lower, blackout.days.upper - timedelta(days=1)
    return f"{'on ' if first == last else ''}{days_label(first, last, today)}"


@transaction.atomic
def ask_for_time_off(wanted: Wanted, *, by: User, at: datetime) -> TimeOff:
    """Ask for time off; a manager decides. Nobody has to say why or who covers."""
    require(may_have_schedule(by), Forbidden)
    require(may_be_asked(wanted, by, at))
    lock_people([by])
    time_off = TimeOff(
        person=by,
        period=wanted.period(by),
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
        words = "You have asked for some of these days already, or have them off."
        raise Conflict.because("asked-already", words, "first_day") from error
    start, end = time_off.start, time_off.end
    record(by, "time-off.asked", time_off, clinics=clinic_ids(time_off), start=start, end=end)
    return time_off


@transaction.atomic
def withdraw_time_off(time_off: TimeOff, *, version: int, by: User, at: datetime) -> TimeOff:
    """Take a request back, or give granted days back that are not over."""
    if time_off.person_id != by.pk:
        raise Forbidden.because("not-yours", "Only whoever asked for time off withdraws it.")
    lock_people([by])
    time_off = as_seen(time_off, version)
    if not may_be_withdrawn(time_off, at):
        state = "over" if time_off.end <= at else time_off.get_state_display().lower()
        raise Refused.because("not-withdrawn", f"This time off is {state}. {NOTHING_CHANGED}")
    time_off.state, time_off.withdrawn_at = TimeOffState.WITHDRAWN, at
    keep(time_off)
    record(by, "time-off.withdrawn", time_off, clinics=clinic_ids(time_off))
    return time_off


def may_be_withdrawn(time_off: TimeOff, at: datetime) -> bool:
    return time_off.state in (TimeOffState.REQUESTED, TimeOffState.APPROVED) and time_off.end > at


DEEDS = {
    TimeOffState.APPROVED: "approved",
    TimeOffState.DECLINED: "declined",
    TimeOffState.WITHDRAWN: "withdrew",
}


def as_seen(time_off: TimeOff, version: int) -> TimeOff:
    """The row as it is now, locked. Conflict, with who did what, when it is not what the person looked at."""
    fresh = TimeOff.objects.select_for_update(of=("self",)).select_related("person", "decided_by").get(pk=time_off.pk)
    if fresh.version == version:
        return fresh
    deed = DEEDS.get(TimeOffState(fresh.state), "changed")
    who = fresh.person if fresh.state == TimeOffState.WITHDRAWN else fresh.decided_by or "Somebody"
    raise Conflict.because("changed-meanwhile", f"{who} {deed} this request meanwhile. {NOTHING_CHANGED}")


def keep(time_off: TimeOff) -> None:
    time_off.version += 1
    time_off.save()


def clinic_ids(time_off: TimeOff) -> list[int]:
    """The clinics that it concerns: where the person works in these days."""
    found = workplaces(Value(time_off.person_id), Value(time_off.period, DateTimeRangeField()))
    return sorted(set(found.values_list("clinic_id", flat=True)))

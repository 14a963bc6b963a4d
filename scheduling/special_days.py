"""Days of a clinic that are not like the others, days without time off, and notes on a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Refused, Verdict, require
from intranet.core.time import at_local
from scheduling.assigning import may_edit
from scheduling.models import Blackout, DayNote, Shift, SpecialDay
from scheduling.times import Span


def may_keep_days(clinic: Clinic, by: User) -> Verdict:
    """Managers of the clinic, and administrators: the same people who say when it is open."""
    return YES if by.standing.may(Capability.SETTINGS) else may_edit(clinic, by)


@transaction.atomic
def add_special_day(special: SpecialDay, *, by: User) -> list[Shift]:
    """Close the clinic on a day, or open it at other times. Deletes nothing: the shifts that lie outside then are the
    answer, for the managers to decide about."""
    require(may_keep_days(special.clinic, by), Forbidden)
    if not special.name.strip():
        raise Refused.because("no-name", "Say what day it is.", "name")
    if (special.opens is None) != (special.closes is None):
        raise Refused.because("one-time", "Give both times, or none for a closed day.", "closes")
    if special.opens and special.closes and special.closes <= special.opens:
        raise Refused.because("ends-before-it-begins", "A clinic closes later than it opens.", "closes")
    try:
        with transaction.atomic():
            special.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict.because(
            "special-already", f"{special.clinic} has something special on that day already.", "day"
        ) from error
    record(by, "special-day.added", special.clinic, clinics=[special.clinic_id], day=special.day, name=special.name)
    return affected(special)


@transaction.atomic
def remove_special_day(special: SpecialDay, *, by: User) -> None:
    require(may_keep_days(special.clinic, by), Forbidden)
    if SpecialDay.objects.filter(pk=special.pk).delete()[0]:
        record(
            by, "special-day.removed", special.clinic, clinics=[special.clinic_id], day=special.day, name=special.name
        )


def affected(special: SpecialDay) -> list[Shift]:
    """Planned shifts of the day that lie outside of its hours, in order of time."""
    zone = special.clinic.zone
    start, end = (
        at_local(special.day, datetime.min.time(), zone),
        at_local(special.day + timedelta(days=1), datetime.min.time(), zone),
    )
    planned = Shift.objects.planned().filter(clinic=special.clinic, period__startswith__range=(start, end))
    shifts = planned.exclude(period__startswith=end).select_related("clinic", "staff", "skill").order_by("period", "pk")
    if special.times is None:
        return list(shifts)
    opens, closes = (at_local(special.day, clock, zone) for clock in special.times)
    return [shift for shift in shifts if _outside((shift.start, shift.end), (opens, closes))]


def _outside(shift: Span, hours: Span) -> bool:
    return shift[0] < hours[0] or hours[1] < shift[1]


@transaction.atomic
def add_blackout(clinic: Clinic, first: date, last: date, reason: str, *, by: User) -> Blackout:
    """Say that a clinic grants no time off on these days. Requests are still taken, with a warning to both sides."""
    require(may_edit(clinic, by), Forbidden)
    if last < first:
        raise Refused.because("ends-before-it-begins", "The last day comes after the first one.", "last_day")
    if not reason.strip():
        raise Refused.because("no-reason", "Say why, so that people understand.", "reason")
    days = DateRange(first, last + timedelta(days=1))
    blackout = Blackout.objects.create(clinic=clinic, days=days, reason=" ".join(reason.split()))
    record(by, "blackout.added", clinic, clinics=[clinic.pk], first=first, last=last, reason=blackout.reason)
    return blackout


@transaction.atomic
def remove_blackout(blackout: Blackout, *, by: User) -> None:
    require(may_edit(blackout.clinic, by), Forbidden)
    if Blackout.objects.filter(pk=blackout.pk).delete()[0]:
        record(by, "blackout.removed", blackout.clinic, clinics=[blackout.clinic_id], reason=blackout.reason)


@transaction.atomic
def note_on_day(clinic: Clinic, day: date, text: str, *, seen: str, by: User, at: datetime) -> DayNote | None:
    """Write what everybody should know about a day; an empty text removes it. `seen` is what stood there."""
    require(may_edit(clinic, by), Forbidden)
    Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
    note = DayNote.objects.filter(clinic=clinic, day=day).first()
    if (note.text if note else "") != seen:
        who = note.by if note else "Somebody"
        raise Conflict.because(
            "changed-meanwhile", f"{who} changed this note meanwhile. Look at it as it is now.", "text"
        )
    text = " ".join(text.split())
    if not text:
        DayNote.objects.filter(clinic=clinic, day=day).delete()
    else:
        note = note or DayNote(clinic=clinic, day=day)
        note.text, note.by, note.at = text, by, at
        note.full_clean()
        note.save()
    record(by, "day-note.set", clinic, clinics=[clinic.pk], day=day, text=text)
    return note if text else None

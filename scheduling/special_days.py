"""Days of a clinic that are not like the others, days without time off, and notes on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.audit.recording import record
from intranet.core.access import YES, Conflict, Forbidden, Verdict, require
from intranet.core.time import at_local, day_span, local_day
from scheduling.assigning import may_edit
from scheduling.models import Blackout, DayNote, Shift, SpecialDay
from scheduling.times import Span


def may_keep_days(clinic: Clinic, by: User) -> Verdict:
    """Managers of the clinic, and administrators: the same people who say when it is open."""
    return YES if by.standing.may(Capability.SETTINGS) else may_edit(clinic, by)


@transaction.atomic
def add_special_day(special: SpecialDay, *, by: User, at: datetime) -> SpecialDay:
    """Close the clinic on a day, or open it at other times. Deletes nothing: which shifts lie outside then, `affected` says."""
    require(may_keep_days(special.clinic, by), Forbidden)
    special.name = " ".join(special.name.split())
    require(_may_be(special, at))
    Clinic.objects.select_for_update(no_key=True).get(pk=special.clinic_id)  # one at a time
    if SpecialDay.objects.filter(clinic=special.clinic, day=special.day).exists():
        words = f"{special.clinic} has something special on that day already."
        raise Conflict.because("special-already", words, "day")
    special.save(force_insert=True)
    _note(by, "special-day.added", special)
    return special


@transaction.atomic
def remove_special_day(special: SpecialDay, *, by: User) -> None:
    """The day is like every other of its weekday again."""
    require(may_keep_days(special.clinic, by), Forbidden)
    if SpecialDay.objects.filter(pk=special.pk).delete()[0]:
        _note(by, "special-day.removed", special)


def affected(specials: Iterable[SpecialDay], viewer: User) -> dict[int, list[Shift]]:
    """{special day: the planned shifts, of those that the viewer sees, of which a part lies outside its hours}. One query."""
    specials = list(specials)
    found: dict[int, list[Shift]] = {special.pk: [] for special in specials}
    touching = [Q(clinic=special.clinic_id, period__overlap=_span(special)) for special in specials]
    if not touching:
        return found
    planned = Shift.objects.visible_to(viewer).planned().filter(reduce(or_, touching))
    shifts = list(planned.select_related("clinic", "staff", "skill").order_by("period", "pk"))
    for special in specials:
        found[special.pk] = [one for one in shifts if one.clinic_id == special.clinic_id and _is_outside(one, special)]
    return found


def _may_be(special: SpecialDay, at: datetime) -> Verdict:
    verdict = _still_to_come(special.clinic, special.day, at, "day")
    if not special.name:
        verdict += Verdict.no("no-name", "Say what day it is.", "name")
    if (special.opens is None) != (special.closes is None):
        verdict += Verdict.no("one-time", "Give both times, or none for a closed day.", "closes")
    if special.times and special.times[1] <= special.times[0]:
        verdict += Verdict.no("ends-before-it-begins", "A clinic closes later than it opens.", "closes")
    return verdict


def _still_to_come(clinic: Clinic, last: date, at: datetime, field: str) -> Verdict:
    """Nobody could see or remove what is over: it stands on no page."""
    return YES if local_day(at, clinic.zone) <= last else Verdict.no("past", "These days are over.", field)


def _is_outside(shift: Shift, special: SpecialDay) -> bool:
    """Whether what the shift has of the day is not all within its hours."""
    day = _span(special)
    start, end = max(shift.start, day[0]), min(shift.end, day[1])
    if end <= start:
        return False
    if special.times is None:
        return True
    opens, closes = (at_local(special.day, clock, special.clinic.zone) for clock in special.times)
    return start < opens or closes < end


def _span(special: SpecialDay) -> Span:
    return day_span(special.day, special.clinic.zone)


def _note(by: User, verb: str, special: SpecialDay) -> None:
    record(by, verb, special.clinic, clinics=[special.clinic_id], day=special.day, name=special.name)


@transaction.atomic
def add_blackout(clinic: Clinic, first: date, last: date, reason: str, *, by: User, at: datetime) -> Blackout:
    """Say that a clinic grants no time off on these days. Requests are still taken, with a warning to both sides."""
    require(may_edit(clinic, by), Forbidden)
    if last < first:
        verdict = Verdict.no("ends-before-it-begins", "The last day comes before the first one.", "last")
    else:
        verdict = _still_to_come(clinic, last, at, "last")
    if not reason.strip():
        verdict += Verdict.no("no-reason", "Say why, so that people understand.", "reason")
    require(verdict)
    days = DateRange(first, last + timedelta(days=1))
    blackout = Blackout.objects.create(clinic=clinic, days=days, reason=" ".join(reason.split()))
    record(by, "blackout.added", clinic, clinics=[clinic.pk], first=first, last=last, reason=blackout.reason)
    return blackout


@transaction.atomic
def remove_blackout(blackout: Blackout, *, by: User) -> None:
    """Time off is granted on these days as on others."""
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

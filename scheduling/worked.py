"""Who was on shift on a day, as had been published by a moment: from the publications, which are only ever added to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.models import Clinic, User
from intranet.core.time import day_span
from scheduling.models import PublicationChange
from scheduling.positions import Position
from scheduling.times import week_of


@dataclass(frozen=True, slots=True)
class OnShift:
    """Somebody's shift as staff saw it; `skill` is the name that the procedure had then, `skill_code` what stays of it
    (empty in early publications)."""

    person: User
    start: datetime
    end: datetime
    position: str
    skill: str
    skill_code: str
    publication: str  # which one says so
    changed_later: bool

    @property
    def position_label(self) -> str:
        return str(Position(self.position).label)


def on_shift(clinic: Clinic, on: date, at: datetime) -> list[OnShift]:
    """Who had a shift at the clinic that touches its day, as published by the moment. Two queries."""
    start, end = day_span(on, clinic.zone)
    mondays = {week_of(moment, clinic) for moment in (start - timedelta(days=1), start)}
    changes = PublicationChange.objects.filter(publication__week__clinic=clinic, publication__week__monday__in=mondays)
    latest = (
        changes.filter(publication__at__lte=at).order_by("shift_id", "-publication__at", "-pk").distinct("shift_id")
    )
    later = set(changes.filter(publication__at__gt=at).values_list("shift", flat=True))
    rows = latest.select_related("publication__week__clinic", "staff_after")
    found = [shift for change in rows for shift in _of(change, changed_later=change.shift_id in later)]
    here = [shift for shift in found if shift.start < end and start < shift.end]
    return sorted(here, key=lambda shift: (shift.start, shift.person.name))


def _of(change: PublicationChange, *, changed_later: bool) -> Iterator[OnShift]:
    """The shift after the change, when somebody has it."""
    said, person = change.after, change.staff_after
    if said is None or person is None:
        return
    span = (datetime.fromisoformat(said["start"]), datetime.fromisoformat(said["end"]))
    code = said.get("skill_code", "")
    yield OnShift(person, *span, said["position"], said["skill"], code, str(change.publication), changed_later)

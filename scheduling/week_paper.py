"""The published week of a clinic for the wall: a row for each person, a column for each day, on one sheet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from accounts.models import Clinic, User
from scheduling.models import DayNote, PublishedShift, week_span
from scheduling.positions import GROUPS

A_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class PaperRow:
    """A person, or (None) the shifts that nobody has, with the shifts of each day."""

    person: User | None
    cells: list[list[PublishedShift]]


@dataclass(frozen=True)
class Sheet:
    """One clinic's week as staff see it."""

    clinic: Clinic
    days: list[date]
    groups: list[tuple[str, list[PaperRow]]]
    open: PaperRow
    notes: list[DayNote]

    @property
    def has_open(self) -> bool:
        return any(self.open.cells)


def sheets(clinics: Sequence[Clinic], monday: date) -> list[Sheet]:
    """A sheet for each clinic. Two queries, however many clinics and people; none without clinics."""
    if not clinics:
        return []
    spans = [week_span(monday, clinic) for clinic in clinics]
    around = (min(start for start, _ in spans), max(end for _, end in spans))
    shown = PublishedShift.objects.standing().filter(clinic__in=clinics).within(*around)
    by_clinic: dict[int, list[PublishedShift]] = defaultdict(list)
    for shift in shown.select_related("clinic", "staff", "skill").order_by("period", "pk"):
        if monday <= shift.day < monday + A_WEEK:
            by_clinic[shift.clinic_id].append(shift)
    notes = list(DayNote.objects.filter(clinic__in=clinics, day__gte=monday, day__lt=monday + A_WEEK))
    return [
        _sheet(clinic, monday, by_clinic[clinic.pk], [note for note in notes if note.clinic_id == clinic.pk])
        for clinic in clinics
    ]


def _sheet(clinic: Clinic, monday: date, shifts: Sequence[PublishedShift], notes: list[DayNote]) -> Sheet:
    days = [monday + timedelta(days=number) for number in range(7)]
    if not any(shift.day == days[6] for shift in shifts):
        days = days[:6]
    people = sorted({shift.staff for shift in shifts if shift.staff}, key=lambda one: (one.name.lower(), one.pk))
    rows = [PaperRow(person, _cells([one for one in shifts if one.staff == person], days)) for person in people]
    return Sheet(
        clinic=clinic,
        days=days,
        groups=_grouped(rows),
        open=PaperRow(None, _cells([one for one in shifts if one.staff is None], days)),
        notes=notes,
    )


def _cells(shifts: Sequence[PublishedShift], days: Sequence[date]) -> list[list[PublishedShift]]:
    return [[shift for shift in shifts if shift.day == day] for day in days]


def _grouped(rows: Sequence[PaperRow]) -> list[tuple[str, list[PaperRow]]]:
    """By the groups of the board; whoever belongs to none stands among the others."""
    found: dict[str, list[PaperRow]] = {label: [] for label in [*(group.label for group in GROUPS), "Others"]}
    for row in rows:
        profession = row.person.profession if row.person else ""
        group = next((group.label for group in GROUPS if profession in group.professions), "Others")
        found[group].append(row)
    return [(label, members) for label, members in found.items() if members]

"""The usual shifts of a clinic, of which its week templates are made."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, time

from django.db import transaction

from accounts.models import Clinic, Skill, User
from intranet.audit.recording import record
from intranet.core.access import YES, Forbidden, Refused, Verdict, require
from intranet.core.wording import name_list
from scheduling.assigning import may_edit
from scheduling.fingerprints import fingerprint, require_unchanged
from scheduling.models import ShiftTemplate, WeekTemplate
from scheduling.plans import Plan, may_be_planned
from scheduling.positions import Position
from scheduling.times import shift_span

ORDINARY_DAY = date(2026, 1, 14)  # no clock changes anywhere near it


@dataclass(frozen=True)
class UsualShift:
    """A usual shift as somebody wants it. An end that is not after the start is on the next day."""

    name: str
    position: Position
    starts: time
    ends: time
    break_minutes: int = 0
    skill: Skill | None = None

    @classmethod
    def of(cls, row: ShiftTemplate) -> UsualShift:
        return cls(row.name, Position(row.position), row.starts, row.ends, row.break_minutes, row.skill)

    @property
    def fingerprint(self) -> str:
        skill = self.skill and self.skill.pk
        return fingerprint(self.name, str(self.position), self.starts, self.ends, self.break_minutes, skill)

    def on_an_ordinary_day(self, clinic: Clinic) -> Plan:
        start, end = shift_span(ORDINARY_DAY, self.starts, self.ends, clinic.zone)
        return Plan(clinic, self.position, start, end, skill=self.skill, break_minutes=self.break_minutes)


@transaction.atomic
def add_usual_shift(clinic: Clinic, wanted: UsualShift, *, by: User) -> ShiftTemplate:
    """A new one, for week templates to use from now on."""
    require(may_edit(clinic, by), Forbidden)
    lock_templates(clinic)
    require(_may_be(wanted, clinic))
    row = ShiftTemplate.objects.create(clinic=clinic, **_fields(wanted))
    record(by, "usual-shift.added", clinic, clinics=[clinic.pk], name=row.name)
    return row


@transaction.atomic
def change_usual_shift(row: ShiftTemplate, wanted: UsualShift, *, seen: str, by: User) -> ShiftTemplate:
    """What weeks are filled with from now on; shifts that were made of it stay. `seen` is its fingerprint as looked at."""
    require(may_edit(row.clinic, by), Forbidden)
    lock_templates(row.clinic)
    row = ShiftTemplate.objects.select_related("clinic", "skill").get(pk=row.pk)
    require_unchanged(seen, UsualShift.of(row).fingerprint, "this usual shift")
    require(_is_in_use(row) + _may_be(wanted, row.clinic, besides=row))
    before = UsualShift.of(row)
    if wanted == before:
        return row
    for name, value in _fields(wanted).items():
        setattr(row, name, value)
    row.save(update_fields=list(_fields(wanted)))
    record(by, "usual-shift.changed", row.clinic, clinics=[row.clinic_id], **_differences(before, wanted))
    return row


@transaction.atomic
def retire_usual_shift(row: ShiftTemplate, *, by: User) -> None:
    """Offer it no more. Refused while a week template is made of it, with the templates' names."""
    require(may_edit(row.clinic, by), Forbidden)
    lock_templates(row.clinic)
    templates = WeekTemplate.objects.filter(lines__shift=row, retired=False).distinct()
    if names := [f"“{template}”" for template in templates]:
        raise Refused.because("in-use", f"{row} is in the week template {name_list(names)}. Take it out there first.")
    if ShiftTemplate.objects.filter(pk=row.pk, retired=False).update(retired=True):
        record(by, "usual-shift.retired", row.clinic, clinics=[row.clinic_id], name=row.name)


def lock_templates(clinic: Clinic) -> None:
    """One change of the clinic's usual shifts and week templates at a time."""
    Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)


def _is_in_use(row: ShiftTemplate) -> Verdict:
    return Verdict.no("retired", f"{row} is retired. Add a new usual shift.") if row.retired else YES


def _may_be(wanted: UsualShift, clinic: Clinic, besides: ShiftTemplate | None = None) -> Verdict:
    verdict = YES
    if not wanted.name:
        verdict += Verdict.no("no-name", "Say what this shift is called.", "name")
    others = ShiftTemplate.objects.filter(clinic=clinic, retired=False).exclude(pk=besides.pk if besides else 0)
    if others.filter(name=wanted.name).exists():
        verdict += Verdict.no("name-taken", "The clinic has a usual shift of this name already.", "name")
    if wanted.starts == wanted.ends:
        return verdict + Verdict.no("no-length", "A shift ends after it starts.", "ends")
    return verdict + may_be_planned(wanted.on_an_ordinary_day(clinic))


def _fields(wanted: UsualShift) -> dict[str, object]:
    return {field.name: getattr(wanted, field.name) for field in fields(wanted)}


def _differences(before: UsualShift, after: UsualShift) -> dict[str, list[str]]:
    """{field: [before, after]} of what is different, in words."""
    return {
        name: [str(value or ""), str(getattr(after, name) or "")]
        for name, value in _fields(before).items()
        if value != getattr(after, name)
    }

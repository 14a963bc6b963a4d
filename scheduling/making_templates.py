"""Making and changing week templates: a cycle of weeks, each whole template in one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from accounts.models import Clinic, Membership, User
from intranet.audit.recording import record
from intranet.core.access import Conflict, Forbidden, Reason, Verdict, require
from intranet.core.time import local_day
from scheduling.assigning import NOTHING_CHANGED, may_edit
from scheduling.models import MOST_WEEKS, ShiftTemplate, TemplateLine, Weekday, WeekTemplate
from scheduling.positions import WORKING_ROLES
from scheduling.usual_shifts import lock_templates

MOST_OF_A_LINE = 20


@dataclass(frozen=True)
class Line:
    """So many of a usual shift on a weekday of one week of the cycle, for somebody or open."""

    week: int
    weekday: int
    shift: ShiftTemplate
    quantity: int = 1
    person: User | None = None

    @property
    def person_id(self) -> int | None:
        return self.person.pk if self.person else None

    @property
    def place(self) -> tuple[int, int, int]:
        return self.week, self.weekday, self.shift.pk


@dataclass(frozen=True)
class Cycle:
    """A week template as somebody wants it. Its first week is the one of `anchor`, a Monday."""

    name: str
    weeks: int
    anchor: date
    lines: Sequence[Line] = ()


def usual_shifts_of(clinic: Clinic) -> list[ShiftTemplate]:
    """What lines can be made of."""
    return list(ShiftTemplate.objects.filter(clinic=clinic, retired=False).select_related("skill"))


def possible_people(clinic: Clinic, on: date) -> list[User]:
    """Who may be named in a line: whoever works at the clinic on the day or later."""
    working = Membership.objects.not_over(on).filter(clinic=clinic, role__in=WORKING_ROLES)
    return list(User.objects.filter(is_active=True, pk__in=working.values("user")).order_by("name", "pk"))


@transaction.atomic
def add_week_template(clinic: Clinic, wanted: Cycle, *, by: User) -> WeekTemplate:
    """A new template. It fills no week until somebody applies it."""
    require(may_edit(clinic, by), Forbidden)
    lock_templates(clinic)
    require(_may_be(wanted, clinic) + _may_be_named(wanted, clinic, [], by))
    template = WeekTemplate.objects.create(clinic=clinic, name=wanted.name, weeks=wanted.weeks, anchor=wanted.anchor)
    _write_lines(template, wanted.lines)
    record(by, "week-template.added", clinic, clinics=[clinic.pk], name=template.name, lines=len(wanted.lines))
    return template


@transaction.atomic
def change_week_template(template: WeekTemplate, wanted: Cycle, *, version: int, by: User) -> WeekTemplate:
    """Make the template what is wanted, lines and all. Shifts that were made of it stay.

    `version` is the one that the person looked at; Conflict when it is another by now. A line that stays on its day with
    its shift is still the same, so that applying the template again does not make its shifts a second time.
    """
    require(may_edit(template.clinic, by), Forbidden)
    lock_templates(template.clinic)
    template = WeekTemplate.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=template.pk)
    if template.version != version or template.retired:
        words = f"Somebody changed this week template meanwhile. Look at it as it is now. {NOTHING_CHANGED}"
        raise Conflict.because("changed-meanwhile", words)
    named_before = [line.person for line in lines_of(template)]
    require(
        _may_be(wanted, template.clinic, besides=template) + _may_be_named(wanted, template.clinic, named_before, by)
    )
    template.name, template.weeks, template.anchor = wanted.name, wanted.weeks, wanted.anchor
    template.version += 1
    template.save(update_fields=["name", "weeks", "anchor", "version"])
    _write_lines(template, wanted.lines)
    named = {"name": template.name, "lines": len(wanted.lines)}
    record(by, "week-template.changed", template.clinic, clinics=[template.clinic_id], **named)
    return template


@transaction.atomic
def retire_week_template(template: WeekTemplate, *, by: User) -> None:
    """Fill no more weeks with it. What it made stays."""
    require(may_edit(template.clinic, by), Forbidden)
    lock_templates(template.clinic)
    if WeekTemplate.objects.filter(pk=template.pk, retired=False).update(retired=True):
        record(by, "week-template.retired", template.clinic, clinics=[template.clinic_id], name=template.name)


def lines_of(template: WeekTemplate) -> list[Line]:
    """In the order of the weeks and days."""
    rows = template.lines.select_related("shift", "person").order_by("week", "weekday", "shift__starts", "pk")  # type: ignore[attr-defined]
    return [Line(row.week, row.weekday, row.shift, row.quantity, row.person) for row in rows]


def _write_lines(template: WeekTemplate, lines: Sequence[Line]) -> None:
    """Keep the row of each line that is still at its place, first for the same person; the other rows go."""
    left = list(TemplateLine.objects.filter(template=template).order_by("pk"))
    same = [(line, _take(left, line, same_person=True)) for line in lines]
    for line, row in same:
        row = row or _take(left, line) or _new_row(template, line)
        row.quantity, row.person = line.quantity, line.person
        row.save()
    TemplateLine.objects.filter(pk__in=[row.pk for row in left]).delete()


def _take(left: list[TemplateLine], line: Line, *, same_person: bool = False) -> TemplateLine | None:
    """A row at the line's place, taken out of those that are left."""
    for row in left:
        if (row.week, row.weekday, row.shift_id) == line.place and (not same_person or row.person_id == line.person_id):
            left.remove(row)
            return row
    return None


def _new_row(template: WeekTemplate, line: Line) -> TemplateLine:
    return TemplateLine(template=template, week=line.week, weekday=line.weekday, shift=line.shift)


def _may_be(wanted: Cycle, clinic: Clinic, besides: WeekTemplate | None = None) -> Verdict:
    flaws = [*_flaws(wanted, clinic, besides)]
    for line in wanted.lines:
        flaws += _line_flaws(line, wanted, clinic)
    return Verdict.of(flaws)


def _may_be_named(wanted: Cycle, clinic: Clinic, before: Sequence[User | None], by: User) -> Verdict:
    """Whoever works at the clinic. Who was named before may stay: the week says why they cannot work it any more."""
    known = {*possible_people(clinic, local_day(by.standing.at, clinic.zone)), *before}
    return Verdict.of(
        Reason(
            "line-stranger", f"{Weekday(line.weekday).label}, {line.shift}: {line.person} does not work at {clinic}."
        )
        for line in wanted.lines
        if line.person and line.person not in known
    )


def _flaws(wanted: Cycle, clinic: Clinic, besides: WeekTemplate | None) -> Iterator[Reason]:
    others = WeekTemplate.objects.filter(clinic=clinic, retired=False).exclude(pk=besides.pk if besides else 0)
    if not wanted.name:
        yield Reason("no-name", "Say what this template is called.", "name")
    elif others.filter(name=wanted.name).exists():
        yield Reason("name-taken", "The clinic has a week template of this name already.", "name")
    if not 1 <= wanted.weeks <= MOST_WEEKS:
        yield Reason("cycle-length", f"A cycle has 1 to {MOST_WEEKS} weeks.", "weeks")
    if wanted.anchor.weekday() != Weekday.MONDAY:
        yield Reason("not-a-monday", "A cycle begins on a Monday.", "anchor")


def _line_flaws(line: Line, wanted: Cycle, clinic: Clinic) -> Iterator[Reason]:
    where = f"{Weekday(line.weekday).label}, {line.shift}"
    if not 1 <= line.week <= wanted.weeks:
        yield Reason("line-outside-cycle", f"{where}: the cycle has no week {line.week}.")
    if not 1 <= line.quantity <= MOST_OF_A_LINE:
        yield Reason("line-quantity", f"{where}: choose 1 to {MOST_OF_A_LINE}.")
    elif line.person and line.quantity > 1:
        yield Reason("line-person", f"{where}: {line.person} works it once. Take another line for more people.")
    if line.shift.clinic_id != clinic.pk or line.shift.retired:
        yield Reason("line-shift", f"{where}: choose a usual shift of {clinic} that is not retired.")

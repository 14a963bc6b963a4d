"""What a manager wants a shift to be: the one value that every action on a shift takes, checks and writes as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.models import Clinic, Skill, User
from intranet.core.access import Reason, Verdict
from intranet.core.time import local_day, minutes_between
from scheduling.models import LONGEST_SHIFT, SHORTEST_SHIFT, Shift, ShiftDetails, week_span
from scheduling.positions import PROFESSIONS, Position
from scheduling.times import Span, minutes_within, week_of, weeks_touched


@dataclass(frozen=True)
class Plan:
    """A shift as somebody wants it. `staff` None is an open shift."""

    clinic: Clinic
    position: Position
    start: datetime
    end: datetime
    staff: User | None = None
    skill: Skill | None = None
    break_minutes: int = 0
    note: str = ""

    @classmethod
    def of(cls, shift: ShiftDetails) -> Plan:
        """The shift as it is planned, or as it was published."""
        return cls(
            clinic=shift.clinic,
            position=Position(shift.position),
            start=shift.start,
            end=shift.end,
            staff=shift.staff,
            skill=shift.skill,
            break_minutes=shift.break_minutes,
            note=shift.note,
        )

    @property
    def span(self) -> Span:
        return self.start, self.end

    @property
    def day(self) -> date:
        return local_day(self.start, self.clinic.zone)

    @property
    def monday(self) -> date:
        return week_of(self.start, self.clinic)

    @property
    def weeks(self) -> list[date]:
        """The Mondays of the weeks in which the shift is worked."""
        return weeks_touched(self.span, self.clinic)

    def minutes_in(self, monday: date) -> int:
        """Paid minutes of the shift within that week of its clinic."""
        return minutes_within(self, week_span(monday, self.clinic))

    def write_to(self, shift: Shift) -> None:
        """Set the shift's fields; saves nothing."""
        shift.clinic, shift.position = self.clinic, self.position
        shift.period = DateTimeTZRange(self.start, self.end)
        shift.staff, shift.skill = self.staff, self.skill
        shift.break_minutes, shift.note = self.break_minutes, self.note

    def differences(self, other: Plan) -> dict[str, list[str]]:
        """What is different in `other`, as {field: [here, there]}, for the audit trail."""
        pairs = ((field.name, getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return {
            name: [_plain(here), _plain(there)] for name, here, there in pairs if here != there and name != "note"
        } | ({"note": ["changed"]} if self.note != other.note else {})


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)


def may_be_planned(plan: Plan) -> Verdict:
    """Whether a shift makes sense by itself, whoever works it. The database refuses the same."""
    return Verdict.of(_flaws(plan))


def _flaws(plan: Plan) -> Iterator[Reason]:
    length = minutes_between(plan.start, plan.end)
    if length * 60 > LONGEST_SHIFT.total_seconds():
        yield Reason("too-long", "A shift lasts at most 16 hours.", "ends")
    if length * 60 < SHORTEST_SHIFT.total_seconds():
        yield Reason("too-short", "A shift lasts at least 15 minutes.", "ends")
    elif plan.break_minutes >= length:
        yield Reason("break-too-long", "The break is longer than the shift.", "break_minutes")
    if plan.skill and not PROFESSIONS[plan.position] & set(plan.skill.professions):
        yield Reason(
            "skill-position",
            f"{plan.skill} is not done by a {plan.position.label.lower()}. Choose another position.",
            "skill",
        )

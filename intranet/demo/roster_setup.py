"""What the demo's rosters are made from: usual shifts, a week template for each clinic, days to come, a rule of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Protocol

from accounts.models import Clinic, Skill, User
from intranet.core.time import at_local
from intranet.core.wording import short_range
from scheduling.making_templates import Cycle, Line, add_week_template
from scheduling.models import RuleCode, ShiftTemplate, SpecialDay
from scheduling.positions import Position
from scheduling.rules import rules_of, set_rule
from scheduling.special_days import add_blackout, add_special_day
from scheduling.usual_shifts import UsualShift, add_usual_shift

BREAK_FROM = timedelta(hours=6)


class Slot(Protocol):
    """A shift of the usual week, as the demo's roster has it."""

    @property
    def who(self) -> str: ...
    @property
    def weekday(self) -> int: ...
    @property
    def at(self) -> str: ...
    @property
    def times(self) -> tuple[time, time]: ...
    @property
    def position(self) -> Position: ...
    @property
    def skill(self) -> str: ...


def load_setup(
    clinics: dict[str, Clinic],
    people: dict[str, User],
    managers: dict[str, User],
    skills: dict[str, Skill],
    slots: Iterable[Slot],
    monday: date,
) -> None:
    slots = list(slots)
    for letter, clinic in clinics.items():
        here = [slot for slot in slots if slot.at == letter]
        shifts = _usual_shifts(clinic, here, skills, managers[letter])
        lines = [Line(1, slot.weekday, shifts[_usual(slot, skills)], 1, people.get(slot.who)) for slot in here]
        add_week_template(clinic, Cycle("Usual week", 1, monday, lines), by=managers[letter])
    at = at_local(monday, time.min, clinics["M"].zone)
    _days_to_come(clinics["M"], monday + timedelta(weeks=4), managers["M"], at)
    _longer_rest(clinics["O"], managers["O"])


def _usual_shifts(
    clinic: Clinic, slots: Iterable[Slot], skills: dict[str, Skill], by: User
) -> dict[UsualShift, ShiftTemplate]:
    wanted = dict.fromkeys(_usual(slot, skills) for slot in slots)
    return {usual: add_usual_shift(clinic, usual, by=by) for usual in wanted}


def _usual(slot: Slot, skills: dict[str, Skill]) -> UsualShift:
    starts, ends = slot.times
    skill = skills[slot.skill] if slot.skill else None
    what = f"{slot.position.short_label}, {skill}" if skill else slot.position.short_label
    long = datetime.combine(date.min, ends) - datetime.combine(date.min, starts) >= BREAK_FROM
    name = f"{what} {short_range(starts, ends)}"
    return UsualShift(name, slot.position, starts, ends, 30 if long else 0, skill)


def _days_to_come(clinic: Clinic, monday: date, by: User, at: datetime) -> None:
    """A closed day, short hours the day after, and a week in which everybody is needed."""
    thursday, friday = monday + timedelta(days=3), monday + timedelta(days=4)
    add_special_day(SpecialDay(clinic=clinic, day=thursday, name="Founders’ Day"), by=by, at=at)
    training = SpecialDay(clinic=clinic, day=friday, name="Staff training", opens=time(7), closes=time(12))
    add_special_day(training, by=by, at=at)
    add_blackout(clinic, monday + timedelta(days=7), monday + timedelta(days=11), "The surveyors visit", by=by, at=at)


def _longer_rest(clinic: Clinic, by: User) -> None:
    rest = rules_of(clinic)[RuleCode.REST]
    longer = replace(rest, amount=11 * 60, source="Agreed in the staff meeting")
    set_rule(clinic, longer, seen=rest.fingerprint, by=by)

"""What the week board is made of: how somebody looks at it, its rows, cells and chips."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from accounts.models import Clinic, User
from intranet.core.access import Verdict
from intranet.core.wording import hours
from scheduling.coverage import Cover, DayCoverage
from scheduling.marks import SkillMark, skill_icon
from scheduling.models import DayNote, PublishedShift, RosterWeek, RuleCode, Shift, SpecialDay
from scheduling.positions import Group, Position
from scheduling.rules import USUAL, concerns_in
from scheduling.times import ends_next_day

OTHERS = Group("others", "Others", frozenset(), Position.THERAPIST)
EVERYONE, PROBLEMS, UNDER = "everyone", "problems", "under"


@dataclass(frozen=True)
class Placing:
    """A shift that somebody has picked up and looks for a cell for; `copy`: for another one like it."""

    shift: Shift
    copy: bool = False


@dataclass(frozen=True)
class Look:
    """What somebody wants to see of the board."""

    monday: date
    clinic: Clinic | None = None  # None: all
    cover: str = Position.THERAPIST.value
    show: str = EVERYONE
    find: str = ""
    placing: Placing | None = None


@dataclass(frozen=True)
class Chip:
    """One shift in a cell. `draft`: staff do not see it like this. `changed`: they see it, but differently.

    `told`: whether the viewer is told of drafts at all; staff see only what is published.
    """

    shift: Shift | PublishedShift
    editable: bool = False
    draft: bool = False
    changed: bool = False
    told: bool = False
    alert: Verdict = field(default_factory=Verdict)

    @property
    def is_open(self) -> bool:
        return self.shift.staff_id is None

    @property
    def state(self) -> str:
        return "draft" if self.draft else "published"

    @property
    def spoken(self) -> str:
        """What follows the times for those who hear the board: what others see as letter, stripes and marks."""
        shift = self.shift
        words = [str(shift.clinic)]
        if self.told:
            words.append("not published" if self.draft else "published")
        if self.is_open:
            words.append(f"needs {Position(shift.position).label}")
        if shift.skill:
            words.append(str(shift.skill))
        if self.changed:
            words.append("changed since published")
        words += [f"needs attention: {reason}" for reason in self.alert.reasons]
        next_day = " the next day" if ends_next_day((shift.start, shift.end), shift.clinic.zone) else ""
        return f"{next_day}, {', '.join(words)}"

    @property
    def marks(self) -> list[str]:
        """The icons beside the times: the procedure, and that it was changed."""
        return [*([skill_icon(self.shift.skill)] if self.shift.skill else []), *(["edit"] if self.changed else [])]


@dataclass(frozen=True)
class Away:
    """That somebody is away on a day, or would rather be: `granted`, `requested`, `unavailable` or `prefers-off`.

    `request` is the time off that somebody has to decide about.
    """

    state: str
    words: str
    request: int | None = None


@dataclass(frozen=True)
class Fit:
    """Whether the shift that was picked up may go into a cell, or is in it."""

    verdict: Verdict
    here: bool = False

    @property
    def answer(self) -> str:
        """`here`, `yes`, `reason` (somebody has to say why), `no`."""
        if self.here:
            return "here"
        if not self.verdict:
            return "no"
        return "reason" if concerns_in(self.verdict) else "yes"


@dataclass
class Cell:
    """A day of a row. `place` is the clinic for which something new can be added here."""

    row: str
    day: date
    chips: list[Chip] = field(default_factory=list)
    place: Clinic | None = None
    away: list[Away] = field(default_factory=list)
    fit: Fit | None = None  # only while a shift is being placed

    @property
    def id(self) -> str:
        return f"cell-{self.row}-{self.day}"


@dataclass(frozen=True)
class DayHead:
    """What stands above a day: how many people start a shift on it, what is special about it, and notes."""

    day: date
    people: int = 0
    special: list[SpecialDay] = field(default_factory=list)
    notes: list[DayNote] = field(default_factory=list)


@dataclass
class Row:
    """A person on the board, or (person None) the open shifts."""

    person: User | None
    cells: list[Cell]
    minutes: int = 0
    elsewhere: int = 0  # of these at clinics that are not shown
    marks: list[SkillMark] = field(default_factory=list)
    full_week: int | None = USUAL[RuleCode.WEEK].amount  # minutes from which hours are overtime; None: from none on

    @property
    def key(self) -> str:
        return str(self.person.pk) if self.person else "open"

    @property
    def chips(self) -> list[Chip]:
        return [chip for cell in self.cells for chip in cell.chips]

    @property
    def is_over(self) -> bool:
        return self.full_week is not None and self.minutes > self.full_week

    @property
    def scale(self) -> int:
        """To where the meter of the hours goes: a quarter beyond what is a full week, or what the person has."""
        full = self.full_week or (self.person.weekly_hours * 60 if self.person else 0)
        return max(full * 5 // 4, self.minutes, 60)

    @property
    def over_from(self) -> int:
        """Where the meter turns red."""
        return self.scale if self.full_week is None else min(self.full_week + 1, self.scale)

    @property
    def hours_words(self) -> str:
        """`45 hours of 40, over 40, 5 of them at the other clinic`."""
        words = f"{hours(self.minutes)} hours"
        if self.person is not None:
            words += f" of {self.person.weekly_hours}"
        if self.is_over and self.full_week is not None:
            words += f", over {hours(self.full_week)}"
        return f"{words}, {hours(self.elsewhere)} of them at the other clinic" if self.elsewhere else words

    @property
    def is_under(self) -> bool:
        return self.person is not None and self.minutes < self.person.weekly_hours * 60

    @property
    def has_problem(self) -> bool:
        return self.is_over or any(chip.alert.reasons for chip in self.chips)


@dataclass
class RowGroup:
    group: Group
    rows: list[Row]

    @property
    def minutes(self) -> int:
        return sum(row.minutes for row in self.rows)


@dataclass
class CoverageRow:
    """One clinic's strip of the week. All its days share one scale."""

    clinic: Clinic
    cover: Cover
    days: list[DayCoverage]
    hours: tuple[int, int]

    @property
    def scale(self) -> int:
        return max([1, *(day.peak for day in self.days)])

    @property
    def missing_minutes(self) -> int:
        return sum(day.missing_minutes for day in self.days)


@dataclass(frozen=True)
class Unpublished:
    """A week of an own clinic with what staff do not see yet of it."""

    week: RosterWeek
    count: int

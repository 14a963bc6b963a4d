"""A day's coverage as a drawing: rectangles and one line in units of half hours and people, and the same in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from intranet.core.wording import clock_range, name_list, short_range
from scheduling.coverage import DayCoverage, Gap, Slot

Value = TypeVar("Value")


@dataclass(frozen=True)
class Bar:
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Chart:
    """One day of one clinic. `scale` is the number of people at the top edge."""

    day: DayCoverage
    scale: int

    @property
    def view_box(self) -> str:
        return f"0 0 {len(self.day.slots)} {self.scale}"

    @property
    def have(self) -> list[Bar]:
        """People on the floor."""
        runs = self._runs(lambda slot: slot.have)
        return [Bar(x, self.scale - number, width, number) for x, width, number in runs if number]

    @property
    def gaps(self) -> list[Bar]:
        """What is missing between the people on the floor and the line of those needed."""
        runs = self._runs(lambda slot: (slot.need, slot.short))
        return [Bar(x, self.scale - need, width, short) for x, width, (need, short) in runs if short]

    @property
    def need(self) -> str:
        """The line of people needed, as a path."""
        parts = [
            f"{'M0 ' if x == 0 else 'V'}{self.scale - number}H{x + width}"
            for x, width, number in self._runs(lambda slot: slot.need)
        ]
        return "".join(parts)

    @property
    def base(self) -> str:
        return f"M0 {self.scale}H{len(self.day.slots)}"

    def _runs(self, value: Callable[[Slot], Value]) -> Iterator[tuple[int, int, Value]]:
        """(first slot, number of slots, value) of each stretch in which the value stays the same."""
        x = 0
        for number, run in groupby(self.day.slots, key=value):
            width = len(list(run))
            yield x, width, number
            x += width

    @property
    def summary(self) -> str:
        """The drawing in a sentence: `Mt. Prospect, Thu 10: short 1 therapist 3:30 PM – 5:30 PM`."""
        where = f"{self.day.clinic}, {self.day.day:%a} {self.day.day.day}"
        zone = self.day.clinic.zone
        if not self.day.gaps:
            return f"{where}: {'covered all day' if self.day.is_needed else 'nobody needed'}"
        gaps = [f"short {gap} {clock_range(gap.start, gap.end, zone)}" for gap in self.day.gaps]
        return f"{where}: {'; '.join(gaps)}"

    @property
    def ticks(self) -> list[str]:
        """The scale below a large chart, one entry for each half hour: `7a`, nothing, nothing, nothing, `9` ..."""
        labels, half = [], None
        for number, slot in enumerate(self.day.slots):
            hour = slot.start.astimezone(self.day.clinic.zone).hour
            now = "a" if hour < 12 else "p"
            labels.append("" if number % 4 else f"{hour % 12 or 12}{now if now != half else ''}")
            half = half if number % 4 else now
        return labels

    @property
    def more_needed(self) -> str:
        """`1 more therapist needed 7a–11:30a and 12p–5p.`"""
        zone = self.day.clinic.zone
        times = name_list([short_range(gap.start, gap.end, zone) for gap in self.day.gaps])
        most = max((gap.short for gap in self.day.gaps), default=0)
        return f"{self.day.cover.counted(most)} more needed {times}." if most else ""


def gap_times(gap: Gap) -> str:
    """`3:30p–5:30p`."""
    return short_range(gap.start, gap.end, gap.clinic.zone)

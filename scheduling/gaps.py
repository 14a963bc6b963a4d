"""Coverage gaps as lines of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scheduling.coverage import Gap

CSV_HEADER = ["Clinic", "Day", "From", "To", "Missing", "Hours missing"]


def csv_lines(gaps: Iterable[Gap]) -> Iterator[list[str]]:
    for gap in gaps:
        zone = gap.clinic.zone
        times = [f"{moment.astimezone(zone):%H:%M}" for moment in (gap.start, gap.end)]
        yield [gap.clinic.name, gap.day.isoformat(), *times, str(gap), f"{gap.minutes / 60:.2f}"]

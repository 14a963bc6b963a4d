"""What staff saw differently after each publication of a week: from the publications, which are only ever added to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from intranet.core.time import local_day
from intranet.core.wording import day_label, short_range
from scheduling.models import Publication, PublicationChange, RosterWeek
from scheduling.positions import Position
from scheduling.seen import seen_counts


@dataclass(frozen=True)
class Told:
    """One publication: its changes, and how many of those whom it told have seen it."""

    publication: Publication
    changes: Sequence[Changed]
    seen: int
    asked: int


@dataclass(frozen=True)
class Changed:
    """One shift before and after, in words; empty where there was or is none."""

    change: PublicationChange
    before: str
    after: str


def history_of(weeks: Sequence[RosterWeek]) -> list[Told]:
    """The publications of the weeks, the newest first. Three queries."""
    asked = Publication.objects.filter(week__in=weeks).select_related("week__clinic", "by")
    publications = list(asked.prefetch_related("changes").order_by("-at", "-pk"))
    counts = seen_counts([one.pk for one in publications])
    return [Told(one, _changes(one), *counts.get(one.pk, (0, 0))) for one in publications]


def _changes(publication: Publication) -> list[Changed]:
    changes = publication.changes.all()  # type: ignore[attr-defined]
    in_order = sorted(changes, key=lambda one: ((one.after or one.before or {}).get("start", ""), one.pk))
    return [Changed(one, _words(publication, one.before), _words(publication, one.after)) for one in in_order]


def _words(publication: Publication, said: dict[str, Any] | None) -> str:
    """`Avery Testwell, Mon, Nov 30, 7a–3:30p, Therapist`, as names were then and by the clinic's clocks."""
    if said is None:
        return ""
    zone = publication.week.clinic.zone
    start, end = datetime.fromisoformat(said["start"]), datetime.fromisoformat(said["end"])
    day = day_label(local_day(start, zone), publication.week.monday)
    parts = [
        said["staff"] or "Open",
        day,
        short_range(start, end, zone),
        Position(said["position"]).label,
        said["skill"],
    ]
    if said["break_minutes"]:
        parts.append(f"{said['break_minutes']} min break")
    return ", ".join(str(part) for part in parts if part)


CSV_HEADER = ["Clinic", "Week from", "Publication", "At", "By", "Occasion", "Reason", "Change", "Before", "After"]


def csv_lines(found: Sequence[Told]) -> Iterator[list[str]]:
    for one in found:
        publication = one.publication
        week = publication.week
        when = publication.at.astimezone(week.clinic.zone).isoformat(timespec="minutes")
        head = [week.clinic.name, week.monday.isoformat(), str(publication.number), when, publication.by.name]
        head += [publication.get_occasion_display(), publication.reason]
        for changed in one.changes:
            yield [*head, changed.change.get_kind_display(), changed.before, changed.after]

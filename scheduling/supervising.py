"""Whether assistants have a therapist whom they can reach while they work: one on shift, at whichever clinic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from intranet.core.time import minutes_between
from scheduling.models import Shift, ShiftDetails
from scheduling.positions import Position
from scheduling.times import Span, overlaps


def without_therapist(shifts: Sequence[ShiftDetails]) -> list[tuple[ShiftDetails, list[Span]]]:
    """The assistants' shifts of these during which no therapist works, by the plan, each with the spans. One query."""
    assisting = [one for one in shifts if one.position == Position.ASSISTANT and one.staff_id]
    if not assisting:
        return []
    around = min(one.start for one in assisting), max(one.end for one in assisting)
    therapists = Shift.objects.planned().filter(
        position=Position.THERAPIST, staff__isnull=False, period__overlap=around
    )
    reachable = sorted((period.lower, period.upper) for period in therapists.values_list("period", flat=True))
    found = ((one, uncovered((one.start, one.end), reachable)) for one in assisting)
    return [(one, spans) for one, spans in found if spans]


def uncovered(span: Span, others: Iterable[Span]) -> list[Span]:
    """The parts of a span that no other span covers. `others` in order of their start."""
    parts: list[Span] = []
    until = span[0]
    for start, end in others:
        if not overlaps((start, end), (until, span[1])):
            continue
        if start > until:
            parts.append((until, start))
        until = max(until, end)
    return [*parts, (until, span[1])] if until < span[1] else parts


def minutes_of(spans: Iterable[Span]) -> int:
    return sum(minutes_between(start, end) for start, end in spans)


def is_late(shift: ShiftDetails, at: datetime, minutes: int) -> bool:
    """Whether a change of the shift at this moment comes within so many minutes of its start, or after it."""
    return shift.start - at < timedelta(minutes=minutes)

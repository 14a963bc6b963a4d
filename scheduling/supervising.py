"""Whether assistants have a therapist whom they can reach while they work: one on shift, at whichever clinic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, QuerySet
from django.db.models.functions import Greatest

from accounts.models import Clinic, Profession
from intranet.core.time import day_span, minutes_between, monday_of
from intranet.reminders.registry import HORIZON
from scheduling.models import PublishedShift, RuleCode, RuleLevel, Shift, ShiftDetails
from scheduling.positions import SUPERVISORS, Position
from scheduling.rules import rules_by_clinic
from scheduling.times import Span, overlaps


@dataclass(frozen=True)
class Unsupervised:
    """A clinic's day on which published shifts of assistants lack a therapist, each with when. `since` the roster of that
    week is as it is, and `until` when it matters."""

    clinic: Clinic
    day: date
    shifts: list[tuple[ShiftDetails, list[Span]]]
    since: datetime

    @property
    def until(self) -> datetime:
        return max(end for _, spans in self.shifts for _, end in spans)


def unsupervised(at: datetime) -> list[Unsupervised]:
    """The days ahead on which staff see an assistant without a therapist to reach, in order, as far as reminders look
    and as far as the clinic's rule asks for one. Four queries."""
    seen = PublishedShift.objects.standing().filter(staff__isnull=False)
    assisting = seen.filter(position=Position.ASSISTANT).within(at, at + HORIZON)
    alone = without_therapist(list(assisting.select_related("clinic", "staff").order_by("period", "pk")), seen)
    rules = rules_by_clinic({shift.clinic for shift, _ in alone})
    by_day: dict[tuple[Clinic, date], list[tuple[ShiftDetails, list[Span]]]] = defaultdict(list)
    for shift, spans in alone:
        rule, ahead = rules[shift.clinic_id][RuleCode.SUPERVISION], [span for span in spans if span[1] > at]
        if rule.level != RuleLevel.OFF and minutes_of(ahead) > rule.amount:
            by_day[shift.clinic, shift.day].append((shift, ahead))
    since = _last_published(monday_of(day) for _, day in by_day)
    return [
        Unsupervised(clinic, day, shifts, max(since[monday_of(day)], day_span(day, clinic.zone)[0] - HORIZON))
        for (clinic, day), shifts in by_day.items()
    ]


def _last_published(mondays: Iterable[date]) -> dict[date, datetime]:
    """{monday: when what staff see of that week changed last, at any clinic}. One query."""
    shown = PublishedShift.objects.filter(week__monday__in=set(mondays)).order_by()
    changed = Greatest(Max("published_at"), Max("withdrawn_at"))
    return dict(shown.values("week__monday").annotate(changed=changed).values_list("week__monday", "changed"))


def without_therapist(
    shifts: Sequence[ShiftDetails], among: QuerySet[Any, Any] | None = None
) -> list[tuple[ShiftDetails, list[Span]]]:
    """The assistants' shifts of these during which no therapist of their profession works, each with the spans. One query.

    A PTA needs a PT, a COTA an OT: the source stands at the clinic's rule. Therapists by the plan, or `among` other
    shifts, for example those that staff see.
    """
    assisting = [one for one in shifts if one.position == Position.ASSISTANT and one.staff_id]
    if not assisting:
        return []
    around = min(one.start for one in assisting), max(one.end for one in assisting)
    known = Shift.objects.planned() if among is None else among
    therapists = known.filter(position=Position.THERAPIST, staff__isnull=False, period__overlap=around)
    reachable: dict[str, list[Span]] = defaultdict(list)
    for period, profession in therapists.order_by("period").values_list("period", "staff__profession"):
        reachable[profession].append((period.lower, period.upper))
    found = ((one, uncovered((one.start, one.end), reachable[_supervisor(one)])) for one in assisting)
    return [(one, spans) for one, spans in found if spans]


def _supervisor(shift: ShiftDetails) -> str:
    """The profession of whoever supervises the assistant who holds the shift."""
    return SUPERVISORS.get(shift.staff.profession, Profession.PT) if shift.staff else Profession.PT


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

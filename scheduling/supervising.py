"""Whether assistants have a therapist whom they can reach while they work: one on shift, at whichever clinic.

A PTA needs a PT, a COTA an OT: the source stands at the clinic's rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Greatest

from accounts.models import Clinic, Profession, User
from intranet.core.access import Verdict
from intranet.core.time import day_span, local_day, minutes_between, monday_of
from intranet.core.wording import day_label, name_list, short_range
from intranet.reminders.registry import HORIZON
from scheduling.models import LONGEST_SHIFT, PublishedShift, RuleCode, RuleLevel, Shift, ShiftDetails
from scheduling.positions import SUPERVISORS, Position
from scheduling.rules import Rules, rules_by_clinic
from scheduling.times import Span, overlaps

Held = tuple[ShiftDetails, User | None]  # a shift and who has it, or would have it
Lone = tuple[ShiftDetails, User, list[Span]]  # an assistant's shift, its holder, and when no therapist works
CONCERNED = (Position.THERAPIST, Position.ASSISTANT)


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
        ahead = [span for span in spans if span[1] > at]
        if _exceeds(rules[shift.clinic_id], ahead):
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
    shifts: Sequence[ShiftDetails], among: QuerySet[Any, Any]
) -> list[tuple[ShiftDetails, list[Span]]]:
    """The assistants' shifts of these during which no therapist of their profession works, each with the spans. One query.

    Therapists are looked for `among` some shifts: those planned, or those that staff see.
    """
    assisting = [one for one in shifts if one.position == Position.ASSISTANT and one.staff_id]
    if not assisting:
        return []
    around = min(one.start for one in assisting), max(one.end for one in assisting)
    therapists = among.filter(position=Position.THERAPIST, staff__isnull=False, period__overlap=around)
    reachable = _reachable(_by_id(therapists.select_related("staff")))
    found = ((one, uncovered((one.start, one.end), reachable[_supervisor(one.staff)])) for one in assisting)
    return [(one, spans) for one, spans in found if spans]


def _supervisor(assistant: User | None) -> str:
    """The profession of whoever supervises the assistant."""
    return SUPERVISORS.get(assistant.profession, Profession.PT) if assistant else Profession.PT


@dataclass(frozen=True)
class Alone:
    """An assistant's shift without a therapist for longer than the clinic's rule has it, and what the rule says."""

    shift: ShiftDetails
    verdict: Verdict


def left_alone(changes: Sequence[Sequence[Held]], known: QuerySet[Any, Any], at: datetime) -> list[list[Alone]]:
    """For each change of hands, given as shifts with who would have each: the assistants' shifts that are without a
    therapist after it, and were not, or not for as long, or not that person's, before.

    `known` are the shifts that count, those planned or those that staff see. Two queries for many as for one.
    """
    near = _by_id(_around([shift for holders in changes for shift, _ in holders], known))
    found = [
        _newly_alone(
            near,
            near | {shift.planned_id: (shift, person) for shift, person in holders},
            [(shift.start, shift.end) for shift, _ in holders],
        )
        for holders in changes
    ]
    return _by_rule(found, at)


def alone_once_seen(changes: Sequence[tuple[ShiftDetails | None, ShiftDetails | None]], at: datetime) -> list[Alone]:
    """The same for what staff are about to see, given as each shift as they see it and as it is planned; None: not at all.

    At every clinic, and by the whole plan: the other clinics may publish theirs later. Two queries.
    """
    shifts = [one for pair in changes for one in pair if one is not None]
    planned = _by_id(_around(shifts, Shift.objects.planned()))
    seen = {one.planned_id: pair[0] for pair in changes for one in pair if one is not None}
    before = {pk: held for pk, held in planned.items() if pk not in seen}
    before |= {pk: (shift, shift.staff) for pk, shift in seen.items() if shift is not None}
    [alone] = _by_rule([_newly_alone(before, planned, [(one.start, one.end) for one in shifts])], at)
    return alone


def _by_id(shifts: Iterable[ShiftDetails]) -> dict[UUID, Held]:
    return {shift.planned_id: (shift, shift.staff) for shift in shifts}


def _around(changed: Iterable[ShiftDetails], known: QuerySet[Any, Any]) -> Iterable[ShiftDetails]:
    """Shifts of assistants while these are worked, and of the therapists whom they could reach then. One query."""
    parts = [(shift.start, shift.end) for shift in changed if shift.position in CONCERNED]
    if not parts:
        return []
    during = Q()
    for start, end in _merged(parts):
        during |= Q(period__overlap=(start - LONGEST_SHIFT, end + LONGEST_SHIFT))
    there = known.filter(during, staff__isnull=False, position__in=CONCERNED)
    return there.select_related("clinic", "staff").order_by("period", "pk")


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The spans as few spans that do not overlap."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def _newly_alone(before: Mapping[UUID, Held], after: Mapping[UUID, Held], touched: Sequence[Span]) -> list[Lone]:
    """The assistants' shifts at these times that are alone for longer after than before; all of it if it was no shift
    of theirs."""
    by_then, by_now = _reachable(after), _reachable(before)
    found = []
    for pk, (shift, holder) in after.items():
        span = shift.start, shift.end
        if holder is None or shift.position != Position.ASSISTANT or not any(overlaps(span, one) for one in touched):
            continue
        spans = uncovered(span, by_then[_supervisor(holder)])
        own = pk in before and before[pk][1] == holder
        known = uncovered(span, by_now[_supervisor(holder)]) if own else []
        if minutes_of(spans) > minutes_of(known):
            found.append((shift, holder, spans))
    return found


def _reachable(held: Mapping[UUID, Held]) -> dict[str, list[Span]]:
    """{profession: when its therapists work, in order}."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for shift, holder in sorted(held.values(), key=lambda one: one[0].start):
        if holder is not None and shift.position == Position.THERAPIST:
            spans[holder.profession].append((shift.start, shift.end))
    return spans


def _by_rule(found: Sequence[Sequence[Lone]], at: datetime) -> list[list[Alone]]:
    """What the rules of the assistants' clinics say; without those about which they say nothing. One query."""
    rules = rules_by_clinic({shift.clinic for lone in found for shift, _, _ in lone})
    return [
        [
            Alone(shift, _said(shift, holder, spans, rules[shift.clinic_id], at))
            for shift, holder, spans in lone
            if _exceeds(rules[shift.clinic_id], spans)
        ]
        for lone in found
    ]


def _exceeds(rules: Rules, spans: Sequence[Span]) -> bool:
    """Whether an assistant is alone for longer than the clinic's rule has it."""
    rule = rules[RuleCode.SUPERVISION]
    return rule.level != RuleLevel.OFF and minutes_of(spans) > rule.amount


def _said(shift: ShiftDetails, holder: User, spans: Sequence[Span], rules: Rules, at: datetime) -> Verdict:
    when = name_list([short_range(start, end, shift.clinic.zone) for start, end in spans])
    day = day_label(shift.day, local_day(at, shift.clinic.zone))
    return rules.says(RuleCode.SUPERVISION, f"{holder}, {day}: no therapist works {when}, at no clinic.")


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

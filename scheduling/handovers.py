"""What it would mean if shifts changed hands: what speaks against it, and the hours of everybody who gets one.

Managers hear what follows from the plan. The plan decides for staff as well, so that nobody takes what clashes with a
draft; but they hear only what follows from what is published, and of colleagues nothing that stands in their files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from accounts.models import User
from intranet.core.access import YES, Reason, Verdict
from scheduling.eligibility import Case, Evidence, as_published, gather_each, meal_verdict
from scheduling.models import ShiftDetails
from scheduling.plans import Plan
from scheduling.rules import concerns_in

# What everybody can see for themselves, in the directory and on the published roster.
KNOWN_TO_ALL = {"inactive", "profession", "not-here", "double-booking", "travel"}
BEING_PLANNED = "The managers are planning this time just now. Talk to them."


@dataclass(frozen=True)
class Handover:
    """Shifts with who has each then, None for nobody. They change hands together or not at all."""

    holders: Sequence[tuple[ShiftDetails, User | None]]

    @property
    def cases(self) -> list[Case]:
        """One for everybody who gets a shift. None of the shifts is in anybody's way: its holder gives it away."""
        without = {shift.planned_id for shift, _ in self.holders}
        return [
            Case(replace(Plan.of(shift), staff=person), [person], without)
            for shift, person in self.holders
            if person is not None
        ]


@dataclass(frozen=True)
class Gain:
    """Somebody gets a shift: what speaks against it, and the paid minutes of the week without it and with it."""

    plan: Plan
    person: User
    verdict: Verdict
    minutes_before: int
    is_weighed: bool = False  # only managers decide: something speaks against it, though staff may not see it yet

    @property
    def minutes(self) -> int:
        return self.plan.minutes_in(self.plan.monday)

    @property
    def minutes_after(self) -> int:
        return self.minutes_before + self.minutes

    @property
    def concerns(self) -> list[Reason]:
        return concerns_in(self.verdict)


def verdict_of(gains: Iterable[Gain]) -> Verdict:
    return sum((gain.verdict for gain in gains), YES)


def judge(handovers: Sequence[Handover], at: datetime) -> list[list[Gain]]:
    """For managers: the gains of each handover, by the plan. As many queries for many as for one."""
    cases = [case for handover in handovers for case in handover.cases]
    found = zip(cases, gather_each(cases), strict=True)
    return _by_handover((_gain(case, one, _verdict(case, one, at)) for case, one in found), handovers)


def judge_for(viewer: User, handovers: Sequence[Handover], at: datetime) -> list[list[Gain]]:
    """For staff: the gains of each handover as `viewer` may hear them. As many queries for many as for one."""
    cases = [case for handover in handovers for case in handover.cases]
    planned = gather_each(cases)
    gains = []
    for case, by_plan, seen in zip(cases, planned, as_published(cases, planned), strict=True):
        [person] = case.people
        wish = seen.absences.unavailable(case.plan, person)
        verdict = _told(_verdict(case, by_plan, at) + wish, _verdict(case, seen, at) + wish, person, viewer)
        weighed = bool(concerns_in(_verdict(case, by_plan, at)) or concerns_in(verdict))
        gains.append(replace(_gain(case, seen, verdict), is_weighed=weighed))
    return _by_handover(gains, handovers)


def _verdict(case: Case, evidence: Evidence, at: datetime) -> Verdict:
    [person] = case.people
    return evidence.verdict(person, at) + meal_verdict(case.plan, evidence.rules)


def _gain(case: Case, evidence: Evidence, verdict: Verdict) -> Gain:
    [person] = case.people
    return Gain(case.plan, person, verdict, evidence.minutes(person))


def _by_handover(gains: Iterable[Gain], handovers: Sequence[Handover]) -> list[list[Gain]]:
    rest = iter(gains)
    return [list(islice(rest, len(handover.cases))) for handover in handovers]


def _told(planned: Verdict, seen: Verdict, person: User, viewer: User) -> Verdict:
    """Of oneself everything that follows from what is published; of a colleague what everybody knows, or a bare no."""
    if person == viewer:
        return seen if planned or not seen else Verdict.no("being-planned", BEING_PLANNED)
    if planned and seen:
        return YES
    known = Verdict.of(reason for reason in seen.reasons if reason.code in KNOWN_TO_ALL)
    return known if not known else Verdict.no("cannot", f"{person.given_name} cannot take this shift as things stand.")

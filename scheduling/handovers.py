"""What it would mean if shifts changed hands: what speaks against it, the hours of everybody who gets one, and whether
assistants would be left without a therapist.

Managers hear what follows from the plan. The plan decides for staff as well, so that nobody takes what clashes with a
draft; but they hear only what follows from what is published, and of colleagues nothing that stands in their files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import TypeVar

from accounts.models import User
from intranet.core.access import YES, Reason, Verdict
from scheduling.eligibility import Case, Evidence, as_published, gather_each, meal_verdict
from scheduling.models import PublishedShift, Shift, ShiftDetails
from scheduling.plans import Plan
from scheduling.rules import concerns_in
from scheduling.supervising import Alone, left_alone

# What everybody can see for themselves, in the directory and on the published roster.
KNOWN_TO_ALL = {"inactive", "profession", "not-here", "double-booking", "travel"}
PLANNED = Verdict.no("being-planned", "The managers are planning this time just now. Talk to them.")
Of = TypeVar("Of")
NO_THERAPIST = "An assistant would have no therapist to reach then. Talk to your managers."


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

    @property
    def minutes(self) -> int:
        return self.plan.minutes_in(self.plan.monday)

    @property
    def minutes_after(self) -> int:
        return self.minutes_before + self.minutes

    @property
    def concerns(self) -> list[Reason]:
        return concerns_in(self.verdict)


@dataclass(frozen=True)
class Outcome:
    """What a change of hands would mean: for each who gets a shift, and for assistants who would be left alone."""

    gains: list[Gain]
    alone: list[Alone] = field(default_factory=list)
    is_weighed: bool = False  # only managers decide: something speaks against it, though staff may not see it yet

    @property
    def verdict(self) -> Verdict:
        return sum([gain.verdict for gain in self.gains] + [one.verdict for one in self.alone], YES)

    @property
    def concerns(self) -> list[Reason]:
        return concerns_in(self.verdict)

    @property
    def about_assistants(self) -> list[Reason]:
        """What is said about assistants who would be left alone."""
        return [reason for one in self.alone for reason in (*one.verdict.reasons, *one.verdict.warnings)]


def judge(handovers: Sequence[Handover], at: datetime) -> list[Outcome]:
    """For managers: the outcome of each handover, by the plan. As many queries for many as for one."""
    cases = [case for handover in handovers for case in handover.cases]
    found = zip(cases, gather_each(cases), strict=True)
    gains = _by_handover((_gain(case, one, _verdict(case, one, at)) for case, one in found), handovers)
    alone = left_alone([handover.holders for handover in handovers], Shift.objects.planned(), at)
    return [Outcome(own, left) for own, left in zip(gains, alone, strict=True)]


def judge_for(viewer: User, handovers: Sequence[Handover], at: datetime) -> list[Outcome]:
    """For staff: the outcome of each handover as `viewer` may hear it. As many queries for many as for one."""
    cases = [case for handover in handovers for case in handover.cases]
    planned = gather_each(cases)
    gains = []
    for case, by_plan, seen in zip(cases, planned, as_published(cases, planned), strict=True):
        [person] = case.people
        wish = seen.absences.unavailable(case.plan, person)
        by_plan_and_wish, seen_and_wish = _verdict(case, by_plan, at) + wish, _verdict(case, seen, at) + wish
        verdict = _told(by_plan_and_wish, seen_and_wish, person, viewer)
        weighed = bool(concerns_in(by_plan_and_wish) or concerns_in(verdict))
        gains.append((_gain(case, seen, verdict), weighed))
    alone = left_alone([handover.holders for handover in handovers], Shift.objects.planned(), at)
    told = _told_alone(handovers, alone, at)
    return [
        Outcome([gain for gain, _ in own], heard, any(weighed for _, weighed in own) or _is_weighed(left))
        for own, left, heard in zip(_by_handover(gains, handovers), alone, told, strict=True)
    ]


def _is_weighed(alone: Sequence[Alone]) -> bool:
    return any(concerns_in(one.verdict) for one in alone)


def _told_alone(handovers: Sequence[Handover], planned: Sequence[list[Alone]], at: datetime) -> list[list[Alone]]:
    """Where a clinic refuses to leave assistants alone, that it does; from a draft, no more than that it is planned."""
    barred = [[one for one in alone if not one.verdict] for alone in planned]
    if not any(barred):
        return barred
    seen = left_alone([handover.holders for handover in handovers], PublishedShift.objects.standing(), at)
    known = [{one.shift.planned_id for one in alone} for alone in seen]
    told = {True: Verdict.no("supervision", NO_THERAPIST), False: PLANNED}
    return [
        [replace(one, verdict=told[one.shift.planned_id in ids]) for one in alone]
        for alone, ids in zip(barred, known, strict=True)
    ]


def _verdict(case: Case, evidence: Evidence, at: datetime) -> Verdict:
    [person] = case.people
    return evidence.verdict(person, at) + meal_verdict(case.plan, evidence.rules)


def _gain(case: Case, evidence: Evidence, verdict: Verdict) -> Gain:
    [person] = case.people
    return Gain(case.plan, person, verdict, evidence.minutes(person))


def _by_handover(gains: Iterable[Of], handovers: Sequence[Handover]) -> list[list[Of]]:
    rest = iter(gains)
    return [list(islice(rest, len(handover.cases))) for handover in handovers]


def _told(planned: Verdict, seen: Verdict, person: User, viewer: User) -> Verdict:
    """Of oneself everything that follows from what is published; of a colleague what everybody knows, or a bare no."""
    if person == viewer:
        return seen if planned or not seen else PLANNED
    if planned and seen:
        return YES
    known = Verdict.of(reason for reason in seen.reasons if reason.code in KNOWN_TO_ALL)
    return known if not known else Verdict.no("cannot", f"{person.given_name} cannot take this shift as things stand.")

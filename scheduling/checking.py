"""What there is to know of a shift before it is saved: what stands against it by itself, and who could work it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from intranet.core.access import Reason, Verdict
from scheduling.assigning import weeks_are_open
from scheduling.coverage import unusual_times
from scheduling.eligibility import Candidate, candidates, meal_verdict
from scheduling.models import LONGEST_SHIFT, RosterWeek
from scheduling.plans import Plan, may_be_planned
from scheduling.rules import concerns_in, rules_of


@dataclass(frozen=True)
class Check:
    """A shift as somebody wants it: what is said of it whoever works it, and everybody of the right profession."""

    verdict: Verdict
    unusual: list[Reason]  # what to look at twice in its times
    candidates: list[Candidate]

    @property
    def concerns(self) -> list[Reason]:
        """What takes a reason, whoever works it."""
        return concerns_in(self.verdict)

    @property
    def may_need_reason(self) -> bool:
        """Whether somebody may have to say why this shift is planned all the same."""
        return bool(self.concerns) or any(one.concerns for one in self.candidates if one.verdict)


def check_shift(plan: Plan, at: datetime, *, shift_id: UUID | None = None) -> Check:
    """The same as saving it would say, before anybody saves it; `shift_id` is the shift that the plan would change.

    Nobody is looked for while the times make no sense. The number of queries is the same for many people as for one.
    """
    week = RosterWeek(clinic=plan.clinic, monday=plan.monday)
    itself = may_be_planned(plan) + weeks_are_open([week], at) + meal_verdict(plan, rules_of(plan.clinic))
    makes_sense = plan.start < plan.end <= plan.start + 2 * LONGEST_SHIFT
    found = candidates(plan, at, shift_id=shift_id) if makes_sense else []
    return Check(itself, unusual_times(plan), found)

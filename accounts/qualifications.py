"""Qualifications that are made of parts (hours, sessions, an exam), and the regions that their trainings name.

What the parts ask for is data with its source (`QualificationPart`). What a person has done towards them are trainings,
each verified by the clinical lead; a credential of such a type is verified once every part is met.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import CredentialType, QualificationPart, Training, Unit, User
from intranet.core.access import YES, Verdict
from intranet.core.time import months_after
from intranet.core.wording import counted, name_list


@dataclass(frozen=True)
class Progress:
    """How far somebody is with one part on a day: what counts, what waits for a check, and whether it is enough."""

    part: QualificationPart
    trainings: Sequence[Training]
    on: date
    at: datetime

    @property
    def have(self) -> int:
        """The most that lies within the part's months, of what is verified; for months since a day, the months."""
        return _most(self.part, self.counting, self.on)

    @property
    def exempt(self) -> bool:
        return any(one.exempt for one in self.counting)

    @property
    def met(self) -> bool:
        return self.exempt or self.have >= self.part.least

    @property
    def counting(self) -> list[Training]:
        return [one for one in self.trainings if counts(one, self.at)]

    @property
    def waiting(self) -> list[Training]:
        return [one for one in self.trainings if one.verified_at is None and one.struck_at is None]

    @property
    def share(self) -> int:
        """Hundredths of what is needed, at most 100."""
        return 100 if self.met else self.have * 100 // self.part.least

    @property
    def words(self) -> str:
        """`40 of 54 hours`, `Passed`, `Exempt`, `7 of 12 months`."""
        if self.exempt:
            return "Exempt"
        if self.part.unit == Unit.PASSED:
            return "Passed" if self.met else "Not passed yet"
        unit = {Unit.HOURS: "hour", Unit.SESSIONS: "session", Unit.MONTHS: "month"}[Unit(self.part.unit)]
        return f"{min(self.have, self.part.least)} of {counted(self.part.least, unit)}"


def counts(training: Training, at: datetime) -> bool:
    """As `TrainingQuerySet.counting`, for one that is loaded."""
    checked = training.verified_at is not None and training.verified_at <= at
    return checked and (training.struck_at is None or training.struck_at > at)


def _most(part: QualificationPart, trainings: Sequence[Training], on: date) -> int:
    done = [one for one in trainings if not one.exempt and one.last_day <= on]
    if part.unit == Unit.MONTHS:
        return max((_whole_months(one.last_day, on) for one in done), default=0)
    if part.within_months is None:
        return sum(one.amount or 0 for one in done)
    return max((_amount_until(last, done, part.within_months) for last in done), default=0)


def _amount_until(last: Training, done: Iterable[Training], months: int) -> int:
    """What was done in the months that end with the last day of one training; a course counts from its first day."""
    return sum(
        one.amount or 0
        for one in done
        if one.last_day <= last.last_day and months_after(one.first_day or one.last_day, months) > last.last_day
    )


def _whole_months(since: date, on: date) -> int:
    months = (on.year - since.year) * 12 + on.month - since.month
    return max(months - (months_after(since, months) > on), 0)


def progress(user: User, type: CredentialType, *, on: date, at: datetime) -> list[Progress]:
    """Every part of the type with what the person has done towards it. Two queries."""
    trainings: dict[int, list[Training]] = defaultdict(list)
    own = user.trainings.filter(part__type=type).select_related("part", "verified_by", "struck_by", "entered_by")
    for training in own.order_by("last_day", "pk"):
        trainings[training.part_id].append(training)
    return [Progress(part, trainings[part.pk], on, at) for part in type.parts.all()]


def covered_regions(steps: Iterable[Progress]) -> list[str]:
    """The regions that the trainings that count name, in alphabetical order."""
    return sorted({region for step in steps for training in step.counting for region in training.regions})


def is_whole(user: User, type: CredentialType, *, on: date, at: datetime) -> Verdict:
    """Whether every part is met; names those that are not."""
    missing = [f"{step.part.name} ({step.words})" for step in progress(user, type, on=on, at=at) if not step.met]
    if not missing:
        return YES
    return Verdict.no("parts-missing", f"Not enough yet for {type}: {name_list(missing)}.")

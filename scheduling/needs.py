"""How many people a clinic needs, stated for its whole week at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import time

from django.db import transaction

from accounts.models import Clinic, User
from intranet.audit.recording import record
from intranet.core.access import Forbidden, Reason, Verdict, require
from intranet.core.wording import name_list, short_range
from scheduling.assigning import may_edit
from scheduling.coverage import HALF_HOUR, Cover
from scheduling.fingerprints import fingerprint, require_unchanged
from scheduling.models import CoverageNeed, Weekday
from scheduling.positions import Position

MOST_PEOPLE = 50


@dataclass(frozen=True)
class WeeklyNeed:
    """A need as somebody states it: on these weekdays, between these times, so many."""

    weekdays: Sequence[int]
    starts: time
    ends: time
    count: int
    cover: Cover

    def __str__(self) -> str:
        days = name_list([Weekday(day).label for day in self.weekdays])
        return f"{self.cover.counted(self.count)}, {days} {short_range(self.starts, self.ends)}"


def needs_of(clinic: Clinic) -> list[WeeklyNeed]:
    """What the clinic needs, what is the same on several weekdays as one. One query."""
    days: dict[tuple[time, time, int, Cover], list[int]] = {}
    for row in CoverageNeed.objects.filter(clinic=clinic).select_related("skill").order_by("weekday", "pk"):
        cover = Cover(Position(row.position) if row.position else None, row.skill)
        days.setdefault((row.starts, row.ends, row.count, cover), []).append(row.weekday)
    stated = [WeeklyNeed(tuple(weekdays), *key) for key, weekdays in days.items()]
    return sorted(stated, key=lambda one: (one.cover.skill is not None, one.cover.label, one.weekdays, one.starts))


def fingerprint_of(needs: Iterable[WeeklyNeed]) -> str:
    """Of the needs as somebody looked at them, whatever their order."""
    return fingerprint(sorted((key, count) for key, count in _by_weekday(needs).items()))


@transaction.atomic
def set_coverage_needs(clinic: Clinic, needs: Iterable[WeeklyNeed], *, by: User, seen: str = "") -> None:
    """Say how many people the clinic needs, for the whole week at once. Needs that overlap add up.

    `seen` is the fingerprint of the needs from which somebody started, if they saw any: Conflict when there are others now.
    """
    require(may_edit(clinic, by), Forbidden)
    Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
    needs, before = list(needs), needs_of(clinic)
    if seen:
        require_unchanged(seen, fingerprint_of(before), "these needs")
    require(Verdict.of(reason for number, need in enumerate(needs) for reason in _flaws(number, need)))
    if fingerprint_of(needs) == fingerprint_of(before):
        return
    covers = {need.cover.key: need.cover for need in needs}
    CoverageNeed.objects.filter(clinic=clinic).delete()
    CoverageNeed.objects.bulk_create(
        CoverageNeed(
            clinic=clinic,
            weekday=weekday,
            starts=starts,
            ends=ends,
            count=count,
            position=covers[key].position or "",
            skill=covers[key].skill,
        )
        for (key, weekday, starts, ends), count in sorted(_by_weekday(needs).items())
    )
    record(by, "coverage-needs.set", clinic, clinics=[clinic.pk], needs=[_spoken(before), _spoken(needs_of(clinic))])


def _by_weekday(needs: Iterable[WeeklyNeed]) -> Counter[tuple[str, int, time, time]]:
    """{(what, weekday, from, until): how many}; the same stated twice is needed twice."""
    counted: Counter[tuple[str, int, time, time]] = Counter()
    for need in needs:
        for weekday in need.weekdays:
            counted[need.cover.key, weekday, need.starts, need.ends] += need.count
    return counted


def _flaws(number: int, need: WeeklyNeed) -> Iterator[Reason]:
    """What makes no sense in the need of this number, which the fields name."""
    if not need.weekdays:
        yield Reason("no-weekday", "Tick at least one weekday.", f"weekdays_{number}")
    if need.ends <= need.starts:
        yield Reason("ends-first", "A need ends later than it begins.", f"ends_{number}")
    for name, clock in (("starts", need.starts), ("ends", need.ends)):
        if clock.minute % HALF_HOUR or clock.second:
            yield Reason("half-hours", "Coverage is counted by half hours: choose :00 or :30.", f"{name}_{number}")
    if not 1 <= need.count <= MOST_PEOPLE:
        yield Reason("how-many", f"Choose 1 to {MOST_PEOPLE}.", f"count_{number}")


def _spoken(needs: Iterable[WeeklyNeed]) -> str:
    return "; ".join(map(str, needs)) or "Nobody"

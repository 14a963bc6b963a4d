"""What the people of a clinic have on file and will lose soon: credentials and competencies. Reads, decides nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from django.db.models import Exists, OuterRef, QuerySet

from accounts.credentials import EXPIRING_WITHIN, ending, last_day
from accounts.models import Competency, Credential, User, organisation_zone
from intranet.core.time import local_day
from intranet.core.wording import counted

SOON = timedelta(days=30)
# A competency that was not renewed for so long is history: the roster asks for it anyway, shift by shift.
REMEMBERED = timedelta(days=30)
FEW = 2


@dataclass(frozen=True)
class Ending:
    """Something on somebody's file that has ended or ends soon, with the days that are left (negative: since when)."""

    person: User
    what: str
    icon: str
    last_day: date
    days: int

    @property
    def tone(self) -> str:
        return "danger" if self.days < 0 else "caution" if self.days <= SOON.days else "neutral"

    @property
    def words(self) -> str:
        return "Ended" if self.days < 0 else "Last day" if self.days == 0 else counted(self.days, "day")


@dataclass(frozen=True)
class EndingGroup:
    """The same thing that ends on the same day for one person or many: many share a line."""

    first: Ending
    people: list[User]

    @property
    def shared(self) -> bool:
        return len(self.people) > 1


def endings(viewer: User, at: datetime) -> list[Ending]:
    """Of everybody else whose file the viewer sees, the first to end first. Two queries."""
    today = local_day(at, organisation_zone())
    credentials = ending(Credential.objects.visible_to(viewer).exclude(user=viewer), today)
    competencies = _ending_competencies(Competency.objects.visible_to(viewer).exclude(user=viewer), at)
    found = [(one.user, one.type.name, "id", cast("date", last_day(one))) for one in credentials]
    found += [(one.user, one.skill.name, "needle", one.last_day) for one in competencies]
    lines = [Ending(person, what, icon, last, (last - today).days) for person, what, icon, last in found]
    return sorted(lines, key=lambda line: (line.last_day, line.what, line.person.name))


def _ending_competencies(competencies: QuerySet[Competency], at: datetime) -> QuerySet[Competency]:
    renewal = Competency.objects.filter(
        user=OuterRef("user"), skill=OuterRef("skill"), valid__startswith__gte=OuterRef("valid__endswith")
    )
    span = (at - REMEMBERED, at + EXPIRING_WITHIN)
    soon = competencies.filter(user__is_active=True, ended_at__isnull=True, valid__endswith__range=span)
    return soon.filter(~Exists(renewal)).select_related("user", "skill")


def grouped(lines: Iterable[Ending]) -> list[EndingGroup]:
    """One line for each person; where more than two share thing and day, one line for them all."""
    together: dict[tuple[date, str], list[Ending]] = defaultdict(list)
    for line in lines:
        together[line.last_day, line.what].append(line)
    return [
        group
        for same in together.values()
        for group in ([_group(same)] if len(same) > FEW else [_group([line]) for line in same])
    ]


def _group(lines: list[Ending]) -> EndingGroup:
    return EndingGroup(lines[0], [line.person for line in lines])

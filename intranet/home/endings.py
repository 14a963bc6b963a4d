"""What the people of a clinic have on file and will lose soon: credentials and competencies. Reads, decides nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.credentials import EXPIRING_WITHIN, ending, last_day
from accounts.models import Clinic, Competency, Credential, Membership, Skill, User
from intranet.core.time import organisation_day
from intranet.core.wording import counted
from scheduling.models import Shift

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
    skills: frozenset[Skill] = frozenset()  # the procedures that the person may not be rostered for without it
    bars: bool = False  # whether the person may not be rostered at all without it
    next_from: date | None = None  # the first day of the next one, when there is a gap between them
    renewal_waits: bool = False  # whether one is filed that nobody has checked yet

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


def endings(viewer: User, at: datetime, within: timedelta = EXPIRING_WITHIN) -> list[Ending]:
    """Of everybody else whose file the viewer sees, the first to end first. Three queries."""
    today = organisation_day(at)
    credentials = ending(Credential.objects.visible_to(viewer).exclude(user=viewer), today, within)
    competencies = _ending_competencies(Competency.objects.visible_to(viewer).exclude(user=viewer), at, within)

    lines = [
        Ending(
            *(one.user, one.type.name, "id", end, (end - today).days, frozenset(one.type.skills.all())),
            bars=one.type.bars(one.user),
            next_from=one.next_from,  # type: ignore[attr-defined]  # annotated by `ending`
            renewal_waits=one.renewal_waits,  # type: ignore[attr-defined]
        )
        for one in credentials.prefetch_related("type__skills")
        if (end := last_day(one))
    ]
    # Nobody is planned beyond a competency: the database refuses such a shift.
    lines += [
        Ending(one.user, one.skill.name, "needle", one.last_day, (one.last_day - today).days) for one in competencies
    ]
    return sorted(lines, key=lambda line: (line.last_day, line.what, line.person.name))


@dataclass(frozen=True)
class Loss:
    """What ends for a person, where the person works, and the shifts to come that the person may then not work."""

    ending: Ending
    clinics: list[Clinic]
    shifts: list[Shift]


def losses(viewer: User, at: datetime, *, within: timedelta, clinic: Clinic | None = None) -> list[Loss]:
    """What ends at the viewer's clinics (or at one), with the shifts in the plan that depend on it. Constant queries."""
    today = organisation_day(at)
    lines = endings(viewer, at, within)
    people = {line.person.pk for line in lines}
    places = _clinics_of(people, today)
    shifts = _shifts_of(people, viewer, at)
    return [
        Loss(line, places[line.person.pk], [shift for shift in shifts[line.person.pk] if _depends(shift, line)])
        for line in lines
        if clinic is None or clinic in places[line.person.pk]
    ]


def _depends(shift: Shift, line: Ending) -> bool:
    without = shift.day > line.last_day and (line.next_from is None or shift.day < line.next_from)
    return without and (line.bars or shift.skill in line.skills)


def _clinics_of(people: set[int], today: date) -> dict[int, list[Clinic]]:
    places: dict[int, list[Clinic]] = defaultdict(list)
    held = Membership.objects.on(today).filter(user__in=people, clinic__isnull=False).select_related("clinic")
    for membership in held.order_by("clinic__number"):
        if membership.clinic and membership.clinic not in places[membership.user_id]:
            places[membership.user_id].append(membership.clinic)
    return places


def _shifts_of(people: set[int], viewer: User, at: datetime) -> dict[int, list[Shift]]:
    """Of each person the shifts to come, as planned at the clinics whose roster the viewer makes."""
    found: dict[int, list[Shift]] = defaultdict(list)
    planned = Shift.objects.visible_to(viewer).planned().filter(staff__in=people)
    for shift in planned.filter(period__startswith__gt=at).select_related("clinic", "skill").order_by("period"):
        if shift.staff_id:
            found[shift.staff_id].append(shift)
    return found


def _ending_competencies(competencies: QuerySet[Competency], at: datetime, within: timedelta) -> QuerySet[Competency]:
    later = Competency.objects.filter(user=OuterRef("user"), skill=OuterRef("skill"), ended_at__isnull=True)
    renewal = later.filter(valid__startswith__gte=OuterRef("valid__endswith")).filter(
        Q(valid__startswith=OuterRef("valid__endswith")) | Q(valid__startswith__lte=at)
    )
    span = (at - REMEMBERED, at + within)
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

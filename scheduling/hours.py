"""Hours and overtime of a period of weeks, by person and clinic, from what is published.

Minutes are true ones, across clock changes, without unpaid breaks. Overtime counts the hours at all clinics together:
one employer, one week (29 CFR 791.2).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from accounts.models import Clinic, User
from accounts.roles import Capability
from intranet.core.access import YES, Verdict
from scheduling.models import PublishedShift, RuleCode, RuleLevel, week_span
from scheduling.rules import Rules, rules_by_clinic
from scheduling.times import minutes_within, weeks_touched

A_WEEK = timedelta(days=7)
MOST_WEEKS = 53


@dataclass
class WeekHours:
    """One week of a person.

    `limit` is from how many minutes they are overtime: the lowest of the clinics worked at; None where no rule counts.
    """

    monday: date
    by_clinic: dict[int, int] = field(default_factory=dict)
    limit: int | None = None

    @property
    def minutes(self) -> int:
        return sum(self.by_clinic.values())

    @property
    def overtime(self) -> int:
        return max(0, self.minutes - self.limit) if self.limit is not None else 0


@dataclass
class PersonHours:
    person: User
    weeks: list[WeekHours]

    @property
    def minutes(self) -> int:
        return sum(week.minutes for week in self.weeks)

    @property
    def overtime(self) -> int:
        return sum(week.overtime for week in self.weeks)

    @property
    def weeks_over(self) -> list[WeekHours]:
        return [week for week in self.weeks if week.overtime]

    def minutes_at(self, clinic: Clinic) -> int:
        return sum(week.by_clinic.get(clinic.pk, 0) for week in self.weeks)


@dataclass
class HoursReport:
    """The weeks from `first` to `last`, both Mondays, of everybody who worked at the clinics that were asked for."""

    first: date
    last: date
    clinics: list[Clinic]  # all at which one of the people worked, not only those asked for
    people: list[PersonHours]

    @property
    def last_day(self) -> date:
        return self.last + A_WEEK - timedelta(days=1)

    @cached_property
    def minutes(self) -> int:
        return sum(one.minutes for one in self.people)

    @cached_property
    def overtime(self) -> int:
        return sum(one.overtime for one in self.people)

    @property
    def over(self) -> list[PersonHours]:
        return [one for one in self.people if one.overtime]

    @property
    def by_clinic(self) -> list[tuple[Clinic, int]]:
        return [(clinic, sum(one.minutes_at(clinic) for one in self.people)) for clinic in self.clinics]

    @property
    def rows(self) -> list[tuple[PersonHours, list[tuple[Clinic, int]]]]:
        """Each person with the minutes at each clinic, in the order of the clinics."""
        return [(one, [(clinic, one.minutes_at(clinic)) for clinic in self.clinics]) for one in self.people]


def may_report(user: User) -> Verdict:
    """Whoever plans the roster of some clinic."""
    if user.standing.scope(Capability.EDIT_ROSTER):
        return YES
    return Verdict.no("no-manager", "Managers see the reports of the roster of their clinics.")


def reported_clinics(user: User) -> list[Clinic]:
    scope = user.standing.scope(Capability.EDIT_ROSTER)
    return [clinic for clinic in Clinic.objects.visible_to(user) if clinic.pk in scope]


def hours_report(clinics: Sequence[Clinic], first: date, last: date) -> HoursReport:
    """Of everybody with a published shift at one of the clinics, what they work anywhere. Three queries."""
    mondays = [first + number * A_WEEK for number in range((last - first).days // 7 + 1)]
    by_person: dict[User, list[PublishedShift]] = defaultdict(list)
    for shift in _shifts(first, last):
        if shift.staff:
            by_person[shift.staff].append(shift)
    asked = {clinic.pk for clinic in clinics}
    rules = rules_by_clinic({shift.clinic for shifts in by_person.values() for shift in shifts})
    people = [
        PersonHours(person, _weeks(shifts, mondays, rules))
        for person, shifts in by_person.items()
        if any(shift.clinic_id in asked for shift in shifts)
    ]
    people = sorted((one for one in people if one.minutes), key=lambda one: (one.person.name.lower(), one.person.pk))
    worked_at = {pk for one in people for week in one.weeks for pk in week.by_clinic}
    met = {shift.clinic for shifts in by_person.values() for shift in shifts if shift.clinic_id in worked_at}
    return HoursReport(first, last, sorted(met, key=lambda clinic: clinic.number), people)


def _shifts(first: date, last: date) -> Iterator[PublishedShift]:
    """Everybody's, of all clinics: the weeks of each by its own clocks."""
    spans = [(week_span(first, clinic)[0], week_span(last, clinic)[1]) for clinic in Clinic.objects.all()]
    if not spans:
        return iter(())
    around = (min(start for start, _ in spans), max(end for _, end in spans))
    shown = PublishedShift.objects.standing().within(*around).filter(staff__isnull=False)
    return shown.select_related("clinic", "staff").order_by("period", "pk").iterator()


def _weeks(shifts: Sequence[PublishedShift], mondays: Sequence[date], rules: Mapping[int, Rules]) -> list[WeekHours]:
    weeks = {monday: WeekHours(monday) for monday in mondays}
    for shift in shifts:
        for monday in weeks_touched((shift.start, shift.end), shift.clinic):
            if monday in weeks and (minutes := minutes_within(shift, week_span(monday, shift.clinic))):
                by_clinic = weeks[monday].by_clinic
                by_clinic[shift.clinic_id] = by_clinic.get(shift.clinic_id, 0) + minutes
    for week in weeks.values():
        kept = [rules[pk][RuleCode.WEEK] for pk in week.by_clinic]
        week.limit = min((rule.amount for rule in kept if rule.level != RuleLevel.OFF), default=None)
    return list(weeks.values())


CSV_HEADER = ["Person", "Week from", "Clinic", "Hours", "Hours at all clinics", "Overtime from", "Overtime"]


def csv_lines(report: HoursReport) -> Iterator[list[str]]:
    """A line for each person, week and clinic; the hours at all clinics and the overtime stand on each of them."""
    names = {clinic.pk: clinic.name for clinic in report.clinics}
    for one in report.people:
        for week in one.weeks:
            for pk, minutes in sorted(week.by_clinic.items(), key=lambda item: names[item[0]]):
                both = [
                    _hours(week.minutes),
                    _hours(week.limit) if week.limit is not None else "",
                    _hours(week.overtime),
                ]
                yield [one.person.name, week.monday.isoformat(), names[pk], _hours(minutes), *both]


def _hours(minutes: int) -> str:
    return f"{minutes / 60:.2f}"

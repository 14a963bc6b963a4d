"""Who is away or would rather be: time off that was granted or asked for, and what people say of their availability."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import User
from intranet.core.access import Reason, Verdict
from intranet.core.time import at_local, day_span, local_day
from intranet.core.wording import day_label, short_range
from scheduling.models import Availability, TimeOff, TimeOffState, Wish
from scheduling.plans import Plan
from scheduling.rules import Concern
from scheduling.times import Span, days_touched, overlaps

WORDS = {
    Wish.UNAVAILABLE: "{name} is not available {when}.",
    Wish.PREFERRED_OFF: "{name} would rather be off {when}.",
}


@dataclass(frozen=True)
class Absences:
    """What is known of some people in a span of time, by person."""

    time_off: dict[int, list[TimeOff]] = field(default_factory=dict)  # granted and asked for
    availability: dict[int, list[Availability]] = field(default_factory=dict)

    def granted(self, plan: Plan, person: User, at: datetime) -> Iterator[Reason]:
        """Time off that bars the shift; the database refuses it, too."""
        for one in self._in_the_way(plan, person, TimeOffState.APPROVED):
            when = time_off_days(one, plan.clinic.zone, at)
            yield Reason("time-off", f"{person.given_name} has time off {when}.")

    def concerns(self, plan: Plan, person: User, at: datetime) -> Iterator[Concern]:
        """Time off that is only asked for, and what the person would rather not. Never why."""
        for one in self._in_the_way(plan, person, TimeOffState.REQUESTED):
            when = time_off_days(one, plan.clinic.zone, at)
            yield Concern("time-off-asked", f"{person.given_name} has asked for time off {when}.")
        yield from self._wishes(plan, person)

    def unavailable(self, plan: Plan, person: User) -> Verdict:
        """No where the person has said not to be available: nobody takes a shift then by themselves."""
        return Verdict.of(reason for reason in self._wishes(plan, person) if reason.code == Wish.UNAVAILABLE)

    def on(self, person: User, day: date) -> list[Availability]:
        """What the person says about the day."""
        return [one for one in self.availability.get(person.pk, []) if speaks_of(one, day)]

    def off_on(self, person: User, day: date, zone: ZoneInfo) -> list[TimeOff]:
        """Time off of the person that touches the day, granted or asked for."""
        span = day_span(day, zone)
        return [one for one in self.time_off.get(person.pk, []) if overlaps(span, (one.start, one.end))]

    def _in_the_way(self, plan: Plan, person: User, state: TimeOffState) -> Iterator[TimeOff]:
        for one in self.time_off.get(person.pk, []):
            if one.state == state and overlaps(plan.span, (one.start, one.end)):
                yield one

    def _wishes(self, plan: Plan, person: User) -> Iterator[Concern]:
        for day in days_touched(plan.span, plan.clinic.zone):
            for one in self.on(person, day):
                if one.wish in WORDS and overlaps(plan.span, wished_span(one, day, plan.clinic.zone)):
                    words = WORDS[Wish(one.wish)].format(name=person.given_name, when=wished_time(one, day))
                    yield Concern(str(one.wish), words)


def absences(people: Iterable[User], span: Span) -> Absences:
    """What is known of these people around the span. Two queries."""
    ids = [person.pk for person in people]
    first, last = (moment.date() for moment in (span[0] - timedelta(days=1), span[1] + timedelta(days=1)))
    time_off, availability = defaultdict(list), defaultdict(list)
    for one in TimeOff.objects.alive().filter(person__in=ids).within(*span):
        time_off[one.person_id].append(one)
    days = DateRange(first, last + timedelta(days=1))
    for wish in Availability.objects.filter(person__in=ids, days__overlap=days):
        availability[wish.person_id].append(wish)
    return Absences(time_off, availability)


def speaks_of(availability: Availability, day: date) -> bool:
    """The same answer as `Availability.objects.on` gives in lists."""
    days, weekday = availability.days, availability.weekday
    begun = days.lower <= day and (days.upper is None or day < days.upper)
    return begun and (weekday is None or weekday == day.weekday())


def wished_span(availability: Availability, day: date, zone: ZoneInfo) -> Span:
    if availability.starts is None or availability.ends is None:
        return day_span(day, zone)
    return at_local(day, availability.starts, zone), at_local(day, availability.ends, zone)


def wished_time(availability: Availability, day: date) -> str:
    """`on Monday` or `7a–12p on Monday`."""
    times: tuple[time | None, time | None] = availability.starts, availability.ends
    if times[0] is None or times[1] is None:
        return f"on {day:%A}"
    return f"{short_range(times[0], times[1])} on {day:%A}"


def time_off_days(one: TimeOff, zone: ZoneInfo, at: datetime) -> str:
    """`on Fri, Dec 4`, `Fri, Dec 4 – Mon, Dec 7`, or `9a–12p on Fri, Dec 4` when it is a part of a day."""
    several = one.whole_days and len(days_touched((one.start, one.end), zone)) > 1
    words = time_off_label(one, zone, local_day(at, zone))
    return f"on {words}" if one.whole_days and not several else words


def time_off_label(one: TimeOff, zone: ZoneInfo, today: date) -> str:
    """`Fri, Dec 4`, `Fri, Dec 4 – Mon, Dec 7` or `9a–12p on Fri, Dec 4`."""
    days = days_touched((one.start, one.end), zone)
    label = days_label(days[0], days[-1], today)
    return label if one.whole_days else f"{short_range(one.start, one.end, zone)} on {label}"


def days_label(first: date, last: date, today: date) -> str:
    """`Fri, Dec 4`, or `Fri, Dec 4 – Mon, Dec 7`."""
    if first == last:
        return day_label(first, today)
    return f"{day_label(first, today)} – {day_label(last, today)}"

"""What stands in the cells of the board when somebody is away or would rather be: words without the reason for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, time
from zoneinfo import ZoneInfo

from accounts.models import User
from intranet.core.time import day_span
from intranet.core.wording import short_range
from scheduling.absences import absences
from scheduling.models import Availability, TimeOff, TimeOffState, Wish
from scheduling.rows import Away
from scheduling.times import Span

WISHES = {Wish.UNAVAILABLE: "Not available", Wish.PREFERRED_OFF: "Prefers off"}


def away(
    people: Iterable[User], days: Sequence[date], span: Span, zone: ZoneInfo
) -> dict[tuple[int | None, date], list[Away]]:
    """{(person, day): what is known}, what bars first. Two queries."""
    people = list(people)
    known = absences(people, span)
    found: dict[tuple[int | None, date], list[Away]] = defaultdict(list)
    for person in people:
        for day in days:
            off = [_time_off(one, day, zone) for one in known.off_on(person, day, zone)]
            wishes = [_wish(one) for one in known.on(person, day) if one.wish in WISHES]
            if off or wishes:
                found[person.pk, day] = [*off, *wishes]
    return found


def _time_off(one: TimeOff, day: date, zone: ZoneInfo) -> Away:
    start, end = day_span(day, zone)
    whole = one.start <= start and end <= one.end
    hours = "" if whole else f" {short_range(max(one.start, start), min(one.end, end), zone)}"
    if one.state == TimeOffState.APPROVED:
        return Away("granted", f"Time off{hours}")
    return Away("requested", f"Time off?{hours}", request=one.pk)


def _wish(one: Availability) -> Away:
    times: tuple[time | None, time | None] = one.starts, one.ends
    hours = f" {short_range(times[0], times[1])}" if times[0] and times[1] else ""
    state = "unavailable" if one.wish == Wish.UNAVAILABLE else "prefers-off"
    return Away(state, f"{WISHES[Wish(one.wish)]}{hours}")

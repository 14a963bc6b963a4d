"""The demo's time off and availability: asked for and said by the people themselves, decided by the managers."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from accounts.models import Clinic, User
from intranet.core.time import at_local, monday_of
from scheduling.asking_off import Wanted, ask_for_time_off
from scheduling.availability import Line, add_availability
from scheduling.deciding_off import approve_time_off, decline_time_off
from scheduling.models import Weekday, Wish
from scheduling.special_days import add_blackout

A_WEEK = timedelta(days=7)


def load_absences(
    *, clinics: dict[str, Clinic], people: dict[str, User], managers: dict[str, User], today: date
) -> None:
    """Requests that wait, one granted for next week and one declined, what some say of their weeks, and a blackout."""
    _say_when_available(people, today)
    following, final = monday_of(today) + A_WEEK, monday_of(today) + 2 * A_WEEK
    asked, answered = (_nine(today - timedelta(days=days), clinics["M"]) for days in (4, 2))
    granted = ask_for_time_off(_day(following + timedelta(days=3)), by=people["noor"], at=asked)
    approve_time_off(granted, {}, version=1, by=managers["M"], at=answered, answer="Enjoy the day.")
    declined = ask_for_time_off(_day(following + timedelta(days=5)), by=people["ravi"], at=asked)
    words = "Nobody else can open the front desk that day. The Saturday after it is free."
    decline_time_off(declined, version=1, by=managers["M"], at=answered, answer=words)
    wedding = Wanted(final + timedelta(days=2), final + timedelta(days=3), reason="My sister’s wedding")
    ask_for_time_off(wedding, by=people["avery"], at=answered)
    ask_for_time_off(_day(final), by=people["elle"], at=_nine(today - timedelta(days=1), clinics["O"]))
    first = final + A_WEEK
    for letter, clinic in clinics.items():
        words, at = "Stocktaking and the move of the gym", _nine(today, clinic)
        add_blackout(clinic, first, first + timedelta(days=2), words, by=managers[letter], at=at)


def _say_when_available(people: dict[str, User], today: date) -> None:
    lines = {
        "sam": [
            Line(Wish.UNAVAILABLE, today, weekday=Weekday.MONDAY, note="Teaches on Mondays"),
            Line(Wish.UNAVAILABLE, today, weekday=Weekday.WEDNESDAY),
            Line(Wish.PREFERRED, today, weekday=Weekday.SATURDAY),
        ],
        "jun": [
            Line(Wish.UNAVAILABLE, today, weekday=day, starts=time(7), ends=time(14, 30))
            for day in (Weekday.MONDAY, Weekday.TUESDAY)
        ],
        "theo": [Line(Wish.PREFERRED_OFF, today, weekday=Weekday.SATURDAY)],
        "priya": [Line(Wish.UNAVAILABLE, today + timedelta(days=12), today + timedelta(days=13))],
    }
    for who, said in lines.items():
        for line in said:
            add_availability(line, by=people[who], at=at_local(today, time.min, people[who].zone))


def _day(day: date) -> Wanted:
    return Wanted(day, day)


def _nine(day: date, clinic: Clinic) -> datetime:
    """Nine in the morning of a day that is over."""
    return at_local(day, time(9), clinic.zone)

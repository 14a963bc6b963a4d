"""How the product writes days, times, numbers and names. Pure functions: the caller says which day it is and in which zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Clock = datetime | time

NOON = 12


def local_clock(moment: Clock, zone: ZoneInfo | None) -> time:
    """What a wall clock in `zone` shows; a bare time, or a moment without a zone to convert to, is taken as it is."""
    if isinstance(moment, time):
        return moment
    return (moment.astimezone(zone) if zone else moment).time()


def clock_time(moment: Clock, zone: ZoneInfo | None = None) -> str:
    """`7:00 AM`, for prose and cards."""
    clock = local_clock(moment, zone)
    return f"{_hour(clock)}:{clock.minute:02d} {'AM' if clock.hour < NOON else 'PM'}"


def short_time(moment: Clock, zone: ZoneInfo | None = None) -> str:
    """`7a` or `3:30p`, for boards and lists."""
    clock = local_clock(moment, zone)
    minutes = f":{clock.minute:02d}" if clock.minute else ""
    return f"{_hour(clock)}{minutes}{'a' if clock.hour < NOON else 'p'}"


def clock_range(start: Clock, end: Clock, zone: ZoneInfo | None = None) -> str:
    """`7:00 AM – 3:30 PM`."""
    return f"{clock_time(start, zone)} – {clock_time(end, zone)}"


def short_range(start: Clock, end: Clock, zone: ZoneInfo | None = None) -> str:
    """`7a–3:30p`."""
    return f"{short_time(start, zone)}–{short_time(end, zone)}"


def zone_words(zone: ZoneInfo) -> str:
    """`Chicago time`: the clock that a time or a day is told by."""
    return f"{zone.key.rpartition('/')[2].replace('_', ' ')} time"


def day_label(day: date, today: date) -> str:
    """`Fri, Dec 4` within a year of `today`, `Dec 4, 2026` beyond."""
    if abs((day - today).days) < _year_of_days(day, today):
        return f"{day:%a, %b} {day.day}"
    return full_day(day)


def full_day(day: date) -> str:
    """`Dec 4, 2026`: for versions, signatures and everything that is read years later."""
    return f"{day:%b} {day.day}, {day.year}"


def long_day(day: date) -> str:
    """`Tuesday, December 1`: the heading of a day."""
    return f"{day:%A, %B} {day.day}"


def near_day(day: date, today: date) -> str:
    """`today`, `tomorrow`, `yesterday`, or the day's label."""
    words = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    return words.get((day - today).days) or day_label(day, today)


def week_label(monday: date, days: int = 7) -> str:
    """`Dec 7 – 13`, or `Dec 28 – Jan 3` across a month: the days of a week from its Monday."""
    last = monday + timedelta(days=days - 1)
    end = f"{last.day}" if last.month == monday.month else f"{last:%b} {last.day}"
    return f"{monday:%b} {monday.day} – {end}"


def due_words(due: date, today: date) -> str:
    """`Due Fri, Dec 4`, `Due today`, or how late it is: `1 day late`."""
    late = (today - due).days
    return f"{counted(late, 'day')} late" if late > 0 else f"Due {near_day(due, today)}"


def duration(minutes: int) -> str:
    """`2 h 50 min`, `45 min`, `3 h`; days from two days on: `4 days`. Never negative."""
    minutes = max(minutes, 0)
    if minutes >= 2 * 24 * 60:
        return counted(minutes // (24 * 60), "day")
    hours, rest = divmod(minutes, 60)
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part
    )


def hours(minutes: int) -> str:
    """`37.5`: worked time as a decimal number of hours, without idle zeros."""
    return f"{minutes / 60:.2f}".rstrip("0").rstrip(".")


def counted(number: int, one: str, many: str = "") -> str:
    """`1 shift`, `20 shifts`; give `many` where adding an s would be wrong."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def name_list(names: Sequence[str]) -> str:
    """`Marcus, Noor and Bea`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def in_one_line(text: str) -> str:
    """Lines of a text one after the other; a dot between points and cells, which end without a full stop."""
    lines = [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]
    ended = [line if line[-1] in ".:;,!?…" else f"{line} ·" for line in lines[:-1]]
    return " ".join(ended + lines[-1:])


def initials(name: str) -> str:
    """`AT` for Avery Testwell: the first letters of the first and the last word."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
}
SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "CrOS": "ChromeOS"}


def browser_name(user_agent: str) -> str:
    """`Firefox on Windows`: what a person recognises of the line by which a browser announces itself."""
    browser = next((name for sign, name in BROWSERS.items() if f"{sign}/" in user_agent), "")
    browser = browser or ("Safari" if "Safari/" in user_agent else "A browser")
    system = next((name for sign, name in SYSTEMS.items() if sign in user_agent), "")
    system = system or (
        "Mac" if "Mac OS X" in user_agent else "Linux" if "Linux" in user_agent else "an unknown system"
    )
    return f"{browser} on {system}"


def _hour(clock: time) -> int:
    return clock.hour % NOON or NOON


def _year_of_days(day: date, today: date) -> int:
    """365, or 366 when a leap day lies between: the same date one year on is already "beyond"."""
    first, last = sorted((day, today))
    leap_days = (
        date(year, 2, 29) for year in (first.year, last.year) if year % 4 == 0 and (year % 100 or year % 400 == 0)
    )
    return 366 if any(first <= leap <= last for leap in leap_days) else 365

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from intranet.core import wording

CHICAGO = ZoneInfo("America/Chicago")
TODAY = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("clock", "short", "long"),
    [
        (time(7, 0), "7a", "7:00 AM"),
        (time(15, 30), "3:30p", "3:30 PM"),
        (time(12, 0), "12p", "12:00 PM"),
        (time(0, 0), "12a", "12:00 AM"),
        (time(0, 5), "12:05a", "12:05 AM"),
        (time(11, 59), "11:59a", "11:59 AM"),
    ],
)
def test_a_wall_clock_has_a_short_and_a_long_form(clock: time, short: str, long: str) -> None:
    assert (wording.short_time(clock), wording.clock_time(clock)) == (short, long)


def test_a_moment_is_told_in_the_zone_of_the_clinic() -> None:
    moment = datetime(2026, 12, 1, 21, 30, tzinfo=UTC)
    assert wording.short_time(moment, CHICAGO) == "3:30p"
    assert wording.clock_time(moment, ZoneInfo("America/New_York")) == "4:30 PM"


def test_a_moment_without_a_zone_to_convert_to_is_told_as_it_is() -> None:
    assert wording.short_time(datetime(2026, 12, 1, 21, 30, tzinfo=UTC)) == "9:30p"


def test_ranges() -> None:
    assert wording.short_range(time(7), time(15, 30)) == "7a–3:30p"
    assert wording.clock_range(time(7), time(15, 30)) == "7:00 AM – 3:30 PM"


def test_a_range_across_the_autumn_change_shows_what_the_wall_clock_shows() -> None:
    start = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # 12:30 AM, still summer time
    end = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)  # 2:00 AM, winter time
    assert wording.short_range(start, end, CHICAGO) == "12:30a–2a"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 12, 4), "Fri, Dec 4"),
        (date(2026, 11, 27), "Fri, Nov 27"),
        (date(2027, 11, 30), "Tue, Nov 30"),
        (date(2027, 12, 1), "Dec 1, 2027"),
        (date(2025, 12, 2), "Tue, Dec 2"),
        (date(2025, 12, 1), "Dec 1, 2025"),
    ],
)
def test_a_day_carries_its_year_only_from_a_year_on(day: date, words: str) -> None:
    assert wording.day_label(day, TODAY) == words


def test_the_same_date_one_leap_year_on_carries_its_year() -> None:
    assert wording.day_label(date(2028, 12, 1), date(2027, 12, 1)) == "Dec 1, 2028"
    assert wording.day_label(date(2028, 11, 30), date(2027, 12, 1)) == "Thu, Nov 30"


def test_days_in_full() -> None:
    assert wording.full_day(date(2026, 12, 4)) == "Dec 4, 2026"
    assert wording.long_day(date(2026, 12, 1)) == "Tuesday, December 1"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 30), "yesterday"),
        (date(2026, 12, 1), "today"),
        (date(2026, 12, 2), "tomorrow"),
        (date(2026, 12, 3), "Thu, Dec 3"),
    ],
)
def test_near_days_have_words(day: date, words: str) -> None:
    assert wording.near_day(day, TODAY) == words


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (date(2026, 12, 4), "Due Fri, Dec 4"),
        (date(2026, 12, 1), "Due today"),
        (date(2026, 11, 30), "1 day late"),
        (date(2026, 11, 20), "11 days late"),
    ],
)
def test_due_dates_turn_into_days_late(due: date, words: str) -> None:
    assert wording.due_words(due, TODAY) == words


def test_a_week_names_its_month_once_unless_it_ends_in_another() -> None:
    assert wording.week_label(date(2026, 12, 7), days=6) == "Dec 7 – 12"
    assert wording.week_label(date(2026, 12, 28)) == "Dec 28 – Jan 3"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 min"),
        (45, "45 min"),
        (60, "1 h"),
        (170, "2 h 50 min"),
        (2879, "47 h 59 min"),
        (2880, "2 days"),
        (-5, "0 min"),
    ],
)
def test_durations(minutes: int, words: str) -> None:
    assert wording.duration(minutes) == words


@pytest.mark.parametrize(("minutes", "words"), [(0, "0"), (2400, "40"), (2250, "37.5"), (2205, "36.75")])
def test_hours_have_no_idle_zeros(minutes: int, words: str) -> None:
    assert wording.hours(minutes) == words


def test_counted_things() -> None:
    assert wording.counted(1, "shift") == "1 shift"
    assert wording.counted(20, "change") == "20 changes"
    assert wording.counted(8, "person", "people") == "8 people"
    assert wording.counted(0, "person", "people") == "0 people"


def test_lists_of_names() -> None:
    assert wording.name_list([]) == ""
    assert wording.name_list(["Marcus"]) == "Marcus"
    assert wording.name_list(["Marcus", "Noor", "Bea"]) == "Marcus, Noor and Bea"


def test_initials_are_those_of_the_first_and_the_last_word() -> None:
    assert wording.initials("Avery Testwell") == "AT"
    assert wording.initials("Ana de la Muestra") == "AM"
    assert wording.initials("Cher") == "C"
    assert wording.initials("") == ""


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36",
            "Chrome on Linux",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15",
            "Safari on Mac",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) CriOS/131.0 Mobile/15E148 Safari/604.1",
            "Chrome on iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5", "A browser on an unknown system"),
    ],
)
def test_browsers_are_told_by_name_and_system(user_agent: str, words: str) -> None:
    assert wording.browser_name(user_agent) == words

"""What a calendar program reads: only what is published, one's own, and what it must say so that programs follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import vobject
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from accounts.models import Clinic, User
from scheduling import assigning
from scheduling.calendar_feed import calendar_of
from scheduling.models import PublishedShift, Shift
from scheduling.plans import Plan
from scheduling.publishing import publish, tell_now
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

TODAY = factories.TODAY
MONDAY = factories.MONDAY
DAY = timedelta(days=1)


def read(person: User, on: date = TODAY) -> dict[str, Any]:
    """{uid: event} as icalendar reads it."""
    return {str(event["uid"]): event for event in Calendar.from_ical(calendar_of(person, on).body).walk("VEVENT")}


def event_of(person: User, shift: Shift, on: date = TODAY) -> Any:
    return read(person, on).get(f"{shift.pk}@testserver")


def told(event: Any) -> tuple[str, int, datetime]:
    """State, sequence and start, as a program goes by them."""
    return str(event["status"]), int(event["sequence"]), event["dtstart"].dt.astimezone(UTC)


@pytest.fixture(autouse=True)
def _origin(settings):
    settings.SITE_ORIGIN = "http://testserver"


@pytest.fixture
def planned(mt_prospect: Clinic, manager: User, therapist: User, at: datetime):
    """A shift of the therapist on Monday, 7a to 3:30p, published in this minute."""
    shift = assigning.create_shift(factories.plan(clinic=mt_prospect, staff=therapist), by=manager, at=at)
    show(shift, manager, at)
    return shift


def show(shift: Shift, by: User, at: datetime) -> None:
    shift.week.refresh_from_db()
    publish(shift.week, version=shift.week.version, by=by, at=at, reason="It is so.")


def change(shift: Shift, by: User, at: datetime, times: str = "7-15:30", **changes: Any) -> None:
    """Change a shift and publish its week."""
    shift.refresh_from_db()
    start, end = factories.span(shift.clinic, MONDAY, times)
    values = {"staff": shift.staff, "position": shift.position, "break_minutes": shift.break_minutes} | changes
    plan = Plan(clinic=shift.clinic, start=start, end=end, **values)
    assigning.change_shift(shift, plan, version=shift.version, by=by, at=at, reason="It is so.")
    show(shift, by, at)


class TestWhatItSays:
    def test_a_shift_of_ones_own(self, planned: Shift, therapist: User, at: datetime, mt_prospect: Clinic):
        event = event_of(therapist, planned)
        assert told(event) == ("CONFIRMED", 0, datetime(2026, 11, 30, 13, tzinfo=UTC))
        assert event["dtend"].dt.astimezone(UTC) == datetime(2026, 11, 30, 21, 30, tzinfo=UTC)
        assert event["dtstart"].params["TZID"] == "America/Chicago"
        assert event["summary"] == "Therapist, Mt. Prospect"
        assert event["dtstamp"].dt == event["last-modified"].dt == at.astimezone(UTC)

    def test_nothing_of_drafts_of_others_nor_of_notes(
        self, mt_prospect: Clinic, therapist: User, floater: User, at: datetime
    ):
        factories.shift(clinic=mt_prospect, staff=therapist)
        factories.published(clinic=mt_prospect, staff=floater)
        mine = factories.published(
            clinic=mt_prospect, day=MONDAY + DAY, staff=therapist, note="Instead of Priya, who is ill"
        )
        assert list(read(therapist)) == [f"{mine.shift_id}@testserver"]
        assert b"Priya" not in calendar_of(therapist, TODAY).body

    def test_what_touches_30_days_back_and_180_ahead(self, mt_prospect: Clinic, therapist: User):
        for number in (-31, -30, 179, 180):
            factories.published(clinic=mt_prospect, day=TODAY + number * DAY, staff=therapist)
        starts = sorted(event["dtstart"].dt.date() for event in read(therapist).values())
        assert starts == [TODAY - 30 * DAY, TODAY + 179 * DAY]

    def test_names_cannot_write_lines_of_their_own(self, mt_prospect: Clinic, therapist: User):
        Clinic.objects.update(address="1 Main St\r\nATTENDEE:mailto:a@b.example; x, y")
        factories.published(clinic=mt_prospect, staff=therapist)
        [event] = read(therapist).values()
        assert "ATTENDEE" not in event
        assert event["location"] == "Mt. Prospect, 1 Main St\nATTENDEE:mailto:a@b.example; x, y"

    def test_how_often_to_ask_again(self, planned: Shift, therapist: User):
        lines = calendar_of(therapist, TODAY).body.decode().split("\r\n")
        assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in lines
        assert "X-PUBLISHED-TTL:PT1H" in lines
        assert "METHOD:PUBLISH" in lines


class TestSameBytes:
    def test_the_same_as_long_as_nothing_changes(self, planned: Shift, therapist: User):
        today, tomorrow = (calendar_of(therapist, day) for day in (TODAY, TODAY + DAY))
        assert (today.body, today.etag) == (tomorrow.body, tomorrow.etag)

    def test_the_date_is_that_of_the_change_or_of_the_midnight_at_which_the_window_moved(
        self, planned: Shift, therapist: User, at: datetime
    ):
        assert calendar_of(therapist, TODAY).modified == at
        assert calendar_of(therapist, TODAY + DAY).modified == datetime(2026, 11, 26, 6, tzinfo=UTC)

    def test_a_move_is_another_etag(self, planned: Shift, manager: User, therapist: User, at: datetime):
        before = calendar_of(therapist, TODAY).etag
        change(planned, manager, at + DAY, "8-16:30")
        assert calendar_of(therapist, TODAY).etag != before


class TestMovesAndHolders:
    def test_a_move_keeps_the_identity_and_raises_the_sequence(
        self, planned: Shift, manager: User, therapist: User, at: datetime
    ):
        change(planned, manager, at + DAY, "8-16:30")
        assert told(event_of(therapist, planned)) == ("CONFIRMED", 1, datetime(2026, 11, 30, 14, tzinfo=UTC))

    def test_a_withdrawn_one_stays_as_cancelled_for_30_days(
        self, planned: Shift, manager: User, therapist: User, at: datetime
    ):
        assigning.delete_shift(planned, version=planned.version, by=manager, at=at)
        show(planned, manager, at)
        assert told(event_of(therapist, planned)) == ("CANCELLED", 1, datetime(2026, 11, 30, 13, tzinfo=UTC))
        assert event_of(therapist, planned)["transp"] == "TRANSPARENT"
        assert event_of(therapist, planned, TODAY + 30 * DAY)["status"] == "CANCELLED"
        assert event_of(therapist, planned, TODAY + 31 * DAY) is None

    def test_who_lost_it_reads_the_old_hours_and_nothing_of_what_became_of_it(
        self, planned: Shift, manager: User, therapist: User, floater: User, at: datetime
    ):
        change(planned, manager, at, staff=floater)
        lost = calendar_of(therapist, TODAY)
        assert told(event_of(therapist, planned)) == ("CANCELLED", 1, datetime(2026, 11, 30, 13, tzinfo=UTC))
        assert told(event_of(floater, planned)) == ("CONFIRMED", 1, datetime(2026, 11, 30, 13, tzinfo=UTC))
        change(planned, manager, at + timedelta(hours=1), "9-17:30", note="Room 3")
        assert told(event_of(floater, planned)) == ("CONFIRMED", 2, datetime(2026, 11, 30, 15, tzinfo=UTC))
        assert calendar_of(therapist, TODAY) == lost

    def test_one_made_open_and_then_withdrawn_is_cancelled_once(
        self, planned: Shift, manager: User, therapist: User, at: datetime
    ):
        change(planned, manager, at, staff=None)
        lost = calendar_of(therapist, TODAY)
        planned.refresh_from_db()
        assigning.delete_shift(planned, version=planned.version, by=manager, at=at)
        show(planned, manager, at + timedelta(hours=1))
        assert told(event_of(therapist, planned)) == ("CANCELLED", 1, datetime(2026, 11, 30, 13, tzinfo=UTC))
        assert calendar_of(therapist, TODAY) == lost

    def test_one_that_comes_back_counts_on(
        self, planned: Shift, manager: User, therapist: User, floater: User, at: datetime
    ):
        sequences = [int(event_of(therapist, planned)["sequence"])]
        for holder in (floater, therapist, floater, therapist):
            change(planned, manager, at, staff=holder)
            sequences.append(int(event_of(therapist, planned)["sequence"]))
        assert sequences == [0, 1, 2, 3, 4]
        assert event_of(therapist, planned)["status"] == "CONFIRMED"

    @pytest.mark.parametrize("to", [MONDAY + 7 * DAY, MONDAY - 7 * DAY])
    def test_one_that_is_told_to_have_gone_to_another_week_counts_on(
        self, mt_prospect: Clinic, manager: User, therapist: User, floater: User, at: datetime, to: date
    ):
        """It leaves the one week and enters the other, which are two publications; the one is older, or the other."""
        first = min(to, MONDAY)
        for day, holder in ((first, floater), (first + 7 * DAY, floater), (MONDAY, therapist)):
            plan = factories.plan(clinic=mt_prospect, day=day, times="12-15:30", staff=holder)
            shift = assigning.create_shift(plan, by=manager, at=at)
            show(shift, manager, at)
        start, end = factories.span(mt_prospect, to + 4 * DAY, "9-12")
        moved = replace(Plan.of(shift), start=start, end=end)
        assigning.change_shift(shift, moved, version=shift.version, by=manager, at=at, reason="So.")
        shift.refresh_from_db()
        tell_now(shift, version=shift.version, by=manager, at=at, reason="So.")
        there = event_of(therapist, shift)
        assert told(there)[::2] == ("CONFIRMED", start.astimezone(UTC))
        shift.refresh_from_db()
        assigning.delete_shift(shift, version=shift.version, by=manager, at=at)
        show(shift, manager, at)
        assert told(event_of(therapist, shift))[:2] == ("CANCELLED", int(there["sequence"]) + 1)


@pytest.mark.parametrize(
    ("day", "times", "start", "end"),
    [
        # 8 March 2026: the clocks go forward at 2a. 1 November 2026: they go back at 2a.
        (date(2026, 3, 7), "22-6", datetime(2026, 3, 8, 4, tzinfo=UTC), datetime(2026, 3, 8, 11, tzinfo=UTC)),
        (date(2026, 10, 31), "22-6", datetime(2026, 11, 1, 3, tzinfo=UTC), datetime(2026, 11, 1, 12, tzinfo=UTC)),
        (date(2026, 12, 8), "22-6", datetime(2026, 12, 9, 4, tzinfo=UTC), datetime(2026, 12, 9, 12, tzinfo=UTC)),
        (date(2026, 7, 1), "7-15:30", datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 1, 20, 30, tzinfo=UTC)),
        (date(2026, 3, 8), "0:30-3", datetime(2026, 3, 8, 6, 30, tzinfo=UTC), datetime(2026, 3, 8, 8, tzinfo=UTC)),
    ],
)
class TestTwoReaders:
    """Both nights of the clock change, over midnight and by day, read by two programs that share no code."""

    def test_icalendar(
        self, mt_prospect: Clinic, therapist: User, day: date, times: str, start: datetime, end: datetime
    ):
        factories.published(clinic=mt_prospect, day=day, times=times, staff=therapist)
        [event] = read(therapist, day).values()
        assert (event["dtstart"].dt.astimezone(UTC), event["dtend"].dt.astimezone(UTC)) == (start, end)

    def test_vobject(self, mt_prospect: Clinic, therapist: User, day: date, times: str, start: datetime, end: datetime):
        """It knows the zone from nothing but the rules in the calendar itself."""
        factories.published(clinic=mt_prospect, day=day, times=times, staff=therapist)
        calendar = vobject.readOne(StringIO(calendar_of(therapist, day).body.decode()))
        [event] = calendar.vevent_list
        assert (event.dtstart.value.astimezone(UTC), event.dtend.value.astimezone(UTC)) == (start, end)
        assert event.dtstart.value.tzinfo.tzname(event.dtstart.value) in {"CST", "CDT"}


def test_of_an_hour_that_comes_twice_the_second_is_written_in_utc(mt_prospect: Clinic, therapist: User):
    """Local time would mean the first (RFC 5545, 3.3.5)."""
    one = factories.published(clinic=mt_prospect, day=date(2026, 11, 1), times="0-5", staff=therapist)
    start, end = datetime(2026, 11, 1, 7, 30, tzinfo=UTC), datetime(2026, 11, 1, 12, tzinfo=UTC)
    PublishedShift.objects.filter(pk=one.pk).update(period=(start, end))
    [event] = read(therapist, date(2026, 11, 1)).values()
    assert event["dtstart"].to_ical() == b"20261101T073000Z"
    assert event["dtend"].to_ical() == b"20261101T060000"


def test_a_zone_whose_rules_not_every_program_knows_is_written_in_utc(therapist: User):
    phoenix = people.clinic(name="Phoenix", letter="P", number=3, slug="phoenix", time_zone="America/Phoenix")
    factories.published(clinic=phoenix, staff=therapist)
    body = calendar_of(therapist, TODAY).body
    assert b"DTSTART:20261130T140000Z" in body
    assert b"VTIMEZONE" not in body


def test_the_zone_is_written_as_rules(planned: Shift, therapist: User):
    [zone] = Calendar.from_ical(calendar_of(therapist, TODAY).body).walk("VTIMEZONE")
    rules = {part.name: part["rrule"].to_ical() for part in zone.subcomponents}
    assert rules == {
        "DAYLIGHT": b"FREQ=YEARLY;BYDAY=2SU;BYMONTH=3",
        "STANDARD": b"FREQ=YEARLY;BYDAY=1SU;BYMONTH=11",
    }


def test_it_costs_the_same_for_1_and_for_3_shifts(
    mt_prospect: Clinic, manager: User, therapist: User, floater: User, at: datetime
):
    costs = []
    for days in ([0], [1, 2]):
        for number in days:
            shift = assigning.create_shift(
                factories.plan(clinic=mt_prospect, day=MONDAY + number * DAY, staff=therapist), by=manager, at=at
            )
            show(shift, manager, at)
            assigning.assign(shift, floater, version=1, by=manager, at=at, reason="So.")
            show(shift, manager, at)
            factories.published(clinic=mt_prospect, day=MONDAY + (7 + number) * DAY, staff=therapist)
        with CaptureQueriesContext(connection) as captured:
            assert len(read(User.objects.get(pk=therapist.pk))) == 2 * (days[-1] + 1)
        costs.append(len(captured))
    assert costs[0] == costs[1]

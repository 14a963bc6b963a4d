"""What is put off leaves the list and the counts, and comes back unread, on top. A fact of the row, and no job."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from intranet.core.access import Conflict, Refused
from intranet.reminders.models import Reminder
from intranet.reminders.snoozing import Until, bring_back, moment_of, offers, snooze
from tests.conftest import CHICAGO
from tests.intranet.reminders import factories

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
INBOX = "/inbox/"


@pytest.fixture
def clock(at):
    with time_machine.travel(at, tick=False) as traveller:
        yield traveller


@pytest.fixture
def mine(therapist, at):
    return factories.released(
        recipient=therapist, at=at - DAY, not_after=at + 14 * DAY, title="Put me off", read_at=at - HOUR
    )


def put_off(reminder, until, at, by=None):
    snooze(reminder, until=until, by=by or reminder.recipient, at=at, zone=CHICAGO)
    reminder.refresh_from_db()


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        (Until.HOUR, datetime(2026, 11, 25, 11, tzinfo=CHICAGO)),
        (Until.EVENING, datetime(2026, 11, 25, 18, tzinfo=CHICAGO)),
        (Until.TOMORROW, datetime(2026, 11, 26, 8, tzinfo=CHICAGO)),
        (Until.MONDAY, datetime(2026, 11, 30, 8, tzinfo=CHICAGO)),
    ],
)
def test_the_moments(at, until, moment):
    assert moment_of(until, at, CHICAGO) == moment


def test_on_a_monday_the_next_one_is_meant():
    monday = datetime(2026, 11, 30, 7, tzinfo=CHICAGO)
    assert moment_of(Until.MONDAY, monday, CHICAGO) == datetime(2026, 12, 7, 8, tzinfo=CHICAGO)


@pytest.mark.parametrize(
    ("night", "morning"),
    [
        (datetime(2026, 3, 7, 22, tzinfo=CHICAGO), datetime(2026, 3, 8, 8, tzinfo=CHICAGO)),
        (datetime(2026, 10, 31, 22, tzinfo=CHICAGO), datetime(2026, 11, 1, 8, tzinfo=CHICAGO)),
    ],
)
def test_tomorrow_morning_is_a_time_of_the_clock_on_the_wall(night, morning):
    assert moment_of(Until.TOMORROW, night, CHICAGO) == morning


def test_an_hour_is_an_hour_also_when_the_clock_is_changed():
    doubled = datetime(2026, 11, 1, 1, 30, tzinfo=CHICAGO)
    assert moment_of(Until.HOUR, doubled, CHICAGO).timestamp() - doubled.timestamp() == 3600


def test_only_moments_that_are_to_come_and_of_use_are_offered(mine, at):
    assert [offer.label for offer in offers(mine, at, CHICAGO)] == [
        "For an hour, 11:00 AM",
        "This evening, 6:00 PM",
        "Tomorrow morning, 8:00 AM",
        "Monday morning, 8:00 AM",
    ]
    assert [offer.until for offer in offers(mine, at.replace(hour=19), CHICAGO)] == [
        Until.HOUR,
        Until.TOMORROW,
        Until.MONDAY,
    ]
    mine.not_after = at + 9 * HOUR
    assert [offer.until for offer in offers(mine, at, CHICAGO)] == [Until.HOUR, Until.EVENING]
    mine.settled_at = at
    assert offers(mine, at, CHICAGO) == []


def test_on_a_sunday_tomorrow_stands_once(mine):
    sunday = datetime(2026, 11, 29, 10, tzinfo=CHICAGO)
    assert [offer.until for offer in offers(mine, sunday, CHICAGO)] == [Until.HOUR, Until.EVENING, Until.TOMORROW]


def test_it_leaves_and_comes_back_unread_on_top(mine, therapist, at):
    newer = factories.released(recipient=therapist, at=at)
    put_off(mine, at + HOUR, at)
    inbox = Reminder.objects.visible_to(therapist)
    assert list(inbox.here(at).newest_first()) == list(inbox.unread(at)) == [newer]
    assert list(inbox.put_off(at)) == [mine]
    assert inbox.counted(at)["unread"] == inbox.counted(at)["snoozed"] == 1
    back = at + HOUR
    assert list(inbox.here(back).newest_first()) == [mine, newer]
    assert set(inbox.unread(back)) == {mine, newer}
    assert list(inbox.put_off(back)) == []
    assert inbox.counted(back) == {"unread": 2, "waiting": 0, "snoozed": 0}


def test_what_settles_meanwhile_is_done_and_stands_where_it_came(mine, therapist, at):
    newer = factories.released(recipient=therapist, at=at)
    put_off(mine, at + HOUR, at)
    Reminder.objects.filter(pk=mine.pk).update(settled_at=at)
    inbox = Reminder.objects.visible_to(therapist)
    assert list(inbox.here(at).newest_first()) == [newer, mine]
    assert list(inbox.put_off(at)) == []
    assert list(inbox.unread(at + 2 * HOUR)) == [newer]


@pytest.mark.parametrize(
    ("fields", "delay", "words"),
    [
        ({"settled_at": "now"}, HOUR, "nothing to put off"),
        ({}, timedelta(0), "still to come"),
        ({}, -HOUR, "still to come"),
        ({}, 14 * DAY, "That is too late: it ends Wed, Dec 9 at 10:00 AM."),
        ({"settled_at": "now"}, 15 * DAY, "nothing to put off.* too late"),
    ],
)
def test_what_is_done_or_would_be_too_late_is_not_put_off(mine, at, fields, delay, words):
    for name in fields:
        setattr(mine, name, at)
    with pytest.raises(Refused, match=words):
        put_off(mine, at + delay, at)
    mine.refresh_from_db()
    assert mine.snoozed_until is None


def test_done_a_moment_before_is_a_conflict(mine, at):
    Reminder.objects.filter(pk=mine.pk).update(settled_at=at)
    with pytest.raises(Conflict):
        put_off(mine, at + HOUR, at)


def test_nobody_puts_off_what_is_anothers(mine, floater, at):
    with pytest.raises(Conflict):
        put_off(mine, at + HOUR, at, by=floater)
    put_off(mine, at + HOUR, at)
    one = Reminder.objects.filter(pk=mine.pk)
    assert [bring_back(one, by=person, at=at) for person in (floater, mine.recipient, mine.recipient)] == [0, 1, 0]


@pytest.mark.parametrize(
    "change",
    [
        lambda row, at: {"snoozed_until": row.not_after},
        lambda row, at: {"snoozed_until": row.released_at},
    ],
)
def test_the_database_refuses_it_too(mine, at, change):
    with pytest.raises(IntegrityError, match="reminder_comes_back_in_its_time"), transaction.atomic():
        Reminder.objects.filter(pk=mine.pk).update(**change(mine, at))


def test_nothing_is_put_off_that_was_not_shown(therapist, at):
    reminder = factories.reminder(recipient=therapist, at=at)
    with pytest.raises(IntegrityError, match="reminder_comes_back_in_its_time"), transaction.atomic():
        Reminder.objects.filter(pk=reminder.pk).update(snoozed_until=at + HOUR)


# --- The page


@pytest.mark.usefixtures("clock")
def test_the_page_puts_off_and_says_until_when(mine, therapist, sign_in, at):
    client = sign_in(therapist)
    response = client.post(
        f"/inbox/{mine.pk}/snooze/", {"until": "tomorrow", "about": "planted", "q": "me"}, follow=True
    )
    assert response.redirect_chain == [("/inbox/?about=planted&q=me", 302)]
    assert "“Put me off” comes back tomorrow at 8:00 AM." in response.content.decode()
    mine.refresh_from_db()
    assert mine.snoozed_until == datetime(2026, 11, 26, 8, tzinfo=CHICAGO)
    assert "Put me off" not in client.get(INBOX).content.decode()
    snoozed = client.get(INBOX, {"show": "snoozed"}).content.decode()
    assert "Comes back tomorrow at 8:00 AM" in snoozed
    client.post(f"/inbox/{mine.pk}/wake/")
    assert "Put me off" in client.get(INBOX).content.decode()
    assert "Nothing put off" in client.get(INBOX, {"show": "snoozed"}).content.decode()


@pytest.mark.usefixtures("clock")
def test_a_moment_of_ones_own_is_by_the_clock_of_the_clinic(mine, therapist, sign_in):
    sign_in(therapist).post(f"/inbox/{mine.pk}/snooze/", {"moment": "2026-12-01T13:15"})
    mine.refresh_from_db()
    assert mine.snoozed_until == datetime(2026, 12, 1, 13, 15, tzinfo=CHICAGO)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Choose until when."),
        ({"moment": "soon"}, "Choose until when."),
        ({"moment": "20266-01-01T10:00"}, "Choose until when."),
        ({"until": "never"}, "Choose until when."),
        ({"moment": "2026-11-25T09:59"}, "still to come"),
        ({"moment": "2027-01-01T08:00"}, "That is too late"),
    ],
)
def test_the_page_says_why_not(mine, therapist, sign_in, sent, words):
    response = sign_in(therapist).post(f"/inbox/{mine.pk}/snooze/", sent)
    page = response.content.decode()
    assert (response.status_code, "Not put off." in page, words in page) == (422, True, True)
    assert f'id="moment-{mine.pk}" value="{sent.get("moment", "")}" aria-invalid="true"' in page
    mine.refresh_from_db()
    assert mine.snoozed_until is None


@pytest.mark.usefixtures("clock")
def test_what_was_done_meanwhile_has_no_box_and_the_page_says_so(mine, therapist, sign_in, at):
    Reminder.objects.filter(pk=mine.pk).update(settled_at=at)
    page = sign_in(therapist).post(f"/inbox/{mine.pk}/snooze/", {"until": "hour"}).content.decode()
    assert "Not put off. It is done, or no longer applies" in page
    assert "aria-invalid" not in page


@pytest.mark.parametrize("action", ["snooze", "wake", "unread"])
def test_nobody_reaches_anybody_elses(mine, cast, sign_in, action):
    for name, person in cast.items():
        expected = 302 if name == "therapist" else 404
        assert sign_in(person).post(f"/inbox/{mine.pk}/{action}/", {"until": "hour"}).status_code == expected, name
        assert sign_in(person).get(f"/inbox/{mine.pk}/{action}/").status_code == 405

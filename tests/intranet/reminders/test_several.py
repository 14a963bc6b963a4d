"""Several of the inbox at once: read, unread, put off, brought back. One statement each, and one's own alone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from intranet.core.access import Refused
from intranet.core.time import UTC
from intranet.reminders.models import Reminder
from intranet.reminders.reading import mark_unread
from intranet.reminders.snoozing import NEAREST, Until, all_offers, bring_back, offers, shared_offers, snooze_several
from tests.conftest import CHICAGO
from tests.intranet.reminders import factories

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
INBOX, API = "/inbox/", "/api/v1/inbox/"


@pytest.fixture(autouse=True)
def clock(at):
    with time_machine.travel(at, tick=False) as traveller:
        yield traveller


@pytest.fixture
def rows(therapist, floater, at):
    """One of each, by what it is; `foreign` is somebody else's."""
    mine = {"recipient": therapist, "at": at - HOUR, "not_after": at + 14 * DAY}
    return {
        "unread": factories.released(title="is-unread", **mine),
        "read": factories.released(title="is-read", read_at=at, **mine),
        "done": factories.released(title="is-done", read_at=at, settled_at=at, **mine),
        "short": factories.released(title="is-short", **(mine | {"not_after": at + 2 * HOUR})),
        "off": factories.released(title="is-off", snoozed_until=at + HOUR, **mine),
        "foreign": factories.released(
            title="foreign-canary", recipient=floater, at=at - HOUR, read_at=at, not_after=at + 14 * DAY
        ),
    }


def everything():
    return Reminder.objects.all()


def names(**fields):
    return sorted(Reminder.objects.filter(**fields).values_list("title", flat=True))


def ids(rows):
    return [row.pk for row in rows.values()]


# --- The rule


def test_each_is_put_off_as_far_as_alone(rows, therapist, at):
    tomorrow = at + DAY
    assert snooze_several(everything(), until=tomorrow, by=therapist, at=at) == 3
    assert names(snoozed_until=tomorrow) == ["is-off", "is-read", "is-unread"]
    assert names(snoozed_until=tomorrow, read_at=None) == ["is-off", "is-read", "is-unread"]
    assert Reminder.objects.get(title="foreign-canary").read_at == at


@pytest.mark.parametrize("delay", [timedelta(0), -HOUR])
def test_a_moment_that_has_passed_puts_nothing_off(rows, therapist, at, delay):
    with pytest.raises(Refused, match="still to come"):
        snooze_several(everything(), until=at + delay, by=therapist, at=at)
    assert names(snoozed_until__isnull=False) == ["is-off"]


def test_the_moment_of_no_more_use_is_too_late(rows, therapist, at):
    assert snooze_several(everything().filter(title="is-short"), until=at + 2 * HOUR, by=therapist, at=at) == 0
    assert snooze_several(everything().filter(title="is-short"), until=at + HOUR, by=therapist, at=at) == 1


def test_coming_back_touches_what_was_put_off(rows, therapist, floater, at):
    assert bring_back(everything(), by=floater, at=at) == 0
    assert bring_back(everything(), by=therapist, at=at) == 1
    assert bring_back(everything(), by=therapist, at=at) == 0


def test_what_can_be_done_to_many_takes_as_much_asking_as_to_one(therapist, at):
    assert therapist.standing.roles  # asked once for the whole request
    numbers = []
    for rows in (1, 4):
        for _ in range(rows):
            factories.released(recipient=therapist, at=at - HOUR, read_at=at, not_after=at + DAY)
        with CaptureQueriesContext(connection) as asked:
            mark_unread(everything(), by=therapist)
            snooze_several(everything(), until=at + HOUR, by=therapist, at=at)
            bring_back(everything(), by=therapist, at=at)
        numbers.append(len(asked))
    assert Reminder.objects.count() == 5
    assert numbers == [3, 3]


# --- What is offered


@pytest.mark.parametrize(
    ("clock_shows", "offered"),
    [
        ((15, 59), [Until.HOUR, Until.EVENING, Until.TOMORROW, Until.MONDAY]),
        ((16, 0), [Until.HOUR, Until.EVENING, Until.TOMORROW, Until.MONDAY]),
        ((16, 1), [Until.HOUR, Until.TOMORROW, Until.MONDAY]),
        ((17, 55), [Until.HOUR, Until.TOMORROW, Until.MONDAY]),
    ],
)
def test_this_evening_is_no_offer_shortly_before_it(rows, clock_shows, offered):
    hour, minute = clock_shows
    wednesday = datetime(2026, 11, 25, hour, minute, tzinfo=CHICAGO)
    assert [offer.until for offer in offers(rows["unread"], wednesday, CHICAGO)] == offered


@pytest.mark.parametrize("change", [datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)])
def test_what_is_offered_around_a_change_of_the_clocks_is_far_enough_in_true_hours(change):
    """Every quarter of an hour from a day before to a day after; the moment of asking by any clock."""
    for quarter in range(-96, 192):
        at = change + quarter * timedelta(minutes=15)
        here = at.astimezone(CHICAGO)
        found = all_offers(here, CHICAGO)
        assert found == all_offers(at, CHICAGO)
        away = {offer.until: offer.moment.astimezone(UTC) - at for offer in found}
        assert away.pop(Until.HOUR) == HOUR
        assert min(away.values()) >= NEAREST
        shown = {offer.until: offer.moment.astimezone(CHICAGO).hour for offer in found if offer.until != Until.HOUR}
        assert shown == {until: 18 if until == Until.EVENING else 8 for until in shown}
        assert (Until.EVENING in shown) == ((here.hour, here.minute) <= (16, 0))


def test_for_several_all_is_offered_that_serves_one_of_them(rows, at):
    each = [offers(rows[name], at, CHICAGO) for name in ("short", "unread", "done")]
    assert [len(found) for found in each] == [1, 4, 0]
    assert shared_offers(each) == each[1]
    assert shared_offers([each[2]]) == []


# --- The page


def test_the_page_puts_off_those_that_were_ticked(rows, therapist, sign_in):
    ticked = [*ids(rows), 0, "nonsense", "9" * 30]
    response = sign_in(therapist).post(
        f"{INBOX}snooze/", {"reminder": ticked, "until": "tomorrow", "show": "unread", "q": "is"}, follow=True
    )
    assert response.redirect_chain == [("/inbox/?show=unread&q=is", 302)]
    page = response.content.decode()
    assert "3 reminders come back tomorrow at 8:00 AM." in page
    assert "4 reminders not put off: done, or of no more use by then." in page
    assert names(snoozed_until=datetime(2026, 11, 26, 8, tzinfo=CHICAGO)) == ["is-off", "is-read", "is-unread"]


def test_a_moment_of_ones_own_and_one_alone(rows, therapist, sign_in):
    sent = {"reminder": [rows["unread"].pk], "moment": "2026-12-01T13:15"}
    response = sign_in(therapist).post(f"{INBOX}snooze/", sent, follow=True)
    assert "1 reminder comes back Tue, Dec 1 at 1:15 PM." in response.content.decode()
    assert "not put off" not in response.content.decode()
    assert names(snoozed_until=datetime(2026, 12, 1, 13, 15, tzinfo=CHICAGO)) == ["is-unread"]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Choose until when."),
        ({"until": "never"}, "Choose until when."),
        ({"moment": "20266-01-01T10:00"}, "Choose until when."),
        ({"moment": "2026-03-08T02:30"}, "Choose until when."),  # the clocks skip it
        ({"moment": "2026-11-25T10:00"}, "still to come"),
    ],
)
def test_the_page_says_why_nothing_is_put_off(rows, therapist, sign_in, sent, words):
    response = sign_in(therapist).post(f"{INBOX}snooze/", {"reminder": ids(rows), "show": "unread", **sent})
    page = response.content.decode()
    assert (response.status_code, "Not put off." in page, words in page) == (422, True, True)
    assert names(snoozed_until__isnull=False) == ["is-off"]


def test_what_was_ticked_and_typed_stays_where_it_was(rows, therapist, sign_in):
    sent = {"reminder": [rows["unread"].pk], "moment": "2026-11-25T09:00", "show": "unread"}
    page = sign_in(therapist).post(f"{INBOX}snooze/", sent).content.decode()
    ticked = {name for name, row in rows.items() if re.search(rf'value="{row.pk}" form="several"[^>]* checked>', page)}
    assert ticked == {"unread"}
    assert re.search(r"data-picks[^>]* checked>", page)
    assert re.search(r'id="moment-several" value="2026-11-25T09:00" aria-invalid="true"', page)
    assert "is-short" in page
    assert "is-read" not in page  # the tab is that of before


@pytest.mark.parametrize("action", ["unread", "snooze", "wake", "read"])
@pytest.mark.parametrize("ticked", [[], ["x"], [""]])
def test_with_nothing_ticked_nothing_happens_and_the_page_says_so(rows, therapist, sign_in, action, ticked):
    before = list(Reminder.objects.values_list("read_at", "snoozed_until"))
    sent = {"selected": "1", "reminder": ticked, "until": "hour"}
    response = sign_in(therapist).post(f"{INBOX}{action}/", sent, follow=True)
    assert "Choose at least one reminder." in response.content.decode()
    assert list(Reminder.objects.values_list("read_at", "snoozed_until")) == before


def test_the_page_marks_as_unread_and_brings_back(rows, therapist, sign_in):
    client = sign_in(therapist)
    client.post(f"{INBOX}unread/", {"reminder": ids(rows)})
    assert names(read_at__isnull=False) == ["foreign-canary", "is-done"]
    response = client.post(f"{INBOX}wake/", {"reminder": ids(rows), "show": "snoozed"})
    assert response.url == "/inbox/?show=snoozed"
    assert names(snoozed_until__isnull=False) == []


BUTTONS = {"Put off", "Bring back", "Mark as read", "Mark as unread"}


@pytest.mark.parametrize(
    ("show", "buttons"),
    [
        ("all", {"Put off", "Mark as read", "Mark as unread"}),
        ("unread", {"Put off", "Mark as read"}),
        ("snoozed", {"Put off", "Bring back"}),
    ],
)
def test_only_what_does_something_to_what_is_shown_is_offered(rows, therapist, sign_in, show, buttons):
    page = sign_in(therapist).get(INBOX, {"show": show}).content.decode()
    group = page.split('aria-label="What to do with those chosen"')[1].split("</div></div>")[0]
    assert {words for words in BUTTONS if f"</svg>{words}<" in group} == buttons
    chosen = {name for name, row in rows.items() if f'name="reminder" value="{row.pk}" form="several"' in page}
    assert chosen == {"all": {"unread", "read", "short"}, "unread": {"unread", "short"}, "snoozed": {"off"}}[show]


def test_where_all_is_done_nothing_is_to_be_chosen(rows, therapist, sign_in):
    assert "Choose several" not in sign_in(therapist).get(INBOX, {"q": "is-done"}).content.decode()


@pytest.mark.parametrize("action", ["unread", "snooze", "wake"])
def test_nobody_changes_anybody_elses(rows, cast, sign_in, api, action):
    foreign = rows["foreign"]
    Reminder.objects.filter(pk=foreign.pk).update(snoozed_until=foreign.not_after - HOUR)
    before = Reminder.objects.values_list("read_at", "snoozed_until").get(pk=foreign.pk)
    for name, person in cast.items():
        if name != "floater":
            sent = {"until": "2026-11-26T08:00:00-06:00"}
            sign_in(person).post(f"{INBOX}{action}/", {"reminder": [foreign.pk], "until": "hour"})
            assert list(api(person).post(f"{API}{action}/", {"ids": [foreign.pk], **sent}).json().values()) == [0]
            assert Reminder.objects.values_list("read_at", "snoozed_until").get(pk=foreign.pk) == before, name
    sign_in(cast["floater"]).post(f"{INBOX}{action}/", {"reminder": [foreign.pk], "until": "hour"})
    assert Reminder.objects.values_list("read_at", "snoozed_until").get(pk=foreign.pk) != before


@pytest.mark.parametrize("action", ["unread", "snooze", "wake"])
def test_it_is_no_get_and_nothing_for_strangers(rows, therapist, sign_in, client, action):
    assert sign_in(therapist).get(f"{INBOX}{action}/").status_code == 405
    assert client.post(f"{INBOX}{action}/").url.startswith(reverse("account_login"))


# --- The API


def test_the_api_does_the_same(rows, therapist, api):
    client, chosen = api(therapist), [*ids(rows), 0]
    assert client.post(f"{API}unread/", {"ids": chosen}).json() == {"unread": 1}
    until = "2026-11-26T08:00:00-06:00"
    assert client.post(f"{API}snooze/", {"ids": chosen, "until": until}).json() == {"snoozed": 3}
    assert names(snoozed_until=until) == ["is-off", "is-read", "is-unread"]
    assert client.post(f"{API}wake/", {"ids": chosen}).json() == {"back": 3}
    late = client.post(f"{API}snooze/", {"ids": chosen, "until": "2026-11-25T09:00:00-06:00"})
    assert (late.status_code, [reason["code"] for reason in late.json()["reasons"]]) == (422, ["past"])


@pytest.mark.parametrize("action", ["unread", "snooze", "wake"])
@pytest.mark.parametrize("chosen", [None, [], "all", ["x"], [-1], [2**70], list(range(201))])
def test_the_api_refuses_what_makes_no_sense(rows, therapist, api, action, chosen):
    sent = {"until": "2026-11-26T08:00:00-06:00"} | ({} if chosen is None else {"ids": chosen})
    response = api(therapist).post(f"{API}{action}/", sent)
    assert (response.status_code, "ids" in str(response.json()["errors"])) == (400, True)


@pytest.mark.parametrize("until", [None, "", "soon", "2026-11-26T08:00", 7])
def test_the_api_needs_a_moment_with_its_zone(rows, therapist, api, until):
    response = api(therapist).post(f"{API}snooze/", {"ids": ids(rows), "until": until})
    assert (response.status_code, list(response.json()["errors"])) == (400, ["until"])

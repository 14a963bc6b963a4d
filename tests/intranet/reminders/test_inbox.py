from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from intranet.core.time import local_day
from intranet.reminders.models import Reminder
from intranet.reminders.registry import Group
from tests import factories as people
from tests.intranet.reminders import factories

pytestmark = pytest.mark.django_db
INBOX = "/inbox/"


@pytest.fixture
def now():
    """The page says Today, so its rows are of today."""
    return timezone.now()


@pytest.fixture
def mine(therapist, now):
    return factories.released(recipient=therapist, at=now, title="Mine & <mine>", body="What to do.")


@pytest.fixture
def foreign(floater, now):
    return factories.released(recipient=floater, at=now, title="Somebody else's canary")


def text(response):
    assert response.status_code == 200
    return response.content.decode()


def test_everybody_sees_their_own_and_nobody_elses(cast, sign_in, now):
    for name, person in cast.items():
        factories.released(recipient=person, at=now, title=f"canary-{name}.")
    for name, person in cast.items():
        page = text(sign_in(person).get(INBOX))
        assert [other for other in cast if f"canary-{other}." in page] == [name]


def test_whose_roles_have_ended_has_no_inbox_on_the_page_or_over_the_api(mine, therapist, sign_in, api, now):
    def inbox() -> list[object]:
        page, rest = sign_in(therapist).get(INBOX), api(therapist).get("/api/v1/inbox/")
        one = sign_in(therapist).post(f"/inbox/{mine.pk}/read/")
        return ["Mine &amp;" in text(page), "Mine &" in rest.content.decode(), rest.status_code, one.status_code]

    assert inbox() == [True, True, 200, 302]
    today = local_day(now, therapist.zone)
    people.as_if_always(
        therapist.memberships.all(), period=DateRange(today - timedelta(days=30), today - timedelta(days=1))
    )
    assert inbox() == [False, False, 403, 404]
    assert not Reminder.objects.visible_to(User.objects.get(pk=therapist.pk)).exists()


def test_only_what_was_released_is_there(therapist, sign_in, now):
    factories.reminder(recipient=therapist, at=now, occasion="scheduled", title="canary")
    for state in ("cancelled", "expired"):
        factories.reminder(recipient=therapist, at=now, occasion=state, state=state, title="canary")
    page = text(sign_in(therapist).get(INBOX))
    assert "canary" not in page
    assert "Nothing yet" in page


def test_a_row_says_what_when_and_why(mine, therapist, sign_in):
    page = text(sign_in(therapist).get(INBOX))
    for words in ("Mine &amp; &lt;mine&gt;", "What to do.", "Today", "Why did I get this?", mine.why):
        assert words in page
    assert "<mine>" not in page


def test_rows_stand_under_their_days(therapist, sign_in, now):
    for days in (0, 1, 30):
        factories.released(recipient=therapist, at=now - timedelta(days=days))
    page = text(sign_in(therapist).get(INBOX))
    long_ago = timezone.localtime(now - timedelta(days=30), therapist.zone)
    headings = ["Today", "Yesterday", f"{long_ago:%A, %B} {long_ago.day}"]
    places = [page.index(f'<h2 class="day-group">{heading}</h2>') for heading in headings]
    assert places == sorted(places)


def test_the_unread_tab_leaves_out_what_is_read_or_done(therapist, sign_in, now):
    factories.released(recipient=therapist, at=now, title="is-unread")
    factories.released(recipient=therapist, at=now, title="is-read", read_at=now)
    factories.released(recipient=therapist, at=now, title="is-done", settled_at=now)
    client = sign_in(therapist)
    every, unread = text(client.get(INBOX)), text(client.get(INBOX, {"show": "unread"}))
    assert [word for word in ("is-unread", "is-read", "is-done") if word in every] == [
        "is-unread",
        "is-read",
        "is-done",
    ]
    assert [word for word in ("is-unread", "is-read", "is-done") if word in unread] == ["is-unread"]
    assert "Done or no longer applies" in every


def test_an_empty_unread_tab_says_so(therapist, sign_in):
    assert "Nothing unread" in text(sign_in(therapist).get(INBOX, {"show": "unread"}))


def test_opening_goes_to_the_thing_and_counts_as_reading(mine, therapist, sign_in):
    response = sign_in(therapist).post(f"/inbox/{mine.pk}/open/")
    assert (response.status_code, response.url) == (302, mine.path)
    mine.refresh_from_db()
    assert mine.read_at is not None


def test_marking_one_as_read_comes_back_to_the_same_place(mine, therapist, sign_in, now):
    other = factories.released(recipient=therapist, at=now)
    response = sign_in(therapist).post(f"/inbox/{mine.pk}/read/", {"show": "unread", "page": "2"})
    assert (response.status_code, response.url) == (302, "/inbox/?show=unread&page=2")
    assert list(Reminder.objects.visible_to(therapist).unread(timezone.now())) == [other]


def test_marking_again_keeps_the_first_moment(mine, therapist, sign_in):
    client = sign_in(therapist)
    client.post(f"/inbox/{mine.pk}/read/")
    mine.refresh_from_db()
    first = mine.read_at
    client.post(f"/inbox/{mine.pk}/read/")
    mine.refresh_from_db()
    assert mine.read_at == first


def test_marking_all_marks_ones_own(mine, foreign, therapist, floater, sign_in):
    response = sign_in(therapist).post("/inbox/read/")
    assert (response.status_code, response.url) == (302, INBOX)
    assert list(Reminder.objects.visible_to(therapist).unread(timezone.now())) == []
    assert list(Reminder.objects.visible_to(floater).unread(timezone.now())) == [foreign]


@pytest.mark.parametrize("action", ["read", "open"])
def test_nobody_touches_anybody_elses(cast, foreign, sign_in, action):
    for name, person in cast.items():
        if name != "floater":
            assert sign_in(person).post(f"/inbox/{foreign.pk}/{action}/").status_code == 404, name
            assert sign_in(person).post(f"/inbox/0/{action}/").status_code == 404, name
    foreign.refresh_from_db()
    assert foreign.read_at is None
    assert sign_in(cast["floater"]).post(f"/inbox/{foreign.pk}/{action}/").status_code == 302


@pytest.mark.parametrize("path", ["/inbox/read/", "/inbox/{pk}/read/", "/inbox/{pk}/open/"])
def test_reading_is_no_get(mine, therapist, sign_in, path):
    assert sign_in(therapist).get(path.format(pk=mine.pk)).status_code == 405
    mine.refresh_from_db()
    assert mine.read_at is None


@pytest.mark.parametrize("show", ["all", "unread"])
@pytest.mark.parametrize("page", ["", "0", "-1", "99999999999999999999", "two", "last"])
def test_any_page_number_leads_somewhere(mine, therapist, sign_in, show, page):
    assert "Mine &amp;" in text(sign_in(therapist).get(INBOX, {"show": show, "page": page}))


def test_twenty_five_to_a_page(therapist, sign_in, now):
    for number in range(26):
        factories.released(recipient=therapist, at=now - timedelta(minutes=number), title=f"row-{number}.")
    client = sign_in(therapist)
    first, second = text(client.get(INBOX)), text(client.get(INBOX, {"page": 2}))
    assert [number for number in range(26) if f"row-{number}." in first] == list(range(25))
    assert [number for number in range(26) if f"row-{number}." in second] == [25]


def test_the_bell_counts_what_is_unread(therapist, sign_in, now, mine):
    factories.released(recipient=therapist, at=now)
    factories.released(recipient=therapist, at=now, read_at=now)
    page = text(sign_in(therapist).get(INBOX))
    assert "Inbox, 2 unread" in page
    sign_in(therapist).post("/inbox/read/")
    assert "Inbox, " not in text(sign_in(therapist).get(INBOX))


def test_the_number_of_queries_does_not_grow_with_the_rows(therapist, sign_in, now):
    client = sign_in(therapist)
    numbers = []
    for rows in (1, 2):
        for _ in range(rows):
            factories.released(recipient=therapist, at=now)
        with CaptureQueriesContext(connection) as queries:
            client.get(INBOX)
        numbers.append(len(queries))
    assert Reminder.objects.count() == 3
    assert numbers[0] == numbers[1]


def test_strangers_are_sent_to_the_door(mine, client):
    for method, path in [("get", INBOX), ("post", "/inbox/read/"), ("post", f"/inbox/{mine.pk}/read/")]:
        response = getattr(client, method)(path)
        assert (response.status_code, response.url.split("?")[0]) == (302, reverse("account_login"))


# --- Tabs, filters and marking several


@pytest.fixture
def of_each_sort(therapist, now, planted, urgent):
    """One of each, named after what it is."""
    planted.asks, urgent.asks = True, False
    ahead = {"recipient": therapist, "at": now, "not_after": now + timedelta(days=2)}
    return {
        "asks": factories.released(title="is-asking", **ahead),
        "tells": factories.released(title="is-telling", kind="planted-urgent", **ahead),
        "read": factories.released(title="is-read", read_at=now, **ahead),
        "done": factories.released(title="is-done", settled_at=now, **ahead),
        "off": factories.released(title="is-off", snoozed_until=now + timedelta(hours=1), **ahead),
        "past": factories.released(
            title="is-past", recipient=therapist, at=now - timedelta(days=3), not_after=now - timedelta(days=1)
        ),
    }


def shown(client, **query) -> set[str]:
    page = text(client.get(INBOX, query))
    return {name for name in ("asking", "telling", "read", "done", "off", "past") if f"is-{name}<" in page}


def test_each_tab_has_its_rows(of_each_sort, therapist, sign_in):
    client = sign_in(therapist)
    assert shown(client) == shown(client, show="all") == {"asking", "telling", "read", "done", "past"}
    assert shown(client, show="unread") == {"asking", "telling", "past"}
    assert shown(client, show="waiting") == {"asking", "read"}
    assert shown(client, show="snoozed") == {"off"}


def test_the_tabs_count(of_each_sort, therapist, sign_in):
    page = text(sign_in(therapist).get(INBOX))
    tabs = page.split('<nav class="tabs" id="inbox-tabs" aria-label="Inbox">')[1].split("</nav>")[0]
    counts = [int(part.split("<")[0]) for part in tabs.split('<span class="count-soft">')[1:]]
    assert counts == [3, 2, 1]


def test_filters_by_kind_by_group_and_by_words(of_each_sort, planted, urgent, therapist, sign_in):
    client = sign_in(therapist)
    assert shown(client, about="planted-urgent") == {"telling"}
    assert shown(client, show="unread", about="planted") == {"asking", "past"}
    planted.group = urgent.group = Group.SWAPS
    assert shown(client, about="swaps-and-open-shifts") == {"asking", "telling", "read", "done", "past"}
    assert shown(client, q="IS asking") == {"asking"}
    assert shown(client, q="second") == {"asking", "telling", "read", "done", "past"}  # words of the text
    assert "Nothing found" in text(client.get(INBOX, {"q": "nowhere"}))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"show": "some"}, "“some” makes no sense as “Show”."),
        ({"about": "weather"}, "“weather” makes no sense as “About”."),
        ({"about": ["planted", "<b>"]}, "“&lt;b&gt;” makes no sense as “About”."),
    ],
)
def test_what_makes_no_sense_is_named_and_left_out(of_each_sort, therapist, sign_in, query, words):
    page = text(sign_in(therapist).get(INBOX, query))
    assert words in page
    assert "was left out" in page
    assert "is-read<" in page


def test_words_that_are_too_long_or_strange_find_nothing(mine, therapist, sign_in):
    for words in ("x" * 5000, "\x00", "%", "_", "'\"\\"):
        assert sign_in(therapist).get(INBOX, {"q": words}).status_code == 200


def test_marking_as_unread_again(mine, therapist, sign_in, now):
    client = sign_in(therapist)
    client.post(f"/inbox/{mine.pk}/read/")
    assert "Mark “Mine &amp; &lt;mine&gt;” as unread" in text(client.get(INBOX))
    response = client.post(f"/inbox/{mine.pk}/unread/", {"show": "waiting"})
    assert (response.status_code, response.url) == (302, "/inbox/?show=waiting")
    assert list(Reminder.objects.visible_to(therapist).unread(now)) == [mine]


def test_what_is_done_does_not_become_unread(mine, therapist, sign_in, now):
    Reminder.objects.filter(pk=mine.pk).update(read_at=now, settled_at=now)
    sign_in(therapist).post(f"/inbox/{mine.pk}/unread/")
    mine.refresh_from_db()
    assert mine.read_at == now


def test_marking_those_that_were_chosen(of_each_sort, foreign, therapist, floater, sign_in):
    chosen = [of_each_sort["asks"].pk, of_each_sort["off"].pk, foreign.pk, 0, "nonsense", "9" * 30]
    response = sign_in(therapist).post("/inbox/read/", {"selected": "1", "reminder": chosen, "show": "unread"})
    assert (response.status_code, response.url) == (302, "/inbox/?show=unread")
    read = Reminder.objects.filter(read_at__isnull=False).order_by("title")
    assert [reminder.title for reminder in read] == ["is-asking", "is-read"]


def test_choosing_none_marks_none(of_each_sort, therapist, sign_in):
    sign_in(therapist).post("/inbox/read/", {"selected": "1"})
    assert [reminder.title for reminder in Reminder.objects.filter(read_at__isnull=False)] == ["is-read"]


def test_marking_what_is_shown_marks_no_more(of_each_sort, therapist, sign_in):
    response = sign_in(therapist).post("/inbox/read/", {"about": "planted-urgent", "q": "tell"})
    assert response.url == "/inbox/?about=planted-urgent&q=tell"
    read = Reminder.objects.filter(read_at__isnull=False).order_by("title")
    assert [reminder.title for reminder in read] == ["is-read", "is-telling"]


def test_marking_all_leaves_what_is_put_off(of_each_sort, therapist, sign_in):
    sign_in(therapist).post("/inbox/read/")
    assert [reminder.title for reminder in Reminder.objects.filter(read_at=None)] == ["is-off"]


@pytest.mark.parametrize("show", ["unread", "waiting", "snoozed"])
def test_no_tab_asks_more_for_more_rows(therapist, sign_in, now, planted, show):
    client = sign_in(therapist)
    off = now + timedelta(hours=1) if show == "snoozed" else None
    numbers = []
    for rows in (1, 2):
        for _ in range(rows):
            factories.released(recipient=therapist, at=now, snoozed_until=off)
        with CaptureQueriesContext(connection) as queries:
            assert text(client.get(INBOX, {"show": show})).count('<li id="reminder-') == Reminder.objects.count()
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_the_title_counts_what_is_unread(mine, therapist, sign_in):
    client = sign_in(therapist)
    assert "<title>(1) Inbox · " in text(client.get(INBOX))
    assert "<title>(1) People · " in text(client.get("/people/"))
    client.post("/inbox/read/")
    assert "<title>Inbox · " in text(client.get(INBOX))


def test_where_nothing_is_shown_nothing_is_offered_to_be_marked(mine, therapist, sign_in):
    reader = sign_in(therapist)
    assert "Mark all shown as read" in text(reader.get(f"{INBOX}?q=mine"))
    assert "Mark all" not in text(reader.get(f"{INBOX}?q=nowhere"))

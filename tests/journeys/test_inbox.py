"""The inbox at work: putting off, the count in the title, and notifications of what comes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Locator, Page, expect

from accounts.models import User
from intranet.reminders import registry, unsubscribing
from intranet.reminders.models import Reminder
from tests.intranet.reminders import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Headless browsers show none: what the page asks for is written down instead.
RECORDER = """
    window.told = [];
    window.Notification = class extends EventTarget {
        static permission = "default";
        static async requestPermission() { window.asked = (window.asked ?? 0) + 1; return (this.permission = "granted"); }
        constructor(title, options) { super(); window.told.push({ title, ...options }); window.last = this; }
        close() {}
    };
    if (location.protocol === "http:" && localStorage.getItem("granted")) Notification.permission = "granted";
"""
A_MINUTE = 61_000


@pytest.fixture
def inbox(visit: Callable[..., Page], therapist: User, live_server: Any) -> Page:
    now = timezone.now()
    for number, words in enumerate(["First thing", "Second thing"]):
        factories.released(
            recipient=therapist,
            at=now - timedelta(hours=number + 1),
            not_after=now + timedelta(days=30),
            title=words,
            body="",
            path="/people/",
        )
    page = visit(therapist)
    page.goto(f"{live_server.url}/inbox/")
    return page


def comes(person: User, title: str) -> Reminder:
    now = timezone.now()
    return factories.released(recipient=person, at=now, title=title, path="/people/", not_after=now + timedelta(days=9))


def answered(page: Page, minutes: int = 1) -> None:
    """Let the time pass after which an open page asks, and wait for the answer."""
    with page.expect_response("**/inbox/news/**"):
        page.clock.run_for(A_MINUTE * minutes)


@pytest.fixture
def watching(inbox: Page, live_server: Any) -> Page:
    """The inbox with a clock that the test moves, after the page has asked for the first time."""
    inbox.context.add_init_script(RECORDER)
    inbox.clock.install()
    inbox.goto(f"{live_server.url}/inbox/")
    answered(inbox)
    return inbox


def allow(page: Page) -> None:
    page.get_by_role("button", name="Notify me in this browser").click()
    expect(page.get_by_role("button", name="Stop notifying me in this browser")).to_be_visible()
    page.evaluate("localStorage.setItem('granted', '1')")  # as a browser remembers it


def test_putting_off_and_having_it_back(inbox: Page, live_server: Any) -> None:
    expect(inbox).to_have_title("(2) Inbox · Emery intranet")
    inbox.evaluate("window.notReloaded = true")
    inbox.get_by_text("Put off “First thing”").locator("..").click()
    inbox.get_by_role("button", name="Monday morning, 8:00 AM").or_(
        inbox.get_by_role("button", name="Tomorrow morning, 8:00 AM")
    ).first.click()
    expect(inbox.get_by_role("status").get_by_text("“First thing” comes back")).to_be_visible()
    expect(inbox.get_by_role("button", name="First thing", exact=True)).to_have_count(0)
    expect(inbox).to_have_title("(1) Inbox · Emery intranet")
    expect(inbox.get_by_role("link", name="Inbox, 1 unread")).to_be_visible()
    assert inbox.evaluate("window.notReloaded") is True
    inbox.get_by_role("link", name="Snoozed 1").click()
    expect(inbox.get_by_text("Comes back")).to_be_visible()
    inbox.get_by_role("button", name="Bring back “First thing”").click()
    expect(inbox.get_by_role("heading", name="Nothing put off")).to_be_visible()
    expect(inbox.get_by_role("link", name="Inbox, 2 unread")).to_be_visible()


def test_the_focus_goes_on_where_the_work_goes_on(inbox: Page, live_server: Any) -> None:
    for words, goal in [("First thing", "button"), ("Second thing", "heading")]:
        inbox.get_by_text(f"Put off “{words}”").locator("..").focus()
        inbox.keyboard.press("Enter")
        inbox.keyboard.press("Tab")
        inbox.keyboard.press("Enter")
        expect(
            inbox.get_by_role(goal, name="Second thing" if goal == "button" else "Inbox", exact=True)
        ).to_be_focused()
    inbox.goto(f"{live_server.url}/inbox/?show=snoozed")
    inbox.get_by_role("button", name="Bring back “First thing”").press("Enter")
    expect(inbox.get_by_role("button", name="Second thing", exact=True)).to_be_focused()


def test_marking_several_and_one_again_as_unread(inbox: Page) -> None:
    expect(inbox.get_by_label("Choose “Second thing”")).to_be_hidden()
    inbox.get_by_label("Choose several").check()
    inbox.get_by_label("Choose “Second thing”").check()
    chosen = inbox.get_by_role("group", name="What to do with those chosen")
    chosen.get_by_role("button", name="Mark as read").click()
    expect(inbox.get_by_role("link", name="Inbox, 1 unread")).to_be_visible()
    inbox.get_by_role("button", name="Mark “Second thing” as unread").click()
    expect(inbox.get_by_role("link", name="Inbox, 2 unread")).to_be_visible()


def choose(page: Page, *titles: str) -> Locator:
    """Tick these; what can be done to them."""
    page.get_by_label("Choose several").check()
    for title in titles:
        page.get_by_label(f"Choose “{title}”").check()
    return page.get_by_role("group", name="What to do with those chosen")


def test_putting_several_off_and_having_them_back(inbox: Page) -> None:
    inbox.evaluate("window.notReloaded = true")
    chosen = choose(inbox, "First thing", "Second thing")
    chosen.get_by_text("Put off", exact=True).click()
    chosen.get_by_role("button", name="For an hour").click()
    said = re.compile("2 reminders come back (today|tomorrow) at")  # late in the evening an hour later is tomorrow
    expect(inbox.get_by_role("status").get_by_text(said)).to_be_visible()
    expect(inbox.get_by_role("heading", name="Nothing yet")).to_be_visible()
    inbox.get_by_role("link", name="Snoozed 2").click()
    choose(inbox, "First thing", "Second thing").get_by_role("button", name="Bring back").click()
    expect(inbox.get_by_role("link", name="Inbox, 2 unread")).to_be_visible()
    inbox.get_by_role("link", name="All", exact=True).click()
    choose(inbox, "First thing").get_by_role("button", name="Mark as read").click()
    expect(inbox.get_by_role("link", name="Inbox, 1 unread")).to_be_visible()
    choose(inbox, "First thing", "Second thing").get_by_role("button", name="Mark as unread").click()
    expect(inbox.get_by_role("link", name="Inbox, 2 unread")).to_be_visible()


@pytest.mark.parametrize("several", [True, False])
def test_enter_in_the_moment_puts_off_until_then(inbox: Page, several: bool) -> None:
    """Not for an hour, and it marks nothing as read, although such buttons stand before it."""
    day = timezone.localdate() + timedelta(days=20)
    if several:
        choose(inbox, "First thing").get_by_text("Put off", exact=True).click()
    else:
        inbox.get_by_text("Put off “First thing”").locator("..").click()
    field = inbox.get_by_label("Until another moment").and_(inbox.locator(":visible"))
    field.fill(f"{day.isoformat()}T13:15")
    field.press("Enter")
    expect(inbox.get_by_role("status").get_by_text("at 1:15 PM")).to_be_visible()
    inbox.get_by_role("link", name="Snoozed 1").click()
    expect(inbox.get_by_role("button", name="First thing", exact=True)).to_be_visible()


def test_a_refused_moment_takes_nothing_that_was_chosen(inbox: Page, axe: Callable[[Page], list[str]]) -> None:
    yesterday = f"{timezone.localdate() - timedelta(days=1):%Y-%m-%d}T08:00"
    choose(inbox, "Second thing").get_by_text("Put off", exact=True).click()
    field = inbox.get_by_label("Until another moment").and_(inbox.locator(":visible"))
    field.fill(yesterday)
    inbox.get_by_role("group", name="What to do").get_by_role("button", name="Put off until then").click()
    expect(field).to_be_focused()
    expect(field).to_have_value(yesterday)
    expect(field).to_have_accessible_description("Not put off. Choose a moment that is still to come.")
    expect(inbox.get_by_label("Choose “Second thing”")).to_be_checked()
    expect(inbox.get_by_label("Choose “First thing”")).not_to_be_checked()
    assert axe(inbox) == []
    field.fill(f"{timezone.localdate() + timedelta(days=2):%Y-%m-%d}T08:00")
    field.press("Enter")
    expect(inbox.get_by_role("button", name="Second thing", exact=True)).to_have_count(0)


def test_what_is_done_to_those_chosen_stays_in_sight(inbox: Page, therapist: User, live_server: Any) -> None:
    for number in range(20):
        comes(therapist, f"Thing {number}")
    for width, height in [(1440, 700), (390, 700)]:
        inbox.set_viewport_size({"width": width, "height": height})
        inbox.goto(f"{live_server.url}/inbox/")
        chosen = choose(inbox)
        inbox.get_by_label("Choose “First thing”").focus()
        expect(chosen.get_by_role("button", name="Mark as read")).to_be_in_viewport(ratio=1)
        bar, row = (inbox.locator(part).bounding_box() for part in (".picking", ":focus"))
        assert bar is not None
        assert row is not None
        assert row["y"] >= bar["y"] + bar["height"]
        chosen.get_by_text("Put off", exact=True).click()
        expect(chosen.get_by_role("button", name="Put off until then")).to_be_in_viewport(ratio=1)


def test_settings_that_are_saved_by_keyboard_keep_the_focus_and_say_so(inbox: Page, live_server: Any) -> None:
    inbox.goto(f"{live_server.url}/inbox/?show=unread")
    inbox.get_by_label("Send nothing between").check()
    inbox.get_by_role("button", name="Save settings").press("Enter")
    expect(inbox.get_by_role("status").get_by_text("Saved. Your inbox has everything in any case.")).to_be_visible()
    expect(inbox.get_by_role("button", name="Save settings")).to_be_focused()
    expect(inbox.get_by_role("link", name="Unread 2")).to_have_attribute("aria-current", "page")
    inbox.get_by_label("From", exact=True).fill("")
    inbox.get_by_role("button", name="Save settings").press("Enter")
    expect(inbox.get_by_role("alert").filter(has_text="Write a time")).to_be_focused()


def test_enter_in_the_search_keeps_the_console_quiet(inbox: Page) -> None:
    said: list[str] = []
    inbox.on("console", lambda message: said.append(message.text))
    box = inbox.get_by_role("searchbox", name="Search the inbox")
    for words in ("first", "firs", "second"):
        box.fill(words)
        box.press("Enter")
    expect(inbox.get_by_role("button", name="First thing", exact=True)).to_have_count(0)
    expect(inbox.get_by_role("button", name="Second thing", exact=True)).to_be_visible()
    inbox.wait_for_load_state("networkidle")
    assert said == []


def test_a_row_shows_one_paragraph_and_opens_to_the_rest(inbox: Page, therapist: User, live_server: Any) -> None:
    Reminder.objects.filter(title="First thing").update(body="What it is about.\n\nThe rest of it.")
    inbox.goto(f"{live_server.url}/inbox/")
    row = inbox.get_by_role("listitem").filter(has_text="First thing")
    expect(row.get_by_text("What it is about.")).to_be_visible()
    expect(row.get_by_text("The rest of it.")).to_be_hidden()
    row.get_by_text("What it is about.").click()
    expect(row.get_by_text("The rest of it.")).to_be_visible()
    expect(row.get_by_text("You get this because a test wants it.")).to_be_visible()


def test_searching_narrows_while_typing_and_marks_no_more(inbox: Page) -> None:
    box = inbox.get_by_role("searchbox", name="Search the inbox")
    box.press_sequentially("second")
    expect(inbox.get_by_role("button", name="First thing", exact=True)).to_have_count(0)
    inbox.get_by_role("button", name="Mark all shown as read").click()
    expect(inbox.get_by_role("link", name="Inbox, 1 unread")).to_be_visible()
    assert "q=second" in inbox.url


def test_an_open_page_follows_what_comes(watching: Page, therapist: User) -> None:
    comes(therapist, "Third thing")
    answered(watching)
    expect(watching).to_have_title("(3) Inbox · Emery intranet")
    expect(watching.get_by_role("link", name="Inbox, 3 unread")).to_be_visible()
    assert watching.evaluate("window.told") == []
    assert watching.evaluate("window.asked ?? 0") == 0


def test_whoever_asks_for_it_is_notified_once(watching: Page, therapist: User) -> None:
    allow(watching)
    first = comes(therapist, "Third thing")
    answered(watching)
    answered(watching)
    told = watching.evaluate("window.told")
    assert [note["title"] for note in told] == ["Third thing"]
    assert told[0]["tag"].startswith(f"{first.pk}-")
    watching.get_by_role("button", name="Stop notifying me in this browser").click()
    comes(therapist, "Fourth thing")
    answered(watching)
    assert len(watching.evaluate("window.told")) == 1


def test_a_notification_leads_there_and_counts_as_read(watching: Page, therapist: User) -> None:
    allow(watching)
    reminder = comes(therapist, "Third thing")
    answered(watching)
    watching.wait_for_function("window.last")
    with watching.expect_response(f"**/inbox/{reminder.pk}/read/"):
        watching.evaluate("window.last.dispatchEvent(new Event('click'))")
    watching.wait_for_url("**/people/")
    expect(watching).to_have_title("(2) People · Emery intranet")


def test_of_two_tabs_one_tells_and_both_count(watching: Page, therapist: User, live_server: Any) -> None:
    allow(watching)
    other = watching.context.new_page()
    other.goto(f"{live_server.url}/people/")
    comes(therapist, "Third thing")
    with watching.context.expect_event("response", lambda response: "/inbox/news/" in response.url):
        watching.clock.run_for(A_MINUTE * 2)  # the clock of both
    expect(watching).to_have_title("(3) Inbox · Emery intranet")
    expect(other).to_have_title("(3) People · Emery intranet")
    with watching.context.expect_event("response", lambda response: "/inbox/news/" in response.url):
        watching.clock.run_for(A_MINUTE * 10)
    told = [note["title"] for page in (watching, other) for note in page.evaluate("window.told")]
    assert told == ["Third thing"]


def test_a_page_of_a_session_that_is_over_stops_asking(watching: Page, therapist: User) -> None:
    asked: list[str] = []
    watching.context.clear_cookies()
    answered(watching)
    watching.on("request", lambda request: asked.append(urlsplit(request.url).path))
    watching.clock.run_for(A_MINUTE * 30)
    watching.wait_for_timeout(500)
    assert "/inbox/news/" not in asked
    expect(watching).to_have_title("(2) Inbox · Emery intranet")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("show", ["waiting", "snoozed"])
def test_the_tabs_are_accessible(
    inbox: Page, therapist: User, live_server: Any, axe: Callable[[Page], list[str]], scheme: Any, show: str
) -> None:
    Reminder.objects.filter(title="First thing").update(snoozed_until=timezone.now() + timedelta(hours=2))
    inbox.emulate_media(color_scheme=scheme)
    inbox.goto(f"{live_server.url}/inbox/?show={show}")
    assert axe(inbox) == []


def test_stopping_mail_from_a_link_without_signing_in(
    watched: BrowserContext, therapist: User, live_server: Any, axe: Callable[[Page], list[str]]
) -> None:
    kind = registry.find("open-shift")
    assert kind is not None
    page = watched.new_page()
    page.goto(live_server.url + unsubscribing.address_of(therapist, [kind]))
    assert axe(page) == []
    page.get_by_role("button", name="Stop this mail").click()
    expect(page.get_by_role("heading", name="Done. No more mail about this")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("link", name="Undo").click()
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_role("heading", name="Done. The mail comes again")).to_be_visible()


def test_on_a_phone_the_open_tab_is_in_sight(inbox: Page, live_server: Any) -> None:
    inbox.set_viewport_size({"width": 390, "height": 844})
    inbox.goto(f"{live_server.url}/inbox/coming-up/")
    expect(inbox.get_by_role("link", name="Coming up")).to_be_in_viewport(ratio=1)

"""Writing an announcement: what is typed is kept, the count is that of people, and it works with plain forms."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse

from intranet.announcements.models import Announcement
from intranet.reminders.models import StepTime
from tests.conftest import CHICAGO

COMPOSE = reverse("announcements:compose")
FORM = {
    "title": "Flu clinic",
    "body": "Come on Tuesday.\n\n- Bring your card\n- Takes < 15 minutes",
    "audience": ["therapist@mt-prospect"],
    "when": "now",
}


def errors(response) -> dict[str, list[str]]:
    return dict(response.context["form"].errors)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("therapist", 403),
        ("therapist_oakbrook", 403),
        ("floater", 403),
        ("assistant", 403),
        ("front_desk", 403),
        ("approver", 403),
        ("manager", 200),
        ("manager_oakbrook", 200),
        ("clinical_lead", 200),
        ("administrator", 200),
    ],
)
def test_who_may_write(request, sign_in, who: str, status: int):
    browser = sign_in(request.getfixturevalue(who))
    assert browser.get(COMPOSE).status_code == status
    if status == 403:
        response = browser.post(COMPOSE, FORM)
        assert (response.status_code, Announcement.objects.count()) == (403, 0)
        assert "Managers, the clinical lead and administrators" in response.content.decode()


def test_it_is_sent_at_once(sign_in, manager, therapist, at):
    response = sign_in(manager).post(COMPOSE, FORM)
    news = Announcement.objects.get()
    assert (response.status_code, response.url) == (302, news.get_absolute_url())
    assert (news.published_at, news.must_acknowledge, news.expires_at) == (at, False, None)
    assert news.body == "<p>Come on Tuesday.</p><ul><li>Bring your card</li><li>Takes &lt; 15 minutes</li></ul>"


def test_it_is_scheduled_with_everything(sign_in, manager, therapist):
    more = {
        "when": "later",
        "on": "2026-12-03",
        "clock": "07:00",
        "until": "2026-12-31",
        "must_acknowledge": "on",
        "due": "2026-12-07",
        "urgent": "on",
        "pinned": "on",
    }
    response = sign_in(manager).post(COMPOSE, FORM | more, follow=True)
    assert "Scheduled. It goes to 1 person on Thu, Dec 3, 7:00 AM." in response.content.decode()
    news = Announcement.objects.get()
    assert news.published_at == datetime(2026, 12, 3, 7, tzinfo=CHICAGO)
    assert (news.due_on, news.last_day, news.urgent, news.pinned) == (date(2026, 12, 7), date(2026, 12, 31), True, True)


@pytest.mark.parametrize(
    ("when", "due"),
    [({}, date(2026, 12, 2)), ({"when": "later", "on": "2026-12-03", "clock": "07:00"}, date(2026, 12, 10))],
)
def test_a_week_from_its_appearance_is_usual(sign_in, manager, therapist, when: dict, due: date):
    browser, asks = sign_in(manager), FORM | when | {"must_acknowledge": "on", "due": ""}
    assert f"Acknowledge by {due:%a, %b} {due.day}" in browser.post(COMPOSE, asks | {"preview": "on"}).content.decode()
    browser.post(COMPOSE, asks)
    assert Announcement.objects.get().due_on == due


def test_discarding_asks_and_keeps_what_was_typed(sign_in, manager, therapist):
    browser = sign_in(manager)
    assert 'data-opens="discard"' in browser.get(COMPOSE).content.decode()
    answer = browser.post(COMPOSE, FORM | {"title": "", "discard": "on"})
    page = answer.content.decode()
    assert (answer.status_code, errors(answer)) == (200, {})
    assert page.count("Discard what you have written?") == 2  # once on the page, once in the dialog
    assert "Come on Tuesday." in page
    assert not Announcement.objects.exists()


def test_fields_of_a_choice_that_was_not_made_do_not_count(sign_in, manager, therapist, at):
    sign_in(manager).post(COMPOSE, FORM | {"on": "2026-12-03", "due": "2026-12-07"})
    news = Announcement.objects.get()
    assert (news.published_at, news.must_acknowledge) == (at, False)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"title": ""}, "title", "This field is required."),
        ({"title": "x" * 161}, "title", "Ensure this value has at most 160 characters (it has 161)."),
        ({"body": "   "}, "body", "Write what people need to know."),
        ({"body": ""}, "body", "This field is required."),
        ({"body": "x" * 20_001}, "body", "Ensure this value has at most 20000 characters (it has 20001)."),
        ({"audience": []}, "audience", "Choose who gets it: with this choice it reaches nobody."),
        (
            {"audience": ["front_desk@mt-prospect"]},
            "audience",
            "Choose who gets it: with this choice it reaches nobody.",
        ),
        (
            {"audience": ["therapist@oakbrook-terrace"]},
            "audience",
            "You may not post to one of these. Choose again.",
        ),
        ({"when": "later", "clock": "07:00"}, "on", "Choose the day on which it appears."),
        ({"when": "later", "on": "2026-12-03", "clock": "seven"}, "clock", "Enter a valid time."),
        (
            {"when": "later", "on": "2026-11-24", "clock": "07:00"},
            "on",
            "That moment has passed. Choose a later one, or send it now.",
        ),
        ({"when": "later", "on": "9999-12-31", "clock": "07:00"}, "on", "Check the year."),
        ({"until": "0001-01-01"}, "until", "Check the year."),
        ({"until": "2026-11-24"}, "until", "It appears only after that day. Choose a later one."),
        ({"must_acknowledge": "on", "due": "soon"}, "due", "Enter a valid date."),
        (
            {"must_acknowledge": "on", "due": "2026-12-07", "until": "2026-12-08"},
            "until",
            "Leave it up until Mon, Dec 14 at least, so that whoever is late still finds it.",
        ),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(
    sign_in, manager, therapist, therapist_oakbrook, change: dict, field: str, words: str
):
    response = sign_in(manager).post(COMPOSE, FORM | change)
    assert (response.status_code, errors(response)) == (422, {field: [words]})
    assert not Announcement.objects.exists()
    page = response.content.decode()
    for name in {"title", "body"} - set(change):
        assert FORM[name].splitlines()[0] in page
    assert 'role="alert"' in page


def test_a_long_title_is_cut_by_no_browser(sign_in, manager, therapist):
    browser = sign_in(manager)
    page = browser.get(COMPOSE).content.decode()
    assert ('maxlength="160"' in page, 'data-limit="160"' in page) == (False, True)
    answer = browser.post(COMPOSE, FORM | {"title": "x" * 161}).content.decode()
    assert "Shorten this to 160 characters: it has 161." in answer
    assert "x" * 161 in answer


@pytest.mark.parametrize(
    ("when", "wrong"),
    [
        ({"on": "2026-11-20", "clock": ""}, {"on": ["That moment has passed. Choose a later one, or send it now."]}),
        ({"on": "2026-12-31", "clock": ""}, {}),
        ({"on": "", "clock": "07:00"}, {"on": ["Choose the day on which it appears."], "clock": []}),
    ],
)
def test_all_that_is_wrong_is_said_at_once(sign_in, manager, therapist, when: dict, wrong: dict):
    dates = {"until": "2026-11-18", "must_acknowledge": "on", "due": "2026-11-19"}
    response = sign_in(manager).post(COMPOSE, FORM | {"title": "", "when": "later"} | when | dates)
    expected = {
        "title": ["This field is required."],
        "clock": ["Choose when it appears."],
        "until": [
            "It appears only after that day. Choose a later one.",
            "Leave it up until Thu, Nov 26 at least, so that whoever is late still finds it.",
        ],
        "due": ["It appears only after that day. Choose a later one."],
    }
    assert errors(response) == {name: said for name, said in (expected | wrong).items() if said}


def test_a_preview_sends_nothing_and_counts_people_once(sign_in, clinical_lead, therapist, therapist_oakbrook, floater):
    both = {"audience": ["therapist@mt-prospect", "therapist@oakbrook-terrace"], "preview": "on"}
    response = sign_in(clinical_lead).post(COMPOSE, FORM | both)
    page = response.content.decode()
    assert (response.status_code, Announcement.objects.count()) == (200, 0)
    assert "3 people" in page
    assert "<li>Bring your card</li>" in page
    assert page.count("Theo Fictus") == 1


def test_a_live_preview_is_the_same_in_pieces(sign_in, clinical_lead, therapist, floater):
    response = sign_in(clinical_lead).post(
        COMPOSE, {"audience": ["therapist@mt-prospect"], "preview": "on"}, headers={"HX-Request": "true"}
    )
    piece = response.content.decode()
    assert response.status_code == 200
    assert "2 people" in piece
    assert "<html" not in piece
    assert 'role="alert"' not in piece


def test_a_manager_is_offered_only_the_own_clinic(sign_in, manager, therapist, therapist_oakbrook):
    page = sign_in(manager).get(COMPOSE).content.decode()
    assert "therapist@mt-prospect" in page
    assert "oakbrook" not in page


def test_it_says_when_people_are_reminded_as_administrators_have_set_it(sign_in, manager, administrator, at):
    page = sign_in(manager).get(COMPOSE).content.decode()
    assert "Reminders go out when it appears, after 1 day and after 3 days;" in page
    assert "is reminded when it appears, after 4 hours and after 1 day instead" in page
    changes = {"24h": {"off": True}, "72h": {"amount": timedelta(hours=50)}}
    for step, change in changes.items():
        StepTime.objects.create(
            kind="announcement-to-acknowledge", step=step, changed_by=administrator, changed_at=at, **change
        )
    page = sign_in(manager).get(COMPOSE).content.decode()
    assert "Reminders go out when it appears and after 50 hours;" in page

"""The page of announcements: four lists, a search, and the same number of queries however many there are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.roles import Role
from intranet.announcements.acknowledging import acknowledge
from intranet.announcements.models import Receipt
from intranet.announcements.publishing import withdraw
from tests.intranet.announcements import factories

LIST = reverse("announcements:list")


def titles(browser, query: str = "") -> list[str]:
    response = browser.get(LIST + query)
    assert response.status_code == 200
    return [entry.announcement.title for entry in response.context["entries"]]


@pytest.fixture
def several(mt_prospect, oakbrook, manager, clinical_lead, therapist, therapist_oakbrook, at):
    day = timedelta(days=1)
    factories.announcement(by=manager, at=at - day, to=[mt_prospect], title="Old news")
    factories.announcement(by=manager, at=at - 9 * day, to=[mt_prospect], title="Pinned", pinned=True)
    factories.announcement(by=manager, at=at - 2 * day, to=[mt_prospect], title="Asks", due_on=at.date())
    factories.announcement(by=manager, at=at - 40 * day, to=[mt_prospect], title="Over", last_day=at.date() - 30 * day)
    factories.announcement(by=manager, at=at, to=[mt_prospect], title="Later", appears=at + day)
    withdrawn = factories.announcement(by=manager, at=at, to=[mt_prospect], title="Withdrawn")
    withdraw(withdrawn, by=manager, at=at)
    factories.announcement(
        by=clinical_lead, at=at, to=[oakbrook], title="There", body="<p>Über <strong>strong</strong> words</p>"
    )


def test_each_list_has_its_own(several, sign_in, therapist):
    browser = sign_in(therapist)
    assert titles(browser) == ["Asks", "Pinned", "Old news"]
    assert titles(browser, "?show=owed") == ["Asks"]
    assert titles(browser, "?show=earlier") == ["Over"]
    assert titles(browser, "?show=scheduled") == []
    assert titles(browser, "?show=nonsense") == ["Asks", "Pinned", "Old news"]


def test_authors_find_what_is_scheduled(several, sign_in, manager):
    assert titles(sign_in(manager), "?show=scheduled") == ["Later"]


def test_what_was_acknowledged_is_not_owed(several, sign_in, therapist, at):
    browser = sign_in(therapist)
    asking = browser.get(f"{LIST}?show=owed").context["entries"][0].announcement
    acknowledge(asking, by=therapist, at=at)
    assert titles(browser, "?show=owed") == []
    assert "Acknowledged" in browser.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=uber", ["There"]),
        ("?q=strong", ["There"]),
        ("?q=words", ["There", "Old news", "Asks", "Pinned", "Over"]),
        ("?q=dana+pinned", ["Pinned"]),
        ("?q=li", []),
        ("?clinic=oakbrook-terrace", ["There"]),
        ("?clinic=mt-prospect&q=old", ["Old news"]),
        ("?month=2026-10", ["Over"]),
        ("?month=2026-13", ["There", "Old news", "Asks", "Pinned", "Over"]),
        ("?month=9999-12", ["There", "Old news", "Asks", "Pinned", "Over"]),
        ("?clinic=nowhere", ["There", "Old news", "Asks", "Pinned", "Over"]),
        ("?q=%00", ["There", "Old news", "Asks", "Pinned", "Over"]),
    ],
)
def test_a_search_looks_into_everything_readable(several, sign_in, clinical_lead, query: str, found: list[str]):
    assert titles(sign_in(clinical_lead), query) == found


def test_a_search_finds_nothing_hidden(several, sign_in, therapist, therapist_oakbrook):
    assert titles(sign_in(therapist), "?q=There") == []
    assert titles(sign_in(therapist_oakbrook), "?q=There") == ["There"]
    assert titles(sign_in(therapist), "?q=Withdrawn") == []
    assert titles(sign_in(therapist), "?q=Later") == []


def test_months_count_what_the_reader_may_read(several, sign_in, therapist, therapist_oakbrook):
    months = {
        person: [(f"{month:%Y-%m}", number) for month, number in sign_in(person).get(LIST).context["months"]]
        for person in (therapist, therapist_oakbrook)
    }
    assert months == {therapist: [("2026-11", 3), ("2026-10", 1)], therapist_oakbrook: [("2026-11", 1)]}


def test_what_is_shown_in_full_counts_as_read(several, sign_in, therapist):
    sign_in(therapist).get(LIST)
    opened = (
        Receipt.objects.filter(user=therapist).order_by("announcement_id").values_list("announcement__title", "kind")
    )
    assert list(opened) == [("Old news", "opened"), ("Pinned", "opened"), ("Asks", "opened")]


def test_only_those_who_may_see_how_many_have_read(several, sign_in, therapist, manager):
    assert "of 1 read" in sign_in(manager).get(LIST).content.decode()
    assert "of 1 read" not in sign_in(therapist).get(LIST).content.decode()


@pytest.mark.parametrize(
    ("who", "offered"), [("therapist", False), ("front_desk", False), ("manager", True), ("clinical_lead", True)]
)
def test_writing_is_offered_to_those_who_may(request, sign_in, who: str, offered: bool):
    page = sign_in(request.getfixturevalue(who)).get(LIST).content.decode()
    assert (reverse("announcements:compose") in page) is offered


@pytest.mark.parametrize("who", ["therapist", "manager"])
def test_more_rows_take_no_more_queries(request, sign_in, who, mt_prospect, oakbrook, clinical_lead, therapist, at):
    browser = sign_in(request.getfixturevalue(who))

    def add() -> None:
        news = factories.announcement(
            by=clinical_lead,
            at=at,
            to=[mt_prospect, oakbrook],
            roles=[Role.THERAPIST, Role.MANAGER],
            due_on=at.date(),
        )
        if who == "therapist":
            acknowledge(news, by=therapist, at=at)

    def queries() -> int:
        browser.get(LIST)  # the first time leaves receipts
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(LIST).status_code == 200
        return len(captured)

    add()
    with_one = queries()
    add()
    add()
    assert queries() == with_one

"""The report on receipts: narrowed by clinic and by what is missing, as a page, as a file and over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from intranet.announcements.acknowledging import acknowledge, note_opened
from intranet.announcements.models import Announcement
from intranet.announcements.publishing import withdraw
from intranet.audit.models import Entry
from tests import factories as people
from tests.intranet.announcements import factories


@pytest.fixture
def asking(mt_prospect, oakbrook, clinical_lead, therapist, therapist_oakbrook, floater, at) -> Announcement:
    """To the therapists of both clinics: one has acknowledged, one has read it, and Theo Fictus nothing."""
    due = at.date() + timedelta(days=2)
    news = factories.announcement(by=clinical_lead, at=at, to=[mt_prospect, oakbrook], due_on=due)
    acknowledge(news, by=therapist, at=at)
    note_opened([news], by=therapist_oakbrook, at=at)
    return news


def address(name: str, news: Announcement, query: str = "") -> str:
    return reverse(f"announcements:{name}", args=[news.pk]) + query


FILTERS = [
    ("", ["Theo Fictus", "Priya Fakenham", "Avery Testwell"]),
    ("?answer=all", ["Theo Fictus", "Priya Fakenham", "Avery Testwell"]),
    ("?answer=unread", ["Theo Fictus"]),
    ("?answer=unacknowledged", ["Theo Fictus", "Priya Fakenham"]),
    ("?clinic=mt-prospect", ["Theo Fictus", "Avery Testwell"]),
    ("?clinic=oakbrook-terrace&answer=unacknowledged", ["Theo Fictus", "Priya Fakenham"]),
]


@pytest.mark.parametrize(("query", "names"), FILTERS)
def test_whom_it_shows(sign_in, asking, clinical_lead, query: str, names: list[str]):
    browser = sign_in(clinical_lead)
    response = browser.get(address("receipts", asking, query))
    assert [line.person.name for line in response.context["lines"]] == names
    assert "2 of 3 read, 1 acknowledged" in response.content.decode()  # of all, whatever is shown
    over_the_api = browser.get(f"/api/v1/announcements/{asking.pk}/receipts/{query}").json()
    assert [line["person"] for line in over_the_api["lines"]] == names
    assert (over_the_api["people"], over_the_api["read"], over_the_api["acknowledged"]) == (3, 2, 1)


def test_a_manager_sees_the_own_clinic_and_asks_for_no_other(sign_in, asking, manager):
    browser = sign_in(manager)
    assert [line.person.name for line in browser.get(address("receipts", asking)).context["lines"]] == [
        "Theo Fictus",
        "Avery Testwell",
    ]
    other = browser.get(address("receipts", asking, "?clinic=oakbrook-terrace"))
    assert "makes no sense as “Clinic”" in other.content.decode()
    assert browser.get(f"/api/v1/announcements/{asking.pk}/receipts/?clinic=oakbrook-terrace").status_code == 400


def test_the_file(sign_in, asking, clinical_lead, mt_prospect, at):
    people.membership(user=people.person(name="=cmd()"), role="therapist", clinic=mt_prospect)
    browser = sign_in(clinical_lead)
    response = browser.get(address("receipts-csv", asking, "?clinic=mt-prospect"))
    lines = response.getvalue().decode("utf-8-sig").splitlines()
    assert lines == [
        "Person,Clinics,Edition,Read,Acknowledged",
        "'=cmd(),Mt. Prospect,1,,",
        '"Theo Fictus","Mt. Prospect, Oakbrook Terrace",1,,'.replace('"Theo Fictus"', "Theo Fictus"),
        "Avery Testwell,Mt. Prospect,1,2026-11-25T16:00:00+00:00,2026-11-25T16:00:00+00:00",
    ]
    entry = Entry.objects.get(verb="announcement.exported")
    assert (entry.actor, entry.changes) == (clinical_lead, {"people": 3})


def test_a_file_is_not_made_of_filters_that_make_no_sense(sign_in, asking, clinical_lead):
    response = sign_in(clinical_lead).get(address("receipts-csv", asking, "?answer=nonsense"))
    assert response.url == address("receipts", asking, "?answer=nonsense")
    assert not Entry.objects.filter(verb="announcement.exported").exists()


@pytest.mark.parametrize(("who", "status"), [("therapist", 403), ("administrator", 403), ("front_desk", 404)])
def test_who_sees_no_names(request, sign_in, asking, who: str, status: int):
    browser = sign_in(request.getfixturevalue(who))
    addresses = [address("receipts", asking), address("receipts-csv", asking), address("editions", asking)]
    addresses.append(f"/api/v1/announcements/{asking.pk}/receipts/")
    assert [browser.get(where).status_code for where in addresses] == [status] * 4


@pytest.mark.parametrize("withdrawn", [False, True])
def test_before_it_appears_there_are_none(sign_in, mt_prospect, manager, clinical_lead, therapist, at, withdrawn: bool):
    """And no entry from which managers could read its title before it is theirs to read."""
    news = factories.announcement(by=clinical_lead, at=at, to=[mt_prospect], appears=at + timedelta(days=1))
    if withdrawn:
        withdraw(news, by=clinical_lead, at=at)
    for person in (manager, clinical_lead):
        browser = sign_in(person)
        assert browser.get(address("receipts", news)).status_code == 404
        assert browser.get(address("receipts-csv", news)).status_code == 404
        assert browser.get(f"/api/v1/announcements/{news.pk}/receipts/").status_code == 404
    assert not Entry.objects.filter(verb="announcement.exported").exists()


def test_of_a_withdrawn_one_its_author_still_sees_them(sign_in, asking, clinical_lead, at):
    withdraw(asking, by=clinical_lead, at=at)
    browser = sign_in(clinical_lead)
    assert browser.get(address("receipts", asking)).status_code == 200
    assert browser.get(f"/api/v1/announcements/{asking.pk}/receipts/").json()["acknowledged"] == 1


def test_what_asks_nothing_is_not_filtered_by_acknowledgements(sign_in, mt_prospect, manager, therapist, at):
    news = factories.announcement(by=manager, at=at, to=[mt_prospect])
    form = sign_in(manager).get(address("receipts", news)).context["form"]
    assert [value for value, _ in form.fields["answer"].choices] == ["all", "unread"]


def test_the_page_says_when_somebody_acknowledged(sign_in, asking, clinical_lead):
    page = sign_in(clinical_lead).get(address("receipts", asking, "?clinic=mt-prospect")).content.decode()
    [row] = [row for row in page.split("<tr>") if "Avery Testwell" in row]
    assert row.count("10:00 AM") == 2  # as it was read, and as it was acknowledged

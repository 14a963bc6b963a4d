"""The page of one announcement: reading, acknowledging, receipts, withdrawing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.hiring import Place, give_role, take_role
from accounts.models import User
from accounts.roles import Role
from intranet.announcements.acknowledging import acknowledge
from intranet.announcements.models import Announcement, Receipt
from intranet.announcements.publishing import withdraw
from tests import factories as people
from tests.intranet.announcements import factories


@pytest.fixture
def asking(mt_prospect, oakbrook, clinical_lead, therapist, therapist_oakbrook, at) -> Announcement:
    return factories.announcement(
        by=clinical_lead, at=at - timedelta(days=3), to=[mt_prospect, oakbrook], due_on=at.date() - timedelta(days=1)
    )


def address(name: str, news: Announcement) -> str:
    return reverse(f"announcements:{name}", args=[news.pk])


def test_opening_it_leaves_a_receipt(asking, sign_in, therapist, manager):
    sign_in(therapist).get(address("detail", asking))
    sign_in(manager).get(address("detail", asking))
    assert list(Receipt.objects.values_list("user__name", "kind")) == [("Avery Testwell", "opened")]


def test_acknowledging_goes_back_to_where_it_stood(asking, sign_in, therapist):
    browser = sign_in(therapist)
    page = browser.get(address("detail", asking)).content.decode()
    assert "I have read this" in page
    assert "1 day late" in page
    response = browser.post(address("acknowledge", asking), {"next": "/announcements/?show=owed"})
    assert (response.status_code, response.url) == (302, "/announcements/?show=owed")
    assert Receipt.objects.acknowledged().get().user == therapist
    assert "I have read this" not in browser.get(address("detail", asking)).content.decode()


def test_it_never_leads_to_another_site(asking, sign_in, therapist):
    response = sign_in(therapist).post(address("acknowledge", asking), {"next": "https://evil.example/"})
    assert response.url == asking.get_absolute_url()


@pytest.mark.parametrize(
    ("who", "status"),
    [("therapist", 302), ("manager", 403), ("clinical_lead", 403), ("administrator", 403), ("assistant", 404)],
)
def test_who_may_acknowledge_it(request, asking, sign_in, who: str, status: int):
    response = sign_in(request.getfixturevalue(who)).post(address("acknowledge", asking))
    assert response.status_code == status
    assert Receipt.objects.acknowledged().exists() is (status == 302)
    if status == 403:
        assert "does not ask you" in response.content.decode()


@pytest.mark.parametrize(
    ("who", "status", "names"),
    [
        ("therapist", 403, []),
        ("assistant", 404, []),
        ("manager", 200, ["Avery Testwell"]),
        ("manager_oakbrook", 200, ["Priya Fakenham"]),
        ("clinical_lead", 200, ["Avery Testwell", "Priya Fakenham"]),
        ("administrator", 403, []),
    ],
)
def test_who_sees_whose_receipts(request, asking, sign_in, who: str, status: int, names: list[str]):
    response = sign_in(request.getfixturevalue(who)).get(address("receipts", asking))
    assert response.status_code == status
    lines = response.context["lines"] if status == 200 else []
    assert [line.person.name for line in lines] == names


def test_who_has_not_answered_comes_first(asking, sign_in, therapist, clinical_lead, at):
    acknowledge(asking, by=therapist, at=at)
    response = sign_in(clinical_lead).get(address("receipts", asking))
    page = response.content.decode()
    assert [line.person.name for line in response.context["lines"]] == ["Priya Fakenham", "Avery Testwell"]
    assert "1 of 2 read" in page
    assert "1 of 2 acknowledged" in page


def test_somebody_at_both_clinics_has_one_line_with_both(asking, sign_in, floater, clinical_lead):
    lines = sign_in(clinical_lead).get(address("receipts", asking)).context["lines"]
    assert [[clinic.letter for clinic in line.clinics] for line in lines if line.person == floater] == [["M", "O"]]


@pytest.mark.parametrize("name", ["detail", "receipts"])
def test_more_recipients_take_no_more_queries(asking, sign_in, clinical_lead, mt_prospect, name: str):
    browser = sign_in(clinical_lead)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(address(name, asking)).status_code == 200
        return len(captured)

    with_two = queries()
    for _ in range(2):
        people.membership(user=people.person(), role=Role.THERAPIST, clinic=mt_prospect)
    assert queries() == with_two


@pytest.mark.parametrize(
    ("who", "status"),
    [("therapist", 403), ("manager", 403), ("assistant", 404), ("clinical_lead", 200), ("administrator", 200)],
)
def test_who_may_withdraw_it(request, asking, sign_in, who: str, status: int):
    browser = sign_in(request.getfixturevalue(who))
    assert browser.get(address("withdraw", asking)).status_code == status
    assert Announcement.objects.get().withdrawn_at is None
    browser.post(address("withdraw", asking))
    assert (Announcement.objects.get().withdrawn_at is not None) is (status == 200)


def test_hostile_markup_stays_outside_the_page(sign_in, mt_prospect, manager, therapist, at):
    news = factories.announcement(
        by=manager, at=at, to=[mt_prospect], title="<img src=x onerror=alert(1)>", body="<p>Safe</p>"
    )
    Announcement.objects.filter(pk=news.pk).update(
        body="<p>Safe</p><script>alert(1)</script><img src=x onerror=alert(1)>"
    )
    page = sign_in(therapist).get(address("detail", news)).content.decode()
    assert "<p>Safe</p>" in page
    assert "alert(1)</script>" not in page
    assert "<img src=x" not in page


class TestWithdrawn:
    """Whoever comes by an old link from a mail."""

    def test_those_for_whom_it_was_read_when_and_by_whom(self, sign_in, asking, clinical_lead, therapist, manager, at):
        withdraw(asking, by=clinical_lead, at=at)
        for person in (therapist, manager):
            answer = sign_in(person).get(address("detail", asking))
            page = answer.content.decode()
            assert answer.status_code == 410
            assert "Ines Exemplar withdrew it on Nov 25, 2026 at 10:00 AM." in page
            assert asking.title not in page
            assert "Words." not in page

    @pytest.mark.parametrize("who", ["assistant", "front_desk"])
    def test_others_find_nothing(self, request, sign_in, asking, clinical_lead, at, who: str):
        withdraw(asking, by=clinical_lead, at=at)
        assert sign_in(request.getfixturevalue(who)).get(address("detail", asking)).status_code == 404

    def test_whoever_came_later_hears_nothing_of_it(self, sign_in, asking, mt_prospect, clinical_lead, therapist, at):
        withdraw(asking, by=clinical_lead, at=at)
        later = at + timedelta(days=3)
        new = people.person(name="Nina Newcomer")
        lead = people.person(name="Lara Later")
        people.membership(user=new, role=Role.THERAPIST, clinic=mt_prospect, start=at.date() + timedelta(days=1))
        people.membership(user=lead, role=Role.CLINICAL_LEAD, start=at.date() + timedelta(days=1))
        with time_machine.travel(later, tick=False):
            found = [sign_in(person).get(address("detail", asking)).status_code for person in (new, lead, therapist)]
        assert found == [404, 404, 410]

    def test_whoever_read_it_and_has_moved_is_told(
        self, sign_in, asking, mt_prospect, oakbrook, administrator, clinical_lead, therapist, at
    ):
        sign_in(therapist).get(address("detail", asking))
        give_role(therapist, Place(Role.THERAPIST, oakbrook), start=at.date(), by=administrator, at=at)
        take_role(therapist.memberships.get(clinic=mt_prospect), end=at.date(), by=administrator, at=at)
        with time_machine.travel(at + timedelta(days=1), tick=False):
            withdraw(asking, by=User.objects.get(pk=clinical_lead.pk), at=at + timedelta(days=1))
            assert sign_in(User.objects.get(pk=therapist.pk)).get(address("detail", asking)).status_code == 410

    def test_what_never_appeared_was_never_there(self, sign_in, mt_prospect, manager, therapist, at):
        news = factories.announcement(by=manager, at=at, to=[mt_prospect], appears=at + timedelta(days=1))
        withdraw(news, by=manager, at=at)
        assert sign_in(therapist).get(address("detail", news)).status_code == 404

    def test_its_author_still_reads_it(self, sign_in, asking, clinical_lead, at):
        withdraw(asking, by=clinical_lead, at=at)
        assert sign_in(clinical_lead).get(address("detail", asking)).status_code == 200


def test_whoever_answers_for_it_reads_for_how_many_it_is_and_until_when(sign_in, mt_prospect, manager, therapist, at):
    later = factories.announcement(
        by=manager, at=at, to=[mt_prospect], appears=at + timedelta(days=1), due_on=date(2026, 12, 2)
    )
    now = factories.announcement(by=manager, at=at, to=[mt_prospect], due_on=date(2026, 12, 2))
    browser = sign_in(manager)
    assert "For 1 person, to be acknowledged by Wed, Dec 2." in browser.get(later.get_absolute_url()).content.decode()
    assert "To be acknowledged by Wed, Dec 2." in browser.get(now.get_absolute_url()).content.decode()

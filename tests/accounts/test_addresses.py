"""Mail to somebody does not arrive: who is told, who sees it, and who says that the address works again."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from accounts.address_reminders import MailDoesNotArrive
from accounts.addresses import works_again
from accounts.models import User
from accounts.roles import Role
from intranet.core.access import Conflict, Forbidden
from intranet.reminders.addresses import Source, clear, flag
from intranet.reminders.models import Delivery, Reminder
from intranet.reminders.planning import plan
from intranet.reminders.releasing import release
from tests import factories
from tests.conftest import CAST

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
KIND = MailDoesNotArrive.code


@pytest.fixture(autouse=True)
def _clock(at):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def everybody(cast: dict[str, User]) -> dict[str, User]:
    return cast


def told(at) -> list[str]:
    plan(at)
    return sorted(Reminder.objects.filter(kind=KIND, state="scheduled").values_list("recipient__name", flat=True))


def flagged(person: User, at):
    return flag(person, person.email, source=Source.RCPT, at=at, code="5.1.1", reply="550 5.1.1 no such user")


class TestWhoIsTold:
    def test_the_managers_of_the_clinic(self, everybody, therapist, at):
        flagged(therapist, at)
        assert told(at) == ["Dana Mockridge"]

    def test_the_managers_of_each_clinic(self, everybody, floater, at):
        flagged(floater, at)
        assert told(at) == ["Dana Mockridge", "Rosa Sampleton"]

    @pytest.mark.parametrize("who", ["manager", "clinical_lead"])
    def test_the_administrators_when_it_is_a_manager_or_there_is_none(self, everybody, who, mt_prospect, at):
        factories.staff(name="Mona Othermanager", role=Role.MANAGER, clinics=[mt_prospect])
        flagged(everybody[who], at)
        assert told(at) == ["Ada Nonesuch"]

    def test_another_administrator(self, everybody, administrator, at):
        factories.staff(name="Otto Nonesuch", role=Role.ADMINISTRATOR, clinics=[None])
        flagged(administrator, at)
        assert told(at) == ["Otto Nonesuch"]

    def test_once_for_each_trouble(self, everybody, therapist, manager, at):
        trouble = flagged(therapist, at)
        for hour in range(3):
            told(at + timedelta(hours=hour))
        assert Reminder.objects.filter(kind=KIND).count() == 1
        clear(trouble, by=manager, why="It works.", at=at + timedelta(hours=4))
        flagged(therapist, at + timedelta(hours=5))
        assert told(at + timedelta(hours=5)) == ["Dana Mockridge"]
        assert sorted(Reminder.objects.filter(kind=KIND).values_list("state", flat=True)) == ["cancelled", "scheduled"]

    def test_nobody_about_somebody_who_left_or_two_weeks_later(self, everybody, therapist, floater, at):
        flagged(therapist, at - 15 * DAY)
        flagged(floater, at)
        User.objects.filter(pk=floater.pk).update(is_active=False)
        assert told(at) == []

    def test_in_words_that_name_nobody_in_the_subject(self, everybody, therapist, manager, at):
        flagged(therapist, at)
        plan(at)
        release(at)
        reminder = Reminder.objects.get(kind=KIND)
        assert reminder.title == "Mail to one of your staff does not arrive"
        assert (
            "Avery Testwell gets no mail at avery.testwell@clinic.example since Wednesday, Nov 25, 2026."
            in reminder.body
        )
        assert "The mail server's code is 5.1.1." in reminder.body
        assert "no such user" not in reminder.body  # whoever sends a bounce chooses its words
        assert reminder.path == therapist.get_absolute_url()
        mail = Delivery.objects.get(recipient=manager)
        assert therapist.name.encode() not in bytes(mail.payload).partition(b"\r\n\r\n")[0]


class TestOnTheirPages:
    @pytest.mark.parametrize("path", ["/inbox/", "/people/me/", "profile"])
    def test_the_person_is_told_where_they_look(self, everybody, therapist, sign_in, path, at):
        browser = sign_in(therapist)
        path = f"/people/{therapist.pk}/profile/" if path == "profile" else path
        words = f"Mail to {therapist.email} does not arrive"
        assert words not in browser.get(path, follow=True).content.decode()
        flagged(therapist, at)
        text = browser.get(path, follow=True).content.decode()
        assert words in text
        assert "Your inbox here has everything." in text
        assert "no such user" not in text

    @pytest.mark.parametrize("who", CAST)
    def test_on_the_persons_page_managers_and_administrators_read_what_was_said(
        self, everybody, therapist, who, sign_in, at
    ):
        flagged(therapist, at)
        text = sign_in(everybody[who]).get(therapist.get_absolute_url()).content.decode()
        assert ("no such user" in text) is (who in {"manager", "administrator"})
        assert ("The address works again" in text) is (who in {"manager", "administrator"})
        assert (f"Mail to {therapist.email}" in text) is (who in {"manager", "administrator", "therapist"})

    def test_the_list_of_administrators(self, everybody, therapist, floater, administrator, sign_in, at):
        flagged(therapist, at)
        flagged(floater, at)
        text = sign_in(administrator).get("/operations/addresses/").content.decode()
        assert "2 addresses" in text
        assert text.count("It works again") == 2


class TestWorksAgain:
    @pytest.mark.parametrize("who", CAST)
    def test_who_may_say_so(self, everybody, therapist, who, at):
        trouble = flagged(therapist, at)
        if who in {"manager", "administrator"}:
            works_again(trouble, by=everybody[who], at=at)
            trouble.refresh_from_db()
            assert (trouble.cleared_by, trouble.cleared_at) == (everybody[who], at)
        else:
            with pytest.raises(Forbidden):
                works_again(trouble, by=everybody[who], at=at)

    def test_a_manager_does_not_judge_their_own(self, everybody, manager, administrator, at):
        trouble = flagged(manager, at)
        with pytest.raises(Forbidden):
            works_again(trouble, by=manager, at=at)
        works_again(trouble, by=administrator, at=at)

    def test_once(self, everybody, therapist, manager, at):
        trouble = flagged(therapist, at)
        works_again(trouble, by=manager, at=at)
        with pytest.raises(Conflict):
            works_again(trouble, by=manager, at=at)

    def test_by_the_button(self, everybody, therapist, manager, sign_in, at):
        trouble = flagged(therapist, at)
        response = sign_in(manager).post(f"/people/addresses/{trouble.pk}/works/", follow=True)
        assert response.redirect_chain == [(therapist.get_absolute_url(), 302)]
        assert f"Mail goes to {therapist.email} again." in response.content.decode()

    def test_over_the_api(self, everybody, therapist, floater, manager, therapist_oakbrook, api, at):
        trouble = flagged(therapist, at)
        browser = api(manager)
        [found] = browser.get("/api/v1/address-troubles/").json()["results"]
        assert (found["address"], found["code"], found["name"]) == (therapist.email, "5.1.1", therapist.name)
        assert api(therapist_oakbrook).get("/api/v1/address-troubles/").json()["results"] == []
        answer = browser.post(f"/api/v1/address-troubles/{trouble.pk}/works/")
        assert (answer.status_code, answer.json()["cleared_by"]) == (200, manager.pk)
        assert browser.post(f"/api/v1/address-troubles/{trouble.pk}/works/").status_code == 404


@pytest.mark.parametrize("number", [1, 3])
def test_lists_of_any_length_take_the_same_questions(
    number, administrator, mt_prospect, sign_in, api, at, django_assert_num_queries
):
    for index in range(number):
        flagged(factories.staff(name=f"Flagged Person{index}", role=Role.THERAPIST, clinics=[mt_prospect]), at)
    browser, program = sign_in(administrator), api(administrator)
    browser.get("/operations/addresses/")
    with django_assert_num_queries(8):
        browser.get("/operations/addresses/")
    with django_assert_num_queries(5):
        program.get("/api/v1/address-troubles/")

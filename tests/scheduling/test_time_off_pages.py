"""The pages of one's own time off and availability."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intranet.core.time import day_span
from scheduling.models import Availability, TimeOff
from tests.scheduling import factories
from tests.scheduling.factories import MONDAY, TODAY

pytestmark = pytest.mark.django_db

OWN, ASK = "/schedule/time-off/", "/schedule/time-off/new/"
LINES, ADD = "/schedule/availability/", "/schedule/availability/new/"
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _today(at):
    with time_machine.travel(at, tick=False):
        yield


def text(response) -> str:
    return response.content.decode()


def days(first: date | str = MONDAY, last: date | str = "", **fields: str) -> dict[str, str]:
    return {"first_day": str(first), "last_day": str(last)} | fields


class TestAsking:
    def test_my_schedule_leads_there(self, sign_in, therapist):
        body = text(sign_in(therapist).get("/schedule/"))
        assert [f'href="{path}"' in body for path in (OWN, ASK, LINES)] == [True, True, True]

    def test_a_single_day_is_asked_for_and_who_decides_is_said(self, sign_in, mt_prospect, therapist, manager):
        browser = sign_in(therapist)
        response = browser.post(ASK, days(reason="A wedding"), follow=True)
        assert response.redirect_chain == [(OWN, 302)]
        body = text(response)
        assert "Request sent for Mon, Nov 30. Dana Mockridge decides." in body
        assert "Your reason: A wedding" in body
        assert TimeOff.objects.get().person == therapist

    def test_a_part_of_a_day(self, sign_in, therapist):
        sign_in(therapist).post(ASK, days(starts="09:00", ends="12:00"))
        assert TimeOff.objects.get().whole_days is False

    def test_what_to_know_is_shown_before_it_is_sent(self, sign_in, mt_prospect, therapist):
        factories.blackout(clinic=mt_prospect, reason="New equipment")
        factories.published(clinic=mt_prospect, staff=therapist)
        browser = sign_in(therapist)
        response = browser.post(ASK, days(MONDAY, TUESDAY, reason="Kept"))
        body = text(response)
        assert (response.status_code, TimeOff.objects.count()) == (422, 0)
        assert "Mt. Prospect grants no time off on Mon, Nov 30: New equipment." in body
        assert "You have 1 shift in these days" in body
        assert "Not sent yet." in body
        assert 'value="Kept"' in body
        seen = response.context["known"].fingerprint
        assert f'name="seen" value="{seen}"' in body
        assert browser.post(ASK, days(MONDAY, TUESDAY, seen=seen)).status_code == 302

    def test_other_days_than_those_looked_at_are_shown_again(self, sign_in, mt_prospect, therapist):
        for day in (MONDAY, TUESDAY):
            factories.published(clinic=mt_prospect, day=day, staff=therapist)
        browser = sign_in(therapist)
        seen = browser.post(ASK, days(MONDAY)).context["known"].fingerprint
        assert browser.post(ASK, days(TUESDAY, seen=seen)).status_code == 422
        assert TimeOff.objects.count() == 0

    def test_only_asking_what_stands_there_sends_nothing(self, sign_in, mt_prospect, therapist):
        factories.published(clinic=mt_prospect, staff=therapist)
        response = sign_in(therapist).post(ASK, days(check="1"))
        assert (response.status_code, TimeOff.objects.count()) == (200, 0)
        assert "You have 1 shift in these days" in text(response)

    def test_a_refusal_stands_at_its_field_and_what_was_typed_is_kept(self, sign_in, therapist):
        response = sign_in(therapist).post(ASK, days(TUESDAY, MONDAY, reason="Kept", starts="", ends=""))
        assert response.status_code == 422
        assert response.context["form"].errors == {"last_day": ["The last day comes before the first one."]}
        assert 'value="Kept"' in text(response)

    def test_a_missing_day_is_said(self, sign_in, therapist):
        response = sign_in(therapist).post(ASK, days(""))
        assert (response.status_code, "First day is missing" in text(response)) == (422, True)

    @pytest.mark.parametrize("path", [OWN, ASK, LINES, ADD])
    def test_administrators_have_none(self, sign_in, administrator, path):
        assert sign_in(administrator).get(path).status_code == 403


def asked(person, day: date) -> dict:
    period = day_span(day, person.zone)
    return {"person": person, "period": period, "requested_by": person, "requested_at": factories.CREATED}


class TestOwn:
    def test_state_and_answer_are_read(self, sign_in, mt_prospect, therapist, manager, at):
        answered = {"decided_by": manager, "decided_at": at}
        for number, fields in enumerate(
            (
                {"reason": "A wedding"},
                {"state": "approved", "answer": "Enjoy it."} | answered,
                {"state": "declined", "answer": "Two are away."} | answered,
            )
        ):
            day = MONDAY + timedelta(days=number)
            TimeOff.objects.create(**asked(therapist, day), **fields)
        TimeOff.objects.create(**asked(therapist, TODAY - timedelta(days=1)))
        body = text(sign_in(therapist).get(OWN))
        words = ("Waiting", "Approved", "Declined", "Never decided", "“Two are away.”", "“Enjoy it.”", "A wedding")
        assert [word for word in words if word not in body] == []
        assert body.count(">Withdraw<") == 2

    def test_others_see_none_of_it(self, sign_in, mt_prospect, therapist, floater):
        factories.time_off(person=therapist, clinic=mt_prospect, reason="Canary")
        assert "Canary" not in text(sign_in(floater).get(OWN))

    def test_a_request_is_withdrawn(self, sign_in, mt_prospect, therapist):
        time_off = factories.time_off(person=therapist, clinic=mt_prospect)
        response = sign_in(therapist).post(f"{OWN}{time_off.pk}/withdraw/", {"version": 1}, follow=True)
        assert "Withdrawn. Nobody decides about it any more." in text(response)
        assert TimeOff.objects.get().state == "withdrawn"

    def test_granted_days_are_given_back(self, sign_in, mt_prospect, therapist, manager):
        time_off = factories.time_off(person=therapist, clinic=mt_prospect, decided_by=manager)
        response = sign_in(therapist).post(f"{OWN}{time_off.pk}/withdraw/", {"version": 1}, follow=True)
        assert "Withdrawn. Shifts that were opened for it stay open." in text(response)

    @pytest.mark.parametrize(("who", "status"), [("floater", 404), ("manager", 404), ("administrator", 404)])
    def test_nobody_withdraws_for_another(self, request, sign_in, mt_prospect, therapist, who, status):
        time_off = factories.time_off(person=therapist, clinic=mt_prospect)
        browser = sign_in(request.getfixturevalue(who))
        assert browser.post(f"{OWN}{time_off.pk}/withdraw/", {"version": 1}).status_code == status
        assert TimeOff.objects.get().state == "requested"

    def test_an_old_page_withdraws_nothing(self, sign_in, mt_prospect, therapist, manager):
        time_off = factories.time_off(person=therapist, clinic=mt_prospect, decided_by=manager, version=2)
        response = sign_in(therapist).post(f"{OWN}{time_off.pk}/withdraw/", {"version": 1})
        assert (response.status_code, TimeOff.objects.get().state) == (409, "approved")
        assert "Dana Mockridge approved this request meanwhile." in text(response)

    def test_it_costs_the_same_for_1_and_for_3(self, sign_in, mt_prospect, therapist, manager):
        browser, costs = sign_in(therapist), []
        for numbers in ([0], [1, 2]):
            for number in numbers:
                day = MONDAY + timedelta(days=number)
                factories.time_off(person=therapist, clinic=mt_prospect, day=day, decided_by=manager)
            with CaptureQueriesContext(connection) as captured:
                browser.get(OWN)
            costs.append(len(captured))
        assert costs[0] == costs[1]


def line(**changes: str) -> dict[str, str]:
    return {"wish": "unavailable", "weekday": "0", "first_day": str(MONDAY), "last_day": ""} | changes


class TestAvailability:
    def test_a_line_is_added_changed_and_removed(self, sign_in, therapist):
        browser = sign_in(therapist)
        assert "Added: Mondays, 7a–12p, from Mon, Nov 30." in text(
            browser.post(ADD, line(starts="07:00", ends="12:00", note="Evening class"), follow=True)
        )
        row = Availability.objects.get()
        page = text(browser.get(f"{LINES}{row.pk}/"))
        assert ('value="07:00"' in page, 'value="Evening class"' in page) == (True, True)
        body = text(browser.post(f"{LINES}{row.pk}/", line(wish="preferred"), follow=True))
        assert ("Saved: Mondays, from Mon, Nov 30." in body, "Prefers to work" in body) == (True, True)
        assert "Removed." in text(browser.post(f"{LINES}{row.pk}/remove/", follow=True))
        assert not Availability.objects.exists()

    def test_days_by_themselves(self, sign_in, therapist):
        browser = sign_in(therapist)
        browser.post(ADD, line(weekday="each", last_day=str(TUESDAY), wish="preferred_off"))
        assert "Mon, Nov 30 – Tue, Dec 1" in text(browser.get(LINES))
        page = text(browser.get(f"{LINES}{Availability.objects.get().pk}/"))
        assert '<option value="each" selected>' in page

    def test_a_contradiction_is_a_sentence(self, sign_in, therapist):
        factories.availability(person=therapist)
        response = sign_in(therapist).post(ADD, line(wish="preferred"))
        assert response.status_code == 422
        assert "You say already “Not available” for Mondays, from Mon, Nov 30." in text(response)
        assert Availability.objects.count() == 1

    @pytest.mark.parametrize("who", ["floater", "manager", "administrator"])
    def test_lines_of_others_do_not_exist(self, request, sign_in, therapist, who):
        row = factories.availability(person=therapist, note="Canary")
        browser = sign_in(request.getfixturevalue(who))
        answers = [browser.get(f"{LINES}{row.pk}/"), browser.post(f"{LINES}{row.pk}/", line())]
        answers.append(browser.post(f"{LINES}{row.pk}/remove/"))
        assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert "Canary" not in text(browser.get(LINES))
        assert Availability.objects.get().note == "Canary"

    def test_it_costs_the_same_for_1_and_for_3(self, sign_in, therapist):
        browser, costs = sign_in(therapist), []
        for weekdays in ([0], [1, 2]):
            for weekday in weekdays:
                factories.availability(person=therapist, weekday=weekday, first=TODAY)
            with CaptureQueriesContext(connection) as captured:
                browser.get(LINES)
            costs.append(len(captured))
        assert costs[0] == costs[1]

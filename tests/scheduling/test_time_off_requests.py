"""The managers' list of requests, and the page on which they decide."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from scheduling.models import PublishedShift, Shift, TimeOff
from tests import factories as people
from tests.scheduling import factories
from tests.scheduling.factories import MONDAY, TODAY

pytestmark = pytest.mark.django_db

LIST = "/roster/time-off/"
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _today(at):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def wanted(mt_prospect, therapist) -> TimeOff:
    return factories.time_off(person=therapist, clinic=mt_prospect, days=2, reason="A wedding")


def text(response) -> str:
    return response.content.decode()


def ticked(*shifts: Shift) -> list[str]:
    return [f"{shift.pk}:{shift.version}" for shift in shifts]


class TestList:
    def test_what_waits_comes_first_and_the_soonest_of_it(self, sign_in, mt_prospect, cast, manager):
        late = factories.time_off(person=cast["floater"], clinic=mt_prospect, day=TUESDAY)
        soon = factories.time_off(person=cast["therapist"], clinic=mt_prospect, day=MONDAY)
        never = factories.time_off(person=cast["assistant"], clinic=mt_prospect, day=TODAY - timedelta(days=1))
        done = factories.time_off(person=cast["front_desk"], clinic=mt_prospect, day=MONDAY, decided_by=manager)
        factories.time_off(person=cast["manager"], clinic=mt_prospect)
        factories.time_off(person=cast["therapist_oakbrook"], clinic=mt_prospect)
        response = sign_in(manager).get(LIST)
        assert list(response.context["page"]) == [soon, late, done, never]
        assert text(response).count(">Decide<") == 2

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("state=waiting", ["asked", "both"]),
            ("state=approved", ["granted"]),
            ("state=declined", []),
            ("clinic=oakbrook-terrace", []),  # not hers to filter by: left out, and said
            ("state=nonsense", ["asked", "both", "granted"]),
        ],
    )
    def test_filters(self, sign_in, mt_prospect, oakbrook, therapist, floater, assistant, manager, query, expected):
        rows = {
            "asked": factories.time_off(person=therapist, clinic=mt_prospect),
            "both": factories.time_off(person=floater, clinic=mt_prospect),
            "granted": factories.time_off(person=assistant, clinic=mt_prospect, decided_by=manager),
        }
        response = sign_in(manager).get(f"{LIST}?{query}")
        shown = list(response.context["page"])
        if "clinic" in query:
            assert len(shown) == 3
            assert "makes no sense" in text(response)
        else:
            assert shown == [rows[name] for name in expected]

    def test_a_clinic_of_two_narrows_to_who_works_there(
        self, sign_in, mt_prospect, oakbrook, therapist, therapist_oakbrook, floater, manager
    ):
        people.membership(user=manager, role=Role.MANAGER, clinic=oakbrook)
        for person in (therapist, floater, therapist_oakbrook):
            factories.time_off(person=person, clinic=mt_prospect)
        response = sign_in(manager).get(f"{LIST}?clinic=oakbrook-terrace")
        assert {one.person for one in response.context["page"]} == {floater, therapist_oakbrook}

    @pytest.mark.parametrize("who", ["therapist", "clinical_lead", "administrator"])
    def test_only_managers_have_it(self, request, sign_in, wanted, who):
        response = sign_in(request.getfixturevalue(who)).get(LIST)
        assert (response.status_code, "A wedding" in text(response)) == (403, False)

    def test_navigation_and_home_say_how_many_wait(self, sign_in, wanted, mt_prospect, floater, manager, therapist):
        factories.time_off(person=floater, clinic=mt_prospect)
        body = text(sign_in(manager).get("/"))
        assert "requests to decide" in body
        assert body.count(wanted.get_absolute_url()) == 1
        assert "Mon, Nov 30 – Tue, Dec 1" in body
        assert "A wedding" not in body
        assert LIST not in text(sign_in(therapist).get("/"))

    def test_it_costs_the_same_for_1_and_for_3(self, sign_in, mt_prospect, therapist, floater, assistant, manager):
        browser, costs = sign_in(manager), []
        for several in ([therapist], [floater, assistant]):
            for person in several:
                factories.time_off(person=person, clinic=mt_prospect, decided_by=manager)
            with CaptureQueriesContext(connection) as captured:
                browser.get(LIST)
            costs.append(len(captured))
        assert costs[0] == costs[1]


class TestDeciding:
    def test_the_page_shows_what_it_would_change(self, sign_in, wanted, mt_prospect, therapist, floater, manager):
        factories.opening(clinic=mt_prospect)
        factories.need(clinic=mt_prospect, weekday=1, times="7-15:30")
        factories.published(clinic=mt_prospect, staff=therapist)
        factories.shift(clinic=mt_prospect, day=TUESDAY, staff=therapist)
        factories.time_off(person=floater, clinic=mt_prospect, day=TUESDAY, decided_by=manager)
        factories.blackout(clinic=mt_prospect, reason="New equipment")
        body = text(sign_in(manager).get(wanted.get_absolute_url()))
        assert [
            words
            for words in (
                "A wedding",
                "Staff see at once that it is open.",
                "Staff have not seen it yet.",
                "1 therapist short",
                "Theo Fictus",
                "Mt. Prospect grants no time off on Mon, Nov 30: New equipment.",
            )
            if words not in body
        ] == []

    def test_approving_opens_the_ticked_shifts(self, sign_in, wanted, mt_prospect, therapist, manager):
        shown = factories.published(clinic=mt_prospect, staff=therapist).shift
        draft = factories.shift(clinic=mt_prospect, day=TUESDAY, staff=therapist)
        sent = {"do": "approve", "version": 1, "shift": ticked(shown, draft), "answer": "Enjoy it."}
        body = text(sign_in(manager).post(wanted.get_absolute_url(), sent, follow=True))
        assert "Approved: Avery Testwell, Mon, Nov 30 – Tue, Dec 1. 2 shifts are open now." in body
        assert "Staff see 1 change once you publish." in body
        assert (TimeOff.objects.get().state, TimeOff.objects.get().answer) == ("approved", "Enjoy it.")
        assert PublishedShift.objects.get().staff is None

    def test_a_shift_without_a_decision_keeps_the_ticks_and_the_words(
        self, sign_in, wanted, mt_prospect, therapist, manager
    ):
        first, second = (factories.shift(clinic=mt_prospect, day=day, staff=therapist) for day in (MONDAY, TUESDAY))
        sent = {"do": "approve", "version": 1, "shift": ticked(first), "answer": "Kept"}
        response = sign_in(manager).post(wanted.get_absolute_url(), sent)
        body = text(response)
        assert (response.status_code, TimeOff.objects.get().state) == (409, "requested")
        assert "Decide about 1 shift first: 7a–3:30p on Tue, Dec 1." in body
        assert (f'value="{first.pk}:1" checked' in body, f'value="{second.pk}:1" checked' in body) == (True, False)
        assert 'value="Kept"' in body

    def test_declining_takes_a_reason(self, sign_in, wanted, manager):
        browser = sign_in(manager)
        response = browser.post(wanted.get_absolute_url(), {"do": "decline", "version": 1})
        assert (response.status_code, response.context["form"].errors) == (
            422,
            {"answer": ["Say why, so that they can plan."]},
        )
        sent = {"do": "decline", "version": 1, "answer": "Two are away."}
        assert "Declined: Avery Testwell" in text(browser.post(wanted.get_absolute_url(), sent, follow=True))
        assert TimeOff.objects.get().state == "declined"

    def test_somebody_was_quicker(self, sign_in, wanted, therapist, manager):
        TimeOff.objects.update(state="withdrawn", version=2)
        response = sign_in(manager).post(wanted.get_absolute_url(), {"do": "approve", "version": 1})
        assert response.status_code == 409
        body = text(response)
        assert "Avery Testwell withdrew this request meanwhile. Nothing was changed." in body
        assert "Avery withdrew it." in body
        assert 'value="approve"' not in body

    @pytest.mark.parametrize(
        "sent", [{"do": "delete", "version": 1}, {"do": "approve"}, {"do": "approve", "version": "x"}]
    )
    def test_what_no_page_sends_changes_nothing(self, sign_in, wanted, manager, sent):
        assert sign_in(manager).post(wanted.get_absolute_url(), sent).status_code == 422
        assert TimeOff.objects.get().state == "requested"

    def test_shifts_that_cannot_be_read_change_nothing(self, sign_in, wanted, manager):
        sent = {"do": "approve", "version": 1, "shift": ["nonsense"]}
        assert sign_in(manager).post(wanted.get_absolute_url(), sent).status_code == 409
        assert TimeOff.objects.get().state == "requested"

    def test_a_shift_of_the_other_clinic_says_who_sees_to_it(
        self, sign_in, mt_prospect, oakbrook, floater, manager, manager_oakbrook
    ):
        wanted = factories.time_off(person=floater, clinic=mt_prospect)
        shift = factories.shift(clinic=oakbrook, staff=floater)
        body = text(sign_in(manager).get(wanted.get_absolute_url()))
        assert "the managers of Oakbrook Terrace decide about this shift first." in body
        assert str(shift.pk) not in body

    @pytest.mark.parametrize(
        ("who", "status"),
        [
            ("therapist", 403),
            ("floater", 404),
            ("manager_oakbrook", 404),
            ("clinical_lead", 404),
            ("administrator", 404),
        ],
    )
    def test_nobody_else_opens_it(self, request, sign_in, wanted, cast, who, status):
        browser = sign_in(cast[who])
        for response in (
            browser.get(wanted.get_absolute_url()),
            browser.post(wanted.get_absolute_url(), {"do": "decline", "version": 1, "answer": "No."}),
        ):
            assert response.status_code == status
            assert "A wedding" not in text(response)
        assert TimeOff.objects.get().state == "requested"

    def test_it_costs_the_same_for_1_and_for_3_shifts(self, sign_in, mt_prospect, therapist, manager):
        wanted = factories.time_off(person=therapist, clinic=mt_prospect, days=5)
        browser, costs = sign_in(manager), []
        for numbers in ([0], [1, 2]):
            for number in numbers:
                factories.published(clinic=mt_prospect, day=MONDAY + timedelta(days=number), staff=therapist)
            with CaptureQueriesContext(connection) as captured:
                browser.get(wanted.get_absolute_url())
            costs.append(len(captured))
        assert costs[0] == costs[1]

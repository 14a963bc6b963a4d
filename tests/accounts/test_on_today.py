"""Who is on today, and who may do what: the directory asks the published roster and the clearances, never a draft."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Clinic, Skill, User
from scheduling.models import PublishedShift
from tests import factories
from tests.scheduling import factories as scheduling

PEOPLE = reverse("accounts:people")
API = "/api/v1/people/"


@pytest.fixture(autouse=True)
def _now(at: datetime):
    """A Wednesday, ten in the morning."""
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def working(mt_prospect: Clinic, oakbrook: Clinic, at: datetime) -> Any:
    def work(person: User, times: str, clinic: Clinic = mt_prospect, days: int = 0) -> None:
        scheduling.published(clinic=clinic, day=at.date() + timedelta(days=days), times=times, staff=person)

    return work


def found(browser, **filters: str) -> list[str]:
    by_page = [person.name for person in browser.get(PEOPLE, filters).context["page"]]
    by_api = [person["name"] for person in browser.get(API, filters).json()["results"]]
    assert by_page == by_api
    return by_page


@pytest.mark.parametrize(
    ("today", "people"),
    [
        ("on", ["Avery Testwell", "Bea Dummond"]),
        ("now", ["Avery Testwell"]),
        ("later", ["Bea Dummond"]),
        ("off", ["Ines Exemplar", "Theo Fictus"]),
    ],
)
def test_by_their_day(working, therapist, assistant, front_desk, floater, clinical_lead, sign_in, today, people):
    working(therapist, "7-15")
    working(assistant, "12-19")
    working(front_desk, "7-10")  # to the very minute
    working(floater, "7-15", days=1)
    assert found(sign_in(therapist), today=today) == people


@pytest.mark.parametrize("today", ["gone", "nonsense"])
def test_another_word_for_today_is_named_and_left_out(therapist: User, sign_in, today: str):
    browser = sign_in(therapist)
    page = browser.get(PEOPLE, {"today": today})
    assert [person.name for person in page.context["page"]] == ["Avery Testwell"]
    assert f"“{today}” makes no sense as “Today”. It was left out." in page.content.decode()
    assert browser.get(API, {"today": today}).status_code == 400


def test_the_clinic_is_where_somebody_works_today(
    working, mt_prospect: Clinic, oakbrook: Clinic, therapist: User, floater: User, sign_in
):
    working(floater, "7-15", clinic=oakbrook)
    browser = sign_in(therapist)
    assert found(browser, today="now", clinic="oakbrook-terrace") == ["Theo Fictus"]
    assert found(browser, today="now", clinic="mt-prospect") == []
    assert found(browser, clinic="mt-prospect") == ["Avery Testwell", "Theo Fictus"]
    assert found(browser, today="off", clinic="mt-prospect") == ["Avery Testwell"]


def test_role_and_clinic_belong_together(mt_prospect: Clinic, oakbrook: Clinic, therapist: User, sign_in):
    factories.membership(user=therapist, role="front_desk", clinic=oakbrook)
    browser = sign_in(therapist)
    assert found(browser, role="therapist", clinic="oakbrook-terrace") == []
    assert found(browser, role="front_desk", clinic="oakbrook-terrace") == ["Avery Testwell"]


def test_a_draft_is_nobodys_business(mt_prospect: Clinic, therapist: User, manager: User, at: datetime, sign_in):
    scheduling.shift(clinic=mt_prospect, day=at.date(), times="7-15", staff=therapist)
    for viewer in (therapist, manager):
        assert found(sign_in(viewer), today="on") == []
        assert "On until" not in sign_in(viewer).get(PEOPLE).content.decode()


def test_a_withdrawn_shift_is_not_worked(working, therapist: User, at: datetime, sign_in):
    working(therapist, "7-15")
    PublishedShift.objects.update(withdrawn_at=at)
    assert found(sign_in(therapist), today="on") == []


def test_the_list_says_it_in_words(working, oakbrook: Clinic, therapist, assistant, front_desk, floater, sign_in):
    working(therapist, "7-9:30")
    working(therapist, "11-15:30", clinic=oakbrook)
    working(assistant, "7-15")
    working(front_desk, "7-9")
    browser = sign_in(therapist)
    context = browser.get(PEOPLE).context
    told = {one.name: words.words for one in context["page"] if (words := context["presences"].get(one.pk))}
    assert told == {
        "Avery Testwell": "On from 11a",
        "Bea Dummond": "On until 3p",
        "Carla Madeup": "Gone since 9a",
    }


def test_the_api_says_it_in_moments(working, oakbrook: Clinic, therapist: User, floater: User, api):
    working(floater, "9-13", clinic=oakbrook)
    client = api(therapist)
    told = {person["name"]: person["today"] for person in client.get(API).json()["results"]}
    assert told == {
        "Avery Testwell": None,
        "Theo Fictus": {
            "state": "now",
            "clinic": "oakbrook-terrace",
            "start": "2026-11-25T09:00:00-06:00",
            "end": "2026-11-25T13:00:00-06:00",
        },
    }
    assert client.get(f"{API}{floater.pk}/").json()["today"] == told["Theo Fictus"]


def test_the_day_is_that_of_the_clinic(therapist: User, mt_prospect: Clinic, at: datetime, sign_in):
    """Eleven in the evening in Chicago is tomorrow in UTC."""
    scheduling.published(clinic=mt_prospect, day=at.date(), times="7-15", staff=therapist)
    with time_machine.travel(at.replace(hour=23), tick=False):
        assert found(sign_in(therapist), today="off") == []
    with time_machine.travel(at.replace(hour=23) + timedelta(hours=2), tick=False):
        assert found(sign_in(therapist), today="off") == ["Avery Testwell"]


@pytest.fixture
def vestibular(therapist: User, floater: User, clinical_lead: User) -> Skill:
    skill = factories.skill(code="vestibular", name="Vestibular rehabilitation")
    for person in (therapist, floater):
        factories.competency(user=person, skill=skill, granted_by=clinical_lead)
    return skill


def test_who_may_do_a_procedure_today_and_is_here(
    working, vestibular: Skill, oakbrook: Clinic, therapist, floater, therapist_oakbrook, sign_in
):
    working(floater, "7-15", clinic=oakbrook)
    working(therapist, "7-15")
    working(therapist_oakbrook, "7-15", clinic=oakbrook)
    browser = sign_in(therapist_oakbrook)
    assert found(browser, skill="vestibular") == ["Avery Testwell", "Theo Fictus"]
    assert found(browser, skill="vestibular", today="now", clinic="oakbrook-terrace") == ["Theo Fictus"]
    body = browser.get(PEOPLE, {"skill": "vestibular"}).content.decode()
    assert "2 people, cleared today for Vestibular rehabilitation" in body


def test_whose_clearance_has_lapsed_is_not_found_and_not_told_why(
    vestibular: Skill, therapist: User, floater: User, front_desk: User, at: datetime, sign_in
):
    floater.competencies.update(ended_at=at - timedelta(days=1), end_reason="Canary reason")
    browser = sign_in(front_desk)
    assert found(browser, skill="vestibular") == ["Avery Testwell"]
    assert "Canary" not in browser.get(PEOPLE).content.decode()
    assert browser.get(API, {"skill": "no-such-procedure"}).status_code == 400

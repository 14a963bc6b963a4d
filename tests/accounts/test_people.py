"""The directory: everybody finds everybody's work contact, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Clinic, User
from accounts.roles import Role
from tests import factories
from tests.conftest import CAST

pytestmark = pytest.mark.django_db
PEOPLE = reverse("accounts:people")


def names(response) -> list[str]:
    return [person.name for person in response.context["page"]]


@pytest.mark.parametrize("who", CAST)
def test_everybody_sees_everybody_who_works_here(cast: dict[str, User], sign_in, who: str):
    response = sign_in(cast[who]).get(PEOPLE)
    assert names(response) == sorted(person.name for person in cast.values())


def test_a_person_without_a_role_sees_nobody(therapist: User, sign_in):
    response = sign_in(factories.person(name="Nobody Now")).get(PEOPLE)
    assert (response.status_code, names(response)) == (200, [])


def test_names_are_sorted_as_people_look_for_them(therapist: User, sign_in):
    for name in ("Étienne Faux", "eva Sham", "Zoë Pseudo"):
        factories.person(name=name)
    found = names(sign_in(therapist).get(PEOPLE))
    assert found == ["Avery Testwell", "Étienne Faux", "eva Sham", "Zoë Pseudo"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("avery", ["Avery Testwell"]),
        ("TESTWELL av", ["Avery Testwell"]),
        ("jose", ["José Ficticio"]),
        ("spanish", ["José Ficticio"]),
        ("0142", ["José Ficticio"]),
        ("dpt", ["José Ficticio"]),
        ("avery spanish", []),
        ("%", []),
        ("_", []),
        ("", ["Avery Testwell", "José Ficticio"]),
        ("nul\0here", []),
    ],
)
def test_search_finds_words_in_any_order(therapist: User, sign_in, query: str, found: list[str]):
    factories.person(name="José Ficticio", languages=["English", "Spanish"], phone="847-555-0142", title="PT, DPT")
    assert names(sign_in(therapist).get(PEOPLE, {"q": query})) == found


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"clinic": "mt-prospect"}, ["Avery Testwell", "Bea Dummond", "Theo Fictus"]),
        ({"clinic": "oakbrook-terrace"}, ["Rosa Sampleton", "Theo Fictus"]),
        ({"role": "therapist"}, ["Avery Testwell", "Theo Fictus"]),
        ({"clinic": "oakbrook-terrace", "role": "manager"}, ["Rosa Sampleton"]),
        ({"clinic": "atlantis", "role": "assistant"}, ["Bea Dummond"]),
        ({"role": "emperor"}, ["Avery Testwell", "Bea Dummond", "Rosa Sampleton", "Theo Fictus"]),
    ],
)
def test_filters_narrow(
    therapist: User, floater: User, assistant: User, manager_oakbrook: User, sign_in, filters, found: list[str]
):
    assert names(sign_in(therapist).get(PEOPLE, filters)) == found


def test_a_role_that_has_ended_is_neither_shown_nor_found(therapist: User, floater: User, oakbrook: Clinic, sign_in):
    factories.as_if_always(floater.memberships.filter(clinic=oakbrook), period=("2024-01-01", "2025-01-01"))
    assert names(sign_in(therapist).get(PEOPLE, {"clinic": "oakbrook-terrace"})) == []


@pytest.mark.parametrize(
    ("who", "sees"),
    [("therapist", False), ("front_desk", False), ("clinical_lead", False), ("manager", True), ("administrator", True)],
)
def test_those_who_left_are_found_by_those_who_may_deactivate(request, sign_in, who: str, sees: bool):
    factories.person(name="Gone Away", is_active=False)
    browser = sign_in(request.getfixturevalue(who))
    assert "Gone Away" not in names(browser.get(PEOPLE))
    assert (names(browser.get(PEOPLE, {"left": "on"})) == ["Gone Away"]) is sees
    assert ("People who left" in browser.get(PEOPLE).content.decode()) is sees


@pytest.mark.parametrize("query", ["josse", "Ficticcio", "jsoe ficticio", "fictizio"])
def test_a_slip_of_the_finger_still_leads_to_the_person(therapist: User, sign_in, query: str):
    factories.person(name="José Ficticio", phone="847-555-0142")
    response = sign_in(therapist).get(PEOPLE, {"q": query})
    assert names(response) == []
    assert [person.name for person in response.context["alike"]] == ["José Ficticio"]
    assert 'href="tel:8475550142"' in response.content.decode()


def test_those_who_left_are_not_suggested(therapist: User, manager: User, sign_in):
    factories.person(name="Josephine Sham", is_active=False)
    for viewer in (therapist, manager):
        assert sign_in(viewer).get(PEOPLE, {"q": "Josefine"}).context["alike"] == []


@pytest.mark.parametrize(
    ("language", "found"),
    [
        ("Polish", ["Theo Fictus"]),
        ("English", ["Avery Testwell", "Theo Fictus"]),
        ("Klingon", ["Avery Testwell", "Theo Fictus"]),
    ],
)
def test_by_language(therapist: User, floater: User, sign_in, language: str, found: list[str]):
    User.objects.filter(pk=therapist.pk).update(languages=["English"])
    User.objects.filter(pk=floater.pk).update(languages=["English", "Polish"])
    assert names(sign_in(therapist).get(PEOPLE, {"language": language})) == found


def test_the_languages_offered_are_those_that_staff_speak(therapist: User, floater: User, sign_in):
    User.objects.filter(pk=therapist.pk).update(languages=["Polish", "English"])
    User.objects.filter(pk=floater.pk).update(languages=["English"])
    factories.person(name="Gone Away", is_active=False, languages=["Latin"])
    form = sign_in(therapist).get(PEOPLE).context["form"]
    assert [value for value, _ in form.fields["language"].choices] == ["", "English", "Polish"]


def test_nobody_found_says_so_and_leads_back(therapist: User, sign_in):
    response = sign_in(therapist).get(PEOPLE, {"q": "xyzzy"})
    assert "Nobody found" in response.content.decode()
    assert 'value="xyzzy"' in response.content.decode()


def test_what_is_typed_stays_text(therapist: User, sign_in):
    body = sign_in(therapist).get(PEOPLE, {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert(1)" not in body


def test_htmx_gets_the_results_alone(therapist: User, sign_in):
    response = sign_in(therapist).get(PEOPLE, headers={"HX-Request": "true"})
    assert response.content.decode().lstrip().startswith('<section id="people-found"')
    assert response.headers["Vary"].startswith("HX-Request")


def test_a_page_beyond_the_last_shows_the_last(therapist: User, sign_in):
    assert names(sign_in(therapist).get(PEOPLE, {"page": "99"})) == ["Avery Testwell"]


def test_the_list_needs_as_many_queries_for_one_as_for_three(
    therapist: User, mt_prospect: Clinic, oakbrook: Clinic, sign_in: Callable[[User], Client]
):
    browser = sign_in(therapist)

    def queries(people: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(names(browser.get(PEOPLE))) == people
        return len(captured)

    for_one = queries(1)
    for name in ("Mia Fauxley", "Sam Invento"):
        factories.staff(name=name, role=Role.THERAPIST, clinics=[mt_prospect, oakbrook])
    assert queries(3) == for_one


@pytest.mark.parametrize("address", [PEOPLE, "/starters/", "/api/v1/people/", "/api/v1/starters/"])
def test_no_filter_breaks_a_list(manager: User, sign_in, address: str):
    browser = sign_in(manager)
    nonsense = ["\0", "'--", "9" * 40, "﷽" * 300, "%", "a b c d " * 20]
    for name in ("q", "clinic", "role", "language", "skill", "today", "left", "days", "page"):
        answers = {browser.get(address, {name: value}).status_code for value in nonsense}
        if "/api/" in address:
            assert answers <= ({404} if name == "page" else {200, 400}), name
        else:
            assert answers == {200}, name


@pytest.mark.parametrize("tail", ["", "profile/", "card.vcf"])
def test_a_number_that_is_no_person_is_not_found(manager: User, sign_in, tail: str):
    browser = sign_in(manager)
    assert [browser.get(f"{PEOPLE}{number}/{tail}").status_code for number in ("0", "9" * 30)] == [404, 404]

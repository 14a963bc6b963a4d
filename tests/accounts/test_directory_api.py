"""The directory in the API: work contact and the roles of today, by the rules of the pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Clinic, User
from accounts.roles import Role
from tests import factories
from tests.conftest import CAST

PEOPLE, CLINICS = "/api/v1/people/", "/api/v1/clinics/"


@pytest.mark.parametrize("who", CAST)
def test_everybody_reads_people_and_clinics(cast: dict[str, User], api: Callable[[User], APIClient], who: str):
    client = api(cast[who])
    people, clinics = client.get(PEOPLE).json(), client.get(CLINICS).json()
    assert [person["name"] for person in people["results"]] == sorted(person.name for person in cast.values())
    assert [clinic["slug"] for clinic in clinics["results"]] == ["mt-prospect", "oakbrook-terrace"]


def test_nobody_reads_without_signing_in_or_without_a_role(therapist: User, api):
    assert [api(None).get(address).status_code for address in (PEOPLE, CLINICS)] == [401, 401]
    assert [api(factories.person()).get(address).status_code for address in (PEOPLE, CLINICS)] == [403, 403]


def test_a_person_is_work_contact_and_roles(api, floater: User, therapist: User):
    assert api(therapist).get(f"{PEOPLE}{floater.pk}/").json() == {
        "id": floater.pk,
        "name": "Theo Fictus",
        "title": "",
        "profession": "pt",
        "email": "theo.fictus@clinic.example",
        "phone": "",
        "languages": [],
        "roles": [{"role": "therapist", "clinic": "mt-prospect"}, {"role": "therapist", "clinic": "oakbrook-terrace"}],
        "today": None,
    }


def test_people_who_left_are_not_in_the_directory(api, manager: User, front_desk: User):
    User.objects.filter(pk=front_desk.pk).update(is_active=False)
    client = api(manager)
    assert [person["name"] for person in client.get(PEOPLE).json()["results"]] == ["Dana Mockridge"]
    assert client.get(f"{PEOPLE}{front_desk.pk}/").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_people_are_neither_made_nor_removed_here(api, administrator: User, therapist: User, method: str):
    response = getattr(api(administrator), method)(f"{PEOPLE}{therapist.pk}/", {"name": "Changed"})
    assert response.status_code == 405
    assert User.objects.get(pk=therapist.pk).name == "Avery Testwell"


def test_the_list_needs_as_many_queries_for_one_as_for_three(
    api, therapist: User, mt_prospect: Clinic, oakbrook: Clinic
):
    client = api(therapist)

    def queries(people: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(PEOPLE).json()["count"] == people
        return len(captured)

    for_one = queries(1)
    for name in ("Mia Fauxley", "Sam Invento"):
        factories.staff(name=name, role=Role.THERAPIST, clinics=[mt_prospect, oakbrook])
    assert queries(3) == for_one

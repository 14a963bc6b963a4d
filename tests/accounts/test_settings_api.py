"""Procedures and clinics over the API: everybody reads them, administrators keep them, by the rules of the pages."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Clinic, Skill, User
from intranet.audit.models import Entry
from tests import factories

pytestmark = pytest.mark.django_db
SKILLS, CLINICS = "/api/v1/skills/", "/api/v1/clinics/"


@pytest.fixture
def skill() -> Skill:
    found = factories.skill(code="needling-neck", name="Dry needling, neck", professions=["pt"])
    found.required_types.add(factories.credential_type(code="dn", name="Dry needling", regions=["neck", "hip"]))
    return found


def test_everybody_reads_procedures(skill: Skill, front_desk: User, api):
    assert api(front_desk).get(f"{SKILLS}needling-neck/").json() == {
        "id": skill.pk,
        "code": "needling-neck",
        "name": "Dry needling, neck",
        "short_name": skill.short_name,
        "region": skill.region,
        "professions": ["pt"],
        "required_types": ["dn"],
    }


def test_an_administrator_adds_a_procedure(skill: Skill, administrator: User, api):
    asked = {"name": "Dry needling, hip", "short_name": "DN hip", "region": "hip", "professions": ["pt"]}
    answer = api(administrator).post(SKILLS, asked | {"required_types": ["dn"]}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (201, "dry-needling-hip")
    assert [str(type) for type in Skill.objects.get(code="dry-needling-hip").required_types.all()] == ["Dry needling"]
    assert Entry.objects.filter(verb="skill.added", actor=administrator).count() == 1


def test_a_change_names_only_what_it_changes(skill: Skill, administrator: User, api):
    answer = api(administrator).patch(f"{SKILLS}needling-neck/", {"short_name": "DN n."}, format="json")
    assert answer.status_code == 200
    assert answer.json()["required_types"] == ["dn"]
    assert Entry.objects.get(verb="skill.changed").changes["short_name"]["after"] == "DN n."


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"region": "knee"}, "region"),
        ({"name": ""}, "name"),
        ({"professions": []}, "professions"),
        ({"professions": ["wizard"]}, "professions"),
        ({"required_types": ["no-such"]}, "required_types"),
        ({"short_name": "x" * 25}, "short_name"),
    ],
)
def test_what_the_page_refuses_is_refused(skill: Skill, administrator: User, api, asked: dict[str, Any], field: str):
    answer = api(administrator).patch(f"{SKILLS}needling-neck/", asked, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not Entry.objects.filter(verb="skill.changed").exists()


def test_a_fourth_clinic(mt_prospect: Clinic, oakbrook: Clinic, administrator: User, api):
    asked = {"name": "Elmhurst", "letter": "e", "number": 4, "time_zone": "America/Chicago", "phone": "630-555-0100"}
    answer = api(administrator).post(CLINICS, asked, format="json")
    assert (answer.status_code, answer.json()["slug"], answer.json()["letter"]) == (201, "elmhurst", "E")
    changed = api(administrator).patch(f"{CLINICS}elmhurst/", {"address": "1 Example Way"}, format="json")
    assert (changed.json()["address"], changed.json()["number"]) == ("1 Example Way", 4)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"letter": "M"}, "letter"),
        ({"number": 9}, "number"),
        ({"number": 1}, "number"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"name": "Mt. Prospect"}, "name"),
    ],
)
def test_a_clinic_that_cannot_be(
    mt_prospect: Clinic, oakbrook: Clinic, administrator: User, api, asked: dict[str, Any], field: str
):
    answer = api(administrator).patch(f"{CLINICS}oakbrook-terrace/", asked, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


@pytest.mark.parametrize("who", ["manager", "clinical_lead", "therapist"])
def test_only_administrators_keep_them(request, skill: Skill, mt_prospect: Clinic, api, who: str):
    client = api(request.getfixturevalue(who))
    assert client.patch(f"{SKILLS}needling-neck/", {"short_name": "x"}, format="json").status_code == 403
    assert client.patch(f"{CLINICS}mt-prospect/", {"phone": "1"}, format="json").status_code == 403
    assert client.delete(f"{CLINICS}mt-prospect/").status_code in (403, 405)

"""Sign-offs, trainings and what they allow, over the API: the rules of the pages."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine

from accounts.models import Competency, Gate, Skill, Training
from tests import factories

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture(autouse=True)
def _now(at):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def needling() -> Skill:
    return factories.skill(code="needling", name="Dry needling, neck")


def test_the_lead_signs_off_and_takes_back(api, clinical_lead, therapist, needling):
    days = {"first_day": "2026-12-01", "last_day": "2027-11-30"}
    made = api(clinical_lead).post(f"{API}/competencies/", {"user": therapist.pk, "skill": "needling"} | days)
    assert (made.status_code, made.json() | days) == (201, made.json())
    ended = api(clinical_lead).post(f"{API}/competencies/{made.json()['id']}/end/", {"reason": "Seen otherwise"})
    assert (ended.status_code, ended.json()["end_reason"]) == (200, "Seen otherwise")
    assert Competency.objects.get().granted_by == clinical_lead


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"skill": "unknown"}, 400),
        ({"user": 99999999}, 400),
        ({"last_day": "soon"}, 400),
        ({"last_day": "9999-12-31"}, 400),
        ({"last_day": "2026-11-30"}, 422),
        ({"skill": ["needling"]}, 400),
    ],
)
def test_what_makes_no_sense_is_a_problem(api, clinical_lead, therapist, needling, change, code):
    data = {"user": therapist.pk, "skill": "needling", "first_day": "2026-12-01", "last_day": "2027-11-30"} | change
    response = api(clinical_lead).post(f"{API}/competencies/", data)
    assert (response.status_code, response["Content-Type"]) == (code, "application/problem+json")
    assert not Competency.objects.exists()


def test_lists_hold_what_one_sees_and_narrow_to_one_person(api, manager, therapist, floater, clinical_lead, needling):
    for person in (therapist, floater):
        factories.competency(user=person, skill=needling, granted_by=clinical_lead)
        factories.training(user=person, type=factories.credential_type())
    for name in ("competencies", "trainings"):
        everybody = api(manager).get(f"{API}/{name}/").json()["results"]
        assert {row["user"] for row in everybody} == {therapist.pk, floater.pk}
        one = api(manager).get(f"{API}/{name}/", {"person": floater.pk}).json()["results"]
        assert [row["user"] for row in one] == [floater.pk]
        assert api(manager).get(f"{API}/{name}/", {"person": "x"}).json()["results"] == []
        own = api(therapist).get(f"{API}/{name}/", {"person": floater.pk}).json()["results"]
        assert own == []


def test_a_training_is_filed_checked_and_struck_out(api, therapist, clinical_lead):
    part = factories.part(type=factories.credential_type(regions=["thoracic"]))
    data = {"user": therapist.pk, "part": part.pk, "amount": 4, "last_day": "2026-03-04", "attested_by": "Academy"}
    made = api(therapist).post(f"{API}/trainings/", data | {"regions": ["thoracic"]})
    assert (made.status_code, made.json()["verified_at"]) == (201, None)
    address = f"{API}/trainings/{made.json()['id']}/"
    assert api(therapist).post(f"{address}verify/").status_code == 403
    assert api(clinical_lead).post(f"{address}verify/").json()["verified_by"] == clinical_lead.pk
    assert api(therapist).delete(address).status_code == 409
    assert api(clinical_lead).post(f"{address}strike/", {"reason": "Twice"}).json()["struck_reason"] == "Twice"
    assert Training.objects.count() == 1


def test_a_file_says_what_it_allows_today(api, therapist, clinical_lead, needling, at):
    licence = factories.credential_type(name="PT licence", gate=Gate.BLOCKS, professions=["pt"])
    factories.credential(user=therapist, type=licence, end=date(2026, 11, 25), verified_by=clinical_lead)
    assert api(therapist).get(f"{API}/abilities/{therapist.pk}/").json() == {
        "any_shift": {"allowed": False, "reasons": ["Avery’s PT licence ends on Nov 24, 2026."], "warnings": []},
        "abilities": [
            {
                "skill": "needling",
                "name": "Dry needling, neck",
                "verdict": {
                    "allowed": False,
                    "reasons": ["Avery has no competency for Dry needling, neck."],
                    "warnings": [],
                },
            }
        ],
    }

"""Under Settings: the parts of a qualification and the regions that its trainings name."""

from __future__ import annotations

import pytest

from accounts.models import CredentialType, QualificationPart, Skill
from intranet.audit.models import Entry
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def needling() -> CredentialType:
    return factories.credential_type(code="needling", name="Needling", regions=["neck", "back"])


def parts(tail: str) -> str:
    return f"/people/settings/credential-types/needling/parts/{tail}"


def form(**changed: str) -> dict[str, str]:
    plain = {"name": "Practicum", "unit": "hours", "least": "54", "within_months": "12", "order": "1"}
    return plain | {"source": "225 ILCS 90/1.5"} | changed


def test_a_part_is_added_changed_and_removed(needling, administrator, sign_in):
    browser = sign_in(administrator)
    assert browser.post(parts("new/"), form()).status_code == 302
    part = QualificationPart.objects.get()
    assert (part.type, part.least, part.within_months) == (needling, 54, 12)
    browser.post(parts(f"{part.pk}/"), form(least="60"))
    part.refresh_from_db()
    assert part.least == 60
    assert "60 hours" in browser.get("/people/settings/credential-types/needling/").content.decode()
    browser.post(parts(f"{part.pk}/remove/"))
    assert not QualificationPart.objects.exists()
    assert list(
        Entry.objects.filter(target_type="accounts.qualificationpart").order_by("id").values_list("verb", flat=True)
    ) == ["qualification_part.added", "qualification_part.changed", "qualification_part.removed"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"least": "0"}, "Say how much is needed."),
        ({"least": ""}, "At least is missing"),
        ({"least": "99999999"}, "At most 32767."),
        ({"unit": "passed", "within_months": ""}, "An exam is passed once: write 1."),
        ({"unit": "months"}, "Only hours and sessions lie within months: leave this empty."),
        ({"within_months": "0"}, "Leave this empty, or say within how many months."),
        ({"source": ""}, "Source is missing"),
        ({"name": "COURSE"}, "This qualification has a part of that name already."),
    ],
)
def test_a_part_that_makes_no_sense_is_refused(needling, administrator, sign_in, changed, words):
    factories.part(type=needling, name="Course")
    response = sign_in(administrator).post(parts("new/"), form(**changed))
    assert (response.status_code, QualificationPart.objects.count()) == (422, 1)
    assert words in response.content.decode()


def test_a_part_with_trainings_stays(needling, administrator, therapist, sign_in):
    part = factories.part(type=needling)
    factories.training(user=therapist, towards=part)
    body = sign_in(administrator).post(parts(f"{part.pk}/remove/"), follow=True).content.decode()
    assert "Trainings are on file for it" in body
    assert QualificationPart.objects.get() == part


def test_a_part_of_another_type_is_not_there(needling, administrator, sign_in):
    other = factories.part(type=factories.credential_type())
    assert sign_in(administrator).get(parts(f"{other.pk}/")).status_code == 404


def type_form(**changed: object) -> dict[str, object]:
    plain = {"name": "Needling", "rule": "none", "gate": "blocks", "checker": "lead", "source": "Policy"}
    return plain | {"checked_on": "2026-11-01", "lead_days": ""} | changed


@pytest.mark.parametrize(
    ("said", "kept"),
    [(" neck \r\n\r\nlow   back\r\nneck", ["neck", "low back"]), ("", []), ("Ohrläppchen", ["Ohrläppchen"])],
)
def test_regions_are_written_one_a_line(needling, administrator, sign_in, said, kept):
    response = sign_in(administrator).post("/people/settings/credential-types/needling/", type_form(regions=said))
    assert response.status_code == 302
    needling.refresh_from_db()
    assert needling.regions == kept


@pytest.mark.parametrize("said", ["x" * 61, "\n".join(map(str, range(31)))])
def test_too_many_or_too_long_regions_are_refused(needling, administrator, sign_in, said):
    response = sign_in(administrator).post("/people/settings/credential-types/needling/", type_form(regions=said))
    assert (response.status_code, "At most 30 regions of 60 characters." in response.content.decode()) == (422, True)


def test_a_procedure_takes_no_region_that_its_trainings_cannot_name(needling, administrator, sign_in):
    data = {"name": "Foot", "short_name": "Foot", "professions": ["pt"], "required_types": [needling.pk]}
    browser = sign_in(administrator)
    response = browser.post("/people/settings/skills/new/", data | {"region": "foot"})
    assert response.status_code == 422
    assert "Trainings of Needling name other regions: neck, back." in response.content.decode()
    assert browser.post("/people/settings/skills/new/", data | {"region": "neck"}).status_code == 302
    assert Skill.objects.get().region == "neck"


def test_the_api_tells_parts_and_keeps_regions_that_it_is_not_asked_to_change(needling, administrator, api):
    factories.part(type=needling, name="Course")
    address = "/api/v1/credential-types/needling/"
    changed = api(administrator).patch(address, {"name": "Needling, dry", "rule": "none"})
    assert (changed.status_code, changed.json()["regions"]) == (200, ["neck", "back"])
    assert [part["name"] for part in changed.json()["parts"]] == ["Course"]
    assert api(administrator).patch(address, {"regions": ["knee"]}).json()["regions"] == ["knee"]
    assert api(administrator).patch(address, {"regions": ["x" * 61]}).status_code == 400

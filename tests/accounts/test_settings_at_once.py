"""Two administrators with the same settings page open: nobody's words are lost, and nobody overwrites unseen."""

from __future__ import annotations

import re

import pytest

from accounts.models import Clinic, CredentialType, Skill, User
from tests import factories

pytestmark = pytest.mark.django_db
CLINIC = {"letter": "M", "number": "1", "time_zone": "America/Chicago", "county": "Cook"}


def opened(browser, address: str) -> str:
    """What the page carries as having been seen."""
    found = re.search(r'name="seen" value="(\w{64})"', browser.get(address).content.decode())
    assert found
    return found[1]


def test_the_second_one_is_told_and_keeps_the_typed_words(mt_prospect: Clinic, administrator: User, sign_in):
    browser, address = sign_in(administrator), "/people/settings/clinics/mt-prospect/"
    seen = opened(browser, address)
    first = CLINIC | {"name": "Mt. Prospect", "phone": "847-555-0100", "seen": seen}
    assert browser.post(address, first).status_code == 302
    second = CLINIC | {"name": "Mount Prospect", "phone": "", "seen": seen}
    answer = browser.post(address, second)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Somebody saved this after you opened it." in page
    assert "Name: Mt. Prospect; Phone: 847-555-0100." in page
    assert 'value="Mount Prospect"' in page
    mt_prospect.refresh_from_db()
    assert (mt_prospect.name, mt_prospect.phone) == ("Mt. Prospect", "847-555-0100")

    again = re.search(r'name="seen" value="(\w{64})"', page)
    assert again
    assert again[1] != seen
    assert browser.post(address, second | {"seen": again[1]}).status_code == 302
    mt_prospect.refresh_from_db()
    assert mt_prospect.name == "Mount Prospect"


def test_lists_count_too(administrator: User, sign_in):
    skill = factories.skill(code="hip", name="Hip", professions=["pt"])
    type = factories.credential_type(code="dn", name="DN certificate")
    browser, address = sign_in(administrator), "/people/settings/skills/hip/"
    seen = opened(browser, address)
    sent = {"name": "Hip", "short_name": skill.short_name, "region": skill.region, "professions": ["pt"], "seen": seen}
    assert browser.post(address, sent | {"required_types": [type.pk]}).status_code == 302
    answer = browser.post(address, sent)
    assert "Credentials it needs: DN certificate." in answer.content.decode()
    assert list(Skill.objects.get(code="hip").required_types.all()) == [type]


def test_a_type_carries_it_as_well(administrator: User, sign_in):
    factories.credential_type(code="cpr", name="CPR")
    assert opened(sign_in(administrator), "/people/settings/credential-types/cpr/")
    assert CredentialType.objects.get(code="cpr").name == "CPR"


def test_nothing_changed_meanwhile_is_saved(mt_prospect: Clinic, administrator: User, sign_in):
    browser, address = sign_in(administrator), "/people/settings/clinics/mt-prospect/"
    sent = CLINIC | {"name": "Mt. Prospect", "seen": opened(browser, address)}
    assert browser.post(address, sent).status_code == 302

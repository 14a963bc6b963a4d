"""Before somebody is signed off, the page says what a sign-off would not put right."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Skill, User
from tests import factories as people
from tests.protocols import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def needling(therapist_oakbrook: User, clinical_lead: User, at) -> Skill:
    skill = people.skill(code="needling", name="Dry needling", professions=["pt"])
    skill.required_types.add(people.credential_type(code="dn", name="Needling certificate"))
    version = factories.published(
        by=therapist_oakbrook, lead=clinical_lead, at=at - timedelta(days=30), title="Needling safely"
    )
    version.protocol.skills.add(skill)
    return skill


def sign_off_page(browser, person: User) -> str:
    return browser.get(reverse("accounts:competency-sign-off", args=[person.pk, "needling"])).content.decode()


def test_what_is_missing_besides_stands_before_the_button(needling, therapist, clinical_lead, sign_in, at):
    page = sign_off_page(sign_in(clinical_lead), therapist)
    assert "A sign-off alone will not clear Avery today" in page
    assert "Avery has not acknowledged version 1 of “Needling safely”." in page
    assert "Needling certificate" in page
    assert "has no competency for" not in page
    assert page.index("A sign-off alone") < page.index('<button class="primary">')


def test_nothing_is_said_when_the_sign_off_is_all_that_lacks(needling, therapist, clinical_lead, sign_in, at):
    needling.required_types.clear()
    version = needling.protocols.get().versions.get()
    factories.acknowledgement(version=version, by=therapist, at=at - timedelta(days=1))
    assert "A sign-off alone" not in sign_off_page(sign_in(clinical_lead), therapist)


def test_the_persons_page_names_every_reason(needling, therapist, sign_in):
    page = sign_in(therapist).get(therapist.get_absolute_url()).content.decode()
    for reason in ("has no competency for Dry needling", "Needling certificate", "has not acknowledged version 1"):
        assert reason in page
    assert page.index("What this allows today") < page.index('id="credentials"')

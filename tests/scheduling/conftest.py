"""Dry needling of the neck, and who is cleared for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import Profession, Skill, User
from tests import factories


@pytest.fixture
def needling(db: None) -> Skill:
    return factories.skill(code="dry-needling-cervical", name="Dry needling, neck", professions=[Profession.PT])


@pytest.fixture
def sign_off(needling: Skill, clinical_lead: User) -> Callable[..., None]:
    """The clinical lead signs somebody off for needling; no protocol governs it unless a test says so."""

    def give(person: User, **period: object) -> None:
        factories.competency(user=person, skill=needling, granted_by=clinical_lead, **period)  # type: ignore[arg-type]

    return give

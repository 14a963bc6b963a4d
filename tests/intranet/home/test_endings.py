"""What ends on people's files, where they work, and the planned shifts that depend on it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Gate, Profession
from intranet.home.endings import losses
from tests import factories
from tests.scheduling import factories as scheduling
from tests.scheduling.factories import MONDAY

pytestmark = pytest.mark.django_db
SIXTY, NINETY = timedelta(days=60), timedelta(days=90)


@pytest.fixture(autouse=True)
def _today(at):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def needling(manager, clinical_lead, therapist, at):
    """A procedure whose training ends for the therapist on the Tuesday of next week."""
    type = factories.credential_type(code="bbp", name="Bloodborne pathogens")
    skill = factories.skill(name="Dry needling, neck")
    skill.required_types.add(type)
    factories.credential(user=therapist, type=type, end=MONDAY + timedelta(days=2), verified_by=manager)
    factories.competency(user=therapist, skill=skill, granted_by=clinical_lead)
    return skill


def test_shifts_after_the_last_day_that_need_it_are_named(needling, manager, clinical_lead, therapist, mt_prospect, at):
    *_, after = (
        scheduling.shift(clinic=mt_prospect, day=MONDAY + timedelta(days=days), staff=therapist, skill=needling)
        for days in (0, 1, 2)
    )
    scheduling.shift(clinic=mt_prospect, day=MONDAY + timedelta(days=3), staff=therapist)
    [loss] = losses(manager, at, within=SIXTY)
    assert (loss.ending.person, loss.ending.what, loss.ending.days) == (therapist, "Bloodborne pathogens", 6)
    assert (loss.clinics, loss.shifts) == ([mt_prospect], [after])
    [seen] = losses(clinical_lead, at, within=SIXTY)
    assert seen.shifts == []


def test_every_shift_after_the_last_day_of_a_licence_is_named(manager, therapist, mt_prospect, at):
    licence = factories.credential_type(name="PT licence", gate=Gate.BLOCKS, professions=[Profession.PT])
    factories.credential(user=therapist, type=licence, end=MONDAY + timedelta(days=1), verified_by=manager)
    _, after = (
        scheduling.shift(clinic=mt_prospect, day=MONDAY + timedelta(days=days), staff=therapist) for days in (0, 1)
    )
    [loss] = losses(manager, at, within=SIXTY)
    assert loss.shifts == [after]


@pytest.fixture
def licence(therapist, clinical_lead, at):
    """Ends for the therapist on the Monday of next week."""
    licence = factories.credential_type(name="PT licence", gate=Gate.BLOCKS, professions=[Profession.PT])
    factories.credential(user=therapist, type=licence, end=MONDAY + timedelta(days=1), verified_by=clinical_lead)
    return licence


def test_a_renewal_counts_once_it_is_checked(licence, therapist, manager, clinical_lead, mt_prospect, at):
    after = scheduling.shift(clinic=mt_prospect, day=MONDAY + timedelta(days=1), staff=therapist)
    renewal = factories.credential(user=therapist, type=licence, start=MONDAY + timedelta(days=1))
    [loss] = losses(manager, at, within=SIXTY)
    assert (loss.ending.renewal_waits, loss.shifts) == (True, [after])
    renewal.verified_by, renewal.verified_at = clinical_lead, at
    renewal.save()
    assert losses(manager, at, within=SIXTY) == []


def test_a_gap_before_the_next_one_is_shown_with_the_shifts_in_it(
    licence, therapist, manager, clinical_lead, mt_prospect, at
):
    start = MONDAY + timedelta(days=3)
    factories.credential(user=therapist, type=licence, start=start, verified_by=clinical_lead)
    _, within, _ = (
        scheduling.shift(clinic=mt_prospect, day=MONDAY + timedelta(days=day), staff=therapist) for day in (0, 1, 3)
    )
    [loss] = losses(manager, at, within=SIXTY)
    assert (loss.ending.next_from, loss.shifts) == (start, [within])
    assert losses(manager, at + timedelta(days=9), within=SIXTY) == []


def test_a_sign_off_that_was_taken_back_renews_nothing(manager, clinical_lead, therapist, at):
    neck = factories.skill(name="Neck")
    end = at + timedelta(days=20)
    factories.competency(user=therapist, skill=neck, granted_by=clinical_lead, end=end)
    later = factories.competency(user=therapist, skill=neck, granted_by=clinical_lead, start=end)
    assert losses(manager, at, within=SIXTY) == []
    later.ended_at, later.end_reason = at, "By mistake"
    later.save()
    assert [loss.ending.what for loss in losses(manager, at, within=SIXTY)] == ["Neck"]


def test_a_competency_that_ends_has_no_shift_beyond(manager, clinical_lead, therapist, mt_prospect, at):
    neck = factories.skill(name="Neck")
    factories.competency(user=therapist, skill=neck, granted_by=clinical_lead, end=at + timedelta(days=10))
    scheduling.shift(clinic=mt_prospect, day=MONDAY, staff=therapist, skill=neck)
    [loss] = losses(manager, at, within=SIXTY)
    assert (loss.ending.what, loss.shifts) == ("Neck", [])


def test_ninety_days_show_more_and_a_clinic_shows_its_own(
    needling, manager, administrator, therapist_oakbrook, mt_prospect, oakbrook, at
):
    later = factories.credential_type(name="BLS")
    factories.credential(user=therapist_oakbrook, type=later, end=at.date() + timedelta(days=80), verified_by=manager)

    def found(within, clinic=None):
        return [loss.ending.what for loss in losses(administrator, at, within=within, clinic=clinic)]

    assert found(SIXTY) == ["Bloodborne pathogens"]
    assert found(NINETY) == ["Bloodborne pathogens", "BLS"]
    assert found(NINETY, oakbrook) == ["BLS"]


def test_the_page_takes_any_filter(needling, manager, sign_in, oakbrook):
    browser, address = sign_in(manager), reverse("home:endings")
    for query in ("", "?days=90", "?days=x&clinic=nowhere", "?days=-1", f"?clinic={oakbrook.slug}", "?days=%00"):
        answer = browser.get(address + query)
        assert (answer.status_code, "Bloodborne pathogens" in answer.content.decode()) == (200, True)


def test_more_people_and_shifts_take_no_more_queries(
    needling,
    manager,
    clinical_lead,
    therapist,
    mt_prospect,
    sign_in,
    django_assert_num_queries,
    django_assert_max_num_queries,
    at,
):
    browser, address = sign_in(manager), reverse("home:endings")
    scheduling.shift(clinic=mt_prospect, day=MONDAY + timedelta(days=2), staff=therapist, skill=needling)
    with django_assert_max_num_queries(60) as first:
        browser.get(address)
    type = needling.required_types.get()
    for number in range(3):
        person = factories.staff(name=f"Colleague {number}", role="therapist", clinics=[mt_prospect])
        factories.credential(user=person, type=type, end=MONDAY, verified_by=manager)
        factories.competency(user=person, skill=needling, granted_by=clinical_lead)
        scheduling.shift(clinic=mt_prospect, day=MONDAY + timedelta(days=2), staff=person, skill=needling)
    with django_assert_num_queries(len(first)):
        assert browser.get(address).content.decode().count("1 shift from") == 4

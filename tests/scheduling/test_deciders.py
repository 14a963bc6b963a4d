"""Who decides about whose time off, and that nobody else reads any of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.roles import Role
from scheduling.deciders import deciders, who_decides
from scheduling.models import Availability, TimeOff
from tests import factories as people
from tests.conftest import CAST
from tests.factories import as_if_always
from tests.scheduling import factories
from tests.scheduling.factories import MONDAY, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(at):
    with time_machine.travel(at, tick=False):
        yield


def seers(cast: dict[str, User], model: type) -> list[str]:
    """Who of the cast sees a row."""
    return [name for name in CAST if model.objects.visible_to(User.objects.get(pk=cast[name].pk)).exists()]


def decide(time_off: TimeOff) -> list[str]:
    return [person.name for person in deciders(time_off.person, time_off.period, TODAY)]


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("therapist", ["therapist", "manager"]),
        ("therapist_oakbrook", ["therapist_oakbrook", "manager_oakbrook"]),
        ("floater", ["floater", "manager", "manager_oakbrook"]),
        ("clinical_lead", ["manager", "manager_oakbrook", "clinical_lead"]),  # works at no clinic
        ("manager", ["manager", "manager_oakbrook"]),  # nobody else manages that clinic
        ("manager_oakbrook", ["manager", "manager_oakbrook"]),
    ],
)
def test_the_person_and_whoever_decides_see_a_request(cast, mt_prospect, who, expected):
    time_off = factories.time_off(person=cast[who], clinic=mt_prospect, reason="Canary")
    assert seers(cast, TimeOff) == expected
    named = [cast[name].name for name in expected if name != who]
    assert sorted(decide(time_off)) == sorted(named)
    for name in CAST:
        viewer = User.objects.get(pk=cast[name].pk)
        entrusted = TimeOff.objects.entrusted_to(viewer).exists()
        assert entrusted == (name in expected and name != who)


def test_a_second_manager_of_the_clinic_decides_about_the_first_alone(mt_prospect, manager, manager_oakbrook):
    second = people.staff(name="Nadia Second", role=Role.MANAGER, clinics=[mt_prospect])
    time_off = factories.time_off(person=manager, clinic=mt_prospect)
    assert decide(time_off) == ["Nadia Second"]
    assert not TimeOff.objects.visible_to(manager_oakbrook).exists()
    assert TimeOff.objects.entrusted_to(second).get() == time_off


def test_it_is_where_the_person_works_in_these_days_that_counts(
    mt_prospect, oakbrook, manager, manager_oakbrook, therapist
):
    """She moves to the other clinic on Tuesday."""
    tuesday = MONDAY + timedelta(days=1)
    as_if_always(therapist.memberships, period=(date(2024, 1, 1), tuesday))
    people.membership(user=therapist, role=Role.THERAPIST, clinic=oakbrook, start=tuesday)
    before, after = (factories.time_off(person=therapist, clinic=mt_prospect, day=day) for day in (MONDAY, tuesday))
    assert (decide(before), decide(after)) == (["Dana Mockridge"], ["Rosa Sampleton"])
    assert TimeOff.objects.entrusted_to(manager).get() == before
    assert TimeOff.objects.entrusted_to(manager_oakbrook).get() == after


def test_days_are_those_of_the_clinic(manager_oakbrook, oakbrook):
    """Her last day at the clinic in Denver ends an hour after that of Chicago."""
    denver = people.clinic(name="Denver", letter="D", number=3, time_zone="America/Denver")
    boss = people.staff(name="Dee Vere", role=Role.MANAGER, clinics=[denver])
    person = people.person(name="Mo Ving")
    people.membership(user=person, role=Role.THERAPIST, clinic=denver, end=MONDAY)
    people.membership(user=person, role=Role.THERAPIST, clinic=oakbrook, start=MONDAY)
    factories.time_off(person=person, clinic=denver, day=MONDAY)
    assert TimeOff.objects.entrusted_to(boss).count() == 0
    TimeOff.objects.all().delete()
    factories.time_off(person=person, clinic=oakbrook, day=MONDAY)  # its first hour is Sunday in Denver
    assert TimeOff.objects.entrusted_to(boss).count() == 1


def test_whoever_has_left_is_nobodys_any_more(mt_prospect, manager, manager_oakbrook, therapist, at):
    factories.time_off(person=therapist, clinic=mt_prospect, day=MONDAY)
    as_if_always(therapist.memberships, period=(date(2024, 1, 1), TODAY))
    User.objects.filter(pk=therapist.pk).update(is_active=False)
    for one in (manager, manager_oakbrook):
        assert list(TimeOff.objects.entrusted_to(one)) == []
    assert list(TimeOff.objects.waiting(at)) == []


def test_the_sentence_names_them(mt_prospect, oakbrook, therapist, floater, manager, manager_oakbrook):
    one, both = (factories.time_off(person=person, clinic=mt_prospect) for person in (therapist, floater))
    assert who_decides(one.person, one.period, TODAY) == "Dana Mockridge decides."
    assert who_decides(both.person, both.period, TODAY) == "Dana Mockridge and Rosa Sampleton decide."
    for number in range(2):
        people.staff(name=f"Chief {number}", role=Role.MANAGER, clinics=[oakbrook])
    assert who_decides(both.person, both.period, TODAY) == "The managers of the clinics decide."


def test_without_any_manager_an_administrator_has_to_see_to_it(mt_prospect, therapist):
    time_off = factories.time_off(person=therapist, clinic=mt_prospect)
    assert decide(time_off) == []
    words = "Nobody else manages a clinic now. An administrator has to give somebody that role."
    assert who_decides(therapist, time_off.period, TODAY) == words


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("therapist", ["therapist", "manager"]),
        ("floater", ["floater", "manager", "manager_oakbrook"]),
        ("clinical_lead", ["clinical_lead"]),
    ],
)
def test_availability_is_seen_by_the_person_and_the_managers_of_their_clinics(cast, who, expected):
    factories.availability(person=cast[who], note="Canary")
    assert seers(cast, Availability) == expected


def test_managers_of_a_former_clinic_see_no_availability(mt_prospect, oakbrook, manager, therapist):
    factories.availability(person=therapist)
    as_if_always(therapist.memberships, period=(date(2024, 1, 1), TODAY))
    people.membership(user=therapist, role=Role.THERAPIST, clinic=oakbrook, start=date(2026, 1, 1))
    assert list(Availability.objects.visible_to(manager)) == []


def test_zones_are_known_with_the_list(mt_prospect, clinical_lead, therapist):
    for person in (therapist, clinical_lead):
        factories.time_off(person=person, clinic=mt_prospect)
    found = list(TimeOff.objects.with_zone().select_related("person"))
    with CaptureQueriesContext(connection) as captured:
        assert [one.zone.key for one in found] == ["America/Chicago"] * 2
    assert len(captured) == 0

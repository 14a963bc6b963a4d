"""Who could work a shift, who could not, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Gate, Profession
from accounts.roles import Role
from intranet.core.access import Refused
from intranet.core.wording import duration
from scheduling.assigning import create_shift
from scheduling.eligibility import attention, candidates, may_work
from scheduling.models import RuleCode, Shift
from scheduling.rules import rules_of, set_rule
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 12, 1)


def names(found) -> list[tuple[str, list[str]]]:
    return [(one.person.name, [reason.code for reason in one.verdict.reasons]) for one in found]


def test_everybody_of_the_profession_is_listed_with_every_reason(
    mt_prospect, oakbrook, therapist, floater, therapist_oakbrook, assistant, needling, sign_off, at
):
    sign_off(floater)
    sign_off(therapist_oakbrook)
    factories.shift(clinic=mt_prospect, times="7-12", staff=therapist)
    found = candidates(factories.plan(clinic=mt_prospect, times="9-17", skill=needling), at)
    assert names(found) == [
        ("Theo Fictus", []),
        ("Priya Fakenham", ["not-here"]),
        ("Avery Testwell", ["competency-missing", "double-booking"]),
    ]


def test_the_list_agrees_with_the_single_answer(
    mt_prospect, therapist, floater, therapist_oakbrook, needling, sign_off, at
):
    sign_off(floater)
    plan = factories.plan(clinic=mt_prospect, skill=needling)
    for one in candidates(plan, at):
        assert one.verdict == may_work(plan, one.person, at)


def test_of_whoever_works_elsewhere_nothing_private_is_told(mt_prospect, oakbrook, therapist_oakbrook, at):
    """Neither time off nor wishes, which only the managers of the own clinics read."""
    factories.time_off(person=therapist_oakbrook, clinic=oakbrook, day=factories.MONDAY, reason="Wedding")
    factories.availability(person=therapist_oakbrook)
    verdict = may_work(factories.plan(clinic=mt_prospect), therapist_oakbrook, at)
    assert ([one.code for one in verdict.reasons], list(verdict.warnings)) == (["not-here"], [])
    with pytest.raises(Refused) as refused:
        create_shift(factories.plan(clinic=mt_prospect, staff=therapist_oakbrook), by=at_home(mt_prospect), at=at)
    assert [one.code for one in refused.value.verdict.reasons] == ["not-here"]


def at_home(clinic):
    return people.staff(name="Mia Manages", role=Role.MANAGER, clinics=[clinic])


def test_those_with_most_hours_missing_come_first(mt_prospect, therapist, floater, at):
    for day in range(1, 4):
        factories.shift(clinic=mt_prospect, day=factories.MONDAY + timedelta(days=day), staff=therapist)
    found = candidates(factories.plan(clinic=mt_prospect, break_minutes=30), at)
    assert [(one.person, one.minutes_before, one.minutes_after) for one in found] == [
        (floater, 0, 480),
        (therapist, 1440, 1920),
    ]


def test_long_weeks_and_short_rest_are_warned_of(mt_prospect, therapist, at):
    factories.shift(clinic=mt_prospect, times="14-22", staff=therapist)
    for day in range(2, 6):
        factories.shift(clinic=mt_prospect, day=factories.MONDAY + timedelta(days=day), times="8-17", staff=therapist)
    verdict = may_work(factories.plan(clinic=mt_prospect, day=TUESDAY, times="7-15"), therapist, at)
    assert bool(verdict)
    assert [reason.message for reason in verdict.warnings] == [
        "9 h over 40 h in the week.",
        "Only 9 h rest: 2p–10p on Mon, Nov 30.",
    ]


def test_a_night_from_sunday_counts_in_the_week_in_which_it_is_worked(mt_prospect, therapist, at):
    """Two hours before midnight, six after it."""
    after = factories.MONDAY + timedelta(days=7)
    for number in range(5):
        factories.shift(clinic=mt_prospect, day=after + timedelta(days=number), times="9-17", staff=therapist)
    sunday = factories.plan(clinic=mt_prospect, day=after - timedelta(days=1), times="22-6", break_minutes=0)
    paid = 5 * 450
    [one] = candidates(sunday, at)
    assert (one.minutes_before, one.minutes_after) == (0, 120)
    words = f"{duration(paid + 360 - 40 * 60)} over 40 h in the week after."
    assert words in [str(warning) for warning in one.verdict.warnings]


def test_the_longer_way_counts_from_both_sides(mt_prospect, oakbrook, floater, manager_oakbrook, at):
    """One clinic keeps the usual hour, the other one asks for an hour and a half."""
    usual = rules_of(oakbrook)[RuleCode.TRAVEL]
    set_rule(oakbrook, replace(usual, amount=90, source="House rule"), seen=usual.fingerprint, by=manager_oakbrook)
    shifts = {mt_prospect: "7-11", oakbrook: "12-16"}
    for here, there in ((mt_prospect, oakbrook), (oakbrook, mt_prospect)):
        Shift.objects.all().delete()
        factories.shift(clinic=there, times=shifts[there], staff=floater)
        verdict = may_work(factories.plan(clinic=here, times=shifts[here]), floater, at)
        assert [one.code for one in verdict.reasons] == ["travel"]
        assert "takes 1 h 30 min" in str(verdict.reasons[0])


def test_attention_finds_who_may_not_work_their_shift_any_more(mt_prospect, therapist, floater, needling, sign_off, at):
    sign_off(therapist)
    good = factories.shift(clinic=mt_prospect, times="7-9", staff=therapist)
    lapsed = factories.shift(clinic=mt_prospect, times="9-12", staff=therapist, skill=needling)
    left = factories.shift(clinic=mt_prospect, staff=floater)
    assert attention([good, lapsed, left], at) == {}
    therapist.competencies.update(ended_at=at)
    people.as_if_never(floater.memberships.filter(clinic=mt_prospect))
    found = attention(Shift.objects.select_related("clinic", "staff", "skill"), at)
    assert {pk: [reason.code for reason in verdict.reasons] for pk, verdict in found.items()} == {
        lapsed.pk: ["competency-ended"],
        left.pk: ["not-here"],
    }


def test_of_whoever_does_not_work_there_any_more_managers_learn_nothing_about_the_file(
    oakbrook, therapist, licence, at
):
    shift = factories.shift(clinic=oakbrook, staff=therapist)
    assert [reason.code for reason in attention([shift], at)[shift.pk].reasons] == ["not-here"]
    people.membership(user=therapist, role=Role.THERAPIST, clinic=oakbrook)
    assert [reason.code for reason in attention([shift], at)[shift.pk].reasons] == ["credential-missing"]


@pytest.mark.parametrize("published", [False, True])
def test_attention_asks_as_much_about_many_shifts_as_about_one(mt_prospect, clinical_lead, published, at):
    skills = [people.skill(code=f"skill-{number}", professions=[Profession.PT]) for number in range(3)]
    staff = [
        people.staff(name=f"Pat Number{number}", role=Role.THERAPIST, clinics=[mt_prospect], profession=Profession.PT)
        for number in range(3)
    ]
    make = factories.published if published else factories.shift
    for number, (person, skill) in enumerate(zip(staff, skills, strict=True)):
        people.competency(user=person, skill=skill, granted_by=clinical_lead)
        make(clinic=mt_prospect, staff=person, skill=skill, day=factories.MONDAY + timedelta(days=number))
    people_of = type(make(clinic=mt_prospect)).objects.select_related("clinic", "staff", "skill")
    shifts = list(people_of.filter(staff__isnull=False).order_by("period"))
    counts = []
    for asked in (shifts[:1], shifts):
        with CaptureQueriesContext(connection) as queries:
            assert attention(asked, at) == {}
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.fixture
def licence(clinical_lead):
    """The therapists' licence, which bars whoever has none."""
    return people.credential_type(name="PT licence", gate=Gate.BLOCKS, professions=[Profession.PT])


def test_nobody_is_given_a_shift_beyond_a_licence(mt_prospect, manager, clinical_lead, therapist, licence, at):
    people.credential(user=therapist, type=licence, end=TUESDAY, verified_by=clinical_lead)
    monday = create_shift(factories.plan(clinic=mt_prospect, staff=therapist), by=manager, at=at)
    assert monday.staff == therapist
    with pytest.raises(Refused) as refused:
        create_shift(factories.plan(clinic=mt_prospect, day=TUESDAY, staff=therapist), by=manager, at=at)
    assert str(refused.value) == (
        "Avery Testwell was not assigned. Avery’s PT licence ends on Nov 30, 2026. Nothing was changed."
    )


def test_a_licence_that_the_procedure_needs_as_well_is_named_once(
    mt_prospect, therapist, licence, needling, sign_off, at
):
    sign_off(therapist)
    needling.required_types.add(licence)
    verdict = may_work(factories.plan(clinic=mt_prospect, skill=needling), therapist, at)
    assert [reason.code for reason in verdict.reasons] == ["credential-missing"]


def test_what_the_procedure_needs_and_the_work_does_not_bars_without_a_warning_beside(
    mt_prospect, therapist, needling, sign_off, at
):
    sign_off(therapist)
    training = people.credential_type(name="Bloodborne pathogens", gate=Gate.WARNS)
    plain = may_work(factories.plan(clinic=mt_prospect), therapist, at)
    assert (bool(plain), [one.code for one in plain.warnings]) == (True, ["credential-missing"])
    needling.required_types.add(training)
    verdict = may_work(factories.plan(clinic=mt_prospect, skill=needling), therapist, at)
    assert ([one.code for one in verdict.reasons], verdict.warnings) == (["credential-missing"], ())


def test_attention_finds_the_shifts_beyond_a_licence(mt_prospect, clinical_lead, therapist, licence, at):
    people.credential(user=therapist, type=licence, end=TUESDAY, verified_by=clinical_lead)
    good = factories.shift(clinic=mt_prospect, staff=therapist)
    beyond = factories.shift(clinic=mt_prospect, day=TUESDAY, staff=therapist)
    found = attention([good, beyond], at)
    assert {pk: str(verdict.reasons[0]) for pk, verdict in found.items()} == {
        beyond.pk: "Avery’s PT licence ends on Nov 30, 2026."
    }


@pytest.mark.parametrize("number", [1, 3])
def test_attention_costs_the_same_for_any_number_of_people(mt_prospect, needling, sign_off, licence, number, at):
    for _ in range(number):
        person = people.person(profession=Profession.PT)
        people.membership(user=person, role=Role.THERAPIST, clinic=mt_prospect)
        sign_off(person)
        people.credential(user=person, type=licence)
        factories.shift(clinic=mt_prospect, staff=person, skill=needling)
    shifts = list(Shift.objects.select_related("clinic", "staff", "skill"))
    with CaptureQueriesContext(connection) as queries:
        attention(shifts, at)
    assert len(queries) == 7

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from accounts.models import Profession, Training, User
from protocols import publishing
from protocols.clearance import clearance, cleared, verdicts, verdicts_by_day
from tests import factories as people
from tests.protocols import factories

pytestmark = pytest.mark.django_db
DAY = date(2026, 12, 10)
MORNING = datetime(2026, 12, 10, 15, 0, tzinfo=UTC)
EARLIER = MORNING - timedelta(days=30)


@pytest.fixture
def skill():
    skill = people.skill(code="dry-needling-cervical", name="Dry needling, neck")
    skill.required_types.add(people.credential_type(code="dn-qualification", name="Dry-needling qualification"))
    return skill


@pytest.fixture
def governing(skill, approver, clinical_lead, at):
    """Version 1 of the protocol that governs the skill, in force."""
    version = factories.published(by=approver, lead=clinical_lead, at=at, title="Dry needling")
    version.protocol.skills.add(skill)
    return version


@pytest.fixture
def ready(therapist, skill, governing, clinical_lead, at):
    """The therapist with everything that the skill asks for."""
    people.competency(user=therapist, skill=skill, granted_by=clinical_lead)
    people.credential(user=therapist, type=skill.required_types.get(), verified_by=clinical_lead)
    factories.acknowledgement(version=governing, by=therapist, at=at)
    return therapist


def reasons(person, skill, on=DAY):
    """The reasons, after making sure that both questions have the same answer."""
    verdict = clearance(person, skill, on)
    assert (person in cleared(skill, on)) == bool(verdict)
    return [str(reason) for reason in verdict.reasons]


def test_ready(ready, skill):
    assert reasons(ready, skill) == []


def test_every_reason_at_once(assistant, skill, governing):
    assert reasons(assistant, skill) == [
        "Dry needling, neck is not open to PTA staff.",
        "Bea has no competency for Dry needling, neck.",
        "Bea has no Dry-needling qualification on file for Dec 10, 2026.",
        "Bea has not acknowledged version 1 of “Dry needling”.",
    ]


def test_somebody_who_left(ready, skill):
    ready.is_active = False
    ready.save()
    assert reasons(ready, skill) == ["Avery Testwell no longer works here."]


def test_competency_counts_to_its_last_day(ready, skill):
    ready.competencies.update(valid=(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 11, 6, tzinfo=UTC)))
    assert reasons(ready, skill) == []
    assert reasons(ready, skill, DAY + timedelta(days=1)) == [
        "Avery’s competency for Dry needling, neck ends on Dec 10, 2026."
    ]


def test_competency_that_was_ended(ready, skill):
    ready.competencies.update(ended_at=MORNING)
    assert reasons(ready, skill, DAY - timedelta(days=1)) == []
    assert reasons(ready, skill) == ["Avery’s competency for Dry needling, neck was ended on Dec 10, 2026."]


def test_competency_for_another_region_does_not_count(ready, skill, clinical_lead):
    lumbar = people.skill(code="dry-needling-lumbar", name="Dry needling, low back")
    assert reasons(ready, lumbar) == ["Avery has no competency for Dry needling, low back."]


def test_competency_that_starts_later(ready, skill):
    ready.competencies.update(valid=(datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)))
    assert reasons(ready, skill) == ["Avery has no competency for Dry needling, neck."]


def test_credential_that_expired(ready, skill):
    ready.credentials.update(valid=(date(2026, 1, 1), date(2026, 12, 10)))
    assert reasons(ready, skill, DAY - timedelta(days=1)) == []
    assert reasons(ready, skill) == ["Avery’s Dry-needling qualification ends on Dec 9, 2026."]


def test_credential_that_nobody_has_verified(ready, skill):
    ready.credentials.update(verified_by=None, verified_at=None)
    assert reasons(ready, skill) == ["Avery’s Dry-needling qualification has not been verified."]


def test_credential_that_was_verified_only_later(ready, skill):
    ready.credentials.update(verified_at=MORNING + timedelta(days=5))
    assert reasons(ready, skill) == ["Avery’s Dry-needling qualification has not been verified."]


def test_a_new_version_has_to_be_acknowledged_from_its_day_on(ready, skill, governing, approver, clinical_lead, at):
    two = factories.next_version(after=governing, by=approver, lead=clinical_lead, at=at, effective=DAY)
    assert reasons(ready, skill, DAY - timedelta(days=1)) == []
    assert reasons(ready, skill) == ["Avery has not acknowledged version 2 of “Dry needling”."]
    factories.acknowledgement(version=two, by=ready, at=at)
    assert reasons(ready, skill) == []


def test_an_editorial_version_changes_nothing(ready, skill, governing, approver, clinical_lead, at):
    factories.next_version(after=governing, by=approver, lead=clinical_lead, at=at + timedelta(days=1), material=False)
    assert reasons(ready, skill) == []


def test_an_acknowledgement_counts_from_the_day_it_is_given(ready, skill, at):
    assert reasons(ready, skill, at.date() - timedelta(days=1)) == []  # the protocol was not in force yet
    late = people.staff(name="Late Reader", role="therapist", clinics=[], profession=Profession.PT)
    assert [str(reason) for reason in clearance(late, skill, DAY).reasons][-1] == (
        "Late has not acknowledged version 1 of “Dry needling”."
    )


def test_a_withdrawn_protocol_clears_nobody(ready, skill, governing, clinical_lead, at):
    publishing.withdraw(governing, by=clinical_lead, at=MORNING, reason="Recalled.")
    assert reasons(ready, skill, DAY - timedelta(days=1)) == []
    assert reasons(ready, skill) == ["“Dry needling” has no version in force on Dec 10, 2026."]


def test_a_protocol_that_was_never_in_force_asks_nothing(ready, skill, approver, at):
    factories.draft(by=approver, at=at).protocol.skills.add(skill)
    assert reasons(ready, skill) == []


def test_every_governing_protocol_counts(ready, skill, approver, clinical_lead, at):
    second = factories.published(by=approver, lead=clinical_lead, at=at, title="Sharps")
    second.protocol.skills.add(skill)
    assert reasons(ready, skill) == ["Avery has not acknowledged version 1 of “Sharps”."]


def test_both_questions_agree_in_every_combination(skill, governing, clinical_lead, mt_prospect, at):
    """Profession x competency x credential x acknowledgement x active: one person each."""
    type = skill.required_types.get()
    everybody: dict[tuple[bool, ...], User] = {}
    for combination in product([True, False], repeat=5):
        profession, competent, qualified, acknowledged, active = combination
        person = people.staff(
            name=f"Person {''.join(str(int(flag)) for flag in combination)}",
            role="therapist",
            clinics=[mt_prospect],
            profession=Profession.PT if profession else Profession.PTA,
        )
        people.competency(
            user=person,
            skill=skill,
            granted_by=clinical_lead,
            ended_at=None if competent else EARLIER,
        )
        people.credential(user=person, type=type, verified_by=clinical_lead if qualified else None)
        if acknowledged:
            factories.acknowledgement(version=governing, by=person, at=at)
        person.is_active = active
        person.save()
        everybody[combination] = person
    assert [c for c, person in everybody.items() if clearance(person, skill, DAY)] == [(True,) * 5]
    assert list(cleared(skill, DAY)) == [everybody[(True,) * 5]]
    for combination, person in everybody.items():
        assert len(clearance(person, skill, DAY).reasons) == combination.count(False)


@pytest.mark.parametrize("number", [1, 3])
def test_cleared_asks_the_same_number_of_questions(
    number, ready, skill, governing, clinical_lead, mt_prospect, at, django_assert_num_queries
):
    for _ in range(number - 1):
        person = people.staff(name=f"More {_}", role="therapist", clinics=[mt_prospect], profession=Profession.PT)
        people.competency(user=person, skill=skill, granted_by=clinical_lead)
        people.credential(user=person, type=skill.required_types.get(), verified_by=clinical_lead)
        factories.acknowledgement(version=governing, by=person, at=at)
    with django_assert_num_queries(5):
        assert len(cleared(skill, DAY)) == number


@pytest.mark.parametrize("number", [1, 4])
def test_any_number_of_skills_and_people_takes_nine_queries(
    number, ready, skill, governing, approver, clinical_lead, mt_prospect, at, django_assert_num_queries
):
    asked, everybody = [skill], [ready]
    for index in range(1, number):
        more = people.skill(name=f"Skill {index}", region="cervical")
        more.required_types.add(people.credential_type(regions=["cervical"]))
        version = factories.published(by=approver, lead=clinical_lead, at=at, title=f"Protocol {index}")
        version.protocol.skills.add(more)
        asked.append(more)
        everybody.append(
            people.staff(name=f"More {index}", role="therapist", clinics=[mt_prospect], profession=Profession.PT)
        )
    with django_assert_num_queries(9):
        found = verdicts(everybody, asked, DAY)
    assert found == {(one.pk, of.pk): clearance(one, of, DAY) for one in everybody for of in asked}
    assert [pair for pair, verdict in found.items() if verdict] == [(ready.pk, skill.pk)]


@pytest.mark.parametrize("number", [1, 4])
def test_any_number_of_days_takes_nine_queries_and_each_day_is_judged_by_itself(
    number, ready, skill, governing, approver, clinical_lead, at, django_assert_num_queries
):
    ready.competencies.update(ended_at=datetime(2026, 12, 12, 6, tzinfo=UTC))
    factories.next_version(after=governing, by=approver, lead=clinical_lead, at=datetime(2026, 12, 13, 15, tzinfo=UTC))
    days = [DAY + timedelta(days=index) for index in range(number)]
    with django_assert_num_queries(9):
        found = verdicts_by_day([ready], [(skill, on) for on in days])
    assert found == {(ready.pk, skill.pk, on): clearance(ready, skill, on) for on in days}
    codes = [[reason.code for reason in verdict.reasons] for verdict in found.values()]
    assert codes == [[], [], ["competency-ended"], ["competency-ended", "not-acknowledged"]][:number]


@pytest.fixture
def lumbar(skill, therapist, governing, clinical_lead, at):
    """A procedure of a region, with everything but a training for it."""
    [type] = skill.required_types.all()
    type.regions = ["cervical", "lumbar"]
    type.save()
    lumbar = people.skill(name="Dry needling, low back", region="lumbar")
    lumbar.required_types.add(type)
    people.competency(user=therapist, skill=lumbar, granted_by=clinical_lead)
    people.credential(user=therapist, type=type, verified_by=clinical_lead)
    return lumbar


REGION = "Avery’s Dry-needling qualification does not cover the region lumbar."


def test_a_training_for_another_region_does_not_count(lumbar, therapist, clinical_lead):
    assert reasons(therapist, lumbar) == [REGION]
    course = people.training(user=therapist, type=lumbar.required_types.get(), regions=["cervical"])
    people.verify(course, by=clinical_lead)
    assert reasons(therapist, lumbar) == [REGION]


def test_a_region_counts_once_its_training_is_done_and_verified(lumbar, therapist, clinical_lead):
    type = lumbar.required_types.get()
    course = people.training(user=therapist, type=type, regions=["lumbar"], last_day=DAY)
    assert reasons(therapist, lumbar) == [REGION]
    people.verify(course, by=clinical_lead)
    assert reasons(therapist, lumbar) == []
    assert reasons(therapist, lumbar, DAY - timedelta(days=1)) == [REGION]


def test_a_training_that_was_struck_out_covers_no_region_any_more(lumbar, therapist, clinical_lead):
    course = people.training(user=therapist, type=lumbar.required_types.get(), regions=["lumbar"])
    people.verify(course, by=clinical_lead)
    Training.objects.update(struck_by=clinical_lead, struck_at=MORNING, struck_reason="Another course.")
    assert reasons(therapist, lumbar, DAY - timedelta(days=1)) == []
    assert reasons(therapist, lumbar) == [REGION]


def test_a_signature_on_a_version_that_never_came_into_force_clears_nobody(
    governing, ready, floater, approver, clinical_lead, skill, at
):
    people.competency(user=floater, skill=skill, granted_by=clinical_lead)
    people.credential(user=floater, type=skill.required_types.get(), verified_by=clinical_lead)
    two = factories.next_version(after=governing, by=approver, lead=clinical_lead, at=at, effective=DAY)
    factories.acknowledgement(version=two, by=floater, at=at)
    publishing.withdraw(two, by=clinical_lead, at=at, reason="Not yet.")
    later = at + timedelta(hours=1)
    factories.next_version(after=two, by=approver, lead=clinical_lead, at=later, material=False)
    assert reasons(ready, skill) == []
    assert reasons(floater, skill) == ["Theo has not acknowledged version 3 of “Dry needling”."]

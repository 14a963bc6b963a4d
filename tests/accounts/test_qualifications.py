"""A qualification that is made of parts: how far somebody is, who checks it, and when it is whole."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.defaults import load_credential_types
from accounts.filing import verify_credential
from accounts.models import CredentialType, Training, Unit
from accounts.qualifications import covered_regions, is_whole, progress
from accounts.trainings import add_training, remove_training, strike_training, to_check, verify_training
from intranet.core.access import Conflict, Forbidden, Refused
from protocols.clearance import clearance, cleared
from tests import factories

pytestmark = pytest.mark.django_db
ON = date(2026, 11, 25)


@pytest.fixture
def needling() -> CredentialType:
    return load_credential_types()["dn-qualification"]


@pytest.fixture
def practicum(needling):
    return needling.parts.get(name="Practicum")


def step(user, part, at, on=ON):
    return next(one for one in progress(user, part.type, on=on, at=at) if one.part == part)


def have(user, part, at, on=ON) -> tuple[int, bool]:
    found = step(user, part, at, on)
    return found.have, found.met


def test_the_dry_needling_qualification_has_the_parts_of_the_law(needling):
    assert [(part.name, part.get_unit_display(), part.least, part.within_months) for part in needling.parts.all()] == [
        ("Licensed for a year", "Months since a day", 12, None),
        ("Prerequisites", "Hours", 50, None),
        ("Didactic course", "Hours", 30, None),
        ("Practicum", "Hours", 54, 12),
        ("Supervised sessions", "Sessions", 200, None),
        ("Competency exam", "Passed once", 1, None),
    ]
    assert all(part.source for part in needling.parts.all())


def test_only_what_is_checked_counts_and_adds_up(needling, therapist, clinical_lead, at):
    part = needling.parts.get(name="Prerequisites")
    first, second = (factories.training(user=therapist, towards=part, amount=hours) for hours in (20, 30))
    assert have(therapist, part, at) == (0, False)
    factories.verify(first, by=clinical_lead)
    assert have(therapist, part, at) == (20, False)
    assert step(therapist, part, at).words == "20 of 50 hours"
    factories.verify(second, by=clinical_lead)
    assert have(therapist, part, at) == (50, True)


@pytest.mark.parametrize(
    ("first_course", "hours"),
    [
        ((None, date(2026, 1, 10)), 54),  # both within twelve months
        ((date(2025, 12, 2), date(2025, 12, 20)), 54),  # began within them, by a day
        ((date(2025, 12, 1), date(2025, 12, 20)), 27),  # began a day too early
        ((None, date(2025, 6, 1)), 27),
    ],
)
def test_what_has_to_lie_within_months_is_the_best_stretch(
    practicum, therapist, clinical_lead, at, first_course, hours
):
    first, last = first_course
    one = factories.training(user=therapist, towards=practicum, amount=27, first_day=first, last_day=last)
    two = factories.training(
        user=therapist, towards=practicum, amount=27, last_day=date(2026, 12, 1) - timedelta(days=0)
    )
    for training in (one, two):
        factories.verify(training, by=clinical_lead)
    assert have(therapist, practicum, at, on=date(2026, 12, 1)) == (hours, hours == 54)


def test_what_is_done_later_does_not_count_yet(practicum, therapist, clinical_lead, at):
    factories.verify(
        factories.training(user=therapist, towards=practicum, amount=54, last_day=ON + timedelta(days=1)),
        by=clinical_lead,
    )
    assert have(therapist, practicum, at) == (0, False)
    assert have(therapist, practicum, at, on=ON + timedelta(days=1)) == (54, True)


@pytest.mark.parametrize(
    ("since", "months"),
    [(date(2025, 11, 25), 12), (date(2025, 11, 26), 11), (date(2026, 11, 25), 0), (date(2024, 2, 29), 32)],
)
def test_months_since_a_day_are_whole_ones(needling, therapist, clinical_lead, at, since, months):
    part = needling.parts.get(name="Licensed for a year")
    factories.verify(factories.training(user=therapist, towards=part, amount=1, last_day=since), by=clinical_lead)
    assert have(therapist, part, at) == (months, months >= 12)


def test_an_exemption_meets_its_part(needling, therapist, clinical_lead, at):
    part = needling.parts.get(name="Licensed for a year")
    training = Training(user=therapist, part=part, last_day=ON, attested_by="Sample University", exempt=True, amount=3)
    add_training(training, by=therapist, at=at)
    assert training.amount is None
    verify_training(training, by=clinical_lead, at=at)
    assert (step(therapist, part, at).met, step(therapist, part, at).words) == (True, "Exempt")


def fill(needling, person, lead, *, but: str = ""):
    """Everything that the parts ask for, checked; without one of them."""
    for part in needling.parts.exclude(name=but):
        regions = ["lower limb"] if part.name == "Practicum" else []
        amount = part.least if part.unit in {Unit.HOURS, Unit.SESSIONS} else 1
        factories.verify(factories.training(user=person, towards=part, amount=amount, regions=regions), by=lead)


def test_the_credential_is_checked_only_once_every_part_is_met(needling, therapist, clinical_lead, at):
    credential = factories.credential(user=therapist, type=needling)
    fill(needling, therapist, clinical_lead, but="Supervised sessions")
    with pytest.raises(Refused) as refused:
        verify_credential(credential, by=clinical_lead, at=at)
    assert str(refused.value) == (
        "Not enough yet for Dry-needling qualification: Supervised sessions (0 of 200 sessions)."
    )
    part = needling.parts.get(name="Supervised sessions")
    factories.verify(factories.training(user=therapist, towards=part, amount=200), by=clinical_lead)
    assert bool(is_whole(therapist, needling, on=ON, at=at))
    assert verify_credential(credential, by=clinical_lead, at=at).verified_by == clinical_lead


def test_a_type_without_parts_is_whole(therapist, at):
    assert bool(is_whole(therapist, factories.credential_type(), on=ON, at=at))


def test_regions_are_those_of_trainings_that_count(needling, therapist, clinical_lead, at):
    fill(needling, therapist, clinical_lead)
    part = needling.parts.get(name="Practicum")
    factories.training(user=therapist, towards=part, regions=["thoracic"])
    assert covered_regions(progress(therapist, needling, on=ON, at=at)) == ["lower limb"]


def filed(practicum, person, **fields) -> Training:
    values = {"amount": 27, "first_day": ON - timedelta(days=2), "last_day": ON, "attested_by": "Sample Academy"}
    return Training(user=person, part=practicum, **(values | fields))


@pytest.mark.parametrize("who", ["therapist", "manager", "clinical_lead"])
def test_who_files(request, practicum, therapist, who, at):
    by = request.getfixturevalue(who)
    assert add_training(filed(practicum, therapist), by=by, at=at).entered_by == by


@pytest.mark.parametrize("who", ["assistant", "manager_oakbrook", "administrator", "therapist_oakbrook"])
def test_who_does_not_file(request, practicum, therapist, who, at):
    with pytest.raises(Forbidden):
        add_training(filed(practicum, therapist), by=request.getfixturevalue(who), at=at)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"last_day": ON + timedelta(days=1)}, "not-yet"),
        ({"regions": ["left ear"]}, "unknown-region"),
        ({"amount": None}, "amount-missing"),
        ({"amount": 13, "first_day": None}, "first-day-missing"),
        ({"amount": 37}, "too-many"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(practicum, therapist, at, fields, code):
    with pytest.raises(Refused) as refused:
        add_training(filed(practicum, therapist, **fields), by=therapist, at=at)
    [reason] = refused.value.verdict.reasons
    assert (reason.code, bool(reason.field)) == (code, True)


@pytest.mark.parametrize("who", ["therapist", "manager", "administrator", "assistant"])
def test_only_the_clinical_lead_checks(request, practicum, therapist, who, at):
    training = add_training(filed(practicum, therapist), by=therapist, at=at)
    with pytest.raises(Forbidden):
        verify_training(training, by=request.getfixturevalue(who), at=at)


def test_the_lead_does_not_check_what_is_hers(practicum, clinical_lead, at):
    training = add_training(filed(practicum, clinical_lead), by=clinical_lead, at=at)
    with pytest.raises(Forbidden, match="Somebody else"):
        verify_training(training, by=clinical_lead, at=at)


def test_the_database_knows_that_too(practicum, therapist):
    training = factories.training(user=therapist, towards=practicum)
    with pytest.raises(IntegrityError, match="training_is_verified_by_another_person"), transaction.atomic():
        Training.objects.filter(pk=training.pk).update(verified_by=therapist, verified_at=datetime.now(UTC))


def test_what_was_struck_out_stays_and_counts_no_more(practicum, therapist, clinical_lead, at):
    training = factories.verify(factories.training(user=therapist, towards=practicum, amount=54), by=clinical_lead)
    strike_training(training, reason="Another course.", by=clinical_lead, at=at)
    assert have(therapist, practicum, at - timedelta(seconds=1)) == (54, True)
    assert have(therapist, practicum, at) == (0, False)
    with pytest.raises(Conflict):
        strike_training(training, reason="Again.", by=clinical_lead, at=at)
    with pytest.raises(Conflict):
        verify_training(training, by=clinical_lead, at=at)


def test_a_credential_falls_with_the_training_on_which_it_stood(needling, therapist, clinical_lead, at):
    fill(needling, therapist, clinical_lead)
    credential = factories.credential(user=therapist, type=needling)
    verify_credential(credential, by=clinical_lead, at=at)
    skill = factories.skill(name="Dry needling")
    skill.required_types.add(needling)
    factories.competency(user=therapist, skill=skill, granted_by=clinical_lead)
    assert bool(clearance(therapist, skill, ON))
    spare = factories.verify(
        factories.training(user=therapist, towards=needling.parts.get(name="Prerequisites")), by=clinical_lead
    )
    strike_training(spare, reason="Filed twice.", by=clinical_lead, at=at)
    assert bool(clearance(therapist, skill, ON))
    exam = therapist.trainings.get(part__name="Competency exam")
    strike_training(exam, reason="Not their name on it.", by=clinical_lead, at=at)
    credential.refresh_from_db()
    assert credential.remark == "Competency exam was struck out: Not their name on it."
    assert [reason.code for reason in clearance(therapist, skill, ON).reasons] == ["credential-missing"]
    assert therapist not in cleared(skill, ON)


def test_what_was_struck_out_before_a_check_waits_no_more(practicum, therapist, clinical_lead, at):
    training = factories.training(user=therapist, towards=practicum)
    assert step(therapist, practicum, at).waiting == [training]
    strike_training(training, reason="Another person.", by=clinical_lead, at=at)
    assert step(therapist, practicum, at).waiting == []


def test_what_is_checked_is_not_taken_back(practicum, therapist, clinical_lead, at):
    waiting, checked = (add_training(filed(practicum, therapist), by=therapist, at=at) for _ in range(2))
    verify_training(checked, by=clinical_lead, at=at)
    remove_training(waiting, by=therapist)
    with pytest.raises(Conflict, match="stays on record"):
        remove_training(checked, by=therapist)
    assert list(Training.objects.all()) == [checked]


@pytest.mark.parametrize("number", [1, 30])
def test_any_number_of_trainings_takes_two_queries(needling, practicum, therapist, at, number):
    for _ in range(number):
        factories.training(user=therapist, towards=practicum)
    with CaptureQueriesContext(connection) as queries:
        progress(therapist, needling, on=ON, at=at)
    assert len(queries) == 2


def address(person) -> str:
    return reverse("accounts:qualification", args=[person.pk, "dn-qualification"])


def test_a_therapist_files_and_the_lead_checks_on_the_page(practicum, therapist, clinical_lead, sign_in):
    browser = sign_in(therapist)
    data = {
        "part": practicum.pk,
        "amount": 27,
        "first_day": "2026-03-02",
        "last_day": "2026-03-04",
        "attested_by": "Sample Academy",
    }
    response = browser.post(address(therapist), data | {"regions": ["thoracic"]}, follow=True)
    assert "Waits for a check" in response.content.decode()
    training = Training.objects.get()
    assert (training.regions, training.entered_by) == (["thoracic"], therapist)
    lead = sign_in(clinical_lead)
    assert (
        "27 of 54 hours"
        in lead.post(reverse("accounts:training-check", args=[training.pk]), follow=True).content.decode()
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"last_day": "2999-01-01"}, "Check the year."),
        ({"last_day": "2090-01-01"}, "Enter what is done: this day is still to come."),
        ({"amount": ""}, "Say how many hours it was."),
        ({"amount": "0"}, "At least 1."),
        ({"amount": "99999999999"}, "At most 5000."),
        ({"amount": "500"}, "500 hours do not fit between these days."),
        ({"amount": "500", "first_day": ""}, "500 hours take more than a day: say the first."),
        ({"regions": ["moon"]}, "Choose from those offered."),
        ({"first_day": "2026-04-01"}, "The last day is before the first."),
        ({"attested_by": ""}, "given or attested by"),
    ],
)
def test_bad_input_is_said_and_nothing_is_lost(practicum, therapist, sign_in, change, words):
    data = {
        "part": practicum.pk,
        "amount": 27,
        "first_day": "2026-03-02",
        "last_day": "2026-03-04",
        "attested_by": "Kept words",
    }
    response = sign_in(therapist).post(address(therapist), data | change)
    body = response.content.decode()
    assert (response.status_code, Training.objects.count()) == (422, 0)
    assert "attested_by" in change or "Kept words" in body
    assert words.lower() in body.lower()


def test_what_waits_stands_in_the_lists_of_those_who_check_it(practicum, therapist, clinical_lead, manager, sign_in):
    training = factories.training(user=therapist, towards=practicum)
    factories.training(user=clinical_lead, towards=practicum)
    assert [list(to_check(who)) for who in (clinical_lead, manager, therapist)] == [[training], [], []]
    body = sign_in(clinical_lead).get(reverse("accounts:to-check")).content.decode()
    assert f"{address(therapist)}".replace("dn-qualification", practicum.type.code) in body
    verify_training(training, by=clinical_lead, at=datetime.now(UTC))
    assert list(to_check(clinical_lead)) == []


def test_whoever_may_not_see_the_file_finds_no_page(needling, therapist, therapist_oakbrook, sign_in):
    assert sign_in(therapist_oakbrook).get(address(therapist)).status_code == 404
    assert sign_in(therapist).get(address(therapist).replace("dn-qualification", "hipaa")).status_code == 404


def test_an_administrator_looks_and_files_nothing(practicum, therapist, administrator, sign_in):
    browser = sign_in(administrator)
    assert "File what was done" not in browser.get(address(therapist)).content.decode()
    data = {"part": practicum.pk, "amount": 27, "first_day": "2026-03-02", "last_day": "2026-03-04", "attested_by": "x"}
    assert browser.post(address(therapist), data).status_code == 403

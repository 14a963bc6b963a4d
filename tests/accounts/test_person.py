"""A person's page: contact for everybody; the file for the person, their managers, the lead and administrators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.competencies import end_competency, grant_competency
from accounts.files import Step
from accounts.filing import file_credential, fingerprint, may_file, may_see_document, may_verify, verify_credential
from accounts.models import Clinic, Competency, Credential, User
from accounts.roles import Role
from intranet.audit.models import Entry
from tests import factories
from tests.conftest import CAST
from tests.protocols import factories as protocols

# Who sees the file of the therapist of Mt. Prospect, and who may check what is in it.
SEES = {"therapist", "manager", "clinical_lead", "administrator"}
CHECKS = {"manager", "clinical_lead"}


@pytest.fixture(autouse=True)
def _now(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def credential(therapist: User) -> Credential:
    type = factories.credential_type(name="Canary licence")
    return factories.credential(user=therapist, type=type, end=date(2027, 1, 1))


def page(person: User) -> str:
    return reverse("accounts:person-detail", args=[person.pk])


def steps(response) -> list[Step]:
    file = response.context["file"]
    return list(file.steps.values()) if file else []


def check(credential: Credential) -> str:
    return reverse("accounts:credential-verify", args=[credential.pk])


@pytest.mark.parametrize("who", CAST)
def test_everybody_sees_contact_and_few_the_file(cast, sign_in, credential: Credential, therapist: User, who: str):
    response = sign_in(cast[who]).get(page(therapist))
    body = response.content.decode()
    assert response.status_code == 200
    assert therapist.email in body
    assert ("Canary licence" in body) is (who in SEES)


@pytest.mark.parametrize("who", ["therapist", "manager", "clinical_lead", "administrator"])
def test_an_administrator_sees_states_but_no_numbers(cast, sign_in, credential: Credential, therapist: User, who: str):
    Credential.objects.update(reference="070-CANARY")
    body = sign_in(cast[who]).get(page(therapist)).content.decode()
    assert "Canary licence" in body
    assert ("No. 070-CANARY" in body) is (who != "administrator")


@pytest.mark.parametrize("who", CAST)
def test_the_page_and_the_rows_agree_on_who_sees(cast, sign_in, credential: Credential, therapist: User, who: str):
    rows = Credential.objects.visible_to(cast[who]).filter(user=therapist).exists()
    file = sign_in(cast[who]).get(page(therapist)).context["file"]
    assert (rows, file is not None) == (who in SEES, who in SEES)


def test_a_manager_sees_an_empty_file_too(sign_in, manager: User, assistant: User):
    """What is missing has no row; it must not look as if there were nothing to see."""
    factories.credential_type(name="BLS")
    body = sign_in(manager).get(page(assistant)).content.decode()
    assert ("BLS" in body, "Missing" in body) == (True, True)


def test_competencies_stand_in_the_file_with_who_signed_them_off(
    sign_in, therapist: User, front_desk: User, clinical_lead: User, at: datetime
):
    neck = factories.skill(name="Dry needling, neck", region="cervical")
    ended = factories.skill(name="Dry needling, back")
    factories.competency(user=therapist, skill=neck, granted_by=clinical_lead)
    factories.competency(user=therapist, skill=ended, granted_by=clinical_lead, ended_at=at - timedelta(days=3))
    never = factories.skill(name="Manipulation")
    response = sign_in(therapist).get(page(therapist))
    found = response.context["file"].abilities
    assert [(one.skill, one.in_force, bool(one.verdict), one.grant is None) for one in found] == [
        (ended, False, False, False),
        (neck, True, True, False),
        (never, False, False, True),
    ]
    assert "Signed off by Ines Exemplar" in response.content.decode()
    assert "Dry needling" not in sign_in(front_desk).get(page(therapist)).content.decode()


@pytest.mark.parametrize(
    ("end", "verified", "words"),
    [
        (date(2026, 11, 17), True, "Ended 9 days ago"),
        (date(2026, 11, 26), True, "Ends today"),
        (date(2026, 11, 27), True, "Ends in 1 day"),
        (date(2027, 1, 25), True, "Ends in 60 days"),
        (date(2027, 1, 26), True, "In force"),
        (None, True, "In force"),
        (None, False, "Waiting for a check"),
    ],
)
def test_the_state_is_said_with_its_days(
    sign_in, therapist: User, clinical_lead: User, end, verified: bool, words: str
):
    by = clinical_lead if verified else None
    factories.credential(user=therapist, type=factories.credential_type(), end=end, verified_by=by)
    assert [line.words for line in sign_in(therapist).get(page(therapist)).context["file"].lines] == [words]


@pytest.mark.parametrize("who", CAST)
def test_another_person_checks_a_credential(cast, sign_in, credential: Credential, therapist: User, who: str):
    offered = [step.word for step in steps(sign_in(cast[who]).get(page(therapist)))] == ["Check"]
    response = sign_in(cast[who]).post(check(credential), {"seen": fingerprint(credential)})
    credential.refresh_from_db()
    status = 302 if who in CHECKS else 403 if who in SEES else 404
    assert (offered, response.status_code) == (who in CHECKS, status)
    assert (credential.verified_by == cast[who]) is (who in CHECKS)
    assert Entry.objects.filter(verb="credential.verified").count() == (who in CHECKS)


def test_checking_twice_changes_nothing(sign_in, credential: Credential, manager: User, clinical_lead: User):
    for person in (manager, clinical_lead):
        sign_in(person).post(check(credential), {"seen": fingerprint(credential)})
    credential.refresh_from_db()
    assert credential.verified_by == manager


def test_checking_needs_a_post(sign_in, credential: Credential, manager: User):
    assert sign_in(manager).get(check(credential)).status_code == 405
    credential.refresh_from_db()
    assert credential.verified_at is None


def test_somebody_who_left_is_there_only_for_those_who_may_deactivate(
    sign_in, therapist: User, manager: User, front_desk: User
):
    User.objects.filter(pk=front_desk.pk).update(is_active=False)
    assert sign_in(therapist).get(page(front_desk)).status_code == 404
    assert "Left" in sign_in(manager).get(page(front_desk)).content.decode()


def test_nobody_is_there_for_a_person_without_a_role(sign_in, therapist: User):
    assert sign_in(factories.person()).get(page(therapist)).status_code == 404


def test_the_page_needs_as_many_queries_for_one_credential_as_for_three(
    sign_in: Callable[[User], Client], therapist: User, manager: User, clinical_lead: User, mt_prospect: Clinic
):
    browser = sign_in(manager)

    def file_one_more() -> None:
        type = factories.credential_type()
        factories.skill().required_types.add(type)
        factories.credential(user=therapist, type=type)
        factories.credential(user=therapist, type=factories.credential_type(), verified_by=clinical_lead)
        factories.competency(user=therapist, skill=factories.skill(), granted_by=clinical_lead)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(page(therapist))
        return len(captured)

    file_one_more()
    for_one = queries()
    file_one_more()
    file_one_more()
    assert (queries(), Credential.objects.count(), Competency.objects.count()) == (for_one, 6, 3)


def moved_to(clinic: Clinic | None, person: User, day: date) -> None:
    """The person's time where they were ends; it goes on at another clinic, or nowhere."""
    factories.as_if_always(person.memberships.all(), period=DateRange(date(2020, 1, 1), day))
    if clinic:
        factories.membership(user=person, role=Role.THERAPIST, clinic=clinic)


def test_who_moved_is_no_longer_the_business_of_the_former_manager(
    therapist: User, manager: User, manager_oakbrook: User, oakbrook: Clinic, credential: Credential
):
    moved_to(oakbrook, therapist, date(2021, 1, 1))
    assert [Credential.objects.visible_to(viewer).count() for viewer in (manager, manager_oakbrook)] == [0, 1]
    assert [bool(may_verify(therapist, by=viewer)) for viewer in (manager, manager_oakbrook)] == [False, True]


def test_the_file_of_who_left_stays_with_the_last_manager(therapist: User, manager: User, credential: Credential):
    moved_to(None, therapist, date(2021, 1, 1))
    assert Credential.objects.visible_to(manager).count() == 1


def test_who_will_come_and_works_nowhere_yet_is_seen_before(
    therapist: User, manager_oakbrook: User, oakbrook: Clinic, credential: Credential
):
    factories.as_if_never(therapist.memberships.all())
    factories.membership(user=therapist, role=Role.THERAPIST, clinic=oakbrook, start=date(2090, 1, 1))
    assert Credential.objects.visible_to(manager_oakbrook).count() == 1


@pytest.mark.parametrize("who", ["therapist", "clinical_lead", "floater"])
def test_a_role_to_come_opens_nobodys_file(
    who: str, cast: dict[str, User], manager_oakbrook: User, oakbrook: Clinic, sign_in
):
    """A manager may give working roles at the own clinic to whomever: that must not be a way into their files."""
    person = cast[who]
    factories.as_if_never(person.memberships.filter(clinic=oakbrook))
    filed = factories.credential(user=person, type=factories.credential_type())
    factories.membership(user=person, role=Role.FRONT_DESK, clinic=oakbrook, start=date(2027, 1, 1))
    assert not User.objects.with_file_visible_to(manager_oakbrook).filter(pk=person.pk).exists()
    assert not may_see_document(person, by=manager_oakbrook)
    assert not may_file(person, by=manager_oakbrook)
    assert sign_in(manager_oakbrook).get(filed.get_absolute_url()).status_code == 404


def test_what_may_be_done_today_is_said_with_every_reason(
    cast, sign_in, therapist: User, credential: Credential, at: datetime
):
    skill = factories.skill(name="Dry needling, neck")
    factories.competency(user=therapist, skill=skill, granted_by=cast["clinical_lead"])
    [ability] = sign_in(therapist).get(page(therapist)).context["file"].abilities
    assert bool(ability.verdict)
    credential.type.skills.add(skill)
    Credential.objects.update(verified_at=None, verified_by=None)
    version = protocols.published(by=cast["floater"], lead=cast["clinical_lead"], at=at, title="Dry needling")
    version.protocol.skills.add(skill)
    body = sign_in(therapist).get(page(therapist)).content.decode()
    assert "Avery’s Canary licence has not been verified." in body
    assert "Avery has not acknowledged version 1 of “Dry needling”." in body


def test_who_left_works_no_shift(therapist: User, clinical_lead: User, manager: User, sign_in):
    User.objects.filter(pk=therapist.pk).update(is_active=False)
    file = sign_in(manager).get(page(therapist)).context["file"]
    assert [str(reason) for reason in file.any_shift.reasons] == ["No longer works here."]


def test_a_licence_that_bars_is_said_of_any_shift(therapist: User, clinical_lead: User, sign_in, at: datetime):
    type = factories.credential_type(name="PT licence", gate="blocks", professions=["pt"])
    factories.credential(user=therapist, type=type, end=at.date(), verified_by=clinical_lead)
    file = sign_in(therapist).get(page(therapist)).context["file"]
    assert [str(reason) for reason in file.any_shift.reasons] == ["Avery’s PT licence ends on Nov 24, 2026."]


def test_the_history_says_who_did_what_to_the_file(therapist, clinical_lead, manager, front_desk, sign_in, at):
    type = factories.credential_type(name="BLS")
    credential = file_credential(user=therapist, type=type, valid=DateRange(at.date(), None), by=therapist, at=at)
    verify_credential(credential, by=manager, at=at)
    other = file_credential(user=front_desk, type=type, valid=DateRange(at.date(), None), by=front_desk, at=at)
    sign_off = grant_competency(
        therapist, factories.skill(name="Manipulation"), start=at, end=at + timedelta(days=9), by=clinical_lead, at=at
    )
    end_competency(sign_off, by=clinical_lead, at=at, reason="Postponed")
    history = sign_in(manager).get(page(therapist)).context["file"].history
    assert [(event.what, event.of, event.who) for event in history] == [
        ("Competency ended", "Manipulation", "Ines Exemplar"),
        ("Competency signed off", "Manipulation", "Ines Exemplar"),
        ("Credential checked", "BLS", "Dana Mockridge"),
        ("Credential filed", "BLS", "Avery Testwell"),
    ]
    assert other.user == front_desk


@pytest.mark.parametrize("number", [1, 8])
def test_any_number_of_procedures_takes_as_many_queries(number, sign_in, therapist: User, clinical_lead: User):
    for _ in range(number):
        factories.competency(user=therapist, skill=factories.skill(), granted_by=clinical_lead)
    browser = sign_in(therapist)
    browser.get(page(therapist))
    with CaptureQueriesContext(connection) as queries:
        browser.get(page(therapist))
    assert len(queries) == 20


def test_my_page_leads_to_oneself(therapist: User, sign_in):
    assert sign_in(therapist).get("/people/me/").url == page(therapist)
    assert 'href="/people/me/"' in sign_in(therapist).get("/more/").content.decode()


@pytest.mark.parametrize("asked", [{"q": "x" * 140}, {"q": "\x00"}, {"clinic": "zz"}])
def test_a_search_that_makes_no_sense_is_no_error(therapist: User, sign_in, asked: dict[str, str]):
    body = sign_in(therapist).get("/people/", asked).content.decode()
    assert "Error:" not in body
    assert ("Nobody found" in body) is (len(asked.get("q", "")) > 1)

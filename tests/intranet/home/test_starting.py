"""What somebody who starts has to do: from the facts, for the person, and for whoever answers for the clinic."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
import time_machine
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import user_logged_in
from django.contrib.auth.models import update_last_login
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.hiring import Place
from accounts.inviting import invite
from accounts.models import Clinic, CredentialType, Profession, User
from accounts.roles import Role
from intranet.home import starting
from intranet.home.starting import EVERYWHERE, checklist_of, checklists, new_people, starters
from protocols.models import ProtocolVersion
from protocols.publishing import Readers
from tests import factories
from tests.conftest import CAST
from tests.protocols import factories as protocols

STARTERS, OWN = "/starters/", "/starting/"
API = "/api/v1"


@pytest.fixture(autouse=True)
def _now(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def hipaa(db: None) -> CredentialType:
    return factories.credential_type(name="HIPAA training")


@pytest.fixture
def manual(floater: User, clinical_lead: User, mt_prospect: Clinic, at: datetime) -> ProtocolVersion:
    """For everybody at the front desk of Mt. Prospect."""
    readers = [Readers(Role.FRONT_DESK, mt_prospect, must_acknowledge=True)]
    return protocols.published(
        by=floater, lead=clinical_lead, at=at - timedelta(days=50), title="Answering the phone", readers=readers
    )


def newcomer(clinic: Clinic, at: datetime, days: int = 10, name: str = "Nina Newcomer", **fields: Any) -> User:
    person = factories.person(
        name=name, email=f"{name.replace(' ', '.').lower()}@clinic.example", profession=Profession.DESK, **fields
    )
    factories.membership(user=person, role=Role.FRONT_DESK, clinic=clinic, start=at.date() - timedelta(days=days))
    return person


def told(person: User, at: datetime) -> list[tuple[str, bool, str]]:
    return [(item.title, item.done, item.note) for item in checklist_of(person, at).items]


def test_the_list_is_made_from_role_and_clinic(mt_prospect, hipaa, manual, manager: User, at: datetime):
    factories.credential_type(name="PT licence", professions=[Profession.PT])
    factories.credential_type(name="Only some", required=False)
    nina = newcomer(mt_prospect, at)
    assert told(nina, at) == [
        ("Sign in for the first time", False, ""),
        ("Give your work phone and languages", False, "Missing: work phone and languages"),
        ("HIPAA training", False, "Not on file"),
        ("Answering the phone", False, "Version 1"),
    ]


def test_it_ticks_itself_off(mt_prospect, hipaa, manual, manager: User, at: datetime):
    nina = newcomer(mt_prospect, at)
    update_last_login(user_logged_in, nina)
    User.objects.filter(pk=nina.pk).update(phone="847-555-0142", languages=["English"], last_login=at)
    nina.refresh_from_db()
    credential = factories.credential(user=nina, type=hipaa)
    assert told(nina, at)[2] == ("HIPAA training", False, "Waiting for a check")
    assert list(starters(manager, at)) == [nina]
    credential.verified_by, credential.verified_at = manager, at
    credential.save()
    protocols.acknowledgement(version=manual, by=nina, at=at)
    assert [done for _, done, _ in told(nina, at)] == [True] * 4
    assert checklist_of(nina, at).complete
    assert list(starters(manager, at)) == []


def test_a_credential_that_ended_is_open_again(mt_prospect, hipaa, manager: User, at: datetime):
    nina = newcomer(mt_prospect, at)
    factories.credential(user=nina, type=hipaa, end=at.date(), verified_by=manager)
    assert told(nina, at)[2] == ("HIPAA training", False, "Not on file")
    assert told(nina, at - timedelta(days=1))[2] == ("HIPAA training", True, "")


def test_the_second_step_is_asked_of_those_whose_role_demands_it(oakbrook, administrator: User, at: datetime, settings):
    boss = factories.staff(name="Rosa Novice", role=Role.MANAGER, clinics=[])
    factories.membership(user=boss, role=Role.MANAGER, clinic=oakbrook, start=at.date())
    settings.SECOND_STEP_OPTIONAL = False
    User.objects.filter(pk=boss.pk).update(last_login=at, phone="847-555-0142", languages=["English"])
    boss.refresh_from_db()
    step = ("Set up a passkey or another second step", False, "")
    assert step in told(boss, at)
    RecoveryCodes.activate(boss)
    assert step in told(boss, at)
    assert list(starters(administrator, at)) == [boss]
    TOTP.activate(boss, "A" * 32)
    assert step not in told(boss, at)
    assert list(starters(administrator, at)) == []
    settings.SECOND_STEP_OPTIONAL = True
    assert [title for title, _, _ in told(boss, at)] == [
        "Sign in for the first time",
        "Give your work phone and languages",
    ]


def test_the_list_of_starters_agrees_with_their_checklists(
    mt_prospect, hipaa, manual, manager: User, administrator: User, at: datetime, settings
):
    """In every combination of facts: one is asked in SQL of everybody, the other of each person."""
    people = []
    for number, (entered, phone, languages, filed, signed) in enumerate(
        product(
            [None, at], ["", "847-555-0142"], [[], ["English"]], ["missing", "waiting", "ended", "good"], [False, True]
        )
    ):
        person = newcomer(
            mt_prospect, at, name=f"Nina Number{number}", last_login=entered, phone=phone, languages=languages
        )
        if filed != "missing":
            factories.credential(
                user=person,
                type=hipaa,
                end=at.date() if filed == "ended" else None,
                verified_by=None if filed == "waiting" else manager,
            )
        if signed:
            protocols.acknowledgement(version=manual, by=person, at=at)
        people.append(person)
    for viewer in (manager, administrator):
        scope = starting.protocols_seen_by(viewer)
        everybody = checklists(list(new_people(at)), at, protocols=scope)
        assert len(everybody) == len(people) == 64
        left = {one.person.pk for one in everybody if not one.complete}
        assert set(starters(viewer, at).values_list("pk", flat=True)) == left
        assert len(left) == (63 if viewer == manager else 62)


@pytest.mark.parametrize(("days", "listed"), [(0, True), (90, True), (91, False), (-7, True)])
def test_new_is_whose_first_role_began_in_the_last_three_months(
    mt_prospect, manager: User, at, days: int, listed: bool
):
    nina = newcomer(mt_prospect, at, days=days)
    assert (nina in starters(manager, at)) is listed
    assert (starting.own_checklist(nina, at) is not None) is listed
    assert nina in starters(manager, at, within=timedelta(days=365))


def test_a_second_role_makes_nobody_new(mt_prospect, oakbrook, therapist, manager_oakbrook: User, at: datetime):
    factories.membership(user=therapist, role=Role.THERAPIST, clinic=oakbrook, start=at.date())
    assert list(starters(manager_oakbrook, at)) == []
    assert starting.own_checklist(therapist, at) is None


def test_who_left_is_no_starter(mt_prospect, manager: User, at: datetime):
    gone, ended = newcomer(mt_prospect, at), newcomer(mt_prospect, at, name="Ended Already")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    factories.as_if_always(ended.memberships.all(), period=(at.date() - timedelta(days=10), at.date()))
    assert list(starters(manager, at)) == []


def test_managers_see_their_own_clinic_and_what_it_asks(
    mt_prospect, oakbrook, hipaa, manual, cast: dict[str, User], sign_in, api, at: datetime
):
    nina = newcomer(mt_prospect, at)
    newcomer(oakbrook, at, name="Otto Newcomer")
    factories.membership(user=nina, role=Role.FRONT_DESK, clinic=oakbrook, start=at.date())
    seen = {}
    for who in CAST:
        page, answer = sign_in(cast[who]).get(STARTERS), api(cast[who]).get(f"{API}/starters/")
        assert page.status_code == answer.status_code
        if page.status_code == 200:
            by_page = [(one.person.name, one.done, one.total) for one in page.context["lists"]]
            by_api = [(one["person"]["name"], one["done"], one["total"]) for one in answer.json()["results"]]
            assert by_page == by_api
            seen[who] = by_page
    assert seen == {
        "manager": [("Nina Newcomer", 0, 4)],
        # The protocol is asked of her at Mt. Prospect, whose acknowledgements the other manager does not see.
        "manager_oakbrook": [("Nina Newcomer", 0, 3), ("Otto Newcomer", 0, 3)],
        "clinical_lead": [("Nina Newcomer", 0, 4), ("Otto Newcomer", 0, 3)],
        "administrator": [("Nina Newcomer", 0, 3), ("Otto Newcomer", 0, 3)],
    }
    narrowed = sign_in(cast["clinical_lead"]).get(STARTERS, {"clinic": "mt-prospect"}).context["lists"]
    assert [one.person.name for one in narrowed] == ["Nina Newcomer"]
    assert "Answering the phone" not in sign_in(cast["administrator"]).get(STARTERS).content.decode()


def test_whoever_starts_sees_what_is_theirs_alone(mt_prospect, hipaa, manual, api, sign_in, at: datetime):
    nina, otto = newcomer(mt_prospect, at), newcomer(mt_prospect, at, name="Otto Newcomer")
    factories.credential(user=otto, type=hipaa)
    answer = api(nina).get(f"{API}/starting/").json()
    assert (answer["person"]["name"], answer["started"], answer["done"], answer["total"]) == (
        *("Nina Newcomer", "2026-11-15"),
        *(1, 4),
    )
    assert answer["items"][3] == {
        "group": "protocols",
        "title": "Answering the phone",
        "done": False,
        "note": "Version 1",
        "due_on": answer["items"][3]["due_on"],
    }
    body = sign_in(nina).get(OWN).content.decode()
    assert "1 of 4 done" in body
    assert "Waiting for a check" not in body


def test_it_stands_on_the_home_page_until_everything_is_done(
    mt_prospect, therapist, manager: User, sign_in, at: datetime
):
    nina = newcomer(mt_prospect, at)
    browser = sign_in(nina)
    assert "Your first weeks" in browser.get("/").content.decode()
    assert "Your first weeks" not in sign_in(therapist).get("/").content.decode()
    assert "New starters" in sign_in(manager).get("/").content.decode()
    User.objects.filter(pk=nina.pk).update(phone="847-555-0142", languages=["English"], last_login=at)
    assert "Your first weeks" not in browser.get("/").content.decode()
    assert "New starters" not in sign_in(manager).get("/").content.decode()
    assert "Everything is done" in browser.get(OWN).content.decode()


def test_somebody_without_a_first_day_starts_today_and_is_on_no_list(db: None, at: datetime, sign_in):
    nobody = factories.person(name="Nobody Now")
    assert sign_in(nobody).get(OWN).context["checklist"].started == at.date()
    assert new_people(at).count() == 0


def test_who_is_invited_is_listed_for_those_who_invite(
    mt_prospect, oakbrook, manager, manager_oakbrook, clinical_lead, sign_in, at: datetime
):
    for number, (clinic, by) in enumerate([(mt_prospect, manager), (oakbrook, manager_oakbrook)]):
        place = Place(Role.FRONT_DESK, clinic)
        invite(email=f"w{number}@clinic.example", name=f"Wren {number}", profession="desk", place=place, by=by, at=at)
    seen = {
        person.name: [one.name for one in sign_in(person).get(STARTERS).context["invited"]]
        for person in (manager, manager_oakbrook, clinical_lead)
    }
    assert seen == {"Dana Mockridge": ["Wren 0"], "Rosa Sampleton": ["Wren 1"], "Ines Exemplar": []}
    with time_machine.travel(at + timedelta(days=4), tick=False):
        assert "Link too old" in sign_in(manager).get(STARTERS).content.decode()


@pytest.mark.parametrize(
    "query", [{"days": "-1"}, {"days": "x"}, {"clinic": "atlantis"}, {"page": "99"}, {"page": "x"}]
)
def test_filters_that_make_no_sense_narrow_nothing_and_are_named(mt_prospect, manager: User, sign_in, api, at, query):
    newcomer(mt_prospect, at)
    page = sign_in(manager).get(STARTERS, query)
    assert len(page.context["lists"]) == 1
    assert ("makes no sense as" in page.content.decode()) == ("page" not in query)
    answer = api(manager).get(f"{API}/starters/", query)
    assert answer.status_code == (404 if "page" in query else 400)


def test_one_checklist_takes_as_many_queries_as_three(mt_prospect, hipaa, manual, manager: User, at: datetime, sign_in):
    browser = sign_in(manager)

    def queries(people: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(browser.get(STARTERS).context["lists"]) == people
        return len(captured)

    newcomer(mt_prospect, at)
    browser.get(STARTERS)
    for_one = queries(1)
    for name in ("Otto Newcomer", "Olga Newcomer"):
        newcomer(mt_prospect, at, name=name)
    assert queries(3) == for_one


def test_days_are_counted_from_the_first(mt_prospect, at: datetime):
    checklist = checklists(
        list(new_people(at).filter(pk=newcomer(mt_prospect, at, days=10).pk)), at, protocols=EVERYWHERE
    )[0]
    assert (checklist.days, checklist.started) == (10, date(2026, 11, 15))


def test_the_checklist_of_a_starter_opens_from_the_list(
    mt_prospect, hipaa, manual, manager, administrator, sign_in, at: datetime
):
    nina = newcomer(mt_prospect, at)
    address = reverse("home:starter", args=[nina.pk])
    assert address in sign_in(manager).get(STARTERS).content.decode()
    assert address in sign_in(manager).get("/").content.decode()
    body = sign_in(manager).get(address).content.decode()
    assert ("Answering the phone" in body, "0 of 4 done" in body) == (True, True)
    body = sign_in(administrator).get(address).content.decode()
    assert ("Answering the phone" in body, "0 of 3 done" in body) == (False, True)


def test_who_is_not_new_or_not_theirs_has_no_such_page(
    mt_prospect, oakbrook, manager, therapist, sign_in, at: datetime
):
    elsewhere = newcomer(oakbrook, at)
    browser = sign_in(manager)
    found = [
        browser.get(reverse("home:starter", args=[pk])).status_code for pk in (elsewhere.pk, therapist.pk, 999_999)
    ]
    assert found == [404, 404, 404]


def test_a_long_part_is_folded_to_five(mt_prospect, sign_in, at: datetime):
    for number in range(7):
        factories.credential_type(name=f"Paper {number}")
    nina = newcomer(mt_prospect, at)
    folded = sign_in(nina).get(OWN).content.decode()
    shown, _, rest = folded.partition("Show all 7")
    assert ([shown.count("Paper "), rest.count("Paper ")]) == [5, 2]


def test_before_the_first_day_it_says_from_when_protocols_are_asked(
    mt_prospect, manual, manager, sign_in, at: datetime
):
    nina = newcomer(mt_prospect, at, days=-7)
    body = sign_in(manager).get(reverse("home:starter", args=[nina.pk])).content.decode()
    assert ("Starts" in body, "Protocols are asked for from the first day on." in body) == (True, True)

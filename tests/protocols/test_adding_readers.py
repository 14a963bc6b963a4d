"""Readers are added to a published version at own clinics. Nothing is taken away, and no past day changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.access import Forbidden, Refused
from intranet.home.evidence import Evidence
from protocols import acknowledging, addressing, drafting, publishing
from protocols.models import Audience, ProtocolVersion
from protocols.publishing import Readers
from tests.owing import said
from tests.protocols import factories

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LIST = "/api/v1/added-readers/"


@pytest.fixture
def version(floater, clinical_lead, at):
    """In force for 30 days, for therapists of every clinic, who read it only; ten days to acknowledge it."""
    return factories.published(
        by=floater, lead=clinical_lead, at=at - 30 * DAY, readers=[Readers(Role.THERAPIST)], due_days=10, title="Falls"
    )


@pytest.fixture(autouse=True)
def _now(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


def place(version: ProtocolVersion) -> str:
    return reverse("protocols:version-readers", args=[version.protocol.slug, version.number])


def desk(clinic, *, must=True) -> list[Readers]:
    return [Readers(Role.FRONT_DESK, clinic, must)]


def due(at: datetime) -> dict[str, date]:
    rows = acknowledging.outstanding(at).values_list("user_id", "due_on")
    return {User.objects.get(pk=person).name: day for person, day in rows}


def reads(person: User, version: ProtocolVersion) -> bool:
    return ProtocolVersion.objects.visible_to(User.objects.get(pk=person.pk)).filter(pk=version.pk).exists()


def codes(caught: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [reason.code for reason in caught.value.verdict.reasons]


def test_they_read_it_and_their_days_count_from_then_on(version, manager, front_desk, mt_prospect, at):
    assert (reads(front_desk, version), due(at)) == (False, {})
    [line] = addressing.add_readers(version, readers=desk(mt_prospect), by=manager, at=at)
    assert (line.added_by, line.added_at) == (manager, at)
    assert (reads(front_desk, version), due(at)) == (True, {"Carla Madeup": at.date() + 10 * DAY})
    assert (front_desk.pk, at) in [(row[0], row[3]) for row in said("protocol-to-acknowledge", at)]
    entry = Entry.objects.get(verb="protocol.readers-added")
    assert entry.changes["readers"] == ["Front desk at Mt. Prospect, must acknowledge it"]
    assert entry.clinic_ids == [mt_prospect.pk]


def test_whoever_reads_it_already_may_have_to_acknowledge_it(version, manager, therapist, floater, mt_prospect, at):
    addressing.add_readers(version, readers=[Readers(Role.THERAPIST, mt_prospect, True)], by=manager, at=at)
    last = at.date() + 10 * DAY
    assert due(at) == {"Avery Testwell": last, "Theo Fictus": last}
    with pytest.raises(Refused) as caught:
        addressing.add_readers(version, readers=[Readers(Role.THERAPIST, mt_prospect)], by=manager, at=at)
    assert codes(caught) == ["no-readers"]


def test_days_that_ran_before_go_on(version, manager, therapist, floater, mt_prospect, oakbrook, clinical_lead, at):
    """Somebody who was asked at the publication is not given more time by a line that is added."""
    asked = factories.next_version(
        after=version,
        by=floater,
        lead=clinical_lead,
        at=at - 5 * DAY,
        readers=[Readers(Role.THERAPIST, mt_prospect, True)],
        due_days=10,
    )
    addressing.add_readers(asked, readers=[Readers(Role.THERAPIST, oakbrook, True)], by=clinical_lead, at=at)
    assert due(at) == {"Avery Testwell": at.date() + 5 * DAY, "Theo Fictus": at.date() + 5 * DAY}


@pytest.mark.parametrize("who", ["manager_oakbrook", "therapist", "front_desk", "administrator"])
def test_only_at_own_clinics(version, request, mt_prospect, at, who):
    with pytest.raises(Forbidden):
        addressing.add_readers(version, readers=desk(mt_prospect), by=request.getfixturevalue(who), at=at)


def test_a_manager_adds_nobody_at_another_or_at_every_clinic(version, manager, oakbrook, mt_prospect, at):
    for lines in (desk(oakbrook), desk(None), [*desk(mt_prospect), *desk(oakbrook)]):
        with pytest.raises(Forbidden):
            addressing.add_readers(version, readers=lines, by=manager, at=at)
    assert Audience.objects.filter(added_at__isnull=False).count() == 0


def test_not_to_a_version_that_is_over_nor_to_a_draft(version, manager, floater, clinical_lead, mt_prospect, at):
    later = factories.next_version(after=version, by=floater, lead=clinical_lead, at=at - DAY)
    draft = factories.revised(after=later, by=floater, at=at)
    for one in (version, draft):
        with pytest.raises(Refused) as caught:
            addressing.add_readers(one, readers=desk(mt_prospect), by=manager, at=at)
        assert codes(caught) == ["not-in-force"]


def test_not_somebody_of_the_whole_organisation(version, clinical_lead, mt_prospect, at):
    with pytest.raises(Refused) as caught:
        lines = [Readers(Role.ADMINISTRATOR, mt_prospect)]
        addressing.add_readers(version, readers=lines, by=clinical_lead, at=at)
    assert codes(caught) == ["not-at-a-clinic"]


def test_the_next_draft_proposes_them_once(version, manager, floater, mt_prospect, at):
    addressing.add_readers(version, readers=desk(mt_prospect, must=False), by=manager, at=at)
    addressing.add_readers(version, readers=desk(mt_prospect), by=manager, at=at)
    draft = drafting.start_draft(version.protocol, by=floater, at=at)
    lines = set(draft.audiences.values_list("role", "clinic", "must_acknowledge", "added_at"))
    assert lines == {("therapist", None, False, None), ("front_desk", mt_prospect.pk, True, None)}


def test_a_past_day_stays_as_it_was(version, manager, front_desk, mt_prospect, at):
    days = [(at - 3 * DAY).date(), at.date()]

    def said(on: date) -> tuple[list[str], str]:
        found = Evidence(version.protocol, mt_prospect, on, at + DAY)
        return [signer.person.name for signer in found.signers], found.fingerprint

    before = said(days[0])
    addressing.add_readers(version, readers=desk(mt_prospect), by=manager, at=at)
    assert said(days[0]) == before
    assert (before[0], said(days[1])[0]) == ([], ["Carla Madeup"])


class TestRawSql:
    ADD = (
        "INSERT INTO protocols_audience (version_id, clinic_id, role, must_acknowledge, added_by_id, added_at)"
        " SELECT {version}, {clinic}, 'front_desk', true, {by}, {at}"
    )

    def add(self, version, clinic, by, at) -> None:
        names = {"version": "%s", "clinic": "%s", "by": "%s", "at": "%s"}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(self.ADD.format(**names), [version.pk, clinic and clinic.pk, by and by.pk, at])

    def test_it_only_adds_as_the_action_does(self, version, manager, mt_prospect, at):
        self.add(version, mt_prospect, manager, at)
        assert version.audiences.filter(added_at__isnull=False).count() == 1

    def test_not_without_who_when_and_where(self, version, manager, mt_prospect, at):
        for clinic, by, when in ((None, manager, at), (mt_prospect, None, at), (mt_prospect, manager, None)):
            with pytest.raises(DatabaseError):
                self.add(version, clinic, by, when)

    def test_not_before_its_publication(self, version, manager, mt_prospect, at):
        with pytest.raises(DatabaseError, match="in force or will be"):
            self.add(version, mt_prospect, manager, at - 31 * DAY)

    def test_not_to_one_that_is_over_withdrawn_or_a_draft(
        self, version, manager, mt_prospect, floater, clinical_lead, at
    ):
        second = factories.next_version(after=version, by=floater, lead=clinical_lead, at=at - DAY)
        third = factories.revised(after=second, by=floater, at=at)
        publishing.withdraw(second, by=clinical_lead, at=at, reason="Wrong.")
        for over in (version, second, third):
            with pytest.raises(DatabaseError, match="in force or will be"):
                self.add(over, mt_prospect, manager, at + DAY)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE protocols_audience SET must_acknowledge = false WHERE added_at IS NOT NULL",
            "UPDATE protocols_audience SET added_at = added_at - interval '1 day' WHERE added_at IS NOT NULL",
            "DELETE FROM protocols_audience WHERE added_at IS NOT NULL",
            "TRUNCATE protocols_audience",
        ],
    )
    def test_what_was_added_stays(self, version, manager, mt_prospect, at, statement):
        addressing.add_readers(version, readers=desk(mt_prospect), by=manager, at=at)
        with (
            pytest.raises(DatabaseError, match="stay as they are"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for no deferred check
            cursor.execute(statement)


class TestPage:
    def test_it_offers_the_own_clinic_and_says_what_holds(self, version, manager, mt_prospect, oakbrook, sign_in):
        browser = sign_in(manager)
        assert place(version) in browser.get(version.get_absolute_url()).content.decode()
        page = browser.get(place(version)).content.decode()
        assert f'value="front_desk-{mt_prospect.pk}"' in page
        assert f'-{oakbrook.pk}"' not in page
        assert f'id="reads-therapist-{mt_prospect.pk}"' not in page
        assert f'name="must" value="therapist-{mt_prospect.pk}"' in page

    def test_it_adds(self, version, manager, front_desk, mt_prospect, sign_in, at):
        browser = sign_in(manager)
        answer = browser.post(place(version), {"must": [f"front_desk-{mt_prospect.pk}"]}, follow=True)
        assert "Added: Front desk at Mt. Prospect, must acknowledge it." in answer.content.decode()
        assert due(at) == {"Carla Madeup": at.date() + 10 * DAY}

    def test_what_is_wrong_is_said_and_foreign_clinics_are_not_there(self, version, manager, oakbrook, sign_in):
        answer = sign_in(manager).post(place(version), {"reads": [f"front_desk-{oakbrook.pk}"]})
        assert answer.status_code == 422
        assert "Choose somebody who does not read it yet" in answer.content.decode()
        assert Audience.objects.filter(added_at__isnull=False).count() == 0

    def test_a_therapist_is_not_offered_it(self, version, therapist, sign_in):
        browser = sign_in(therapist)
        assert place(version) not in browser.get(version.get_absolute_url()).content.decode()
        assert browser.get(place(version)).status_code == 403


class TestApi:
    def test_it_adds_by_the_same_rules(self, version, manager, mt_prospect, front_desk, api, at):
        asked = {"slug": version.protocol.slug, "version": 1, "role": "front_desk", "must_acknowledge": True}
        answer = api(manager).post(LIST, asked | {"clinics": ["mt-prospect"]}, format="json")
        assert answer.status_code == 201
        assert [(one["clinic"], one["role"], one["added_by"]) for one in answer.json()] == [
            ("mt-prospect", "front_desk", "Dana Mockridge")
        ]
        assert due(at) == {"Carla Madeup": at.date() + 10 * DAY}
        again = api(manager).post(LIST, asked | {"clinics": ["mt-prospect"]}, format="json")
        assert (again.status_code, again.json()["reasons"][0]["code"]) == (422, "no-readers")

    def test_not_at_another_clinic(self, version, manager, oakbrook, api):
        asked = {"slug": version.protocol.slug, "version": 1, "role": "front_desk", "clinics": ["oakbrook-terrace"]}
        assert api(manager).post(LIST, asked, format="json").status_code == 403

    def test_the_list_is_for_those_who_read_the_version(
        self, version, manager, front_desk, assistant, mt_prospect, api, at
    ):
        addressing.add_readers(version, readers=desk(mt_prospect), by=manager, at=at)
        assert [one["version"] for one in api(front_desk).get(LIST).json()["results"]] == [1]
        assert api(assistant).get(LIST).json()["results"] == []

    def test_as_many_queries_for_three_as_for_one(self, version, manager, mt_prospect, api, at):
        def queries() -> int:
            program = api(manager)
            with CaptureQueriesContext(connection) as captured:
                assert program.get(LIST).status_code == 200
            return len(captured)

        addressing.add_readers(version, readers=desk(mt_prospect), by=manager, at=at)
        one = queries()
        more = [Readers(role, mt_prospect, True) for role in (Role.THERAPIST, Role.ASSISTANT)]
        addressing.add_readers(version, readers=more, by=manager, at=at)
        assert queries() == one

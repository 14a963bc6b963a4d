"""What was in force on a day, who had signed it and who was on shift: the same answer whenever it is asked."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import hiring, leaving
from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.home.evidence import Evidence
from protocols import publishing as protocol_rules
from protocols import waiving
from protocols.publishing import Readers
from scheduling import publishing
from scheduling.models import RosterWeek
from tests import factories as people
from tests.protocols import factories as protocols
from tests.scheduling import factories as roster

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 12, 1)
HERE = [Readers(Role.THERAPIST, must_acknowledge=True)]


@pytest.fixture
def needling(db):
    return people.skill(code="needling", name="Dry needling", professions=["pt"])


@pytest.fixture
def first(needling, therapist_oakbrook, clinical_lead, therapist, at):
    version = protocols.published(
        by=therapist_oakbrook, lead=clinical_lead, at=at - timedelta(days=60), readers=HERE, title="Needling"
    )
    protocols.governing(version, needling, by=clinical_lead, at=at - timedelta(days=60))
    protocols.acknowledgement(version=version, by=therapist, at=at - timedelta(days=50))
    return version


@pytest.fixture
def worked(first, needling, therapist, floater, mt_prospect, manager, clinical_lead, at):
    """Tuesday, as published on the day of `at`: the therapist for needling, the floater without."""
    people.competency(user=therapist, skill=needling, granted_by=clinical_lead)
    roster.shift(clinic=mt_prospect, day=TUESDAY, staff=therapist, skill=needling)
    roster.shift(clinic=mt_prospect, day=TUESDAY, staff=floater, times="10:30-19")
    roster.shift(clinic=mt_prospect, day=TUESDAY, times="8-12")
    return _publish(mt_prospect, manager, at)


def _publish(clinic, by, at):
    week = RosterWeek.objects.get(clinic=clinic, monday=roster.MONDAY)
    return publishing.publish(week, version=week.version, by=by, at=at, reason="Somebody is ill.")


def evidence(version, clinic, at, on=TUESDAY):
    return Evidence(version.protocol, clinic, on, at)


def shown(found):
    signers = [(one.person.name, one.words) for one in found.signers]
    workers = [(one.shift.person.name, one.shift.skill, one.words) for one in found.workers]
    return [version.number for version in found.versions], signers, workers


def noon(day: date) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00-06:00")


def test_one_page_says_it_all(first, worked, mt_prospect):
    found = evidence(first, mt_prospect, noon(date(2026, 12, 10)))
    assert shown(found) == (
        [1],
        [("Avery Testwell", "signed"), ("Theo Fictus", "late")],
        [("Avery Testwell", "Dry needling", "signed before the shift"), ("Theo Fictus", "", "not signed")],
    )
    assert [worker.governed for worker in found.workers] == [True, False]


def test_what_happens_later_changes_nothing(
    first, worked, therapist, floater, therapist_oakbrook, clinical_lead, administrator, manager, mt_prospect, at
):
    asked = noon(date(2026, 12, 2))
    before = evidence(first, mt_prospect, asked)
    fingerprint, said = before.fingerprint, shown(before)

    later = noon(date(2026, 12, 3))
    with time_machine.travel(later, tick=False):
        protocols.acknowledgement(version=first, by=floater, at=later)
        second = protocols.next_version(
            after=first, by=therapist_oakbrook, lead=clinical_lead, at=later + timedelta(hours=1), readers=HERE
        )
        leaving.let_go(therapist, by=administrator, at=later + timedelta(hours=2))
    therapist.name = "Avery Newname"
    therapist.save()
    roster.shift(clinic=mt_prospect, day=TUESDAY, staff=None, times="12-16")

    after = evidence(second, mt_prospect, noon(date(2027, 2, 1)))
    assert after.fingerprint == fingerprint
    assert shown(after)[0] == said[0]
    assert [words for _, words in shown(after)[1]] == [words for _, words in said[1]]


def settle_interval(version, months, *, by, at):
    protocol = version.protocol
    terms = {name: getattr(protocol, name) for name in ("category", "owner", "high_risk", "review_months")}
    protocol_rules.change_settings(
        protocol, skills=protocol.skills.all(), reattest_months=months, by=by, at=at, **terms
    )


def test_a_signature_that_had_ended_is_said_and_a_later_interval_changes_no_past_day(
    first, needling, therapist, clinical_lead, manager, mt_prospect, at
):
    day = date(2026, 12, 15)
    people.competency(user=therapist, skill=needling, granted_by=clinical_lead)
    roster.shift(clinic=mt_prospect, day=day, staff=therapist, skill=needling)
    week = RosterWeek.objects.get(clinic=mt_prospect, monday=date(2026, 12, 14))
    publishing.publish(week, version=week.version, by=manager, at=at)
    settle_interval(first, 2, by=clinical_lead, at=at + timedelta(hours=1))
    asked = noon(date(2026, 12, 16))
    before = evidence(first, mt_prospect, asked, on=day)
    said, fingerprint = shown(before), before.fingerprint
    assert said == (
        [1],
        [("Avery Testwell", "ended, not signed again")],
        [("Avery Testwell", "Dry needling", "signature had ended")],
    )
    assert (before.signed, before.signers[0].late) == (0, True)

    protocols.acknowledgement(version=first, by=therapist, at=asked)
    settle_interval(first, None, by=clinical_lead, at=asked + timedelta(hours=1))
    after = evidence(first, mt_prospect, noon(date(2027, 2, 1)), on=day)
    assert (shown(after), after.fingerprint) == (said, fingerprint)
    assert evidence(first, mt_prospect, noon(date(2027, 2, 1)), on=date(2026, 12, 16)).signed == 1


def test_a_waiver_is_said_and_its_later_end_changes_no_past_day(
    first, worked, floater, manager, clinical_lead, mt_prospect, sign_in
):
    waiver = waiving.waive(first, floater, reason="On leave", by=manager, at=noon(date(2026, 11, 30)))
    before = evidence(first, mt_prospect, noon(date(2026, 12, 2)))
    assert [(one.words, one.late) for one in before.signers] == [("signed", False), ("waived", False)]
    fingerprint = before.fingerprint
    waiving.end(waiver, by=manager, at=noon(date(2026, 12, 3)))
    after = evidence(first, mt_prospect, noon(date(2026, 12, 5)))
    assert (shown(after), after.fingerprint) == (shown(before), fingerprint)
    with time_machine.travel(noon(date(2026, 12, 5)), tick=False):
        question = f"?clinic={mt_prospect.slug}&on={TUESDAY}"
        browser = sign_in(manager)
        page = browser.get(reverse("home:evidence", args=[first.protocol.slug]) + question).content.decode()
        assert "Waived by Dana Mockridge: On leave" in page
        lines = browser.get(reverse("home:evidence-csv", args=[first.protocol.slug]) + question)
    rows = list(csv.reader(StringIO(lines.getvalue().decode("utf-8-sig"))))
    assert [row[5] for row in rows if row[0] == "Waived"] == ["Dana Mockridge: On leave"]


def test_another_day_has_another_answer(first, worked, mt_prospect, therapist_oakbrook, clinical_lead, floater, at):
    found = evidence(first, mt_prospect, noon(date(2027, 2, 1)), on=date(2026, 9, 1))
    assert (found.versions, found.signers, found.workers) == ([], [], [])
    early = evidence(first, mt_prospect, noon(date(2027, 2, 1)), on=(at - timedelta(days=55)).date())
    assert [one.words for one in early.signers] == ["not signed yet", "not signed yet"]


def test_two_versions_on_the_day_of_the_change(first, mt_prospect, therapist_oakbrook, clinical_lead, therapist, at):
    protocols.next_version(after=first, by=therapist_oakbrook, lead=clinical_lead, at=noon(TUESDAY), readers=HERE)
    found = evidence(first, mt_prospect, noon(date(2026, 12, 5)))
    assert [version.number for version in found.versions] == [1, 2]
    assert [one.words for one in found.signers] == ["not signed yet"]
    assert [
        version.number for version in evidence(first, mt_prospect, noon(TUESDAY) - timedelta(hours=2)).versions
    ] == [1]


def test_a_signature_after_the_start_of_the_shift_is_said(first, worked, floater, mt_prospect):
    protocols.acknowledgement(version=first, by=floater, at=noon(TUESDAY))
    [_, worker] = evidence(first, mt_prospect, noon(date(2026, 12, 5))).workers
    assert worker.words == "signed after the shift began"


def test_whoever_need_not_sign_is_not_blamed(first, needling, front_desk, manager, mt_prospect, at):
    roster.shift(clinic=mt_prospect, day=TUESDAY, staff=front_desk, position="front_desk")
    _publish(mt_prospect, manager, at)
    [worker] = evidence(first, mt_prospect, noon(date(2026, 12, 5))).workers
    assert worker.words == "not asked to sign"


def test_a_later_publication_does_not_rewrite_the_day(
    first, worked, therapist, floater, needling, manager, mt_prospect, at
):
    from scheduling import assigning
    from scheduling.models import Shift

    shift = Shift.objects.get(staff=floater)
    assigning.make_open(shift, version=shift.version, by=manager, at=at + timedelta(hours=1))
    evening = datetime.fromisoformat("2026-12-02T01:00:00-06:00")
    _publish(mt_prospect, manager, evening)
    found = evidence(first, mt_prospect, noon(date(2026, 12, 5)))
    assert [(one.shift.person, one.shift.changed_later) for one in found.workers] == [
        (therapist, False),
        (floater, True),
    ]


def test_the_page_and_its_file(first, worked, manager, mt_prospect, sign_in):
    with time_machine.travel(noon(date(2026, 12, 5)), tick=False):
        browser = sign_in(manager)
        address = reverse("home:evidence", args=[first.protocol.slug])
        page = browser.get(f"{address}?on=2026-12-01").content.decode()
        found = evidence(first, mt_prospect, noon(date(2026, 12, 5)))
        assert "Dec 1, 2026 at Mt. Prospect" in page
        assert first.content_hash in page
        assert found.fingerprint in page
        assert "Signed before the shift" in page
        answer = browser.get(reverse("home:evidence-csv", args=[first.protocol.slug]), {"on": "2026-12-01"})
        lines = list(csv.reader(StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [line[0] for line in lines[4:]] == [
        *("In force", "Approved", "Published"),
        *["Asked to sign"] * 2,
        *["On shift"] * 2,
        "Fingerprint",
    ]
    assert [(line[0], line[3], line[5]) for line in lines[1:4]] == [
        ("Protocol", "", first.title),
        ("Clinic", "", "Mt. Prospect"),
        ("Day", "2026-12-01", ""),
    ]
    approved = first.approved_at.astimezone(UTC).isoformat(timespec="seconds")
    assert lines[5][:4] == ["Approved", first.approved_by.name, "1", approved]
    name = f"evidence-{first.protocol.slug}-mt-prospect-2026-12-01.csv"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert lines[-1][7] == found.fingerprint
    assert Entry.objects.get(verb="evidence.exported").changes["fingerprint"] == found.fingerprint


def test_the_clinic_is_one_for_which_the_person_answers(first, worked, manager, oakbrook, clinical_lead, sign_in):
    address = reverse("home:evidence", args=[first.protocol.slug])
    page = sign_in(manager).get(address, {"clinic": oakbrook.slug}).content.decode()
    assert "at Mt. Prospect</h1>" in page
    assert "makes no sense as “Clinic”" in page
    assert "at Oakbrook Terrace</h1>" in sign_in(clinical_lead).get(address, {"clinic": oakbrook.slug}).content.decode()


@pytest.mark.parametrize("on", ["2031-01-01", "yesterday", "0001-01-01", "9999-12-31", "\0"])
def test_a_day_that_makes_no_sense_is_named(first, worked, manager, sign_in, on):
    address = reverse("home:evidence", args=[first.protocol.slug])
    answer = sign_in(manager).get(address, {"on": on})
    assert answer.status_code == 200
    assert answer.context["form"].left_out
    file = sign_in(manager).get(reverse("home:evidence-csv", args=[first.protocol.slug]), {"on": on})
    assert file.url.startswith(address)


def test_over_the_api(first, worked, manager, mt_prospect, api):
    with time_machine.travel(noon(date(2026, 12, 5)), tick=False):
        address = f"/api/v1/evidence/{first.protocol.slug}/"
        said = api(manager).get(address, {"on": "2026-12-01"}).json()
        found = evidence(first, mt_prospect, noon(date(2026, 12, 5)))
        assert (said["clinic"], said["on"], said["is_over"]) == ("mt-prospect", "2026-12-01", True)
        assert said["fingerprint"] == found.fingerprint
        assert [(one["person"], one["state"]) for one in said["signers"]] == shown(found)[1]
        assert [(one["person"], one["skill"], one["state"]) for one in said["on_shift"]] == shown(found)[2]
        assert said["in_force"][0]["content_hash"] == first.content_hash
        assert Entry.objects.filter(verb="evidence.exported", actor=manager).count() == 1
        assert api(manager).get(address, {"on": "2031-01-01"}).status_code == 400
        assert api(manager).get(address, {"clinic": "oakbrook-terrace"}).status_code == 400


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE scheduling_publicationchange SET staff_after_id = NULL",
        "DELETE FROM scheduling_publicationchange",
        "UPDATE scheduling_publication SET at = now()",
        "DELETE FROM scheduling_publicationrecipient",
        "TRUNCATE scheduling_publicationchange",
        "UPDATE protocols_audience SET must_acknowledge = false",
        "DELETE FROM protocols_audience",
        "INSERT INTO protocols_audience (version_id, role, must_acknowledge)"
        " SELECT id, 'front_desk', true FROM protocols_protocolversion",
        "DELETE FROM accounts_membership WHERE role = 'therapist'",
        "TRUNCATE accounts_membership CASCADE",
        "UPDATE accounts_membership SET period = daterange('2020-01-01', NULL)",
        "UPDATE accounts_membership SET period = daterange(lower(period), lower(period) + 1)",
        "UPDATE accounts_membership SET role = 'front_desk'",
        "DELETE FROM accounts_roleend",
        "UPDATE protocols_governedskill SET governs = false",
        "DELETE FROM protocols_governedskill",
        "TRUNCATE protocols_governedskill",
    ],
)
def test_what_it_is_derived_from_cannot_be_changed_by_raw_sql(first, worked, statement, therapist, administrator, at):
    hiring.take_role(therapist.memberships.get(), end=date(2027, 1, 1), by=administrator, at=at)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


def test_as_many_queries_for_many_people_as_for_few(first, worked, manager, mt_prospect, at):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            found = evidence(first, mt_prospect, noon(date(2026, 12, 5)))
            assert found.fingerprint
        return len(captured)

    few = queries()
    for number in range(5):
        person = people.staff(name=f"More {number}", role=Role.THERAPIST, clinics=[mt_prospect], profession="pt")
        protocols.acknowledgement(version=first, by=person, at=at)
        roster.shift(clinic=mt_prospect, day=TUESDAY, staff=person)
    _publish(mt_prospect, manager, at)
    assert queries() == few

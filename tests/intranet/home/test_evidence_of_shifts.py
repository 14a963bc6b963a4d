"""Whoever was on shift is judged by what held when the shift began, whatever the day brought afterwards."""

from __future__ import annotations

import csv
from datetime import date, datetime, time, timedelta
from io import StringIO

import pypdfium2 as pdfium
import pytest
import time_machine
from django.urls import reverse

from accounts.roles import Role
from intranet.core.time import at_local
from intranet.home.evidence import Evidence
from protocols.publishing import Readers
from scheduling import publishing
from scheduling.models import RosterWeek
from scheduling.times import week_of
from tests import factories as people
from tests.protocols import factories as protocols
from tests.scheduling import factories as roster

pytestmark = pytest.mark.django_db
MONDAY, TUESDAY = date(2026, 11, 30), date(2026, 12, 1)
HERE = [Readers(Role.THERAPIST, must_acknowledge=True)]


def moment(words: str, offset: str = "-06:00") -> datetime:
    return datetime.fromisoformat(f"{words}{offset}")


EVENING = moment("2026-12-01T17:30:00")
LATER = moment("2026-12-05T12:00:00")


@pytest.fixture
def first(therapist_oakbrook, clinical_lead, therapist, at):
    """Signed by the therapist long before."""
    version = protocols.published(
        by=therapist_oakbrook, lead=clinical_lead, at=at - timedelta(days=60), readers=HERE, title="Needling"
    )
    protocols.acknowledgement(version=version, by=therapist, at=at - timedelta(days=50))
    return version


@pytest.fixture
def on_shift(therapist, mt_prospect, manager, at):
    """Publish a shift of the therapist."""

    def publish(day=TUESDAY, times="7-15:30", published_at=at, **fields):
        shift = roster.shift(clinic=mt_prospect, day=day, times=times, staff=therapist, **fields)
        week = RosterWeek.objects.get(clinic=mt_prospect, monday=week_of(shift.period.lower, mt_prospect))
        return publishing.publish(week, version=week.version, by=manager, at=published_at)

    return publish


@pytest.fixture
def second(therapist_oakbrook, clinical_lead):
    """Publish the next version, at a moment or for a day."""

    def publish(first, published_at, **terms):
        with time_machine.travel(published_at, tick=False):
            return protocols.next_version(
                after=first, by=therapist_oakbrook, lead=clinical_lead, at=published_at, readers=HERE, **terms
            )

    return publish


def sign(version, person, at):
    with time_machine.travel(at, tick=False):
        return protocols.acknowledgement(version=version, by=person, at=at)


def judged(version, clinic, on=TUESDAY, asked_at=LATER):
    """Of the only shift: the version that counted, what is said, and what is said of the versions that followed."""
    [worker] = Evidence(version.protocol, clinic, on, asked_at).workers
    return worker.version and worker.version.number, worker.words, [change.words for change in worker.changes]


def test_a_version_published_after_the_shift_changes_nothing(first, on_shift, second, manager, mt_prospect, sign_in):
    on_shift()
    second(first, EVENING)
    assert judged(first, mt_prospect) == (1, "signed before the shift", [])
    found = Evidence(first.protocol, mt_prospect, TUESDAY, LATER)
    assert [(one.number) for one in found.versions] == [1, 2]
    assert [signer.words for signer in found.signers] == ["not signed yet"]

    question = {"on": TUESDAY.isoformat()}
    with time_machine.travel(LATER, tick=False):
        browser = sign_in(manager)
        page = browser.get(reverse("home:evidence", args=[first.protocol.slug]), question).content.decode()
        lines = browser.get(reverse("home:evidence-csv", args=[first.protocol.slug]), question).getvalue()
        file = browser.get(reverse("home:evidence-pdf", args=[first.protocol.slug]), question)
    assert "Signed before the shift" in page
    assert "Version 1 was in force" in page
    rows = list(csv.reader(StringIO(lines.decode("utf-8-sig"))))
    assert [(row[2], row[5]) for row in rows if row[0] == "On shift"] == [("1", "signed before the shift")]
    assert "Signed before the shift Version 1, 2026-10-06T15:00:00+00:00" in paper(b"".join(file))


def paper(content: bytes) -> str:
    document = pdfium.PdfDocument(content)
    try:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())
    finally:
        document.close()


def test_nor_does_a_signature_of_the_same_evening(first, on_shift, second, therapist, mt_prospect):
    on_shift()
    editorial = second(first, EVENING - timedelta(days=20), material=False)
    sign(editorial, therapist, EVENING)
    assert judged(first, mt_prospect) == (2, "signed before the shift", [])
    [signer] = Evidence(first.protocol, mt_prospect, TUESDAY, LATER).signers
    assert signer.signature.given.version == editorial


def test_nor_does_the_next_round_of_the_same_evening(first, on_shift, therapist, clinical_lead, mt_prospect, at):
    on_shift()
    interval(first, 2, by=clinical_lead, at=at - timedelta(days=48))
    again = sign(first, therapist, EVENING)
    assert again.round == 2
    assert judged(first, mt_prospect) == (1, "signed before the shift", [])
    [worker] = Evidence(first.protocol, mt_prospect, TUESDAY, LATER).workers
    assert worker.signature.given.round == 1


def interval(version, months, *, by, at):
    from protocols import publishing as settings

    protocol = version.protocol
    terms = {name: getattr(protocol, name) for name in ("category", "owner", "high_risk", "review_months")}
    settings.change_settings(protocol, skills=[], reattest_months=months, by=by, at=at, **terms)


def test_an_interval_that_was_given_up_in_the_evening_gives_no_signature_back(
    first, on_shift, clinical_lead, mt_prospect, at
):
    day = date(2026, 12, 15)
    on_shift(day)
    interval(first, 2, by=clinical_lead, at=at)
    interval(first, None, by=clinical_lead, at=moment("2026-12-15T18:00:00"))
    later = moment("2026-12-20T12:00:00")
    assert judged(first, mt_prospect, day, later) == (1, "signature had ended", [])
    [signer] = Evidence(first.protocol, mt_prospect, day, later).signers
    assert signer.words == "signed"


def test_a_version_that_came_in_the_course_of_the_shift_is_said(
    first, on_shift, second, therapist, mt_prospect, api, manager
):
    on_shift()
    noon = moment("2026-12-01T12:00:00")
    coming = second(first, noon)
    said = "version 2 came into force during the shift, not signed by then"
    assert judged(first, mt_prospect) == (1, "signed before the shift", [said])
    sign(coming, therapist, noon + timedelta(minutes=5))
    assert judged(first, mt_prospect) == (1, "signed before the shift", [said])
    with time_machine.travel(LATER, tick=False):
        answer = api(manager).get(f"/api/v1/evidence/{first.protocol.slug}/", {"on": "2026-12-01"}).json()
    [shift] = answer["on_shift"]
    assert (shift["version"], [(one["version"], one["signed"]) for one in shift["changes"]]) == (1, [(2, False)])


def test_an_overnight_shift_is_judged_by_the_evening_on_both_days(first, on_shift, second, therapist, mt_prospect, at):
    on_shift(MONDAY, "22-6")
    coming = second(first, at, effective=TUESDAY)
    assert judged(first, mt_prospect, MONDAY) == (1, "signed before the shift", [])
    not_signed = ["version 2 came into force during the shift, not signed by then"]
    assert judged(first, mt_prospect, TUESDAY) == (1, "signed before the shift", not_signed)
    assert [one.number for one in Evidence(first.protocol, mt_prospect, TUESDAY, LATER).versions] == [2]
    sign(coming, therapist, moment("2026-11-30T23:00:00"))
    signed = ["version 2 came into force during the shift, signed by then"]
    assert judged(first, mt_prospect, TUESDAY) == (1, "signed before the shift", signed)


def test_a_shift_before_the_first_version_is_not_blamed(on_shift, therapist_oakbrook, clinical_lead, mt_prospect):
    on_shift()
    with time_machine.travel(EVENING, tick=False):
        version = protocols.published(by=therapist_oakbrook, lead=clinical_lead, at=EVENING, readers=HERE)
    assert judged(version, mt_prospect) == (None, "no version in force", [])


AUTUMN, SPRING = date(2026, 11, 1), date(2027, 3, 14)


@pytest.mark.parametrize(
    ("night", "starts", "signed", "words"),
    [
        # At two it is one again: the shift begins at the first half past one.
        (AUTUMN, time(1, 30), moment("2026-11-01T01:15:00", "-05:00"), "signed before the shift"),
        (AUTUMN, time(1, 30), moment("2026-11-01T01:15:00", "-06:00"), "signed after the shift began"),
        # At two it is three: half an hour before four is half an hour after two.
        (SPRING, time(3, 30), moment("2027-03-14T01:45:00", "-06:00"), "signed before the shift"),
        (SPRING, time(3, 30), moment("2027-03-14T03:45:00", "-05:00"), "signed after the shift began"),
    ],
)
def test_the_nights_of_the_clock_change(
    night, starts, signed, words, on_shift, second, therapist, therapist_oakbrook, clinical_lead, mt_prospect, at
):
    before = moment("2026-10-20T12:00:00")
    with time_machine.travel(before, tick=False):
        version = protocols.published(by=therapist_oakbrook, lead=clinical_lead, at=before, readers=HERE)
    on_shift(night, f"{starts:%H:%M}-9", published_at=before)
    sign(version, therapist, signed)
    asked_at = at_local(night + timedelta(days=2), time(12), mt_prospect.zone)
    assert judged(version, mt_prospect, night, asked_at) == (1, words, [])
    coming = second(version, at_local(night, time(8), mt_prospect.zone))
    said = ["version 2 came into force during the shift, not signed by then"]
    assert judged(coming, mt_prospect, night, asked_at) == (1, words, said)


def test_what_a_protocol_governs_later_changes_no_past_day(first, on_shift, therapist, clinical_lead, mt_prospect, at):
    needling = people.skill(code="needling", name="Dry needling", professions=["pt"])
    people.competency(user=therapist, skill=needling, granted_by=clinical_lead)
    protocols.governing(first, needling, by=clinical_lead, at=at - timedelta(days=30))
    on_shift(skill=needling)

    def said():
        found = Evidence(first.protocol, mt_prospect, TUESDAY, LATER)
        return [worker.governed for worker in found.workers], found.fingerprint

    before = said()
    assert before[0] == [True]
    needling.name = "Trigger point needling"
    needling.save()
    protocols.governing(first, by=clinical_lead, at=EVENING)
    first.protocol.skills.clear()
    assert said() == before


def test_a_procedure_governed_since_the_shift_began_is_not(first, on_shift, therapist, clinical_lead, mt_prospect):
    needling = people.skill(code="needling", name="Dry needling", professions=["pt"])
    people.competency(user=therapist, skill=needling, granted_by=clinical_lead)
    on_shift(skill=needling)
    protocols.governing(first, needling, by=clinical_lead, at=moment("2026-12-01T07:00:01"))
    assert [worker.governed for worker in Evidence(first.protocol, mt_prospect, TUESDAY, LATER).workers] == [False]


def test_a_role_cut_off_after_the_shift_had_asked(first, on_shift, therapist, administrator, mt_prospect):
    from accounts import leaving

    on_shift()
    with time_machine.travel(EVENING, tick=False):
        leaving.let_go(therapist, by=administrator, at=EVENING)
    found = Evidence(first.protocol, mt_prospect, TUESDAY, LATER)
    assert ([worker.asked for worker in found.workers], found.signers) == ([True], [])

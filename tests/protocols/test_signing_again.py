"""Acknowledging a version again every few months, waivers, and what became of every demand."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.roles import Role
from intranet.core.access import Conflict, Forbidden, Refused
from protocols import acknowledging, publishing, reporting, waiving
from protocols.clearance import clearance, cleared
from protocols.models import Acknowledgement, Waiver
from protocols.receipts import Fate, receipts
from tests import factories as people
from tests.factories import competency, skill
from tests.protocols import factories
from tests.races import outcomes

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def version(approver, clinical_lead, at):
    """Published a year and two months ago, for therapists everywhere."""
    return factories.published(by=approver, lead=clinical_lead, at=at - 430 * DAY, title="Needling")


def again_every(version, months, *, by, at):
    protocol = version.protocol
    terms = {name: getattr(protocol, name) for name in ("category", "owner", "high_risk", "review_months")}
    skills = list(protocol.skills.all())
    publishing.change_settings(protocol, skills=skills, reattest_months=months, by=by, at=at, **terms)


def waiting(person, at):
    found = acknowledging.must_acknowledge(person, at=at)
    return [(one.number, one.due_on) for one in found]


@pytest.fixture
def signed(version, therapist, clinical_lead, at):
    """Signed by the therapist 340 days ago; to be signed again every 12 months, as settled 400 days ago."""
    again_every(version, 12, by=clinical_lead, at=at - 400 * DAY)
    return factories.acknowledgement(version=version, by=therapist, at=at - 340 * DAY)


def test_asked_again_a_month_before_it_ends(version, signed, therapist, at):
    assert signed.at.date() == date(2025, 12, 20)
    assert waiting(therapist, at - 10 * DAY) == []
    assert waiting(therapist, at) == [(1, date(2026, 12, 19))]
    assert waiting(therapist, at + 60 * DAY) == [(1, date(2026, 12, 19))]


def test_the_last_day_is_the_last_on_which_it_holds_whatever_time_there_is(approver, therapist, clinical_lead, at):
    version = factories.published(by=approver, lead=clinical_lead, at=at - 430 * DAY, due_days=60)
    again_every(version, 12, by=clinical_lead, at=at - 400 * DAY)
    factories.acknowledgement(version=version, by=therapist, at=at - 340 * DAY)
    [(_, due_on)] = waiting(therapist, at)
    needling = skill(name="Dry needling", professions=["pt"])
    version.protocol.skills.add(needling)
    competency(user=therapist, skill=needling, granted_by=clinical_lead)
    days = [due_on, due_on + DAY]
    assert [bool(clearance(therapist, needling, day)) for day in days] == [True, False]


def test_every_month_would_ask_all_the_time_and_is_refused(version, clinical_lead, at):
    with pytest.raises(ValidationError, match="Choose 2 to 60 months"):
        again_every(version, 1, by=clinical_lead, at=at)


def test_signing_again_is_one_more_row_and_counts_for_another_year(version, signed, therapist, at):
    again = factories.acknowledgement(version=version, by=therapist, at=at)
    assert (again.round, Acknowledgement.objects.filter(user=therapist).count()) == (2, 2)
    assert factories.acknowledgement(version=version, by=therapist, at=at + DAY) == again
    assert waiting(therapist, at + 300 * DAY) == []
    assert waiting(therapist, at + 340 * DAY) == [(1, date(2027, 11, 24))]


def test_too_early_it_changes_nothing(version, signed, therapist, at):
    assert factories.acknowledgement(version=version, by=therapist, at=at - 10 * DAY) == signed


def test_who_lets_it_end_is_not_cleared_any_more(version, signed, therapist, clinical_lead, at):
    needling = skill(name="Dry needling", professions=["pt"])
    version.protocol.skills.add(needling)
    competency(user=therapist, skill=needling, granted_by=clinical_lead)
    for day, codes in ((date(2026, 12, 19), []), (date(2026, 12, 20), ["not-acknowledged"])):
        assert [reason.code for reason in clearance(therapist, needling, day).reasons] == codes
        assert cleared(needling, day).filter(pk=therapist.pk).exists() == (codes == [])


def test_the_page_asks_again_and_the_report_says_late(version, signed, therapist, clinical_lead, sign_in, at):
    page = sign_in(therapist).get(version.protocol.get_absolute_url()).content.decode()
    assert "You acknowledged it on Dec 20, 2025. Everybody acknowledges it again every 12 months." in page
    assert "by Sat, Dec 19" in page
    later = at + 30 * DAY
    [row] = [row for row in reporting.report(later, clinics=None).rows if row.person == therapist]
    assert [(cell.done, cell.days_late) for cell in row.cells] == [(False, 6)]


def test_a_new_interval_makes_nobody_late_at_once(version, therapist, clinical_lead, at):
    factories.acknowledgement(version=version, by=therapist, at=at - 400 * DAY)
    again_every(version, 6, by=clinical_lead, at=at)
    assert waiting(therapist, at) == [(1, date(2026, 12, 8))]
    again_every(version, None, by=clinical_lead, at=at)
    assert waiting(therapist, at) == []


@pytest.mark.django_db(transaction=True)
def test_pressed_by_one_person_many_times_it_is_one_more(version, signed, therapist, at):
    press = [lambda: factories.acknowledgement(version=version, by=therapist, at=at)] * 12
    assert outcomes(press) == ["done"] * 12
    assert Acknowledgement.objects.filter(user=therapist).count() == 2


def receipt(version, person, tail=""):
    return f"/protocols/{version.protocol.slug}/versions/{version.number}/receipts/{person.pk}/{tail}"


def test_a_manager_waives_for_a_leave_and_the_days_count_anew_after_it(version, therapist, manager, sign_in, at):
    browser = sign_in(manager)
    assert "Waive it for Avery" in browser.get(receipt(version, therapist)).content.decode()
    answer = browser.post(receipt(version, therapist), {"reason": "On leave", "through": "2026-12-24"})
    assert answer.url == receipt(version, therapist)
    assert waiting(therapist, at) == []
    assert waiting(therapist, at + 25 * DAY) == []
    assert waiting(therapist, at + 31 * DAY) == [(1, date(2027, 1, 8))]
    [row] = [row for row in reporting.report(at, clinics=None).rows if row.person == therapist]
    assert [(cell.words, cell.late) for cell in row.cells] == [("waived", False)]
    assert "Waived" in browser.get("/protocols/report/").content.decode()


def test_a_waiver_ends_when_somebody_says_so(version, therapist, manager, sign_in, at):
    waiver = waiving.waive(version, therapist, reason="On leave", by=manager, at=at)
    with pytest.raises(Conflict):
        waiving.waive(version, therapist, reason="Twice", by=manager, at=at)
    with time_machine.travel(at + DAY, tick=False):
        assert sign_in(manager).post(receipt(version, therapist, "end/")).url == receipt(version, therapist)
    assert waiting(therapist, at + 2 * DAY) == [(1, date(2026, 12, 10))]
    with pytest.raises(Conflict):
        waiving.end(waiver, by=manager, at=at + 2 * DAY)


def test_nobody_waives_for_oneself_or_elsewhere(version, therapist_oakbrook, manager, clinical_lead, floater, at):
    with pytest.raises(Forbidden):
        waiving.waive(version, therapist_oakbrook, reason="x", by=manager, at=at)
    with pytest.raises(Forbidden):
        waiving.waive(version, clinical_lead, reason="x", by=clinical_lead, at=at)
    with pytest.raises(Forbidden):
        waiving.waive(version, therapist_oakbrook, reason="x", by=floater, at=at)
    assert waiving.waive(version, floater, reason="x", by=manager, at=at).user == floater


@pytest.mark.parametrize(
    ("said", "words"),
    [({"reason": " "}, "Say why."), ({"reason": "x", "through": "2026-11-24"}, "Choose today or a later day.")],
)
def test_a_waiver_without_sense_is_said(version, therapist, manager, sign_in, said, words):
    answer = sign_in(manager).post(receipt(version, therapist), said)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert not Waiver.objects.exists()


def test_what_is_signed_cannot_be_waived(version, therapist, manager, at):
    factories.acknowledgement(version=version, by=therapist, at=at)
    with pytest.raises(Refused, match="nothing to acknowledge"):
        waiving.waive(version, therapist, reason="x", by=manager, at=at)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE protocols_waiver SET reason = 'Other.'",
        "DELETE FROM protocols_waiver",
        "TRUNCATE protocols_waiver",
    ],
)
def test_the_database_refuses_to_change_a_waiver(version, therapist, manager, at, statement):
    waiving.waive(version, therapist, reason="x", by=manager, at=at)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="evidence"), transaction.atomic():
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_waived_by_many_at_once_it_is_one(version, therapist, manager, at):
    press = [lambda: waiving.waive(version, therapist, reason="x", by=manager, at=at)] * 12
    assert sorted(outcomes(press)) == ["done", *["waived"] * 11]


def fates(version, at, clinics=None):
    return {one.person.name: (one.fate, one.why) for one in receipts(version, at, clinics=clinics)}


def test_what_became_of_every_demand(
    version, therapist, therapist_oakbrook, floater, approver, manager, clinical_lead, mt_prospect, at
):
    factories.acknowledgement(version=version, by=therapist, at=at - DAY)
    waiving.waive(version, floater, reason="On leave", by=manager, at=at)
    people.as_if_always(approver.memberships.filter(role=Role.THERAPIST), period=("2024-01-01", "2026-11-20"))
    assert fates(version, at) == {
        "Avery Testwell": (Fate.SIGNED, ""),
        "Lena Placeholt": (Fate.CLOSED, "The role that asked for it ended on Nov 19, 2026."),
        "Priya Fakenham": (Fate.LATE, ""),
        "Theo Fictus": (Fate.WAIVED, "On leave"),
    }
    assert set(fates(version, at, [mt_prospect])) == {"Avery Testwell", "Theo Fictus"}
    factories.next_version(after=version, by=approver, lead=clinical_lead, at=at + DAY)
    version.refresh_from_db()
    replaced = (Fate.CLOSED, "Replaced by a newer version.")
    later = fates(version, at + 2 * DAY)
    assert (later["Avery Testwell"][0], later["Priya Fakenham"], later["Theo Fictus"]) == (
        Fate.SIGNED,
        replaced,
        replaced,
    )


def test_what_is_to_be_signed_again_waits_and_shows_the_last_signature(version, signed, therapist, at):
    assert fates(version, at)["Avery Testwell"] == (Fate.SIGNED, "")
    [one] = [one for one in receipts(version, at + 30 * DAY, clinics=None) if one.person == therapist]
    assert (one.fate, one.why, one.signed) == (Fate.LATE, "To be acknowledged again.", signed)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE protocols_signinginterval SET months = 60",
        "DELETE FROM protocols_signinginterval",
        "TRUNCATE protocols_signinginterval",
    ],
)
def test_the_database_refuses_to_change_an_interval(version, signed, statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="evidence"), transaction.atomic():
            cursor.execute(statement)


def test_of_a_withdrawn_version_it_says_why(version, therapist, clinical_lead, at):
    publishing.withdraw(version, by=clinical_lead, at=at, reason="Wrong dose.")
    version.refresh_from_db()
    assert fates(version, at + DAY)["Avery Testwell"] == (Fate.CLOSED, "Withdrawn: Wrong dose.")


def test_the_page_and_its_file(version, therapist, therapist_oakbrook, floater, manager, clinical_lead, sign_in, at):
    factories.acknowledgement(version=version, by=therapist, at=at)
    address = f"/protocols/{version.protocol.slug}/versions/1/receipts/"
    assert "1 of 4 people signed it." in sign_in(clinical_lead).get(address).content.decode()
    page = sign_in(manager).get(address).content.decode()
    assert ("Avery Testwell" in page, "Priya Fakenham" in page) == (True, False)
    rows = list(csv.reader(StringIO(sign_in(manager).get(address + "csv/").getvalue().decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == ["Avery Testwell", "Theo Fictus"]
    assert sign_in(therapist).get(address).status_code == 403


API = "/api/v1"


def test_a_waiver_over_the_api_follows_the_same_rules(version, therapist, therapist_oakbrook, manager, api, at):
    slug = version.protocol.slug
    asked = {"slug": slug, "version": 1, "person": therapist.pk, "reason": "On leave", "through": "2026-12-24"}
    made = api(manager).post(f"{API}/waivers/", asked, format="json")
    assert (made.status_code, made.data["person"]["name"], made.data["by"]) == (201, "Avery Testwell", manager.name)
    assert waiting(therapist, at) == []
    assert api(manager).post(f"{API}/waivers/", asked, format="json").status_code == 409
    elsewhere = asked | {"person": therapist_oakbrook.pk}
    assert api(manager).post(f"{API}/waivers/", elsewhere, format="json").status_code == 403
    assert [one["reason"] for one in api(therapist).get(f"{API}/waivers/").data["results"]] == ["On leave"]
    assert api(therapist_oakbrook).get(f"{API}/waivers/").data["results"] == []
    end = f"{API}/waivers/{made.data['id']}/end/"
    assert [api(who).post(end).status_code for who in (therapist, manager, manager)] == [403, 200, 409]
    assert waiting(therapist, at) == [(1, date(2026, 12, 9))]


def test_what_became_of_every_demand_over_the_api(version, therapist, floater, manager, clinical_lead, api, at):
    given = factories.acknowledgement(version=version, by=therapist, at=at - DAY)
    address = f"{API}/protocols/{version.protocol.slug}/receipts/?version=1"
    rows = {one["person"]["name"]: one for one in api(manager).get(address).data}
    assert set(rows) == {"Avery Testwell", "Theo Fictus"}
    signed, late = rows["Avery Testwell"], rows["Theo Fictus"]
    assert (signed["state"], signed["text_hash"], late["state"]) == ("signed", given.text_hash, "late")
    assert len(api(clinical_lead).get(address).data) == 3
    assert api(therapist).get(address).status_code == 403
    assert api(manager).get(f"{API}/protocols/{version.protocol.slug}/receipts/").status_code == 400


def test_the_certificate_says_until_when_it_counts(version, signed, therapist, sign_in, at):
    address = f"/protocols/acknowledgements/{signed.pk}/"
    browser = sign_in(therapist)
    assert "Until Dec 20, 2026, 10:00 AM CST, then it is acknowledged again" in browser.get(address).content.decode()
    with time_machine.travel(at + 30 * DAY, tick=False):
        page = sign_in(therapist).get(address).content.decode()
    assert "Ended on Dec 20, 2026, 10:00 AM CST" in page

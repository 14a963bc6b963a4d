"""The emergency brake: a manager stops a version at an own clinic; nobody is rostered for it, everybody concerned is told."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from intranet.core.access import Conflict, Forbidden, Refused, Verdict
from intranet.reminders import owing
from intranet.reminders.registry import find
from protocols import acknowledging, opening, prints, suspending, waiving
from protocols.models import Acknowledgement, Suspension
from protocols.publishing import Readers
from scheduling.eligibility import attention, may_work
from scheduling.models import Shift
from scheduling.plans import Plan
from tests import factories as people
from tests.factories import competency, skill
from tests.owing import said as owed_by
from tests.protocols import factories
from tests.races import outcomes
from tests.scheduling import factories as scheduling

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(floater, clinical_lead, at):
    return factories.published(by=floater, lead=clinical_lead, at=at - timedelta(days=30), title="Needling")


@pytest.fixture
def suspension(version, manager, mt_prospect, at):
    [row] = suspending.suspend(version, clinics=[mt_prospect], reason="A needle broke.", by=manager, at=at)
    return row


def place(version, tail="suspend/"):
    return f"/protocols/{version.protocol.slug}/versions/{version.number}/{tail}"


def owed(at):
    rows = owed_by("protocol-suspended", at)
    return {(recipient, subject, occasion) for recipient, subject, occasion, *_ in rows}


def told(at):
    """Who gets a reminder: those of them who can sign in."""
    return set(owing.owed(find("protocol-suspended"), at).execute("SELECT recipient_id FROM owed"))


def test_readers_see_it_first(version, suspension, therapist, therapist_oakbrook, sign_in):
    for reader in (therapist, therapist_oakbrook):
        page = sign_in(reader).get(version.protocol.get_absolute_url()).content.decode()
        assert "Do not use it at Mt. Prospect" in page
        assert "A needle broke." in page
        assert "In force: version 1, suspended" in page
        library = sign_in(reader).get(reverse("protocols:library")).content.decode()
        assert "Do not use it at Mt. Prospect." in library


def test_a_manager_suspends_at_the_own_clinic_only(version, manager, mt_prospect, oakbrook, sign_in, at):
    with pytest.raises(Forbidden):
        suspending.suspend(version, clinics=[mt_prospect, oakbrook], reason="Why.", by=manager, at=at)
    assert not Suspension.objects.exists()
    browser = sign_in(manager)
    assert "Oakbrook" not in browser.get(place(version)).content.decode().split("<form", 2)[-1]
    answer = browser.post(place(version), {"clinics": [oakbrook.pk], "reason": "Why."})
    assert answer.status_code == 422
    assert browser.post(place(version), {"clinics": [mt_prospect.pk], "reason": " A needle  broke. "}).url == (
        version.get_absolute_url()
    )
    row = Suspension.objects.get()
    assert (row.clinic, row.reason, row.by) == (mt_prospect, "A needle broke.", manager)


def test_not_where_the_version_is_not_meant(floater, clinical_lead, manager_oakbrook, mt_prospect, at, sign_in):
    here = [Readers(Role.THERAPIST, mt_prospect)]
    version = factories.published(by=floater, lead=clinical_lead, at=at, readers=here)
    assert suspending.places(manager_oakbrook, version) == []
    assert suspending.places(clinical_lead, version) == [mt_prospect]
    assert sign_in(manager_oakbrook).get(place(version)).status_code == 404


def test_who_may_no_longer_when_it_comes_to_it_gets_403(version, manager, mt_prospect, sign_in, monkeypatch):
    """The form offered the clinic; by the time of the action the role there has ended."""
    no = Verdict.of(suspending.NOT_YOURS)
    monkeypatch.setattr(suspending, "may_suspend", lambda version, clinic, *, by: no)
    answer = sign_in(manager).post(place(version), {"clinics": [mt_prospect.pk], "reason": "Why."})
    assert answer.status_code == 403
    assert not Suspension.objects.exists()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"reason": "Why."}, "Choose where it is suspended."),
        ({"clinics": "here"}, "Say why it is suspended."),
        ({"clinics": "here", "reason": "x" * 401}, "400"),
    ],
)
def test_bad_input_is_said(version, manager, mt_prospect, sign_in, said, words):
    said = said | ({"clinics": [mt_prospect.pk]} if "clinics" in said else {})
    answer = sign_in(manager).post(place(version), said)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Suspension.objects.exists()


def test_the_lead_lifts_it_and_nobody_else(version, suspension, manager, clinical_lead, sign_in, at):
    address = place(version, f"suspensions/{suspension.pk}/lift/")
    assert sign_in(manager).post(address, {"because": "Fine."}).status_code == 403
    browser = sign_in(clinical_lead)
    assert "1 suspension waits" in browser.get("/").content.decode()
    assert browser.post(address, {"because": ""}).status_code == 422
    assert browser.post(address, {"because": "Another make of needle."}).url == version.get_absolute_url()
    suspension.refresh_from_db()
    assert (suspension.lifted_by, suspension.lifted_because) == (clinical_lead, "Another make of needle.")
    assert "Do not use it" not in browser.get(version.get_absolute_url()).content.decode()
    with pytest.raises(Conflict):
        suspending.lift(suspension, because="Again.", by=clinical_lead, at=at)


def test_lead_signers_and_readers_there_are_told_at_once(
    version, therapist, therapist_oakbrook, floater, assistant, clinical_lead, manager, mt_prospect, at
):
    factories.acknowledgement(version=version, by=therapist_oakbrook, at=at)
    [row] = suspending.suspend(version, clinics=[mt_prospect], reason="Why.", by=manager, at=at)
    soon = at + timedelta(minutes=1)
    told = {(person.pk, row.pk, "suspended") for person in (therapist, therapist_oakbrook, floater, clinical_lead)}
    assert owed(soon) >= told
    assert assistant.pk not in {recipient for recipient, *_ in owed(soon)}
    assert not find("protocol-suspended").heeds_quiet_hours
    message = find("protocol-suspended").write(row, therapist, "suspended", soon)
    assert message.title == "Do not use “Needling” at Mt. Prospect"
    suspending.lift(row, because="Good again.", by=clinical_lead, at=soon)
    later = soon + timedelta(minutes=1)
    assert {occasion for *_, occasion in owed(later)} == {"lifted"}
    assert clinical_lead.pk not in {recipient for recipient, *_ in owed(later)}
    assert (
        find("protocol-suspended").write(row, therapist, "lifted", later).title
        == "“Needling” may be used again at Mt. Prospect"
    )


def test_whoever_signed_is_told_whatever_the_role_as_long_as_they_may_read_it(
    version, therapist, therapist_oakbrook, floater, manager, manager_oakbrook, clinical_lead, mt_prospect, at
):
    for person in (therapist, therapist_oakbrook, floater, manager_oakbrook):
        factories.acknowledgement(version=version, by=person, at=at - timedelta(days=20))
    people.as_if_always(therapist_oakbrook.memberships, role=Role.MANAGER)  # of another clinic, and reads it as such
    people.as_if_always(therapist.memberships, role=Role.FRONT_DESK)  # does not read it any more
    User.objects.filter(pk=floater.pk).update(is_active=False)
    suspending.suspend(version, clinics=[mt_prospect], reason="Why.", by=manager, at=at)
    found = told(at + timedelta(minutes=1))
    assert found == {clinical_lead.pk, therapist_oakbrook.pk, manager_oakbrook.pk}


def test_an_editorial_version_is_known_to_those_who_signed_the_one_before(
    version, therapist_oakbrook, floater, manager, clinical_lead, mt_prospect, at
):
    factories.acknowledgement(version=version, by=therapist_oakbrook, at=at - timedelta(days=20))
    before = at - timedelta(days=1)
    wording = factories.next_version(after=version, by=floater, lead=clinical_lead, at=before, material=False)
    suspending.suspend(wording, clinics=[mt_prospect], reason="Why.", by=manager, at=at)
    assert therapist_oakbrook.pk in told(at + timedelta(minutes=1))


def test_the_managers_of_the_clinic_are_told_unless_they_pressed(
    version, manager, manager_oakbrook, clinical_lead, mt_prospect, at
):
    suspending.suspend(version, clinics=[mt_prospect], reason="Why.", by=clinical_lead, at=at)
    found = told(at + timedelta(minutes=1))
    assert (manager.pk in found, manager_oakbrook.pk in found, clinical_lead.pk in found) == (True, False, False)


def test_nobody_at_the_other_clinic_is_told_who_has_not_signed(suspension, therapist_oakbrook, at):
    assert therapist_oakbrook.pk not in {recipient for recipient, *_ in owed(at + timedelta(minutes=1))}


def test_nobody_is_rostered_there_for_what_it_governs(
    version, therapist, floater, clinical_lead, manager, mt_prospect, oakbrook, at
):
    needling = skill(name="Dry needling", professions=["pt"])
    version.protocol.skills.add(needling)
    day = scheduling.MONDAY
    for person in (therapist, floater):
        competency(user=person, skill=needling, granted_by=clinical_lead)
        factories.acknowledgement(version=version, by=person, at=at)
    shift = scheduling.shift(clinic=mt_prospect, day=day, staff=therapist, skill=needling)
    other = scheduling.shift(clinic=oakbrook, day=day, staff=floater, skill=needling)
    codes = lambda found: {reason.code for verdict in found.values() for reason in verdict.reasons}  # noqa: E731
    shifts = Shift.objects.filter(pk__in=[shift.pk, other.pk]).select_related("staff", "skill", "clinic")
    assert "protocol-suspended" not in codes(attention(shifts, at))
    [row] = suspending.suspend(version, clinics=[mt_prospect], reason="Why.", by=manager, at=at)
    flagged = attention(shifts, at)
    assert "protocol-suspended" in codes({shift.pk: flagged[shift.pk]})
    assert "protocol-suspended" not in codes({key: value for key, value in flagged.items() if key == other.pk})
    verdict = may_work(Plan.of(shift), therapist, at, shift_id=shift.pk)
    assert [reason.message for reason in verdict.reasons if reason.code == "protocol-suspended"] == [
        f"“Needling” is suspended at Mt. Prospect since {suspending.full_day(at.date())}: Why."
    ]
    suspending.lift(row, because="Good.", by=clinical_lead, at=at)
    assert "protocol-suspended" not in codes(attention(shifts, at))


def test_a_new_version_stands_on_its_own(version, suspension, floater, clinical_lead, therapist, sign_in, at):
    newer = factories.next_version(after=version, by=floater, lead=clinical_lead, at=at)
    assert "Do not use it at" not in sign_in(therapist).get(newer.protocol.get_absolute_url()).content.decode()
    assert not suspending.in_question(clinical_lead, at).exists()
    assert owed(at + timedelta(minutes=1)) == set()


def test_a_printed_copy_says_no(version, suspension, at):
    answer = prints.answer(version, at)
    assert (answer.usable, answer.words) == (False, "Version 1 is suspended. Ask the clinical lead first.")


def test_what_is_not_in_force_cannot_be_suspended(version, manager, clinical_lead, mt_prospect, floater, at):
    factories.next_version(after=version, by=floater, lead=clinical_lead, at=at - timedelta(days=1))
    with pytest.raises(Refused, match="not in force"):
        suspending.suspend(version, clinics=[mt_prospect], reason="Why.", by=manager, at=at)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE protocols_suspension SET reason = 'Nothing.'",
        "DELETE FROM protocols_suspension",
        "TRUNCATE protocols_suspension CASCADE",
        "UPDATE protocols_suspension SET lifted_at = now(), reason = 'Nothing.'",
    ],
)
def test_the_database_refuses_to_change_it(suspension, statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for no deferred check
        with pytest.raises(IntegrityError, match="evidence"), transaction.atomic():
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_pressed_by_many_at_once_it_is_one(version, manager, mt_prospect, at):
    press = [lambda: suspending.suspend(version, clinics=[mt_prospect], reason="Why.", by=manager, at=at)] * 12
    assert sorted(outcomes(press)) == ["done", *["suspended"] * 11]
    assert Suspension.objects.count() == 1


def test_the_api_has_the_same_rules(version, manager, clinical_lead, therapist, therapist_oakbrook, api):
    asked = {"slug": version.protocol.slug, "version": 1, "clinics": ["mt-prospect"], "reason": "Why."}
    assert api(therapist).post("/api/v1/suspensions/", asked).status_code == 403
    elsewhere = asked | {"clinics": ["oakbrook-terrace"]}
    assert api(manager).post("/api/v1/suspensions/", elsewhere).status_code == 403
    made = api(manager).post("/api/v1/suspensions/", asked)
    assert (made.status_code, made.json()[0]["clinic"]) == (201, "mt-prospect")
    assert api(manager).post("/api/v1/suspensions/", asked).status_code == 409
    assert api(therapist).get(f"/api/v1/protocols/{version.protocol.slug}/").json()["suspended_at"] == ["mt-prospect"]
    lift = f"/api/v1/suspensions/{made.json()[0]['id']}/lift/"
    assert api(manager).post(lift, {"because": "x"}).status_code == 403
    assert api(clinical_lead).post(lift, {"because": "Good."}).json()["lifted_because"] == "Good."
    assert len(api(therapist).get("/api/v1/suspensions/").json()["results"]) == 1


def test_a_version_that_will_be_replaced_still_waits_for_the_lead(version, floater, clinical_lead, mt_prospect, at):
    later = at + timedelta(days=30)
    factories.next_version(after=version, by=floater, lead=clinical_lead, at=at, effective=later.date())
    twice = [mt_prospect, mt_prospect]
    assert len(suspending.suspend(version, clinics=twice, reason="Wrong.", by=clinical_lead, at=at)) == 1
    assert suspending.in_question(clinical_lead, at).count() == 1
    assert not suspending.in_question(clinical_lead, later + timedelta(days=1)).exists()


def acknowledge(version, browser, by):
    address = reverse("protocols:version-acknowledge", args=[version.protocol.slug, version.number])
    return browser.post(address, {"opened": opening.proof(version, reader=by, at=timezone.now())})


def test_nobody_signs_what_is_suspended_wherever_they_read_it(version, suspension, therapist, sign_in):
    browser = sign_in(therapist)
    answer = acknowledge(version, browser, therapist)
    assert answer.status_code == 403
    assert "“Needling” is suspended at Mt. Prospect since Nov 25, 2026: A needle broke." in answer.content.decode()
    assert not Acknowledgement.objects.exists()
    page = browser.get(version.get_absolute_url()).content.decode()
    assert "Nobody acknowledges version 1 while it is suspended at Mt. Prospect" in page
    assert "I have read and will follow" not in page


@pytest.mark.parametrize("who", ["floater", "therapist_oakbrook", "clinical_lead"])
def test_one_clinic_that_is_left_is_enough_to_sign(version, suspension, who, request, sign_in, at):
    reader = request.getfixturevalue(who)
    browser = sign_in(reader)
    if who != "clinical_lead":
        page = browser.get(version.get_absolute_url()).content.decode()
        assert "It stays suspended at Mt. Prospect: acknowledging it changes nothing there." in page
    assert acknowledge(version, browser, reader).status_code == 302
    assert Acknowledgement.objects.get().user == reader


def test_not_even_the_lead_signs_what_is_suspended_everywhere(version, clinical_lead, mt_prospect, oakbrook, at):
    suspending.suspend(version, clinics=[mt_prospect, oakbrook], reason="A needle broke.", by=clinical_lead, at=at)
    verdict = acknowledging.may_acknowledge(version, by=clinical_lead, at=at)
    assert [reason.message.split(" since")[0] for reason in verdict.reasons] == [
        "“Needling” is suspended at Mt. Prospect",
        "“Needling” is suspended at Oakbrook Terrace",
    ]


def test_whoever_may_sign_again_is_asked_again(version, suspension, therapist, clinical_lead, sign_in, at):
    suspending.lift(suspension, because="Fine.", by=clinical_lead, at=at)
    assert acknowledge(version, sign_in(therapist), therapist).status_code == 302


def test_the_bar_names_the_waiver(version, suspension, therapist, therapist_oakbrook, clinical_lead, sign_in, at):
    for person in (therapist, therapist_oakbrook):
        waiving.waive(version, person, reason="On leave", through=date(2026, 12, 10), by=clinical_lead, at=at)
    waived = "Ines Exemplar waived it for you until the end of Dec 10, 2026"
    stopped = sign_in(therapist).get(version.get_absolute_url()).content.decode()
    assert (f"{waived}." in stopped, "I have read and will follow" in stopped) == (True, False)
    free = sign_in(therapist_oakbrook).get(version.get_absolute_url()).content.decode()
    assert f"{waived}; you may acknowledge it all the same." in free


def test_the_version_list_says_suspended(version, suspension, therapist, floater, clinical_lead, sign_in, at):
    def listed():
        page = sign_in(therapist).get(version.protocol.get_absolute_url()).content.decode()
        return page[page.index("<h2>Versions</h2>") :]

    assert 'data-tone="danger">Suspended at Mt. Prospect</span>' in listed()
    assert ">In force</span>" not in listed()
    factories.next_version(after=version, by=floater, lead=clinical_lead, at=at)
    assert ">In force</span>" in listed()
    assert "Suspended" not in listed()

"""Credentials that end: who hears of it and when, through the real planning."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Clinic, Credential, CredentialType, User
from accounts.roles import Role
from intranet.reminders.models import Reminder
from intranet.reminders.owing import still_true
from intranet.reminders.planning import plan_kind
from intranet.reminders.registry import find
from tests import factories

CHICAGO = ZoneInfo("America/Chicago")
ENDS = date(2026, 12, 30)  # the last day; `at` is Wednesday, November 25
OWN, STAFF = "credential-expiring", "staff-credential-expiring"


@pytest.fixture
def bls(db: None) -> CredentialType:
    return factories.credential_type(code="bls", name="BLS", lead_days=[30, 90, 7, 60])


@pytest.fixture
def credential(bls: CredentialType, therapist: User) -> Credential:
    return factories.credential(user=therapist, type=bls, start=date(2025, 1, 1), end=ENDS + timedelta(days=1))


def plan(code: str, at: datetime) -> list[tuple[str, str]]:
    """Plan one kind, as a tick does, and read what stands in the ledger: (recipient, occasion)."""
    plan_kind(find(code), at)
    waiting = Reminder.objects.filter(kind=code, state=Reminder.State.SCHEDULED).order_by("due_at", "recipient__name")
    return list(waiting.values_list("recipient__name", "occasion"))


def morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=CHICAGO)


@pytest.mark.parametrize("lead", [90, 60, 30, 7])
def test_the_person_is_reminded_at_nine_on_each_lead_day(credential: Credential, lead: int):
    due = morning(ENDS - timedelta(days=lead))
    assert plan(OWN, due - timedelta(days=1))[-1] == ("Avery Testwell", f"lead-{lead}")
    reminder = Reminder.objects.latest("due_at")
    assert (reminder.subject_id, reminder.due_at) == (credential.pk, due)
    assert reminder.not_after == datetime(2026, 12, 31, tzinfo=CHICAGO)


def test_the_morning_is_nine_by_the_clock_on_both_sides_of_a_change(bls: CredentialType, therapist: User):
    """Daylight saving ends on November 1: the day before has another offset, and the same nine o'clock."""
    factories.credential(user=therapist, type=bls, start=date(2025, 1, 1), end=date(2026, 11, 8))
    plan(OWN, datetime(2026, 10, 25, 12, tzinfo=CHICAGO))
    assert Reminder.objects.latest("due_at").due_at == datetime(2026, 10, 31, 9, tzinfo=CHICAGO)


def test_of_the_steps_that_were_missed_only_the_latest_is_made_up_for(credential: Credential):
    assert plan(OWN, morning(ENDS - timedelta(days=25))) == [("Avery Testwell", "lead-30")]
    assert plan(OWN, morning(ENDS - timedelta(days=20))) == [
        ("Avery Testwell", "lead-30"),
        ("Avery Testwell", "lead-7"),
    ]


def test_a_step_gives_way_to_the_next(credential: Credential):
    plan(OWN, morning(ENDS - timedelta(days=30)))
    just_before = morning(ENDS - timedelta(days=7)) - timedelta(seconds=1)
    assert plan(OWN, just_before) == [("Avery Testwell", "lead-30"), ("Avery Testwell", "lead-7")]
    assert plan(OWN, morning(ENDS - timedelta(days=7))) == [("Avery Testwell", "lead-7")]


def test_a_renewal_takes_the_reminder_back(credential: Credential, bls: CredentialType, therapist: User):
    at = morning(ENDS - timedelta(days=30))
    assert plan(OWN, at) == [("Avery Testwell", "lead-30")]
    factories.credential(user=therapist, type=bls, start=ENDS + timedelta(days=1), end=date(2029, 1, 1))
    assert plan(OWN, at) == []
    assert Reminder.objects.get(kind=OWN).state == Reminder.State.CANCELLED


def test_another_document_is_no_renewal(credential: Credential, therapist: User, assistant: User, bls: CredentialType):
    at = morning(ENDS - timedelta(days=30))
    after = {"start": ENDS + timedelta(days=1), "end": date(2029, 1, 1)}
    factories.credential(user=therapist, type=factories.credential_type(), **after)
    factories.credential(user=assistant, type=bls, **after)
    assert plan(OWN, at) == [("Avery Testwell", "lead-30")]


def test_nobody_is_reminded_after_leaving(credential: Credential, therapist: User):
    at = morning(ENDS - timedelta(days=30))
    factories.as_if_always(therapist.memberships.all(), period=("2024-01-01", "2026-11-20"))
    assert plan(OWN, at) == []
    factories.as_if_always(therapist.memberships.all(), period=("2024-01-01", None))
    assert plan(OWN, at) == [("Avery Testwell", "lead-30")]
    User.objects.filter(pk=therapist.pk).update(is_active=False)
    assert plan(OWN, at) == []


def test_what_has_no_last_day_or_no_lead_days_is_never_said(therapist: User, bls: CredentialType):
    factories.credential(user=therapist, type=bls)
    factories.credential(user=therapist, type=factories.credential_type(lead_days=[]), end=ENDS + timedelta(days=1))
    assert plan(OWN, morning(ENDS - timedelta(days=30))) == []


def test_a_reminder_stops_being_true_when_the_day_is_over(credential: Credential):
    at = morning(ENDS - timedelta(days=7))
    plan(OWN, at)
    reminder = Reminder.objects.get()
    assert still_true([reminder], datetime(2026, 12, 30, 8, 59, tzinfo=CHICAGO)) == {reminder.pk}
    assert still_true([reminder], datetime(2026, 12, 31, 0, 0, tzinfo=CHICAGO)) == set()


MONTH, WEEK, LAST_DAY = f"lead-30-{ENDS}", f"lead-7-{ENDS}", f"lead-0-{ENDS}"


@pytest.mark.usefixtures("cast")
def test_the_managers_of_the_clinic_hear_of_it_thirty_days_before(credential: Credential):
    due = morning(ENDS - timedelta(days=30))
    assert plan(STAFF, due - timedelta(days=13)) == [("Dana Mockridge", MONTH)]
    assert Reminder.objects.get(kind=STAFF).due_at == due


@pytest.mark.usefixtures("cast")
def test_both_managers_of_somebody_at_two_clinics_hear_of_it(bls: CredentialType, floater: User):
    factories.credential(user=floater, type=bls, start=date(2025, 1, 1), end=ENDS + timedelta(days=1))
    at = morning(ENDS - timedelta(days=30))
    assert plan(STAFF, at) == [("Dana Mockridge", MONTH), ("Rosa Sampleton", MONTH)]


@pytest.mark.usefixtures("cast")
def test_administrators_hear_of_it_in_the_last_week(credential: Credential):
    at = morning(ENDS - timedelta(days=7))
    assert plan(STAFF, at) == [("Dana Mockridge", MONTH), ("Ada Nonesuch", WEEK), ("Ada Nonesuch", LAST_DAY)]


@pytest.mark.usefixtures("cast")
def test_administrators_hear_of_it_once_more_on_the_last_day(
    credential: Credential, bls: CredentialType, administrator
):
    plan(STAFF, morning(ENDS - timedelta(days=7)))
    last, week = (Reminder.objects.get(kind=STAFF, occasion=occasion) for occasion in (LAST_DAY, WEEK))
    assert (last.due_at, week.not_after) == (morning(ENDS), morning(ENDS))
    whys = [find(STAFF).write(bls, administrator, occasion, morning(ENDS)).why for occasion in (WEEK, LAST_DAY)]
    assert whys == [
        "You get this because you are an administrator: it ends on Dec 30, 2026, and still nobody has checked a later "
        "document.",
        "You get this because you are an administrator: today is its last day, and still nobody has checked a later "
        "document.",
    ]


def test_a_day_on_which_many_end_is_one_reminder(bls: CredentialType, manager: User, therapist: User, assistant: User):
    for person in (therapist, assistant):
        factories.credential(user=person, type=bls, start=date(2025, 1, 1), end=ENDS + timedelta(days=1))
    at = morning(ENDS - timedelta(days=30))
    assert plan(STAFF, at) == [("Dana Mockridge", MONTH)]
    message = find(STAFF).write(bls, manager, MONTH, at)
    assert message.paragraphs == [
        "Wednesday, Dec 30, 2026 is the last day (Chicago time), and no later document is checked for 2 people: "
        "Avery Testwell and Bea Dummond."
    ]
    assert (message.path, message.action) == ("/people/", "Open the directory")


@pytest.mark.usefixtures("cast")
def test_nobody_gets_the_notice_for_staff_about_themselves(
    bls: CredentialType, manager: User, administrator: User, mt_prospect: Clinic
):
    factories.credential(user=manager, type=bls, start=date(2025, 1, 1), end=ENDS + timedelta(days=1))
    at = morning(ENDS - timedelta(days=7))
    assert plan(STAFF, at) == [("Ada Nonesuch", WEEK), ("Ada Nonesuch", LAST_DAY)]
    factories.membership(user=administrator, role=Role.MANAGER, clinic=mt_prospect, start=date(2025, 1, 1))
    assert plan(STAFF, at) == [("Ada Nonesuch", MONTH), ("Ada Nonesuch", WEEK), ("Ada Nonesuch", LAST_DAY)]
    message = find(STAFF).write(bls, manager, MONTH, at)
    assert "Dana Mockridge" not in message.paragraphs[0]


def test_a_former_manager_hears_nothing(credential: Credential, manager: User):
    factories.as_if_always(manager.memberships.all(), period=("2024-01-01", "2026-11-20"))
    assert plan(STAFF, morning(ENDS - timedelta(days=30))) == []


def test_the_words_to_the_person(credential: Credential, therapist: User, bls: CredentialType):
    factories.skill(name="Dry needling, neck").required_types.add(bls)
    at = morning(ENDS - timedelta(days=30))
    message = find(OWN).write(credential, therapist, "lead-30", at)
    assert message.title == "Renew your BLS by Wed, Dec 30"
    assert message.paragraphs == [
        "Wednesday, Dec 30, 2026 is the last day of your BLS (Chicago time).",
        "Hand in the new document before that day. Without it you cannot be put on shifts that need Dry needling, neck.",
    ]
    assert message.path == f"/people/{therapist.pk}/"


def test_the_words_to_a_manager_name_nobody_in_the_title(
    credential: Credential, bls: CredentialType, manager: User, therapist: User, therapist_oakbrook: User
):
    factories.credential(user=therapist_oakbrook, type=bls, start=date(2025, 1, 1), end=ENDS + timedelta(days=1))
    message = find(STAFF).write(bls, manager, MONTH, morning(ENDS - timedelta(days=30)))
    assert message.title == "BLS of your staff ends on Wed, Dec 30"
    assert message.paragraphs == [
        "Wednesday, Dec 30, 2026 is the last day (Chicago time), and no later document is checked for 1 person: "
        "Avery Testwell."
    ]
    assert (message.path, message.action) == (f"/people/{therapist.pk}/", "See the file of Avery")

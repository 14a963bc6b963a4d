from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import connection

from accounts.models import User
from accounts.roles import Role
from intranet.reminders import locks
from intranet.reminders.mailing import compose_for, compose_mails
from intranet.reminders.models import Delivery, DeliveryItem, Reminder
from intranet.reminders.planning import plan
from intranet.reminders.registry import Message
from intranet.reminders.releasing import release
from tests.factories import staff
from tests.intranet.reminders import factories
from tests.intranet.reminders.conftest import HOUR

pytestmark = pytest.mark.django_db
CHICAGO = ZoneInfo("America/Chicago")
EVENING = datetime(2026, 11, 25, 21, 30, tzinfo=CHICAGO)
MORNING = datetime(2026, 11, 26, 7, 0, tzinfo=CHICAGO)


def test_what_is_due_goes_into_the_inbox_and_into_a_mail(planted, therapist, at):
    planted.owe(therapist, "due", due=at)
    planted.owe(therapist, "not yet", due=at + HOUR)
    plan(at)
    assert release(at) == {"released": 1, "mails": 1}
    due = Reminder.objects.visible_to(therapist).get()
    assert (due.occasion, due.released_at, due.title, due.path, due.action, due.why) == (
        *("due", at, "Planted: due", f"/people/{therapist.pk}/", "Look at it"),
        "You get this because a test wants it.",
    )
    assert due.paragraphs == ["The first paragraph.", "The second, with <angles> & an ampersand."]
    mail = Delivery.objects.get()
    assert (mail.recipient, mail.address, mail.state, mail.on_doubt) == (
        *(therapist, therapist.email, "pending", "resend"),
    )
    assert (mail.created_at, mail.not_before, mail.not_after) == (at, at, due.not_after)
    assert [(item.delivery, item.reminder) for item in DeliveryItem.objects.all()] == [(mail, due)]


def test_releasing_twice_does_it_once(planted, therapist, at):
    planted.owe(therapist, due=at, times=3)
    plan(at)
    assert release(at) == {"released": 3, "mails": 3}
    assert release(at) == {"mails": 0}
    assert Delivery.objects.count() == 3


def test_at_night_the_inbox_has_it_and_mail_waits_for_the_morning(planted, therapist, at):
    planted.owe(therapist, due=EVENING)
    plan(EVENING)
    assert release(EVENING) == {"released": 1, "mails": 0}
    assert Reminder.objects.visible_to(therapist).get().mail_due_at == MORNING
    assert release(MORNING - timedelta(seconds=1))["mails"] == 0
    assert release(MORNING)["mails"] == 1
    assert Delivery.objects.get().not_before == MORNING


def test_an_urgent_kind_does_not_wait_for_the_morning(urgent, therapist):
    urgent.owe(therapist, due=EVENING)
    plan(EVENING)
    assert release(EVENING) == {"released": 1, "mails": 1}


def test_what_has_settled_by_the_morning_needs_no_mail(planted, therapist):
    planted.owe(therapist, "done at night", due=EVENING)
    plan(EVENING)
    release(EVENING)
    planted.forgive("done at night")
    plan(MORNING)
    assert release(MORNING)["mails"] == 0
    assert Reminder.objects.get().settled_at == MORNING


@pytest.mark.parametrize(
    ("over", "mailed_at"),
    [
        (MORNING - HOUR, EVENING),
        (MORNING, EVENING),
        (MORNING + timedelta(minutes=1), MORNING),
        (MORNING + timedelta(minutes=30), MORNING),
    ],
)
def test_what_would_be_over_by_the_morning_does_not_wait_for_it(planted, therapist, over, mailed_at):
    planted.owe(therapist, due=EVENING - HOUR, until=over)
    for moment in (EVENING, MORNING):
        plan(moment)
        release(moment)
    assert [mail.created_at for mail in Delivery.objects.all()] == [mailed_at]


def test_what_is_over_before_its_mail_stays_in_the_inbox_without_one(therapist):
    factories.released(recipient=therapist, at=EVENING, mail_due_at=MORNING, not_after=MORNING)
    plan(MORNING)
    assert release(MORNING)["mails"] == 0
    assert [row.mail_due_at for row in Reminder.objects.visible_to(therapist)] == [None]


def test_five_come_one_by_one_and_six_in_one_digest(planted, therapist, floater, at):
    planted.owe(therapist, due=at, times=5)
    planted.owe(floater, due=at, times=6)
    plan(at)
    assert release(at) == {"released": 11, "mails": 6}
    digest = Delivery.objects.get(recipient=floater)
    assert (digest.items.count(), digest.on_doubt) == (6, "hold")
    assert [mail.items.count() for mail in Delivery.objects.filter(recipient=therapist)] == [1] * 5


def test_mails_that_still_wait_count_and_join_the_digest(planted, therapist, at):
    planted.owe(therapist, "early", due=at, times=4)
    planted.owe(therapist, "late", due=at + HOUR, times=2)
    plan(at)
    release(at)
    assert release(at + HOUR) == {"released": 2, "mails": 1}
    digest = Delivery.objects.get(state="pending")
    assert digest.items.count() == 6
    assert digest.not_after == at + 49 * HOUR
    recalled = Delivery.objects.exclude(pk=digest.pk)
    assert {(mail.state, mail.reason) for mail in recalled} == {("cancelled", "Its reminders went into a digest.")}


def test_a_mail_of_which_a_copy_may_have_arrived_is_not_recalled(planted, therapist, at):
    doubtful = factories.delivery(
        recipient=therapist, at=at, doubts=1, reminders=[factories.released(recipient=therapist, at=at)]
    )
    planted.owe(therapist, due=at, times=6)
    plan(at)
    release(at)
    doubtful.refresh_from_db()
    assert (doubtful.state, doubtful.items.count()) == ("pending", 1)
    assert Delivery.objects.exclude(pk=doubtful.pk).get().items.count() == 6


def test_a_backlog_becomes_one_mail_a_person(planted, therapist, floater, assistant, at):
    for person in (therapist, floater, assistant):
        planted.owe(person, due=at, times=300)
    plan(at)
    assert release(at) == {"released": 900, "mails": 3}


def test_one_that_cannot_be_written_holds_up_nobody(planted, therapist, at, caplog):
    planted.owe(therapist, "poison", due=at - HOUR)
    planted.owe(therapist, "good", due=at)
    planted.unwritable.add("poison")
    plan(at)
    assert release(at) == {"released": 1, "failed": 1, "mails": 1, "unwritten": 1}
    poison = Reminder.objects.get(occasion="poison")
    assert (poison.state, poison.failures, poison.reason) == ("scheduled", 1, "Could not be written: LookupError.")
    assert "of the kind planted could not be written" in caplog.text
    planted.unwritable.clear()
    assert release(at) == {"released": 1, "mails": 1}
    assert Reminder.objects.get(occasion="poison").reason == ""


@pytest.mark.parametrize(
    ("title", "path"), [(" ", "/"), ("Title", ""), ("Title", "//evil.example/"), ("Title", "https://evil.example/")]
)
def test_words_that_lead_nowhere_or_elsewhere_are_refused(planted, therapist, at, monkeypatch, title, path):
    planted.owe(therapist, due=at)
    monkeypatch.setattr(planted, "write", lambda *_: Message(title, [], path, "Go", "Because."))
    plan(at)
    assert release(at) == {"failed": 1, "mails": 0, "unwritten": 1}
    assert Reminder.objects.get().reason == "Could not be written: ValueError."


@pytest.mark.django_db(transaction=True)
def test_one_whose_words_break_the_database_session_holds_up_nobody(planted, therapist, at, monkeypatch):
    planted.owe(therapist, "a poison", due=at)
    planted.owe(therapist, "good", due=at)
    write = planted.write

    def poisoned(subject, recipient, occasion, moment):
        if occasion == "a poison":
            User.objects.extra(where=["no_such_column"]).first()
        return write(subject, recipient, occasion, moment)

    monkeypatch.setattr(planted, "write", poisoned)
    plan(at)
    assert release(at) == {"released": 1, "failed": 1, "mails": 1, "unwritten": 1}


def test_what_was_cancelled_while_its_words_were_found_is_not_shown(planted, therapist, at, monkeypatch, states):
    planted.owe(therapist, due=at)
    plan(at)
    write = planted.write

    def cancelled_meanwhile(*arguments):
        Reminder.objects.update(state="cancelled", reason="No longer true.")
        return write(*arguments)

    monkeypatch.setattr(planted, "write", cancelled_meanwhile)
    assert release(at) == {"mails": 0}
    assert states() == {"once": "cancelled"}


def test_what_is_about_something_gone_is_cancelled(planted, therapist, at, states):
    factories.reminder(recipient=therapist, at=at, subject_id=0)
    assert release(at) == {"cancelled": 1, "mails": 0}
    assert [(row.state, row.reason) for row in Reminder.objects.all()] == [("cancelled", "What it was about is gone.")]


def test_a_kind_of_another_release_is_left_to_it(therapist, at, states):
    factories.reminder(recipient=therapist, at=at, kind="from-next-year")
    assert release(at) == {"mails": 0}
    assert states() == {"once": "scheduled"}


def test_a_long_title_is_cut_and_spaces_in_it_are_single(planted, therapist, at, monkeypatch):
    planted.owe(therapist, "o" * 40, due=at)
    title = "Two\r\nlines " + "x" * 300
    monkeypatch.setattr(planted, "write", lambda *_: Message(title, [], "/", "Go", "Because."))
    plan(at)
    release(at)
    title = Reminder.objects.get().title
    assert title.startswith("Two lines xxx")
    assert len(title) == 200


def test_an_address_that_no_mail_can_carry_holds_up_nobody(planted, therapist, floater, at, caplog):
    User.objects.filter(pk=therapist.pk).update(email="nobody@" + "x" * 64 + ".example")
    for person in (therapist, floater):
        planted.owe(person, due=at)
    plan(at)
    assert release(at) == {"released": 2, "mails": 1}
    assert Reminder.objects.get(recipient=therapist).mail_due_at == at
    assert f"Mail for person {therapist.pk} could not be composed" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_two_never_compose_for_one_person_at_once(planted, therapist, at):
    factories.released(recipient=therapist, at=at, mail_due_at=at)
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory"), parameters.pop("context")
    with psycopg.connect(**parameters) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s, %s)", [locks.PEOPLE, therapist.pk])
        assert compose_for([therapist.pk], at) == 0
    assert compose_for([therapist.pk], at) == 1
    assert compose_for([therapist.pk], at) == 0


def test_who_is_still_being_told_more_gets_no_mail_before_the_rest(planted, therapist, at):
    """Another tick has shown a part of a flood: this one must not make a mail of the part."""
    factories.released(recipient=therapist, at=at, mail_due_at=at)
    rest = factories.reminder(recipient=therapist, at=at, occasion="the rest")
    assert compose_mails(at) == 0
    rest.state, rest.reason = Reminder.State.CANCELLED, "No longer true."
    rest.save()
    assert compose_mails(at) == 1


def test_what_cannot_be_written_holds_up_no_mail(planted, therapist, at):
    factories.released(recipient=therapist, at=at, mail_due_at=at)
    factories.reminder(recipient=therapist, at=at, occasion="poison", failures=1)
    assert compose_mails(at) == 1


@pytest.mark.parametrize("people", [2, 20])
def test_twenty_people_take_as_many_queries_as_two(planted, mt_prospect, at, people, django_assert_num_queries):
    for number in range(people):
        person = staff(name=f"Person {number}", role=Role.THERAPIST, clinics=[mt_prospect])
        for occasion in ("one", "two"):
            planted.owe(person, occasion, due=at)
    plan(at)
    with django_assert_num_queries(20):
        assert release(at) == {"released": 2 * people, "mails": 2 * people}


def test_what_waits_for_no_morning_is_marked(planted, urgent, therapist, at):
    planted.owe(therapist, "may wait", due=at)
    urgent.owe(therapist, "may not", due=at)
    plan(at)
    release(at)
    assert set(Reminder.objects.values_list("occasion", "at_any_hour")) == {("may wait", False), ("may not", True)}


def test_much_for_few_people_is_composed_in_parts(planted, therapist, floater, at, monkeypatch):
    """Whoever composes holds the reminders; so many and no more."""
    parts: list[list[int]] = []
    monkeypatch.setattr("intranet.reminders.mailing.REMINDERS", 3)
    monkeypatch.setattr(
        "intranet.reminders.mailing.compose_for",
        lambda people, at: parts.append(list(people)) or compose_for(people, at),
    )
    for person in (therapist, floater):
        planted.owe(person, due=at, times=4)
    plan(at)
    assert release(at) == {"released": 8, "mails": 8}
    assert sorted(parts) == sorted([[therapist.pk], [floater.pk]])

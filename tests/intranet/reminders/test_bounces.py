"""What a report of a mail that did not arrive comes to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from intranet.reminders.addresses import clear
from intranet.reminders.bounces import Came, Report, take
from intranet.reminders.models import AddressTrouble, Delivery
from tests.intranet.reminders import factories

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def sent(therapist, at):
    return factories.delivery(recipient=therapist, at=at - DAY, state="sent", sent_at=at - DAY, last_code=250)


def facts(mail):
    mail.refresh_from_db()
    return mail.state, mail.sent_at, mail.bounced_at, mail.bounce


def test_a_final_report_marks_the_mail_and_flags_the_address(sent, therapist, at):
    report = Report(therapist.email, sent.message_id, status="5.1.1", words="No such user")
    assert take(report, at) == Came.HARD
    assert facts(sent) == ("sent", at - DAY, at, "5.1.1 No such user")
    trouble = AddressTrouble.objects.get()
    assert (trouble.person, trouble.source, trouble.code, trouble.since) == (therapist, "bounce", "5.1.1", at)


def test_told_twice_changes_nothing_even_after_somebody_said_it_works(sent, therapist, manager, at):
    report = Report(therapist.email, sent.message_id, status="5.1.1")
    take(report, at)
    clear(AddressTrouble.objects.get(), by=manager, why="It works.", at=at)
    assert take(report, at + DAY) == Came.REPEATED
    assert AddressTrouble.objects.open().count() == 0
    assert facts(sent)[2] == at


@pytest.mark.parametrize("status", ["5.7.1", "5.2.2", "5.6.0"])
def test_policy_and_content_mark_the_mail_alone(sent, therapist, at, status):
    assert take(Report(therapist.email, sent.message_id, status=status), at) == Came.HARD
    assert facts(sent)[2] == at
    assert AddressTrouble.objects.count() == 0


@pytest.mark.parametrize(("action", "status"), [("delayed", "4.4.1"), ("failed", "4.2.2")])
def test_a_soft_one_is_only_noted(sent, therapist, at, action, status):
    report = Report(therapist.email, sent.message_id, action=action, status=status, words="Mailbox full")
    assert [take(report, at), take(report, at)] == [Came.SOFT, Came.REPEATED]
    assert facts(sent) == ("sent", at - DAY, None, f"{status} Mailbox full")
    assert AddressTrouble.objects.count() == 0


def test_a_complaint_flags(sent, therapist, at):
    assert take(Report(therapist.email, sent.message_id, action="complained"), at) == Came.HARD
    assert AddressTrouble.objects.get().source == "complaint"


def test_good_news_is_no_news(sent, therapist, at):
    take(Report(therapist.email, sent.message_id, action="delivered", status="2.0.0"), at)
    assert facts(sent) == ("sent", at - DAY, None, "")


def test_without_a_message_id_it_is_the_newest_mail_to_the_address(sent, therapist, at):
    older = factories.delivery(recipient=therapist, at=at - 3 * DAY, state="sent", sent_at=at - 3 * DAY)
    newer = factories.delivery(recipient=therapist, at=at, state="sent", sent_at=at - DAY / 2)
    assert take(Report(therapist.email.upper(), status="5.1.1"), at) == Came.HARD
    assert [facts(mail)[2] for mail in (older, sent, newer)] == [None, None, at]
    assert take(Report(therapist.email, status="5.1.1"), at) == Came.REPEATED


def test_of_a_mail_that_was_not_sent_lately_nothing_is_believed(therapist, at):
    factories.delivery(recipient=therapist, at=at - 9 * DAY, state="sent", sent_at=at - 9 * DAY)
    factories.delivery(recipient=therapist, at=at)
    assert take(Report(therapist.email, status="5.1.1"), at) == Came.UNKNOWN


@pytest.mark.parametrize("forged", ["<made-up@elsewhere.example>", "<0@clinic.example>"])
def test_a_foreign_message_id_is_believed_for_nobody(sent, therapist, at, forged):
    assert take(Report(therapist.email, forged, status="5.1.1"), at) == Came.UNKNOWN
    assert facts(sent)[2] is None
    assert AddressTrouble.objects.count() == 0


def test_our_message_id_with_somebody_elses_address_is_not_believed(sent, floater, at):
    assert take(Report(floater.email, sent.message_id, status="5.1.1"), at) == Came.UNKNOWN
    assert AddressTrouble.objects.count() == 0


def test_a_mail_that_never_left_cannot_come_back(therapist, at):
    dead = factories.delivery(recipient=therapist, at=at, state="dead", reason="Refused.")
    assert take(Report(therapist.email, dead.message_id, status="5.1.1"), at) == Came.UNKNOWN


def test_one_report_takes_a_fixed_number_of_questions(therapist, at, django_assert_max_num_queries):
    for _ in range(3):
        factories.delivery(recipient=therapist, at=at, state="sent", sent_at=at)
    with django_assert_max_num_queries(4):
        take(Report(therapist.email, "<unknown@clinic.example>"), at)
    assert Delivery.objects.filter(bounced_at__isnull=False).count() == 0

"""T3, T4 and T5, one transaction at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from intranet.reminders import locks
from intranet.reminders.handing_over import (
    MOST_DOUBTS,
    MOST_TRIES,
    WENT_ON,
    Outcome,
    Result,
    backoff,
    claim,
    conclude,
    give_back,
    pass_fence,
)
from intranet.reminders.models import Delivery, Reminder
from intranet.reminders.runs import RunLost, begin
from tests.intranet.reminders import factories
from tests.intranet.reminders.conftest import HOUR

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def run(at):
    run = begin("manual", at)
    yield run
    locks.free_run(run.pk)


@pytest.fixture
def mail(planted, therapist, at):
    """A mail about one thing that is owed."""
    planted.owe(therapist, due=at)
    reminder = factories.released(recipient=therapist, at=at, occasion="once")
    return factories.delivery(recipient=therapist, at=at, reminders=[reminder])


def facts(mail):
    mail.refresh_from_db()
    return mail.state, mail.reason, mail.run, mail.tries, mail.doubts


def outcomes(mail):
    return [attempt.outcome for attempt in mail.attempts.order_by("pk")]


# --- T3 ---


def test_claiming_takes_what_is_due_the_longest_waiting_first(run, therapist, at):
    late, early = (
        factories.delivery(recipient=therapist, at=at, not_before=at - wait) for wait in (HOUR, timedelta(hours=2))
    )
    factories.delivery(recipient=therapist, at=at, not_before=at + MINUTE)
    factories.delivery(recipient=therapist, at=at, not_after=at)
    for state in ("sent", "cancelled"):
        sent_at = at if state == "sent" else None
        factories.delivery(recipient=therapist, at=at, state=state, sent_at=sent_at, reason="It was so.")
    assert claim(run, at) == [early, late]
    assert facts(early) == ("claimed", "", run, 0, 0)
    attempt = early.attempts.get()
    assert (attempt.run, attempt.claimed_at, attempt.dot_at, attempt.ended_at, attempt.outcome) == (
        *(run, at, None, None, ""),
    )
    assert claim(run, at) == []


def test_claiming_takes_twenty_at_a_time(run, therapist, at):
    for _ in range(21):
        factories.delivery(recipient=therapist, at=at)
    assert [len(claim(run, at)), len(claim(run, at)), len(claim(run, at))] == [20, 1, 0]


# --- T4 ---


def test_the_fence_lets_a_true_reminder_pass(run, mail, at):
    claim(run, at)
    assert pass_fence(mail, run, at + MINUTE) is True
    assert facts(mail) == ("committed", "", run, 0, 0)
    assert mail.attempts.get().dot_at == at + MINUTE


def test_the_fence_stops_what_is_no_longer_true(run, mail, planted, at):
    claim(run, at)
    planted.forgive("once")
    assert pass_fence(mail, run, at + MINUTE) is False
    assert facts(mail) == ("cancelled", "No longer true.", None, 0, 0)
    assert outcomes(mail) == ["stopped"]
    assert Reminder.objects.get().settled_at == at + MINUTE


def test_the_fence_stops_what_is_too_late(run, mail, at):
    claim(run, at)
    assert pass_fence(mail, run, mail.not_after) is False
    assert facts(mail) == ("expired", "Its time had passed.", None, 0, 0)


def test_the_fence_stops_mail_for_somebody_switched_off(run, mail, therapist, at):
    claim(run, at)
    User.objects.filter(pk=therapist.pk).update(is_active=False)
    assert pass_fence(mail, run, at) is False
    assert facts(mail) == ("cancelled", "The account is switched off.", None, 0, 0)
    assert Delivery.objects.count() == 1


def test_the_fence_sends_the_mail_to_a_new_address_instead(run, mail, therapist, at):
    claim(run, at)
    User.objects.filter(pk=therapist.pk).update(email="new@clinic.example")
    assert pass_fence(mail, run, at) is False
    assert facts(mail)[:2] == ("cancelled", f"The address has changed. {WENT_ON}")
    other = Delivery.objects.exclude(pk=mail.pk).get()
    assert (other.address, other.state, list(other.reminders.all())) == (
        *("new@clinic.example", "pending", [Reminder.objects.get()]),
    )


def test_of_a_digest_what_is_still_true_goes_into_another_mail(run, planted, therapist, at):
    reminders = {}
    for occasion in ("true", "also true", "untrue"):
        planted.owe(therapist, occasion, due=at)
        reminders[occasion] = factories.released(recipient=therapist, at=at, occasion=occasion)
    digest = factories.delivery(recipient=therapist, at=at, reminders=list(reminders.values()), on_doubt="hold")
    claim(run, at)
    planted.forgive("untrue")
    assert pass_fence(digest, run, at) is False
    assert facts(digest)[:2] == ("cancelled", f"Some of it is no longer true. {WENT_ON}")
    other = Delivery.objects.get(state="pending")
    assert set(other.reminders.all()) == {reminders["true"], reminders["also true"]}
    assert {row.occasion: row.settled_at for row in Reminder.objects.all()} == {
        "true": None,
        "also true": None,
        "untrue": at,
    }


def test_a_mail_that_may_have_arrived_stays_in_doubt_when_the_fence_stops_it(run, mail, planted, at):
    Delivery.objects.filter(pk=mail.pk).update(doubts=1)
    claim(run, at)
    planted.forgive("once")
    assert pass_fence(mail, run, at) is False
    assert facts(mail) == ("doubt", "No longer true.", None, 0, 1)


def test_of_a_digest_in_doubt_nothing_goes_into_another_mail(run, planted, therapist, at):
    planted.owe(therapist, "true", due=at)
    reminders = [factories.released(recipient=therapist, at=at, occasion=name) for name in ("true", "untrue")]
    digest = factories.delivery(recipient=therapist, at=at, reminders=reminders, on_doubt="hold", doubts=1)
    claim(run, at)
    assert pass_fence(digest, run, at) is False
    assert facts(digest)[:2] == ("doubt", "Some of it is no longer true.")
    assert Delivery.objects.count() == 1


def test_a_run_without_its_lock_may_not_pass(run, mail, at):
    claim(run, at)
    locks.free_run(run.pk)
    with pytest.raises(RunLost):
        pass_fence(mail, run, at)
    assert facts(mail) == ("claimed", "", run, 0, 0)
    locks.take_run(run.pk)


def test_a_mail_in_other_hands_may_not_pass(run, mail, at):
    claim(run, at)
    other = begin("manual", at)
    for hands in (other, None):
        state = "claimed" if hands else "pending"
        Delivery.objects.filter(pk=mail.pk).update(run=hands, state=state)
        with pytest.raises(RunLost):
            pass_fence(mail, run, at)
        with pytest.raises(RunLost):
            conclude(mail, run, Result(Outcome.SENT, 250, "OK"), at)
    locks.free_run(other.pk)


# --- T5 ---


def test_the_servers_250_is_kept(run, mail, at):
    claim(run, at)
    pass_fence(mail, run, at)
    conclude(mail, run, Result(Outcome.SENT, 250, "2.0.0 queued as 4711"), at + MINUTE)
    assert facts(mail) == ("sent", "", None, 0, 0)
    assert (mail.sent_at, mail.last_code, mail.last_reply) == (at + MINUTE, 250, "2.0.0 queued as 4711")
    attempt = mail.attempts.get()
    assert (attempt.outcome, attempt.code, attempt.ended_at) == ("sent", 250, at + MINUTE)


def test_later_comes_back_after_a_growing_pause(run, mail, at):
    for tries, minutes in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60), (8, 60)]:
        Delivery.objects.filter(pk=mail.pk).update(not_before=at)
        claim(run, at)
        conclude(mail, run, Result(Outcome.LATER, 451, "busy"), at)
        assert facts(mail) == ("pending", "", None, tries, 0)
        assert 0.75 * minutes * MINUTE <= mail.not_before - at <= 1.25 * minutes * MINUTE
    assert outcomes(mail) == ["later"] * 8
    assert (mail.last_code, mail.last_reply) == (451, "busy")


def test_twelve_times_later_is_the_end(run, mail, at):
    Delivery.objects.filter(pk=mail.pk).update(tries=MOST_TRIES - 1)
    claim(run, at)
    conclude(mail, run, Result(Outcome.LATER, 451, "busy"), at)
    assert facts(mail) == ("dead", "The mail server put it off 12 times.", None, 12, 0)


def test_refused_is_the_end_at_once(run, mail, at):
    claim(run, at)
    conclude(mail, run, Result(Outcome.REFUSED, 550, "no such user"), at)
    assert facts(mail) == ("dead", "The mail server refused it for good.", None, 0, 0)
    assert (mail.last_code, mail.last_reply, outcomes(mail)) == (550, "no such user", ["refused"])


def test_a_server_out_of_reach_burns_no_try(run, mail, at):
    claim(run, at)
    conclude(mail, run, Result(Outcome.UNREACHED), at)
    assert facts(mail) == ("pending", "", None, 0, 0)
    assert mail.not_before == at + MINUTE


def test_doubt_sends_the_same_bytes_again_where_the_kind_wants_it(run, mail, at):
    before = bytes(mail.payload)
    claim(run, at)
    pass_fence(mail, run, at)
    conclude(mail, run, Result(Outcome.DOUBT), at)
    assert facts(mail) == ("pending", "", None, 0, 1)
    assert mail.not_before > at
    assert bytes(mail.payload) == before
    assert outcomes(mail) == ["doubt"]


def test_doubt_holds_where_the_kind_wants_that(run, planted, therapist, at):
    planted.owe(therapist, due=at)
    reminder = factories.released(recipient=therapist, at=at, occasion="once")
    mail = factories.delivery(recipient=therapist, at=at, reminders=[reminder], on_doubt="hold")
    claim(run, at)
    pass_fence(mail, run, at)
    conclude(mail, run, Result(Outcome.DOUBT), at)
    assert facts(mail) == ("doubt", "It may have arrived; it is not sent again.", None, 0, 1)


def test_too_many_doubts_hold_in_any_case(run, mail, at):
    Delivery.objects.filter(pk=mail.pk).update(doubts=MOST_DOUBTS - 1)
    claim(run, at)
    pass_fence(mail, run, at)
    conclude(mail, run, Result(Outcome.DOUBT), at)
    assert facts(mail)[0] == "doubt"


def test_what_was_not_begun_keeps_its_place(run, mail, at):
    claimed = claim(run, at)
    give_back(claimed, run, at + HOUR)
    assert facts(mail) == ("pending", "", None, 0, 0)
    assert (mail.not_before, outcomes(mail)) == (at, ["returned"])


def test_pauses_differ_so_that_mails_do_not_come_back_together():
    assert len({backoff(3) for _ in range(20)}) > 1

"""Mails that did not go: the list, sending once more, writing off; on the page and over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from intranet.audit.models import Entry
from intranet.core.access import Forbidden, Refused
from intranet.reminders.addresses import Source, flag
from intranet.reminders.dead_letters import retry, write_off
from intranet.reminders.models import Attempt, Delivery
from intranet.reminders.runs import begin
from tests.conftest import CAST
from tests.intranet.reminders import factories
from tests.intranet.reminders.conftest import HOUR

pytestmark = pytest.mark.django_db
LIST = "/operations/mails/"
API = "/api/v1/mails/"


@pytest.fixture(autouse=True)
def _clock(at):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def dead(planted, therapist, at):
    """A mail that the server refused, about something that is still owed."""
    planted.owe(therapist, due=at)
    reminder = factories.released(recipient=therapist, at=at, occasion="once", title="Canary title", body="Canary body")
    return factories.delivery(
        recipient=therapist,
        at=at,
        reminders=[reminder],
        state="dead",
        reason="The mail server refused it for good.",
        tries=3,
        last_code=554,
        last_reply="5.7.1 Blocked",
        payload=b"Subject: Canary subject\r\n\r\nCanary words\r\n",
    )


@pytest.fixture
def doubt(therapist, at):
    return factories.delivery(
        recipient=therapist, at=at, state="doubt", doubts=1, on_doubt="hold", reason="It may have arrived."
    )


def facts(mail):
    mail.refresh_from_db()
    return mail.state, mail.tries, mail.reason


def codes(outcome):
    return {pk: [reason.code for reason in verdict.reasons] for pk, verdict in outcome.refused.items()}


class TestOnceMore:
    def test_it_goes_back_into_the_queue_and_out(self, dead, administrator, mailbox, run_tick, at):
        assert retry([dead.pk], by=administrator, at=at).done == 1
        assert facts(dead) == ("pending", 0, "")
        [entry] = Entry.objects.filter(verb="mail.retried")
        assert (entry.actor_id, entry.target_id, entry.changes["before"]) == (administrator.pk, str(dead.pk), "dead")
        assert "Canary" not in str(entry.changes)
        assert run_tick(at)["sent"] == 1
        assert [content for _, content in mailbox.taken] == [bytes(dead.payload)]

    def test_not_when_its_time_has_passed(self, dead, administrator, at):
        outcome = retry([dead.pk], by=administrator, at=dead.not_after)
        assert (outcome.done, codes(outcome)) == (0, {dead.pk: ["too-late"]})
        assert facts(dead)[0] == "dead"

    def test_not_while_the_address_does_not_work(self, dead, therapist, administrator, at):
        flag(therapist, therapist.email, source=Source.RCPT, at=at)
        assert codes(retry([dead.pk], by=administrator, at=at)) == {dead.pk: ["flagged"]}

    def test_not_to_somebody_who_left(self, dead, therapist, administrator, at):
        therapist.is_active = False
        therapist.save(update_fields=["is_active"])
        assert codes(retry([dead.pk], by=administrator, at=at)) == {dead.pk: ["left"]}

    def test_a_doubt_only_by_somebody_who_accepts_two(self, doubt, administrator, at):
        assert codes(retry([doubt.pk], by=administrator, at=at)) == {doubt.pk: ["twice"]}
        assert retry([doubt.pk], by=administrator, at=at, twice=True).done == 1
        assert facts(doubt) == ("pending", 0, "")

    def test_what_was_refused_after_a_doubt_may_arrive_twice_as_well(self, dead, administrator, at):
        Delivery.objects.filter(pk=dead.pk).update(doubts=1)
        assert codes(retry([dead.pk], by=administrator, at=at)) == {dead.pk: ["twice"]}
        assert retry([dead.pk], by=administrator, at=at, twice=True).done == 1

    def test_every_reason_is_named_at_once(self, doubt, therapist, administrator):
        flag(therapist, therapist.email, source=Source.RCPT, at=doubt.created_at)
        assert codes(retry([doubt.pk], by=administrator, at=doubt.not_after)) == {
            doubt.pk: ["too-late", "flagged", "twice"]
        }

    @pytest.mark.parametrize("state", ["pending", "sent", "cancelled", "expired"])
    def test_nothing_else_is_sent_once_more(self, therapist, administrator, state, at):
        sent_at = at if state == "sent" else None
        mail = factories.delivery(recipient=therapist, at=at, state=state, sent_at=sent_at, reason="So it was.")
        assert codes(retry([mail.pk], by=administrator, at=at)) == {mail.pk: ["not-waiting"]}

    def test_each_of_several_by_itself(self, dead, doubt, administrator, at):
        outcome = retry([dead.pk, doubt.pk, 999_999], by=administrator, at=at)
        assert (outcome.done, codes(outcome)) == (1, {doubt.pk: ["twice"]})


class TestWritingOff:
    def test_it_stays_on_record_with_the_reason(self, dead, doubt, administrator, at):
        assert write_off([dead.pk, doubt.pk], why=" Told  by phone. ", by=administrator, at=at).done == 2
        dead.refresh_from_db()
        assert (dead.state, dead.written_off_at, dead.written_off_by, dead.written_off_why) == (
            *("dead", at, administrator, "Told by phone."),
        )
        assert Entry.objects.filter(verb="mail.written-off").count() == 2
        assert Delivery.objects.unsettled().count() == 0

    def test_once(self, dead, administrator, at):
        write_off([dead.pk], why="Told.", by=administrator, at=at)
        assert codes(write_off([dead.pk], why="Again.", by=administrator, at=at)) == {dead.pk: ["written-off"]}
        assert codes(retry([dead.pk], by=administrator, at=at)) == {dead.pk: ["written-off"]}

    @pytest.mark.parametrize("why", ["", "  ", "x" * 201])
    def test_not_without_a_reason(self, dead, administrator, why, at):
        with pytest.raises(Refused):
            write_off([dead.pk], why=why, by=administrator, at=at)
        assert facts(dead)[0] == "dead"

    def test_the_database_wants_a_reason_and_a_state(self, dead, administrator, therapist, at):
        name = "delivery_written_off_by_somebody_with_a_reason"
        for changes in ({"written_off_at": at}, {"written_off_why": "So."}):
            with pytest.raises(IntegrityError, match=name), transaction.atomic():
                Delivery.objects.filter(pk=dead.pk).update(**changes)
        pending = factories.delivery(recipient=therapist, at=at)
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Delivery.objects.filter(pk=pending.pk).update(
                written_off_at=at, written_off_by=administrator, written_off_why="So."
            )


@pytest.mark.parametrize("who", [name for name in CAST if name != "administrator"])
def test_nobody_else_decides(dead, cast, who, at):
    with pytest.raises(Forbidden):
        retry([dead.pk], by=cast[who], at=at)
    with pytest.raises(Forbidden):
        write_off([dead.pk], why="So.", by=cast[who], at=at)
    assert facts(dead)[0] == "dead"


class TestPage:
    def test_it_shows_to_whom_why_and_when_but_no_words(self, dead, administrator, sign_in, at):
        run = begin("manual", at)
        Attempt.objects.create(delivery=dead, run=run, claimed_at=at, ended_at=at, outcome="refused", code=554)
        text = sign_in(administrator).get(LIST).content.decode()
        for words in (
            dead.recipient.name,
            dead.address,
            "Planted",
            "5.7.1 Blocked",
            "1 attempt",
            "The server refused it for good (554)",
            dead.message_id.strip("<>"),
        ):
            assert words in text
        assert "Canary" not in text

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["dead", "doubt"]),
            ("?state=dead", ["dead"]),
            ("?state=doubt", ["doubt"]),
            ("?kind=planted", ["dead"]),
            ("?person=avery", ["dead", "doubt"]),
            ("?person=nobody", []),
            ("?since=2026-11-25", ["dead", "doubt"]),
            ("?since=2026-11-26", []),
            ("?state=bounced", ["sent"]),
            ("?state=put-off", ["pending"]),
            ("?state=written-off", []),
        ],
    )
    def test_filters(self, dead, doubt, therapist, administrator, api, query, found, at):
        factories.delivery(recipient=therapist, at=at, state="sent", sent_at=at, bounced_at=at, bounce="5.1.1")
        factories.delivery(recipient=therapist, at=at, tries=2)
        results = api(administrator).get(API + query).json()["results"]
        assert sorted(mail["state"] for mail in results) == found

    def test_what_makes_no_sense_is_named(self, administrator, sign_in):
        assert b"makes no sense" in sign_in(administrator).get(f"{LIST}?since=yesterday").content

    def test_sending_once_more_says_what_became_of_each(self, dead, doubt, administrator, sign_in):
        browser = sign_in(administrator)
        response = browser.post(
            f"{LIST}retry/", {"mail": [dead.pk, doubt.pk], "at_state": "dead", "at_page": "1"}, follow=True
        )
        assert response.redirect_chain == [(f"{LIST}?state=dead&page=1", 302)]
        text = response.content.decode()
        assert "1 mail goes out once more." in text
        assert "1 mail not: It may arrive twice. Say that you accept that." in text

    def test_writing_off(self, dead, administrator, sign_in):
        browser = sign_in(administrator)
        response = browser.post(f"{LIST}write-off/", {"mail": dead.pk, "why": ""}, follow=True)
        assert b"Say why." in response.content
        response = browser.post(f"{LIST}write-off/", {"mail": dead.pk, "why": "Told by phone."}, follow=True)
        assert b"1 mail was written off." in response.content
        assert b"Told by phone." in browser.get(f"{LIST}?state=written-off").content

    def test_nothing_ticked(self, dead, administrator, sign_in):
        response = sign_in(administrator).post(f"{LIST}retry/", {"mail": "x"}, follow=True)
        assert b"Tick the mails first." in response.content


class TestApi:
    def test_one_mail(self, dead, administrator, api):
        found = api(administrator).get(f"{API}{dead.pk}/").json()
        assert (found["state"], found["kinds"], found["message_id"], found["last_code"]) == (
            *("dead", ["Planted"], dead.message_id, 554),
        )
        assert "Canary" not in str(found)

    def test_the_same_actions(self, dead, doubt, administrator, api):
        browser = api(administrator)
        answer = browser.post(f"{API}retry/", {"mails": [dead.pk, doubt.pk]}).json()
        assert answer == {
            "done": 1,
            "refused": [{"id": doubt.pk, "reasons": ["It may arrive twice. Say that you accept that."]}],
        }
        answer = browser.post(f"{API}write-off/", {"mails": [doubt.pk], "why": "Told."}).json()
        assert answer == {"done": 1, "refused": []}

    @pytest.mark.parametrize("body", [{}, {"mails": []}, {"mails": list(range(1, 102))}, {"mails": ["x"]}])
    def test_nonsense(self, administrator, api, body):
        assert api(administrator).post(f"{API}retry/", body).status_code == 400

    def test_an_unknown_filter_is_refused(self, administrator, api):
        assert api(administrator).get(f"{API}?colour=red").status_code == 400


LIST_QUERIES = 10


@pytest.mark.parametrize("number", [1, 3, 20])
def test_a_list_of_any_length_takes_the_same_questions(
    number, therapist, administrator, sign_in, at, django_assert_num_queries
):
    run = begin("manual", at)
    for _ in range(number):
        reminders = [factories.released(recipient=therapist, at=at) for _ in range(2)]
        mail = factories.delivery(recipient=therapist, at=at - HOUR, reminders=reminders, state="dead", reason="No.")
        Attempt.objects.create(delivery=mail, run=run, claimed_at=at, ended_at=at + timedelta(), outcome="refused")
    browser = sign_in(administrator)
    browser.get(LIST)
    with django_assert_num_queries(LIST_QUERIES):
        browser.get(LIST)

"""The bounce mailbox, over a real IMAP conversation on the loopback address."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command

from intranet.reminders import bounce_mailbox, locks
from intranet.reminders.bounce_mailbox import MailboxAway, read, read_due
from intranet.reminders.delivery_status import LONGEST
from intranet.reminders.models import AddressTrouble
from intranet.reminders.ticking import never, starting_at
from tests.intranet.reminders import factories
from tests.intranet.reminders.imap_server import Folder, ImapServer, free_port
from tests.intranet.reminders.returned_mail import report

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings):
    box = Folder()
    server = ImapServer(box)
    settings.BOUNCE_IMAP_HOST, settings.BOUNCE_IMAP_PORT, settings.BOUNCE_IMAP_TLS = "127.0.0.1", box.port, False
    settings.BOUNCE_IMAP_USER, settings.BOUNCE_IMAP_PASSWORD = "bounces", box.password
    cache.delete(bounce_mailbox.READ_LATELY)
    yield box
    server.end()


@pytest.fixture
def sent(therapist, at):
    return factories.delivery(recipient=therapist, at=at, state="sent", sent_at=at)


def look(at):
    return dict(read(starting_at(at), never))


def test_what_came_back_flags_the_address_and_is_marked_as_seen(folder, sent, therapist, at):
    folder.mails = [report(therapist.email, message_id=sent.message_id)]
    assert look(at + timedelta(hours=1)) == {"bounces_hard": 1}
    sent.refresh_from_db()
    assert (sent.state, sent.bounce) == ("sent", "550 5.1.1 No such user here")
    assert AddressTrouble.objects.get().person == therapist
    assert folder.seen == {1}
    assert not [command for command in folder.commands if "DELETED" in command and "UNDELETED" not in command]


def test_what_was_seen_is_not_read_again(folder, sent, therapist, at):
    folder.mails = [report(therapist.email, message_id=sent.message_id)]
    look(at)
    assert look(at) == {}


def test_whoever_dies_before_the_mark_reads_it_again_without_harm(folder, sent, therapist, at):
    folder.mails = [report(therapist.email, message_id=sent.message_id)]
    folder.hangs_up_at = "UID STORE"
    with pytest.raises(MailboxAway):
        look(at)
    folder.hangs_up_at = ""
    assert look(at) == {"bounces_repeated": 1}
    assert AddressTrouble.objects.count() == 1


def test_a_mail_that_the_server_cannot_show_holds_up_no_other(folder, sent, therapist, at):
    folder.mails = [b"lost on the disk", report(therapist.email, message_id=sent.message_id)]
    folder.broken = {1}
    assert look(at) == {"bounces_not_given_out": 1, "bounces_hard": 1}
    assert folder.seen == {2}


def test_every_mail_is_read_whatever_the_others_hold(folder, sent, therapist, at):
    folder.mails = [
        b"",
        b"Subject: Out of office\r\n\r\nBack on Monday.\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 3000,
        b"\x00\xff" * 100_000,
        report("stranger@elsewhere.example", message_id="<other@elsewhere.example>"),
        report(therapist.email, message_id=sent.message_id, action="delayed", status="4.4.1"),
        report(therapist.email, message_id=sent.message_id, extra=b"x" * 3_000_000),
    ]
    assert look(at) == {"bounces_unreadable": 4, "bounces_unknown": 1, "bounces_soft": 1, "bounces_hard": 1}
    assert folder.seen == {1, 2, 3, 4, 5, 6, 7}


def test_of_a_huge_mail_only_the_beginning_is_asked_for(folder, at):
    folder.mails = [b"x" * 3_000_000]
    look(at)
    assert [command for command in folder.commands if "FETCH" in command] == [f"UID FETCH 1 (BODY.PEEK[]<0.{LONGEST}>)"]


def test_asked_to_stop_it_leaves_the_rest(folder, therapist, at):
    folder.mails = [report(therapist.email)] * 3
    assert dict(read(starting_at(at), lambda: len(folder.seen) == 1)) == {"bounces_unknown": 1}
    assert folder.seen == {1}


@pytest.mark.parametrize("trouble", ["wrong password", "nobody listens", "hangs up"])
def test_a_mailbox_that_is_away_harms_no_tick(folder, settings, trouble, planted, therapist, mailbox, run_tick, at):
    match trouble:
        case "wrong password":
            settings.BOUNCE_IMAP_PASSWORD = "wrong"
        case "nobody listens":
            settings.BOUNCE_IMAP_PORT = free_port()
        case "hangs up":
            folder.hangs_up_at = "SELECT"
    planted.owe(therapist, due=at)
    counts = run_tick(at)
    assert (counts["bounces_away"], counts["sent"]) == (1, 1)


def test_the_tick_looks_every_few_minutes(folder, at):
    folder.mails = [b"one"]
    assert dict(read_due(starting_at(at), never)) == {"bounces_unreadable": 1}
    folder.mails = [b"one", b"two"]
    assert dict(read_due(starting_at(at), never)) == {}
    cache.delete(bounce_mailbox.READ_LATELY)
    assert dict(read_due(starting_at(at), never)) == {"bounces_unreadable": 1}


def test_without_a_mailbox_the_tick_asks_nobody(settings, at, django_assert_num_queries):
    assert settings.BOUNCE_IMAP_HOST == ""
    with django_assert_num_queries(0):
        assert dict(read_due(starting_at(at), never)) == {}


def test_one_process_reads_at_a_time(folder, at, monkeypatch):
    folder.mails = [b"one"]
    monkeypatch.setattr(locks, "try_alone", lambda work: work != locks.BOUNCES)
    assert look(at) == {}
    assert folder.commands == []


def test_by_hand(folder, therapist, settings):
    folder.mails = [report(therapist.email)]
    out = StringIO()
    call_command("read_bounces", stdout=out)
    assert json.loads(out.getvalue()) == {"bounces_unknown": 1}
    settings.BOUNCE_IMAP_PASSWORD = "wrong"
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("read_bounces")
    settings.BOUNCE_IMAP_HOST = ""
    with pytest.raises(CommandError, match="BOUNCE_IMAP_HOST"):
        call_command("read_bounces")

"""The conversation with a real mail server that behaves, misbehaves, or is not there."""

from __future__ import annotations

import socket
from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest

from intranet.reminders import handing_over, locks
from intranet.reminders.mail_server import NoDelaySMTP, body
from intranet.reminders.models import AddressTrouble, Delivery, Run
from intranet.reminders.runs import begin
from intranet.reminders.sending import BREAKER, LONGEST, dispatch
from intranet.reminders.ticking import never, starting_at
from tests.intranet.reminders import factories
from tests.intranet.reminders.mail_server import CUT

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def mails(planted, therapist, at):
    """So many mails that are due, each about one thing that is owed."""

    def make(number: int, **fields):
        found = []
        for index in range(number):
            planted.owe(therapist, f"thing {index}", due=at)
            reminder = factories.released(recipient=therapist, at=at, occasion=f"thing {index}")
            payload = f"Subject: Thing {index}\r\n\r\nBody\r\n".encode()
            found.append(
                factories.delivery(recipient=therapist, at=at, reminders=[reminder], **({"payload": payload} | fields))
            )
        return found

    return make


@pytest.fixture
def send(at):
    """Dispatch once; what it came to."""

    def run_once(at=at, stopping=never):
        run = begin(Run.Origin.MANUAL, at)
        try:
            return dict(dispatch(run, starting_at(at), stopping))
        finally:
            locks.free_run(run.pk)

    return run_once


def states():
    return [
        (mail.state, mail.tries, mail.doubts, mail.last_code)
        for mail in Delivery.objects.order_by("pk").defer("payload")
    ]


def test_many_mails_go_over_one_connection_byte_for_byte(mails, mailbox, send, therapist):
    every = mails(25)
    assert send() == {"sent": 25}
    assert mailbox.connections == 1
    assert sorted(mailbox.taken) == sorted((therapist.email, bytes(mail.payload)) for mail in every)
    assert states() == [("sent", 0, 0, 250)] * 25


@pytest.mark.parametrize(
    "payload",
    [
        b"Subject: Dots\r\n\r\n.\r\n..\r\n.one dot before\r\nlast\r\n",
        b"Subject: No line end\r\n\r\nlast",
        b"Subject: Blank end\r\n\r\nlast\r\n\r\n\r\n",
    ],
)
def test_dots_and_ends_of_lines_arrive_as_they_were(mails, mailbox, send, payload):
    mails(1, payload=payload)
    assert send() == {"sent": 1}
    assert mailbox.taken[0][1] == payload.removesuffix(b"\r\n") + b"\r\n"


def test_the_dot_is_not_part_of_the_body():
    assert body(b"a\r\n.\r\nb") == b"a\r\n..\r\nb\r\n"
    assert body(b"") == b"\r\n"


def test_the_socket_does_not_wait_for_acknowledgements(mailbox):
    with NoDelaySMTP("127.0.0.1", mailbox.port, timeout=5) as smtp:
        assert smtp.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_untrue_between_claim_and_fence_means_that_nothing_arrives(mails, mailbox, send, planted):
    mails(2)

    def becomes_untrue(address: str) -> str:
        planted.forgive("thing 0")
        return "250 OK"

    mailbox.at_recipient = becomes_untrue
    assert send() == {"stopped": 1, "sent": 1}
    assert [message["Subject"] for message in mailbox.messages] == ["Thing 1"]
    assert len(mailbox.seen) == 1
    assert [mail.state for mail in Delivery.objects.order_by("pk")] == ["cancelled", "sent"]


@pytest.mark.parametrize("stage", ["at_recipient", "at_dot"])
def test_4xx_comes_back_later(mails, mailbox, send, at, stage):
    mails(1)
    setattr(mailbox, stage, lambda address: "451 4.3.0 try again")
    assert send() == {"later": 1}
    assert states() == [("pending", 1, 0, 451)]
    setattr(mailbox, stage, lambda address: "250 OK")
    assert send() == {}
    assert send(at + 2 * MINUTE) == {"sent": 1}
    assert len(mailbox.taken) == 1


@pytest.mark.parametrize("stage", ["at_recipient", "at_dot"])
def test_5xx_is_the_end(mails, mailbox, send, at, stage):
    mails(1)
    setattr(mailbox, stage, lambda address: "550 5.1.1 no such user")
    assert send() == {"refused": 1}
    assert states() == [("dead", 0, 0, 550)]
    assert send(at + timedelta(hours=1)) == {}


def test_one_that_is_refused_holds_up_nobody(mails, mailbox, send, therapist, floater, planted, at):
    mails(2)
    planted.owe(floater, due=at)
    factories.delivery(
        recipient=floater, at=at, reminders=[factories.released(recipient=floater, at=at, occasion="once")]
    )
    mailbox.at_recipient = lambda address: "550 no" if address == therapist.email else "250 OK"
    assert send() == {"refused": 2, "sent": 1}
    assert mailbox.addresses == [floater.email]


def test_no_clear_answer_after_the_dot_is_a_doubt(mails, mailbox, send, at):
    mails(1)
    mailbox.at_dot = lambda address: CUT
    assert send() == {"doubt": 1}
    assert states() == [("pending", 0, 1, None)]
    mailbox.at_dot = lambda address: "250 OK"
    assert send(at + 2 * MINUTE) == {"sent": 1}
    assert len({content for _, content in mailbox.seen}) == 1
    assert len(mailbox.seen) == 2


def test_an_answer_that_nobody_understands_is_a_doubt(mails, mailbox, send):
    mails(1)
    mailbox.at_dot = lambda address: "399 maybe"
    assert send() == {"doubt": 1}
    assert states() == [("pending", 0, 1, 399)]


def test_a_server_that_cuts_before_the_dot_makes_no_doubt(mails, mailbox, send):
    mails(1)
    mailbox.at_recipient = lambda address: CUT
    assert send() == {"later": 1}
    assert states() == [("pending", 1, 0, None)]


def test_nobody_listens_so_the_breaker_opens_and_no_try_is_burned(mails, mailbox, send, at):
    mails(30)
    mailbox.server.stop()
    assert send() == {"unreached": BREAKER, "breaker": 1}
    assert states() == [("pending", 0, 0, None)] * 30


def test_hours_without_a_server_burn_no_try_and_then_everything_goes(mails, mailbox, send, at):
    mails(30)
    mailbox.server.stop()
    for minutes in range(0, 120, 10):
        send(at + minutes * MINUTE)
    mailbox.server.start()
    assert send(at + 121 * MINUTE) == {"sent": 30}
    assert states() == [("sent", 0, 0, 250)] * 30
    assert len(mailbox.taken) == 30


@pytest.mark.parametrize("answer", ["550 5.7.1 sender rejected", "451 busy", "421 going away", CUT])
def test_trouble_with_our_sender_address_burns_no_try(mails, mailbox, send, answer):
    mails(5)
    mailbox.at_mail = lambda _: answer
    assert send() == {"unreached": BREAKER, "breaker": 1}
    assert {(state, tries, doubts) for state, tries, doubts, _ in states()} == {("pending", 0, 0)}
    assert mailbox.seen == []


def test_a_refused_login_burns_no_try(mails, mailbox, send, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "intranet", "wrong"
    mailbox.lets_in = lambda: False
    mails(1)
    assert send()["unreached"] == 1
    assert states()[0][:3] == ("pending", 0, 0)
    assert mailbox.seen == []


def test_without_tls_nothing_is_said_where_tls_is_wanted(mails, mailbox, send, settings):
    settings.EMAIL_USE_TLS = True
    mails(1)
    assert send()["unreached"] == 1
    assert mailbox.seen == []


def test_one_that_is_always_cut_starves_nobody(mails, mailbox, send, therapist, floater, planted, at):
    """The server hangs up on three poisoned mails, which are the first in the queue, every time."""
    mails(3)
    planted.owe(floater, due=at)
    factories.delivery(
        recipient=floater, at=at, reminders=[factories.released(recipient=floater, at=at, occasion="once")]
    )
    mailbox.at_recipient = lambda address: CUT if address == therapist.email else "250 OK"
    assert send()["breaker"] == 1
    assert send(at + timedelta(seconds=15)) == {"sent": 1}
    assert mailbox.addresses == [floater.email]


def test_a_connection_that_went_stale_is_nobodys_fault(mails, mailbox, send):
    mails(2)
    answers = iter(["250 OK", "421 idle for too long", "250 OK"])
    mailbox.at_mail = lambda _: next(answers)
    assert send() == {"sent": 2}
    assert mailbox.connections == 2


def test_asked_to_stop_it_finishes_the_mail_in_hand_and_returns_the_rest(mails, mailbox, send):
    mails(5)
    assert send(stopping=lambda: len(mailbox.taken) == 2) == {"sent": 2}
    assert [state for state, *_ in states()] == ["sent"] * 2 + ["pending"] * 3


def test_it_ends_in_time_for_the_next_tick(mails, mailbox, at):
    mails(5)
    run = begin(Run.Origin.MANUAL, at)
    moments = [at, at, at]

    def clock():
        return moments.pop(0) if len(moments) > 1 else at + LONGEST * len(mailbox.taken)

    assert dict(dispatch(run, clock, never)) == {"sent": 1}
    assert [state for state, *_ in states()] == ["sent"] + ["pending"] * 4
    locks.free_run(run.pk)


def test_an_answer_counts_even_if_the_server_hangs_up_after_it(mails, mailbox, send, monkeypatch):
    """RSET finds nobody; the 550 before it was said all the same."""
    mails(1)
    mailbox.at_recipient = lambda address: "550 5.7.1 no"

    def gone(self):
        raise SMTPServerDisconnected("Connection unexpectedly closed")

    monkeypatch.setattr(NoDelaySMTP, "rset", gone)
    assert send() == {"refused": 1}
    assert states() == [("dead", 0, 0, 550)]


def test_an_address_that_no_command_can_carry_is_refused_and_holds_up_nobody(
    mails, mailbox, send, therapist, planted, at
):
    [odd] = mails(1, address="ävery@clinic.example")
    planted.owe(therapist, "another", due=at)
    factories.delivery(
        recipient=therapist, at=at, reminders=[factories.released(recipient=therapist, at=at, occasion="another")]
    )
    assert send() == {"refused": 1, "sent": 1}
    odd.refresh_from_db()
    assert (odd.state, odd.last_code) == ("dead", None)
    assert AddressTrouble.objects.count() == 0


def test_a_mail_that_cannot_be_judged_holds_up_nobody(mails, mailbox, send, monkeypatch, at):
    """A kind that breaks at the last look: its mail comes back later, the others leave."""
    poisoned, _ = mails(2)
    judge = handing_over.obstacle

    def broken(delivery, *others):
        if delivery.pk == poisoned.pk:
            raise ZeroDivisionError
        return judge(delivery, *others)

    monkeypatch.setattr(handing_over, "obstacle", broken)
    assert send() == {"later": 1, "sent": 1}
    assert states()[0] == ("pending", 1, 0, None)
    assert len(mailbox.seen) == 1


@pytest.mark.parametrize(("named", "used"), [("", "intranet@clinic.example"), ("back@clinic.example",) * 2])
def test_what_cannot_be_delivered_comes_back_to_an_address_of_its_own(mails, mailbox, send, settings, named, used):
    settings.BOUNCE_ADDRESS = named
    mails(1)
    assert send() == {"sent": 1}
    assert mailbox.senders == [used]

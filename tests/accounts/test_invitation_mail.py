"""The mail of an invitation leaves with the tick, once, whatever dies, and the link in it is known to nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest

from accounts import invitation_mail, inviting, staff_list
from accounts.hiring import Place
from accounts.inviting import digest
from accounts.models import Clinic, Invitation, User
from accounts.roles import Role
from intranet.reminders import locks
from intranet.reminders.ticking import never, starting_at, tick
from tests import factories
from tests.conftest import link_in
from tests.intranet.reminders.mail_server import CUT, Mailbox
from tests.races import results

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def nina(manager: User, mt_prospect: Clinic, at: datetime) -> Invitation:
    place = Place(Role.THERAPIST, mt_prospect)
    return inviting.invite(email="nina@clinic.example", name="Nina", profession="pt", place=place, by=manager, at=at)


def state() -> tuple[str, str]:
    invitation = Invitation.objects.get()
    return invitation.mail_state, invitation.mail_reply


def send(at: datetime) -> dict[str, int]:
    return dict(invitation_mail.send_due(starting_at(at), never))


def token_in(mail: EmailMessage) -> str:
    return link_in(mail).rsplit("/", 2)[-2]


def test_the_tick_sends_it_once_and_the_link_has_its_whole_term(nina: Invitation, mailbox: Mailbox, at: datetime):
    assert Invitation.objects.get().token_digest is None
    later = at + timedelta(hours=5)
    assert tick(later, "manual")["invitations_sent"] == 1
    assert "invitations_sent" not in tick(later + timedelta(minutes=1), "manual")
    [mail] = mailbox.messages
    token = token_in(mail)
    invitation = Invitation.objects.get()
    assert (mailbox.addresses, mail["Subject"]) == (["nina@clinic.example"], "Your invitation to the staff intranet")
    assert (state(), invitation.token_digest) == (("sent", "OK"), digest(token))
    assert invitation.expires_at - later - timedelta(hours=72) < timedelta(seconds=10)
    assert inviting.found_by(token, later) == invitation


def test_the_request_sends_nothing(manager: User, mailbox: Mailbox, sign_in: Callable):
    people = "".join(f"N{number},n{number}@clinic.example,Therapist,Mt. Prospect,PT\n" for number in range(500))
    text = f"name,email,role,clinic,profession\n{people}"
    answer = sign_in(manager).post("/people/invitations/import/", {"text": text, "do": "invite"})
    assert (answer.status_code, Invitation.objects.count(), mailbox.connections) == (302, 500, 0)


def test_four_ticks_at_once_send_each_once(manager: User, mailbox: Mailbox, mt_prospect: Clinic, at: datetime):
    people = "\n".join(f"N{number},n{number}@clinic.example,Therapist,Mt. Prospect,PT" for number in range(30))
    lines = staff_list.check(f"name,email,role,clinic,profession\n{people}", by=manager)
    staff_list.invite_everybody(lines, by=manager, at=at)
    results([lambda: send(at)] * 4)
    send(at)
    assert mailbox.addresses == sorted(f"n{number}@clinic.example" for number in range(30))
    assert set(Invitation.objects.values_list("mail_state", flat=True)) == {"sent"}


class Killed(BaseException):
    """What a process does not outlive."""


def die(*args: object, **kwargs: object) -> None:
    raise Killed


def test_killed_before_the_final_dot_it_goes_out_again(
    nina: Invitation, mailbox: Mailbox, at: datetime, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(invitation_mail, "payload", die)
        send(at)
    assert (state()[0], mailbox.seen) == ("claimed", [])
    send(at + timedelta(minutes=1))
    [mail] = mailbox.messages
    assert (state()[0], inviting.found_by(token_in(mail), at)) == ("sent", nina)


def test_killed_after_the_dot_it_is_in_doubt_and_its_link_lives(
    nina: Invitation, mailbox: Mailbox, at: datetime, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(invitation_mail, "settle", die)
        send(at)
    assert state()[0] == "committed"
    send(at + timedelta(minutes=1))
    [mail] = mailbox.messages
    assert state() == ("doubt", invitation_mail.NOBODY_KNOWS)
    assert inviting.found_by(token_in(mail), at) == nina


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("550 No such mailbox", ("refused", "No such mailbox")), (CUT, ("waiting", ""))],
)
def test_what_the_server_does_not_want(nina: Invitation, mailbox: Mailbox, at: datetime, answer: str, expected):
    mailbox.at_recipient = lambda address: answer
    send(at)
    assert (state()[0], expected[1] in state()[1], mailbox.taken) == (expected[0], True, [])


def test_what_it_does_not_want_now_is_tried_later(nina: Invitation, mailbox: Mailbox, at: datetime):
    mailbox.at_recipient = lambda address: "451 Later"
    send(at)
    assert (state(), send(at + timedelta(seconds=30))) == (("waiting", "Later"), {})
    mailbox.at_recipient = lambda address: "250 OK"
    send(at + timedelta(minutes=2))
    assert (state()[0], len(mailbox.taken)) == ("sent", 1)


def test_a_server_that_is_away_costs_no_try(nina: Invitation, mailbox: Mailbox, at: datetime):
    mailbox.server.stop()  # type: ignore[attr-defined]
    for minute in range(20):
        send(at + timedelta(minutes=minute))
    mailbox.server.start()  # type: ignore[attr-defined]
    send(at + timedelta(minutes=20))
    assert (state()[0], Invitation.objects.get().mail_tries, len(mailbox.taken)) == ("sent", 1, 1)


def test_taken_back_or_sent_again_while_the_mail_is_on_the_line_it_does_not_leave(
    nina: Invitation, mailbox: Mailbox, manager: User, at: datetime
):
    def meanwhile(act: Callable[[], object]) -> Callable[[str], str]:
        def answer(address: str) -> str:
            results([act])
            return "250 OK"

        return answer

    mailbox.at_recipient = meanwhile(lambda: inviting.send_again(nina, by=manager, at=at + timedelta(hours=1)))
    send(at)
    assert (state()[0], mailbox.taken) == ("waiting", [])
    mailbox.at_recipient = meanwhile(lambda: inviting.revoke(nina, by=manager, at=at))
    send(at + timedelta(hours=2))
    assert mailbox.taken == []
    mailbox.at_recipient = lambda address: "250 OK"
    send(at + timedelta(hours=3))
    assert mailbox.taken == []


def test_it_does_not_leave_when_whoever_invited_lost_the_power(nina: Invitation, mailbox, manager: User, at: datetime):
    factories.as_if_never(manager.memberships.all())
    send(at)
    assert (state(), mailbox.taken) == (("refused", invitation_mail.NO_POWER), [])


def test_one_session_at_a_time(nina: Invitation, mailbox: Mailbox, at: datetime):
    assert locks.try_alone(locks.INVITATIONS)
    try:
        assert results([lambda: send(at)]) == [{}]
    finally:
        locks.free_alone(locks.INVITATIONS)
    assert send(at) == {"invitations_sent": 1}


def test_the_list_says_where_the_mail_is(nina: Invitation, manager: User, sign_in: Callable):
    words = {
        "waiting": "Mail on its way",
        "sent": "Waiting",
        "refused": "Mail not delivered",
        "doubt": "Mail perhaps lost",
    }
    Invitation.objects.update(token_digest="0" * 64, expires_at=nina.sent_at + timedelta(days=3650))
    for mail_state, said in words.items():
        Invitation.objects.update(mail_state=mail_state)
        assert said in sign_in(manager).get("/people/invitations/").content.decode()

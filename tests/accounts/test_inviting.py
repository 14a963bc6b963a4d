"""Invitations: within one's own power, for one address, by a link that works once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts import inviting
from accounts.hiring import Place
from accounts.models import Clinic, Invitation, User
from accounts.roles import GRANTED_ROLES, Role
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from tests import factories
from tests.conftest import CAST, link_in
from tests.races import outcomes, results

pytestmark = pytest.mark.django_db
SENTENCE = "a long and quiet sentence"
LIST = "/people/invitations/"
WELCOME = "/people/welcome/"


def send(by: User, place: Place, at: datetime, **changes: Any) -> tuple[Invitation, str]:
    values = {"email": "Nina.Newcomer@Clinic.Example", "name": "Nina Newcomer", "profession": "pt"} | changes
    invitation = inviting.invite(**values, place=place, by=by, at=at)
    return invitation, inviting.give_link(invitation, at=at)


@pytest.fixture
def sent(manager: User, mt_prospect: Clinic, at: datetime) -> tuple[Invitation, str]:
    return send(manager, Place(Role.THERAPIST, mt_prospect), at)


def page(token: str) -> str:
    return reverse("accounts:invitation-link", args=[token])


def test_who_accepts_becomes_what_they_were_invited_as(sent, mt_prospect: Clinic, at: datetime):
    _, token = sent
    user = inviting.accept(inviting.digest(token), password=SENTENCE, at=at + timedelta(hours=71))
    assert (user.email, user.name, user.check_password(SENTENCE)) == (
        "nina.newcomer@clinic.example",
        "Nina Newcomer",
        True,
    )
    [membership] = user.memberships.all()
    assert (membership.role, membership.clinic) == ("therapist", mt_prospect)
    assert list(Entry.objects.order_by("id").values_list("verb", flat=True)) == [
        "invitation.sent",
        "person.hired",
        "role.given",
        "invitation.accepted",
    ]
    mine = Entry.objects.order_by("id")[1:]
    assert {(entry.actor_name, entry.changes["invited_by"]) for entry in mine} == {("Nina Newcomer", "Dana Mockridge")}


def test_the_database_knows_no_token(sent):
    _, token = sent
    assert token not in str(list(Invitation.objects.values()))
    assert token not in str(list(Entry.objects.values()))
    assert len(token) >= 43


@pytest.mark.parametrize("who", CAST)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("where", ["mt_prospect", "oakbrook", "organisation"])
def test_nobody_gives_more_than_they_may(
    cast: dict[str, User], mt_prospect: Clinic, oakbrook: Clinic, at: datetime, who: str, role: Role, where: str
):
    clinic = {"mt_prospect": mt_prospect, "oakbrook": oakbrook}.get(where)
    own = {"manager": mt_prospect, "manager_oakbrook": oakbrook}.get(who)
    may = who == "administrator" or (
        own is not None and clinic == own and role in {Role.THERAPIST, Role.ASSISTANT, Role.FRONT_DESK}
    )
    may = may and role not in GRANTED_ROLES  # to somebody who is here, until a day
    fits = (clinic is None) == (role in {Role.CLINICAL_LEAD, Role.ADMINISTRATOR})
    if may and fits:
        send(cast[who], Place(role, clinic), at)
    else:
        with pytest.raises(ValidationError if may else Forbidden):
            send(cast[who], Place(role, clinic), at)
    assert Invitation.objects.exists() is (may and fits)


def test_an_address_is_invited_once_and_never_when_it_works_here(sent, therapist, manager, mt_prospect, at):
    place = Place(Role.THERAPIST, mt_prospect)
    with pytest.raises(ValidationError, match="waiting already"):
        send(manager, place, at)
    with pytest.raises(ValidationError, match="has an account here already"):
        send(manager, place, at, email=therapist.email.upper())


def dead(token: str, at: datetime) -> bool:
    with pytest.raises(Conflict, match="does not work any more"):
        inviting.accept(inviting.digest(token), password=SENTENCE, at=at)
    return inviting.found_by(token, at) is None


def test_a_link_works_once(sent, at: datetime):
    inviting.accept(inviting.digest(sent[1]), password=SENTENCE, at=at)
    assert dead(sent[1], at)


def test_a_link_gets_too_old(sent, at: datetime):
    assert inviting.found_by(sent[1], at + timedelta(hours=72) - timedelta(seconds=1)) == sent[0]
    assert dead(sent[1], at + timedelta(hours=72))


def test_an_address_that_somebody_has_taken_since_lets_nobody_in(sent, manager, therapist, at):
    """An employee has changed their own address to the one that was invited."""
    invitation, token = sent
    User.objects.filter(pk=therapist.pk).update(email=invitation.email)
    assert dead(token, at)
    with pytest.raises(Conflict):
        inviting.accept(inviting.digest(token), password=SENTENCE, at=at)
    with pytest.raises(Refused, match="has an account here already"):
        inviting.send_again(invitation, by=manager, at=at)
    inviting.revoke(invitation, by=manager, at=at)
    assert not Invitation.objects.waiting().exists()


def test_sent_again_the_old_link_is_dead(sent, manager: User, at: datetime):
    again = inviting.send_again(sent[0], by=manager, at=at + timedelta(hours=80))
    assert dead(sent[1], at)
    fresh = inviting.give_link(again, at=at + timedelta(hours=80))
    assert dead(sent[1], at)
    assert inviting.found_by(fresh, at + timedelta(hours=150)) == sent[0]


def test_taken_back_it_is_dead_and_the_address_is_free(sent, manager: User, mt_prospect: Clinic, at: datetime):
    inviting.revoke(sent[0], by=manager, at=at)
    assert dead(sent[1], at)
    with pytest.raises(Refused, match="taken back already"):
        inviting.send_again(sent[0], by=manager, at=at)
    send(manager, Place(Role.THERAPIST, mt_prospect), at)


def test_it_dies_with_the_power_of_whoever_sent_it(sent, manager: User, at: datetime):
    factories.as_if_always(manager.memberships.all(), role=Role.THERAPIST)
    assert dead(sent[1], at)


def test_it_dies_with_the_account_of_whoever_sent_it(sent, manager: User, at: datetime):
    User.objects.filter(pk=manager.pk).update(is_active=False)
    assert dead(sent[1], at)


@pytest.mark.django_db(transaction=True)
def test_of_24_at_once_one_comes_in(sent, at: datetime):
    came = outcomes([lambda: inviting.accept(inviting.digest(sent[1]), password=SENTENCE, at=at)] * 24)
    assert sorted(came) == ["done", *["link-dead"] * 23]
    assert User.objects.filter(name="Nina Newcomer").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_24_who_invite_one_address_at_once_one_does(manager: User, administrator: User, mt_prospect, at: datetime):
    """The others get a sentence, whether they came before or after the check of the address."""

    def press(by: User) -> str:
        try:
            send(by, Place(Role.THERAPIST, mt_prospect), at)
        except ValidationError as error:
            return error.messages[0].split(".")[0]
        return "sent"

    came = results(lambda by=by: press(by) for by in [manager, administrator] * 12)
    told = {"Somebody else invited Nina", "An invitation to this address is waiting already"}
    assert came.count("sent") == Invitation.objects.count() == 1
    assert {str(found).split(".")[0] for found in came if found != "sent"} <= told


class TestPages:
    @pytest.fixture(autouse=True)
    def _now(self, at: datetime):
        with time_machine.travel(at, tick=False):
            yield

    @pytest.mark.parametrize("who", CAST)
    def test_who_invites(self, cast: dict[str, User], sign_in: Callable[..., Client], who: str):
        expected = 200 if who in {"manager", "manager_oakbrook", "administrator"} else 403
        assert sign_in(cast[who]).get(LIST).status_code == expected

    def test_from_the_form_through_the_mailbox_to_the_first_page(
        self, manager: User, mt_prospect: Clinic, sign_in, client: Client, letters
    ):
        asked = {"name": "Nina  Newcomer", "email": "nina@clinic.example", "profession": "pt", "role": "therapist"}
        answer = sign_in(manager).post(LIST, asked | {"clinic": mt_prospect.pk}, follow=True)
        assert "Nina Newcomer was invited" in answer.content.decode()
        [mail] = letters()
        assert mail["To"] == "nina@clinic.example"
        path = link_in(mail)
        assert path.rsplit("/", 2)[-2] not in answer.content.decode()
        arrived = client.get(path, follow=True)
        assert arrived.redirect_chain == [(WELCOME, 302)]
        assert "Welcome, Nina Newcomer" in arrived.content.decode()
        short = client.post(WELCOME, {"password1": "short", "password2": "short"})
        assert (short.status_code, "15 characters" in short.content.decode()) == (422, True)
        inside = client.post(WELCOME, {"password1": SENTENCE, "password2": SENTENCE}, follow=True)
        assert (inside.redirect_chain, inside.wsgi_request.user.email) == ([("/", 302)], "nina@clinic.example")
        assert client.get(path).status_code == 410

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"email": "nobody"}, "valid email"),
            ({"name": " "}, "Name is missing"),
            ({"role": "administrator"}, "Choose from those offered"),
            ({"role": "delegated_approver"}, "Choose from those offered"),
            ({"clinic": ""}, "Clinic is missing"),
            ({"name": "x" * 121}, "Shorten this to 120 characters"),
        ],
    )
    def test_what_is_wrong_is_said_and_what_was_typed_stays(
        self, manager: User, mt_prospect: Clinic, sign_in, changes: dict[str, str], sentence: str
    ):
        asked = {
            "name": "Nina Newcomer",
            "email": "nina@clinic.example",
            "profession": "pt",
            "role": "therapist",
            "clinic": str(mt_prospect.pk),
        }
        answer = sign_in(manager).post(LIST, asked | changes)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        kept = asked | changes
        assert f'value="{kept["email"]}"' in answer.content.decode()
        assert not Invitation.objects.exists()

    def test_foreign_invitations_do_not_exist(self, sent, manager_oakbrook: User, sign_in):
        browser = sign_in(manager_oakbrook)
        assert sent[0].name not in browser.get(LIST).content.decode()
        for act in ("again", "revoke"):
            assert browser.post(f"{LIST}{sent[0].pk}/{act}/").status_code == 404

    def test_again_and_back(self, sent, manager: User, sign_in, letters):
        browser = sign_in(manager)
        browser.post(f"{LIST}{sent[0].pk}/again/")
        assert [mail["Subject"] for mail in letters()] == ["Your invitation to the staff intranet"]
        browser.post(f"{LIST}{sent[0].pk}/revoke/")
        assert Invitation.objects.get().revoked_at is not None

    def test_a_token_that_is_none(self, client: Client):
        assert client.get(page("x" * 43)).status_code == 410
        assert client.get(WELCOME).status_code == 410

    @pytest.mark.parametrize("wrong", ["password", "method", "term"])
    def test_a_token_is_in_no_log_and_no_session(
        self, sent, client: Client, at: datetime, caplog: pytest.LogCaptureFixture, wrong: str
    ):
        """A response that is refused is logged with its path."""
        _, token = sent
        with caplog.at_level(logging.DEBUG):
            if wrong == "term":
                with time_machine.travel(at + timedelta(hours=73), tick=False):
                    client.get(page(token))
            else:
                client.get(page(token))
                path = WELCOME if wrong == "password" else page(token)
                client.post(path, {"password1": "short", "password2": "short"})
        told = " ".join([*caplog.messages, *(str(record.args) for record in caplog.records)])
        assert ("/people/welcome/" in told, token in told) == (True, False)
        assert token not in str([session.get_decoded() for session in Session.objects.all()])

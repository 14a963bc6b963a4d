"""Who tries at the door does not learn who works here: same status, same words, same mail, same work for the server."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.hashers import get_hasher
from django.test import Client
from django.urls import reverse

from accounts import inviting
from accounts.hiring import Place
from accounts.models import Clinic, User
from accounts.roles import Role
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
NOBODY = "nobody.at.all@clinic.example"


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A word for each time that a password is hashed: it is the only slow thing at the door."""
    counted: list[str] = []
    hasher = type(get_hasher())
    real = hasher.encode

    def encode(self: Any, password: str, salt: str, *args: Any) -> str:
        counted.append("hashed")
        return real(self, password, salt, *args)

    monkeypatch.setattr(hasher, "encode", encode)
    return counted


def test_the_login_works_as_long_and_says_the_same(therapist: User, hashes: list[str]):
    told = {}
    inactive = User.objects.create_user(email="gone@clinic.example", password=PASSWORD, name="Gone", is_active=False)
    hashes.clear()
    for email in (therapist.email, NOBODY, inactive.email):
        answer = Client().post(reverse("account_login"), {"login": email, "password": "not the right password"})
        told[email] = (answer.status_code, answer.context["form"].non_field_errors(), len(hashes))
        hashes.clear()
    assert told[therapist.email] == told[NOBODY] == told[inactive.email]
    assert told[NOBODY][2] == 1


def test_a_reset_answers_the_same_and_sends_one_mail_either_way(
    therapist: User, mailoutbox: list[Any], hashes: list[str]
):
    seen = {}
    for email in (therapist.email, NOBODY):
        browser = Client()
        answer = browser.post(reverse("account_reset_password"), {"email": email})
        after = browser.get(answer.url)
        seen[email] = (answer.status_code, answer.url, after.status_code, len(after.content), len(hashes))
        hashes.clear()
    assert seen[therapist.email] == seen[NOBODY]
    assert [mail.to for mail in mailoutbox] == [[therapist.email], [NOBODY]]
    assert "http" not in "".join(line for line in mailoutbox[1].body.splitlines() if "key" in line)


def test_a_link_that_is_dead_says_nothing_of_what_it_was(
    manager: User, mt_prospect: Clinic, at: datetime, hashes: list[str]
):
    place = Place(Role.THERAPIST, mt_prospect)
    invitation = inviting.invite(email="n@clinic.example", name="Nina", profession="pt", place=place, by=manager, at=at)
    token = inviting.give_link(invitation, at=at)
    with time_machine.travel(at + timedelta(hours=73), tick=False):
        answers = [Client().get(reverse("accounts:invitation-link", args=[one])) for one in (token, "x" * 43)]
    assert [answer.status_code for answer in answers] == [410, 410]
    assert len(answers[0].content) == len(answers[1].content)
    assert "Nina" not in answers[0].content.decode()


class TestLimits:
    def wrong(self, email: str, **headers: str) -> Any:
        return Client().post(reverse("account_login"), {"login": email, "password": "not the right one"}, **headers)

    def test_the_address_is_counted_however_it_is_written_and_wherever_it_comes_from(self, therapist: User):
        """Kept in the database, which every process asks; what a client says of its address moves nothing."""
        assert settings.CACHES["default"]["BACKEND"].endswith("DatabaseCache")
        spelled = [therapist.email, therapist.email.upper(), f" {therapist.email}", therapist.email.title()]
        for number in range(5):
            self.wrong(
                spelled[number % 4], HTTP_X_FORWARDED_FOR=f"198.51.100.{number}", REMOTE_ADDR=f"192.0.2.{number}"
            )
        right = Client().post(
            reverse("account_login"),
            {"login": therapist.email, "password": PASSWORD},
            HTTP_X_FORWARDED_FOR="203.0.113.9",
            REMOTE_ADDR="192.0.2.99",
        )
        assert right.status_code != 302
        assert "Too many tries" in right.content.decode()

    def test_a_made_up_header_gives_no_new_count_of_a_network_address(self, therapist: User):
        for number in range(10):
            self.wrong(f"somebody{number}@clinic.example", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
        answer = self.wrong("somebody.else@clinic.example", HTTP_X_FORWARDED_FOR="203.0.113.9")
        assert answer.status_code == 429 or "Too many tries" in answer.content.decode()


@pytest.mark.parametrize(
    ("password", "accepted"),
    [
        ("four quiet words here", True),
        ("  spaces count and nothing is cut  ", True),
        ("ünïcödé sentence!", True),
        ("x" * 14, False),
        ("passwordpassword", False),
        ("123456789123456789", False),
        ("a" * 129, False),
        ("averytestwell1234", False),
        ("password123456789", False),
        ("qwertyuiopasdfgh", False),
        ("1234 5678 9012 3456", False),
        ("a long and quiet sentence", True),
        ("8402 5739 1047 2856", True),
        ("bear 8402 5739 1047", True),
    ],
)
def test_passwords_as_nist_wants_them(therapist: User, sign_in: Any, password: str, accepted: bool):
    fields = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    sign_in(therapist).post(reverse("account_change_password"), fields)
    therapist.refresh_from_db()
    assert therapist.check_password(password) is accepted

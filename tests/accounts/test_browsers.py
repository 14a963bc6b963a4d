"""Where one is signed in: a list, each to be ended; a changed key ends all the others and is told by mail."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.models import User
from intranet.audit.models import Entry
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEW_PASSWORD = "four quiet words together"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def come_in(person: User, agent: str = FIREFOX) -> Client:
    browser = Client(headers={"user-agent": agent})
    browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert is_in(browser)
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/people/").status_code == 200


@pytest.fixture
def two(therapist: User) -> tuple[Client, Client]:
    return come_in(therapist, "An old telephone"), come_in(therapist)


def row_of(browser: Client) -> UserSession:
    return UserSession.objects.get(session_key=browser.session.session_key)


def test_the_list_names_the_browser_and_when_it_was_used(two: tuple[Client, Client]):
    page = two[0].get(reverse("usersessions_list")).content.decode()
    assert page.count("Firefox on Linux") == 2
    assert (page.count("Last used"), page.count("This one")) == (2, 1)
    assert reverse("accounts:browser-end", args=[row_of(two[1]).pk]) in page
    assert reverse("accounts:browser-end", args=[row_of(two[0]).pk]) not in page


def test_one_is_signed_out(two: tuple[Client, Client], therapist: User):
    here, there = two
    key = there.session.session_key
    here.post(reverse("accounts:browser-end", args=[row_of(there).pk]))
    assert (is_in(here), is_in(there)) == (True, False)
    assert not Session.objects.filter(session_key=key).exists()
    entry = Entry.objects.latest("id")
    assert (entry.verb, entry.actor, entry.changes) == ("session.ended", therapist, {"elsewhere": True})


def test_this_one_and_those_of_others_are_not_there(two: tuple[Client, Client], manager: User):
    here, there = two
    strange = come_in(manager)
    for session in (row_of(here), row_of(strange)):
        assert here.post(reverse("accounts:browser-end", args=[session.pk])).status_code == 404
    assert (is_in(here), is_in(there), is_in(strange)) == (True, True, True)


def test_everywhere_else_is_signed_out(two: tuple[Client, Client], manager: User):
    here, there = two
    strange = come_in(manager)
    here.post(reverse("usersessions_list"))
    assert (is_in(here), is_in(there), is_in(strange)) == (True, False, True)


def test_a_new_password_ends_the_others_and_is_told(two: tuple[Client, Client], mailoutbox: list[Any]):
    here, there = two
    fields = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    here.post(reverse("account_change_password"), fields)
    assert (is_in(here), is_in(there)) == (True, False)
    assert list(UserSession.objects.values_list("session_key", flat=True)) == [here.session.session_key]
    assert [mail.subject.strip() for mail in mailoutbox] == ["Your password was changed"]


def code_now() -> str:
    return str(format_hotp_value(hotp_value(SECRET, int(time.time()) // 30)))


def test_a_second_step_that_is_turned_off_ends_the_others_and_is_told(therapist: User, mailoutbox: list[Any]):
    here, there = come_in(therapist), come_in(therapist)
    TOTP.activate(therapist, SECRET)
    here.post(reverse("mfa_deactivate_totp"))
    assert (is_in(here), is_in(there)) == (True, False)
    assert [mail.subject.strip() for mail in mailoutbox] == ["The authenticator app was turned off"]


@pytest.mark.django_db(transaction=True)
def test_a_second_step_that_is_set_up_ends_the_others_and_is_told(two: tuple[Client, Client], mailoutbox: list[Any]):
    here, there = two
    secret = here.get(reverse("mfa_activate_totp")).context["form"].secret
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    here.post(reverse("mfa_activate_totp"), {"code": code})
    assert (is_in(here), is_in(there)) == (True, False)
    assert "The authenticator app was turned on" in [mail.subject.strip() for mail in mailoutbox]


def test_another_address_ends_the_others_and_is_told_to_both(two: tuple[Client, Client], therapist: User, mailoutbox):
    here, there = two
    here.post(reverse("account_email"), {"email": "new@clinic.example", "action_add": ""})
    link = next(line for line in mailoutbox[0].body.splitlines() if line.startswith("http"))
    page = "/accounts/" + link.split("/accounts/")[1]
    assert (is_in(here), is_in(there)) == (True, True)
    here.post(page)
    therapist.refresh_from_db()
    assert (therapist.email, is_in(here), is_in(there)) == ("new@clinic.example", True, False)
    told = [(mail.to, mail.subject.strip()) for mail in mailoutbox[1:]]
    words = "Your work email was changed"
    assert sorted(told) == [(["avery.testwell@clinic.example"], words), (["new@clinic.example"], words)]


def test_the_words_beside_a_field_are_those_of_the_summary(therapist: User):
    answer = come_in(therapist).post(reverse("account_change_password"), {})
    form = answer.context["form"]
    assert [form[name].label for name in form.fields] == ["Current password", "New password", "The same again"]


def test_a_reset_ends_all_and_does_not_go_round_the_second_step(therapist: User, client: Client, mailoutbox: list[Any]):
    there = come_in(therapist)
    TOTP.activate(therapist, SECRET)
    client.post(reverse("account_reset_password"), {"email": therapist.email})
    [mail] = mailoutbox
    link = next(line for line in mail.body.splitlines() if line.startswith("http"))
    form = client.get(link.replace("http://localhost", "").replace("http://testserver", ""))
    client.post(form.url, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    therapist.refresh_from_db()
    assert therapist.check_password(NEW_PASSWORD)
    assert (is_in(there), is_in(client), UserSession.objects.count()) == (False, False, 0)
    assert [mail.subject.strip() for mail in mailoutbox] == ["Choose a new password", "Your password was reset"]
    answer = client.post(reverse("account_login"), {"login": therapist.email, "password": NEW_PASSWORD})
    assert (answer.url, SESSION_KEY in client.session) == (reverse("mfa_authenticate"), False)
    client.post(reverse("mfa_authenticate"), {"code": code_now()})
    assert is_in(client)

"""Whose role demands a second step gets nowhere without one; its secrets are encrypted at rest."""

from __future__ import annotations

import re
import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from cryptography.fernet import InvalidToken
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse

from accounts import second_step
from accounts.models import User
from intranet.audit.models import Entry
from tests import factories
from tests.conftest import CAST
from tests.factories import PASSWORD
from tests.policies.routes import routes
from tests.races import results

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
DEMANDED = {"manager", "manager_oakbrook", "clinical_lead", "administrator"}


@pytest.fixture(autouse=True)
def _demanded(settings):
    settings.SECOND_STEP_OPTIONAL = False


@pytest.mark.parametrize("who", CAST)
def test_who_needs_one(cast: dict[str, User], sign_in, api, who: str):
    away = sign_in(cast[who]).get("/")
    program = api(cast[who]).get("/api/v1/clinics/")
    if who in DEMANDED:
        assert (away.status_code, away.url) == (302, reverse("mfa_index"))
        assert (program.status_code, program.json()["reasons"][0]["code"]) == (403, "second-step-missing")
    else:
        assert (away.status_code, program.status_code) == (200, 200)


def test_nothing_but_the_set_up_answers(manager: User, sign_in):
    browser = sign_in(manager)
    open_now = {
        route.name
        for route in routes()
        if (answer := browser.get(route.address)).status_code == 200
        or answer.get("Location", "") != reverse("mfa_index")
        if not route.address.startswith("/api/")
    }
    assert {name for name in open_now if not name.startswith(("mfa_", "health:"))} == {
        "account_confirm_email",
        "account_logout",
        "account_reauthenticate",
        "core:theme",
    }


def test_with_one_everything_opens(manager: User, sign_in):
    browser = sign_in(manager)
    TOTP.activate(manager, SECRET)
    assert browser.get("/").status_code == 200


def test_the_role_that_is_given_demands_it_with_the_next_request(therapist: User, sign_in):
    browser = sign_in(therapist)
    assert browser.get("/").status_code == 200
    factories.as_if_always(therapist.memberships.all(), role="manager")
    assert browser.get("/").url == reverse("mfa_index")


def test_the_last_one_stays(manager: User, therapist: User, sign_in):
    for person, kept in ((manager, True), (therapist, False)):
        TOTP.activate(person, SECRET)
        browser = sign_in(person)
        browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        browser.post(reverse("mfa_deactivate_totp"))
        assert Authenticator.objects.filter(user=person).exists() is kept


def test_a_dump_holds_no_secret(manager: User, settings):
    stored = TOTP.activate(manager, SECRET).instance.data["secret"]
    assert SECRET not in stored
    assert second_step.decrypted(stored) == SECRET
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another-key-" * 6
    with pytest.raises(InvalidToken):
        second_step.decrypted(stored)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert second_step.decrypted(stored) == SECRET


def test_the_demo_says_that_it_is_off(manager: User, sign_in, settings):
    settings.SECOND_STEP_OPTIONAL = True
    assert "sign in without a second step" in sign_in(manager).get("/").content.decode()


def come_in(person: User, code: str) -> bool:
    """The password, then the code, in a browser of its own."""
    browser = Client()
    browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    browser.post(reverse("mfa_authenticate"), {"code": code})
    return SESSION_KEY in browser.session


def at_once(person: User, code: str, times: int = 24) -> int:
    """How many of so many browsers come in with the same code at the same moment."""
    browsers = [Client() for _ in range(times)]
    for browser in browsers:
        browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    results(lambda browser=browser: browser.post(reverse("mfa_authenticate"), {"code": code}) for browser in browsers)
    return sum(SESSION_KEY in browser.session for browser in browsers)


@pytest.fixture
def _unlimited(settings):
    settings.MFA_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS = False


@pytest.mark.usefixtures("_unlimited")
@pytest.mark.django_db(transaction=True)
def test_a_code_of_the_app_lets_one_of_24_in(manager: User):
    TOTP.activate(manager, SECRET)
    # The clock stands: twenty-four passwords take a while, and a code lives for half a minute.
    with time_machine.travel(time.time(), tick=False):
        code = format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))
        assert at_once(manager, code) == 1


@pytest.mark.usefixtures("_unlimited")
@pytest.mark.django_db(transaction=True)
def test_a_recovery_code_lets_one_of_24_in(manager: User):
    TOTP.activate(manager, SECRET)
    codes = RecoveryCodes.activate(manager)
    assert at_once(manager, codes.generate_codes()[3]) == 1
    left = RecoveryCodes(Authenticator.objects.get(user=manager, type="recovery_codes")).get_unused_codes()
    assert len(left) == 9


def test_a_wrong_code_is_counted_and_recorded(manager: User):
    TOTP.activate(manager, SECRET)
    assert not come_in(manager, "000000")
    entry = Entry.objects.get(verb="second_step.refused")
    assert (entry.target_id, entry.actor) == (str(manager.pk), None)


def test_only_the_set_up_and_the_way_out_are_shown_meanwhile(manager: User, sign_in):
    browser = sign_in(manager)
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    places = re.findall(r'<a href="([^"]+)"', browser.get(reverse("mfa_index")).content.decode().split("<main")[0])
    assert set(places) == {reverse("mfa_index")}
    TOTP.activate(manager, SECRET)
    places = re.findall(r'<a href="([^"]+)"', browser.get(reverse("mfa_index")).content.decode().split("<main")[0])
    assert {"/", "/people/", reverse("mfa_index")} <= set(places)

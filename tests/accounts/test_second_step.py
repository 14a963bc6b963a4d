"""Whose role demands a second step gets nowhere without one; its secrets are encrypted at rest."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import InvalidToken
from django.urls import reverse

from accounts import second_step
from accounts.models import User
from tests.conftest import CAST
from tests.factories import PASSWORD
from tests.policies.routes import routes

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
    therapist.memberships.update(role="manager")
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

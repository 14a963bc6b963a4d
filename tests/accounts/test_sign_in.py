"""Sign-in is by address, for people somebody has let in. Sign-up is closed on every route."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import PASSWORD


@pytest.fixture
def stranger() -> Client:
    return Client()


def test_signing_in_with_address_in_any_case(stranger: Client, therapist: User):
    response = stranger.post(reverse("account_login"), {"login": therapist.email.upper(), "password": PASSWORD})
    assert (response.status_code, response.url) == (302, reverse("home:today"))


@pytest.mark.parametrize("login", ["avery.testwell@clinic.example", "nobody@clinic.example"])
def test_a_wrong_password_says_the_same_for_everybody(stranger: Client, therapist: User, login: str):
    response = stranger.post(reverse("account_login"), {"login": login, "password": "not the right password"})
    assert response.status_code == 200
    assert "_auth_user_id" not in stranger.session
    assert response.context["form"].non_field_errors() == ["That email and password do not match"]


def test_somebody_deactivated_does_not_get_in(stranger: Client, therapist: User):
    User.objects.filter(pk=therapist.pk).update(is_active=False)
    stranger.post(reverse("account_login"), {"login": therapist.email, "password": PASSWORD})
    assert "_auth_user_id" not in stranger.session


def test_deactivation_counts_with_the_next_request(sign_in, therapist: User):
    browser = sign_in(therapist)
    assert browser.get(reverse("home:today")).status_code == 200
    User.objects.filter(pk=therapist.pk).update(is_active=False)
    assert browser.get(reverse("home:today")).status_code == 302


@pytest.mark.django_db
def test_sign_up_is_closed(stranger: Client):
    fields = {"email": "stranger@elsewhere.example", "password1": PASSWORD, "password2": PASSWORD}
    for method in (stranger.get, stranger.post):
        assert "By invitation only" in method(reverse("account_signup"), fields).content.decode()
    assert User.objects.count() == 0


def test_signing_out_takes_a_post(sign_in, therapist: User):
    browser = sign_in(therapist)
    browser.get(reverse("account_logout"))
    assert "_auth_user_id" in browser.session
    browser.post(reverse("account_logout"))
    assert "_auth_user_id" not in browser.session


def test_an_open_redirect_goes_nowhere(stranger: Client, therapist: User):
    response = stranger.post(
        reverse("account_login"), {"login": therapist.email, "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert response.url == reverse("home:today")


@pytest.mark.django_db
def test_a_password_shorter_than_fifteen_is_refused(sign_in, therapist: User):
    browser = sign_in(therapist)
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    response = browser.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "short-but-fine", "password2": "short-but-fine"},
    )
    assert "at least 15 characters" in str(response.context["form"].errors)

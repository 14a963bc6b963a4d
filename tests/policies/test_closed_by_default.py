"""Nobody who has not signed in gets anything but the door, and the short list of open addresses each has its reason."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.policies.routes import Route, routes

# Open without sign-in, and why.
OPEN = {
    "account_login": "the door",
    "account_logout": "leads to the door",
    "account_signup": "says that sign-up is closed",
    "account_inactive": "says that the account is switched off",
    "account_reset_password": "asks for a link",
    "account_reset_password_done": "says that a link may have been sent",
    "account_reset_password_from_key": "takes the link",
    "account_reset_password_from_key_done": "says that the password is new",
    "account_confirm_email": "takes the link of a new address",
    "account_email_verification_sent": "says that a link may have been sent",
    "mfa_authenticate": "the second half of the door, for a login that has begun",
    "mfa_login_webauthn": "the door, with a passkey",
    "core:theme": "the sign-in page has light and dark as well",
    "protocols:printed": "says whether a printed copy still counts, and nothing of what it is about",
    "accounts:invitation-link": "takes the link of an invitation; whoever holds it is no member of staff yet",
    "accounts:welcome": "where that link leads; without one it says only that the link no longer works",
    "scheduling:calendar": "read by programs that cannot sign in; its key says whose shifts, and a wrong one finds nothing",
    "reminders:unsubscribe": "stops mail from a link in it, where one need not be signed in; a wrong one says nothing",
    "reminders:unsubscribe-undo": "takes that back, from the page that says that it is done",
    "mail:bounces": "told by the mail provider, whose signature is the proof; without a secret there is no such address",
    "metrics": "read by Prometheus, whose token is the proof; without one there is no such address",
    "health:live": "asked by a supervisor that has no account; tells nothing about data",
    "health:ready": "asked by a load balancer that has no account; tells nothing about data",
    "health:reminders": "asked by monitoring that has no account; tells nothing about data",
}

ROUTES = routes()


def test_there_are_routes():
    assert len(ROUTES) > 40


@pytest.mark.django_db
@pytest.mark.parametrize("route", [route for route in ROUTES if route.name not in OPEN], ids=lambda route: route.name)
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_a_closed_address_sends_strangers_away(route: Route, method: str):
    response = getattr(Client(), method)(route.address)
    if route.address.startswith("/api/"):
        assert response.status_code == 401, route
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["title"] == "Not signed in"
    else:
        assert response.status_code == 302, route
        assert response.url.split("?")[0] == reverse("account_login")


@pytest.mark.parametrize("name", sorted(OPEN))
def test_every_open_address_exists(name: str):
    assert name in {route.name for route in ROUTES}


@pytest.mark.django_db
def test_an_unknown_address_says_nothing_to_strangers():
    response = Client().get("/protocols/there-is-no-such-thing/at-all/")
    assert response.status_code in {302, 404}
    assert b"Traceback" not in response.content

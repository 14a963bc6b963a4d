"""What a stolen session must not be capable of asks for the password or the second step again."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Clinic, Invitation, User
from accounts.step_up import confirm_first, confirmed_at
from intranet.audit.models import Entry
from tests.factories import PASSWORD
from tests.protocols import factories as protocols

pytestmark = pytest.mark.django_db
CONFIRM = "/accounts/reauthenticate/"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LATER = timedelta(minutes=5, seconds=1)


def asked(response: Any) -> str:
    """The page to which the answer leads back after the confirmation; empty when it asks for none."""
    place, _, query = response.get("Location", "").partition("?next=")
    return query if place == CONFIRM else ""


def somebody_new(clinic: Clinic, role: str) -> dict[str, Any]:
    at = {"role": role, "clinic": clinic.pk}
    return {"name": "Nina Newcomer", "email": "nina@clinic.example", "profession": "pt"} | at


@pytest.fixture
def lately(at: datetime, administrator: User, clinical_lead: User, sign_in):
    """Browsers in which the administrator and the lead signed in a little more than five minutes ago."""
    with time_machine.travel(at, tick=False) as clock:
        browsers = sign_in(administrator), sign_in(clinical_lead)
        clock.shift(LATER)
        yield browsers


def test_an_invitation_of_a_manager_is_sent_after_the_password(lately, mt_prospect: Clinic, letters):
    browser, _ = lately
    address = reverse("accounts:invitations")
    response = browser.post(address, somebody_new(mt_prospect, "manager"))
    assert (asked(response), Invitation.objects.count()) == (address.replace("/", "%2F"), 0)
    wrong = browser.post(CONFIRM, {"password": "not this one", "next": address})
    assert (wrong.status_code, Invitation.objects.count()) == (200, 0)
    done = browser.post(CONFIRM, {"password": PASSWORD, "next": address})
    assert (done.status_code, done.url) == (302, address)
    [invitation] = Invitation.objects.all()
    assert (invitation.name, invitation.role, len(letters())) == ("Nina Newcomer", "manager", 1)
    assert STATE_SESSION_KEY not in browser.session


@pytest.mark.parametrize("role", ["therapist", "assistant", "front_desk"])
def test_an_invitation_of_somebody_else_asks_nothing(lately, mt_prospect: Clinic, role: str):
    browser, _ = lately
    browser.post(reverse("accounts:invitations"), somebody_new(mt_prospect, role))
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize(("role", "asks"), [("manager", True), ("therapist", False)])
def test_a_staff_list_asks_when_a_manager_is_on_it(lately, mt_prospect: Clinic, letters, role: str, asks: bool):
    browser, _ = lately
    address = reverse("accounts:staff-list")
    text = f"name,email,role,clinic,profession\nNina Newcomer,nina@clinic.example,{role},Mt. Prospect,pt"
    assert asked(browser.post(address, {"text": text, "do": "check"})) == ""
    answer = browser.post(address, {"text": text, "do": "invite"})
    assert (asked(answer) != "", Invitation.objects.count()) == (asks, 0 if asks else 1)
    if asks:
        browser.post(CONFIRM, {"password": PASSWORD, "next": address})
    assert (Invitation.objects.get().role, len(letters())) == (role, 1)


def test_sending_it_again_asks_as_well(administrator: User, mt_prospect: Clinic, sign_in, at: datetime):
    with time_machine.travel(at, tick=False) as clock:
        browser = sign_in(administrator)
        browser.post(reverse("accounts:invitations"), somebody_new(mt_prospect, "manager"))
        address = reverse("accounts:invitation-again", args=[Invitation.objects.get().pk])
        assert asked(browser.post(address)) == ""
        clock.shift(LATER)
        assert asked(browser.post(address)) == address.replace("/", "%2F")


@pytest.mark.parametrize(
    ("place", "data"), [("roles", {"role": "manager", "clinic": "", "first": "2026-11-25"}), ("leave", {})]
)
def test_roles_are_given_and_taken_after_the_password(lately, therapist: User, place: str, data: dict[str, str]):
    browser, _ = lately
    address = reverse(f"accounts:{place}", args=[therapist.pk])
    data |= {"clinic": str(therapist.memberships.get().clinic_id)} if data else {}
    assert asked(browser.post(address, data)) != ""
    before = (therapist.is_active, therapist.memberships.count())
    therapist.refresh_from_db()
    assert (therapist.is_active, therapist.memberships.count()) == before
    assert browser.post(CONFIRM, {"password": PASSWORD, "next": address}).status_code == 302
    therapist.refresh_from_db()
    assert (therapist.is_active, therapist.memberships.count()) != before


def test_what_does_not_fit_is_said_after_the_password_with_a_form_that_works(lately, therapist: User):
    browser, _ = lately
    address = reverse("accounts:roles", args=[therapist.pk])
    browser.post(address, {"role": "manager", "clinic": "", "first": "nonsense"})
    said = browser.post(CONFIRM, {"password": PASSWORD, "next": address})
    assert said.status_code == 422
    assert 'value="nonsense"' in said.content.decode()
    assert f'action="{address}"' in said.content.decode()


def test_an_approval_is_done_after_the_password(lately, therapist: User, at: datetime):
    _, browser = lately
    version = protocols.in_review(by=therapist, at=at, title="Dry needling")
    address = reverse("protocols:draft-approve", args=[version.protocol.slug])
    assert asked(browser.post(address, {"version": 1, "token": version.token})) != ""
    version.refresh_from_db()
    assert version.approved_by is None
    done = browser.post(CONFIRM, {"password": PASSWORD, "next": address})
    assert done.status_code == 302
    version.refresh_from_db()
    assert version.approved_by is not None


@pytest.mark.parametrize(
    ("export", "page"),
    [("/people/audit/csv/?q=dana", "/people/audit/?q=dana"), ("/protocols/report/csv/?q=x", "/protocols/report/?q=x")],
)
def test_an_export_leads_back_to_its_page(lately, export: str, page: str):
    browser = lately[1]
    response = browser.get(export)
    place, _, _ = response.url.partition("?next=")
    assert place == CONFIRM
    assert browser.post(CONFIRM, {"password": PASSWORD, "next": page}).url == page
    assert browser.get(export)["Content-Type"].startswith("text/csv")


def test_a_fresh_sign_in_is_a_confirmation(therapist: User, sign_in):
    browser = sign_in(therapist)
    assert browser.get(reverse("mfa_activate_totp")).status_code == 200


def test_the_new_email_is_taken_after_the_password(at: datetime, therapist: User, sign_in, mailoutbox: list[Any]):
    with time_machine.travel(at, tick=False) as clock:
        browser = sign_in(therapist)
        clock.shift(LATER)
        address = reverse("account_email")
        response = browser.post(address, {"email": "new@clinic.example", "action_add": ""})
        assert (asked(response) != "", mailoutbox) == (True, [])
        browser.post(CONFIRM, {"password": PASSWORD, "next": address})
        assert [mail.to for mail in mailoutbox] == [["new@clinic.example"]]


@pytest.mark.parametrize("page", ["mfa_activate_totp", "mfa_add_webauthn"])
def test_a_second_step_is_set_up_after_the_password(at: datetime, therapist: User, sign_in, page: str):
    with time_machine.travel(at, tick=False) as clock:
        browser = sign_in(therapist)
        clock.shift(LATER)
        assert asked(browser.get(reverse(page))) != ""


def test_a_password_is_changed_with_the_old_one_only(therapist: User, sign_in):
    browser = sign_in(therapist)
    fresh = {"password1": "four quiet words here", "password2": "four quiet words here"}
    browser.post(reverse("account_change_password"), fresh | {"oldpassword": "a wrong guess of it"})
    therapist.refresh_from_db()
    assert therapist.check_password(PASSWORD)


def test_a_confirmation_leaves_a_trace_and_renews_the_id(therapist: User):
    browser = Client()
    browser.post(reverse("account_login"), {"login": therapist.email, "password": PASSWORD})
    before = browser.session.session_key
    browser.post(CONFIRM, {"password": PASSWORD})
    entry = Entry.objects.latest("id")
    assert (entry.verb, entry.actor, entry.changes) == ("session.confirmed", therapist, {"kind": "password"})
    now = browser.session.session_key
    assert now != before
    assert list(UserSession.objects.values_list("session_key", flat=True)) == [now]


def test_a_code_of_the_app_confirms_as_well(therapist: User, sign_in, at: datetime):
    TOTP.activate(therapist, SECRET)
    with time_machine.travel(at, tick=False) as clock:
        browser = sign_in(therapist)
        clock.shift(LATER)
        assert asked(browser.get(reverse("mfa_deactivate_totp"))) != ""
        code = format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))
        browser.post(reverse("mfa_reauthenticate"), {"code": code})
        assert Entry.objects.filter(verb="session.confirmed", changes={"kind": "totp"}).count() == 1
        browser.post(reverse("mfa_deactivate_totp"))
        assert not Authenticator.objects.exists()


def test_the_link_of_a_reset_mail_confirms_nothing(therapist: User, client: Client):
    request = HttpRequest()
    request.session, request.user = client.session, therapist
    record_authentication(request, therapist, method="password_reset")
    assert confirmed_at(request) is None
    record_authentication(request, therapist, method="password")
    assert confirmed_at(request) is not None


def test_the_proof_of_somebody_else_confirms_nothing(therapist: User, manager: User, client: Client):
    request = HttpRequest()
    request.session, request.user = client.session, manager
    record_authentication(request, therapist, method="password")
    assert confirmed_at(request) is None


def test_a_program_is_told_to_confirm_first(therapist: User, client: Client):
    class Approval(APIView):
        def post(self, request: Any) -> Response:
            confirm_first(request)
            return Response({})

    request = RequestFactory().post("/api/v1/approvals/")
    request.session, request.user = client.session, therapist
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    response = Approval.as_view()(request)
    assert (response.status_code, response["Content-Type"]) == (403, "application/problem+json")
    assert b'"confirm-first"' in response.content
    record_authentication(request, therapist, method="password")
    assert Approval.as_view()(request).status_code == 200


def test_a_form_that_will_ask_asks_before_it_is_filled_in(lately, therapist: User):
    browser, _ = lately
    [role] = therapist.memberships.all()
    alone = [reverse("accounts:leave", args=[therapist.pk]), reverse("accounts:role-end", args=[role.pk])]
    assert [asked(browser.get(address)) for address in alone] == [address.replace("/", "%2F") for address in alone]
    beside = [reverse("accounts:roles", args=[therapist.pk]), reverse("accounts:tokens")]
    for address, button in zip(beside, ["Give the role", "Make the token"], strict=True):
        body = browser.get(address).content.decode()
        assert (button in body, f'href="{CONFIRM}?next={address.replace("/", "%2F")}"' in body) == (False, True)
    browser.post(CONFIRM, {"password": PASSWORD, "next": alone[0]})
    for address, button in zip(beside, ["Give the role", "Make the token"], strict=True):
        assert button in browser.get(address).content.decode()
    assert [browser.get(address).status_code for address in alone] == [200, 200]


def test_who_invites_people_with_power_may_confirm_first(lately, manager: User, sign_in):
    address = reverse("accounts:invitations")
    assert "Confirm it now" in lately[0].get(address).content.decode()
    assert "Confirm it now" not in sign_in(manager).get(address).content.decode()


def test_only_wrong_guesses_of_the_old_password_are_counted(therapist: User, sign_in):
    browser, address = sign_in(therapist), reverse("account_change_password")

    def said(old: str, new: str) -> str:
        sent = {"oldpassword": old, "password1": new, "password2": new}
        return browser.post(address, sent).content.decode()

    for _ in range(7):
        assert "Too many tries" not in said(PASSWORD, "short")
    for _ in range(5):
        assert "That is not your current password" in said("a wrong guess of it", "four quiet words here")
    assert "Too many tries" in said(PASSWORD, "four quiet words here")
    therapist.refresh_from_db()
    assert therapist.check_password(PASSWORD)

"""Every door of somebody who left: pages, API, password, reset link, invitations they sent, what waits to be mailed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from accounts.hiring import Place
from accounts.inviting import found_by, give_link, invite
from accounts.leaving import let_go
from accounts.models import Clinic, User
from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.reminders.models import Delivery
from intranet.reminders.planning import plan
from protocols.acknowledging import duties, outstanding
from tests import factories
from tests.factories import PASSWORD
from tests.intranet.reminders import factories as reminders

NEW = "another long enough password"


@pytest.fixture(autouse=True)
def _now(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def leave(at: datetime, administrator: User) -> Callable[[User], None]:
    return lambda person: let_go(person, by=administrator, at=at)


def test_open_pages_and_programs_are_out_with_the_next_request(therapist: User, leave, sign_in, api):
    browser, client = sign_in(therapist), api(therapist)
    assert (browser.get("/people/").status_code, client.get("/api/v1/people/").status_code) == (200, 200)
    leave(therapist)
    assert browser.get("/people/").url == "/accounts/login/?next=/people/"
    assert client.get("/api/v1/people/").status_code == 401
    assert client.patch("/api/v1/people/me/", {"phone": "847-555-0142"}).status_code == 401


def test_sessions_are_ended_not_only_refused(therapist: User, leave, client: Client):
    client.post(reverse("account_login"), {"login": therapist.email, "password": PASSWORD})
    assert UserSession.objects.filter(user=therapist).count() == 1
    leave(therapist)
    assert UserSession.objects.filter(user=therapist).count() == 0


def test_the_password_opens_nothing(therapist: User, leave, client: Client):
    leave(therapist)
    client.post(reverse("account_login"), {"login": therapist.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    assert client.get("/people/").status_code == 302


def link_in(mail: Any) -> str:
    return re.search(r"/accounts/password/reset/key/\S+", mail.body)[0]


def test_a_reset_link_from_before_is_dead(therapist: User, leave, client: Client, mailoutbox: list[Any]):
    client.post(reverse("account_reset_password"), {"email": therapist.email})
    link = link_in(mailoutbox[0])
    opened = client.get(link)
    assert opened.status_code == 302
    leave(therapist)
    client.post(opened.url, {"password1": NEW, "password2": NEW})
    assert "The link no longer works" in Client().get(link).content.decode()
    assert User.objects.get(pk=therapist.pk).check_password(PASSWORD)


def test_a_new_reset_link_is_not_sent_and_nobody_can_tell(
    therapist: User, leave, client: Client, mailoutbox: list[Any]
):
    leave(therapist)
    answers = [
        client.post(reverse("account_reset_password"), {"email": email})
        for email in (therapist.email, "nobody@clinic.example")
    ]
    assert [(answer.status_code, answer.url) for answer in answers] == [
        (302, reverse("account_reset_password_done"))
    ] * 2
    assert [mail for mail in mailoutbox if "/password/reset/key/" in mail.body] == []


def test_invitations_that_they_sent_lead_nowhere(
    manager: User, mt_prospect: Clinic, leave, at: datetime, client: Client
):
    place = Place(Role.THERAPIST, mt_prospect)
    sent = invite(email="new@clinic.example", name="Nina Newcomer", profession="pt", place=place, by=manager, at=at)
    token = give_link(sent, at=at)
    assert found_by(token, at) is not None
    link = reverse("accounts:invitation-link", args=[token])
    assert client.get(link).status_code == 302
    leave(manager)
    assert found_by(token, at) is None
    assert client.get(link).status_code == 410
    assert client.post(reverse("accounts:welcome"), {"password1": NEW, "password2": NEW}).status_code == 410
    assert not User.objects.filter(email="new@clinic.example").exists()


def test_what_waits_to_be_mailed_is_not(therapist: User, leave, at: datetime):
    planted = reminders.released(recipient=therapist, at=at)
    mail = reminders.delivery(recipient=therapist, at=at, reminders=[planted])
    leave(therapist)
    plan(at)
    assert Delivery.objects.get(pk=mail.pk).state == Delivery.State.CANCELLED


def test_nothing_more_is_asked_of_them(therapist: User, leave, at: datetime):
    leave(therapist)
    assert not duties(at).filter(user_id=therapist.pk).exists()
    assert not outstanding(at).filter(user_id=therapist.pk).exists()


def test_the_record_stays(therapist: User, manager: User, leave, sign_in, at: datetime):
    credential = factories.credential(user=therapist, type=factories.credential_type(name="PT licence"))
    leave(therapist)
    page = sign_in(manager).get(therapist.get_absolute_url())
    assert page.status_code == 200
    assert "PT licence" in page.content.decode()
    credential.refresh_from_db()
    entry = Entry.objects.get(verb="person.left")
    assert (entry.target_name, entry.actor_name) == ("Avery Testwell", "Ada Nonesuch")
    with time_machine.travel(at + timedelta(days=800), tick=False):
        assert sign_in(manager).get(therapist.get_absolute_url()).status_code == 200


def test_the_managers_of_the_last_clinic_keep_the_file_and_those_of_an_earlier_one_do_not(
    therapist: User, manager: User, manager_oakbrook: User, oakbrook: Clinic, leave, at: datetime
):
    today = at.date()
    factories.as_if_always(
        therapist.memberships.all(), period=(today - timedelta(days=400), today - timedelta(days=100))
    )
    factories.membership(user=therapist, role=Role.THERAPIST, clinic=oakbrook, start=today - timedelta(days=100))
    leave(therapist)
    with time_machine.travel(at + timedelta(days=30), tick=False):
        seen = [
            therapist in User.objects.with_file_visible_to(User.objects.get(pk=viewer.pk))
            for viewer in (manager, manager_oakbrook)
        ]
    assert seen == [False, True]


def test_the_toast_names_the_last_day(therapist: User, manager: User, sign_in):
    browser = sign_in(manager)
    body = browser.post(reverse("accounts:leave", args=[therapist.pk]), follow=True).content.decode()
    assert "Wed, Nov 25 was the last day." in body


def test_the_end_of_a_role_names_its_last_day(floater: User, administrator: User, sign_in):
    browser, (first, second) = sign_in(administrator), floater.memberships.order_by("pk")
    body = browser.post(reverse("accounts:role-end", args=[first.pk]), {"last": "2026-12-04"}, follow=True)
    assert "Therapist: the last day of Theo Fictus is Fri, Dec 4." in body.content.decode()
    body = browser.post(reverse("accounts:role-end", args=[second.pk]), {"last": "2026-11-24"}, follow=True)
    assert "Therapist: Theo Fictus does not hold the role any more." in body.content.decode()


def test_whoever_has_left_holds_no_role_that_could_end(therapist: User, administrator: User, sign_in):
    """Also when it was closed by a way on which the roles were not ended."""
    User.objects.filter(pk=therapist.pk).update(is_active=False)
    [held], browser = therapist.memberships.all(), sign_in(administrator)
    address = reverse("accounts:role-end", args=[held.pk])
    assert address not in browser.get(reverse("accounts:roles", args=[therapist.pk])).content.decode()
    assert [browser.get(address).status_code, browser.post(address, {"last": "2026-11-25"}).status_code] == [422, 422]

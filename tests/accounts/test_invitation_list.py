"""The list of invitations: which links still work, until when, how often they were sent, and why one is dead."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import inviting
from accounts.hiring import Place, may_give
from accounts.leaving import let_go, may_bring_back
from accounts.models import Clinic, Invitation, User
from accounts.roles import Role
from tests import factories
from tests.conftest import CAST

pytestmark = pytest.mark.django_db
LIST = "/people/invitations/"


@pytest.fixture(autouse=True)
def _now(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


def sent(by: User, clinic: Clinic, at: datetime, number: int = 1) -> Invitation:
    return inviting.invite(
        email=f"wren{number}@clinic.example",
        name=f"Wren {number}",
        profession="pt",
        place=Place(Role.THERAPIST, clinic),
        by=by,
        at=at,
    )


def test_the_list_and_the_link_agree_on_who_had_the_right(cast: dict[str, User], mt_prospect, oakbrook, at: datetime):
    """Of everybody as the sender, for every role at every place, one who has left among them."""
    gone = factories.staff(name="Gone Manager", role=Role.MANAGER, clinics=[mt_prospect])
    User.objects.filter(pk=gone.pk).update(is_active=False)
    senders = [*(cast[who] for who in CAST), User.objects.get(pk=gone.pk)]
    places = [Place(Role.ADMINISTRATOR), Place(Role.CLINICAL_LEAD)]
    places += [
        Place(role, clinic)
        for role, clinic in product([Role.THERAPIST, Role.FRONT_DESK, Role.MANAGER], [mt_prospect, oakbrook])
    ]
    rows = [
        Invitation(
            email=f"wren{number}@clinic.example",
            name="Wren",
            profession="pt",
            role=place.role,
            clinic=place.clinic,
            invited_by=sender,
            sent_at=at,
            expires_at=at + timedelta(hours=72),
            mail_due_at=at,
        )
        for number, (sender, place) in enumerate(product(senders, places))
    ]
    Invitation.objects.bulk_create(rows)
    by_list = dict(Invitation.objects.with_power(at.date()).values_list("email", "counts"))
    by_rule = {
        f"wren{number}@clinic.example": bool(may_give(place, by=sender))
        for number, (sender, place) in enumerate(product(senders, places))
    }
    assert by_list == by_rule
    assert set(by_rule.values()) == {True, False}


def test_it_says_until_when_and_for_the_which_time(manager: User, mt_prospect: Clinic, sign_in, at: datetime):
    invitation = sent(manager, mt_prospect, at)
    browser = sign_in(manager)
    body = browser.get(LIST).content.decode()
    assert ("Until Sat, Nov 28, 10:00 AM" in body, "for the 2nd time" in body) == (True, False)
    inviting.send_again(invitation, by=manager, at=at)
    assert "for the 2nd time" in browser.get(LIST).content.decode()


def test_one_whose_sender_left_is_dead_and_says_so(
    manager: User, administrator: User, mt_prospect: Clinic, sign_in, at: datetime
):
    invitation = sent(manager, mt_prospect, at)
    browser = sign_in(administrator)
    assert "Link is dead" not in browser.get(LIST).content.decode()
    let_go(manager, by=administrator, at=at)
    body = " ".join(browser.get(LIST).content.decode().split())
    assert "Link is dead" in body
    assert "Dana Mockridge has left. Send it again in your name, or take it back." in body
    browser.post(reverse("accounts:invitation-again", args=[invitation.pk]))
    assert "Link is dead" not in browser.get(LIST).content.decode()


def test_one_whose_sender_lost_the_right_says_that(
    manager: User, administrator: User, mt_prospect: Clinic, sign_in, at: datetime
):
    sent(manager, mt_prospect, at)
    factories.as_if_always(manager.memberships.all(), role=Role.THERAPIST)
    assert "Dana Mockridge may not invite for this role any more" in sign_in(administrator).get(LIST).content.decode()


@pytest.mark.parametrize(
    ("profession", "role", "warned"),
    [("pt", "front_desk", True), ("pta", "therapist", True), ("pt", "therapist", False)],
)
def test_profession_and_role_that_seldom_go_together_are_pointed_out(
    manager: User, mt_prospect: Clinic, sign_in, profession: str, role: str, warned: bool
):
    data = {"name": "Nina Newcomer", "email": "nina@clinic.example", "profession": profession}
    browser = sign_in(manager)
    body = browser.post(LIST, data | {"role": role, "clinic": mt_prospect.pk}, follow=True).content.decode()
    assert ("Profession and role differ" in body, Invitation.objects.count()) == (warned, 1)
    text = f"name,email,role,clinic,profession\nOtto,otto@clinic.example,{role},Mt. Prospect,{profession}"
    page = browser.post(reverse("accounts:staff-list"), {"text": text, "do": "check"}).content.decode()
    assert ("Profession and role differ" in page, "Will be invited" in page) == (warned, True)


def test_who_brings_somebody_back_is_said_by_name(therapist: User, manager: User, administrator: User, at: datetime):
    let_go(therapist, by=administrator, at=at)
    gone = User.objects.get(pk=therapist.pk)
    assert str(may_bring_back(gone, by=manager).reasons[0]) == (
        "An administrator opens the account of Avery Testwell again."
    )
    assert may_bring_back(gone, by=administrator)


def test_more_senders_take_no_more_queries(mt_prospect: Clinic, administrator: User, sign_in, at: datetime):
    browser = sign_in(administrator)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(LIST)
        return len(captured)

    for number in range(5):
        boss = factories.staff(name=f"Boss {number}", role=Role.MANAGER, clinics=[mt_prospect])
        sent(boss, mt_prospect, at, number)
        if number == 0:
            browser.get(LIST)
            with_one = queries()
    assert queries() == with_one

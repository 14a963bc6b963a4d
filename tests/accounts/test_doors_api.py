"""Invitations, roles, leaving and one's own sessions over the API: the rules of the pages, told as problem documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import Clinic, Invitation, User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
API = "/api/v1"
NINA = {
    "name": "Nina Newcomer",
    "email": "nina@clinic.example",
    "profession": "pt",
    "role": "therapist",
    "clinic": "mt-prospect",
}


@pytest.fixture(autouse=True)
def clock(at: datetime):
    with time_machine.travel(at, tick=False) as clock:
        yield clock


def codes(answer: Any) -> list[str]:
    assert answer["Content-Type"] == "application/problem+json"
    return [reason["code"] for reason in answer.json().get("reasons", [])]


class TestInvitations:
    def test_from_asking_to_taking_back(self, manager: User, api: Callable[..., APIClient]):
        program = api(manager)
        made = program.post(f"{API}/invitations/", NINA)
        assert (made.status_code, made.json()["clinic"], made.json()["mail_state"]) == (201, "mt-prospect", "waiting")
        assert "token" not in made.content.decode()
        [listed] = program.get(f"{API}/invitations/").json()["results"]
        assert listed == made.json()
        pk = made.json()["id"]
        assert program.post(f"{API}/invitations/{pk}/again/").status_code == 200
        assert program.post(f"{API}/invitations/{pk}/revoke/").json()["revoked_at"] is not None
        assert codes(program.post(f"{API}/invitations/{pk}/again/")) == ["revoked"]

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"role": "manager"}, 403, ["beyond-your-power"]),
            ({"clinic": "oakbrook-terrace"}, 400, []),
            ({"clinic": None}, 403, ["not-your-clinic"]),
            ({"email": "nobody"}, 400, []),
            ({"name": "x" * 121}, 400, []),
            ({"role": "delegated_approver"}, 403, ["not-by-invitation"]),
        ],
    )
    def test_what_is_refused(self, manager: User, oakbrook: Clinic, api, changes: dict[str, Any], status: int, code):
        answer = api(manager).post(f"{API}/invitations/", NINA | changes)
        assert (answer.status_code, codes(answer), Invitation.objects.count()) == (status, code, 0)

    def test_a_role_with_power_is_confirmed_first(self, administrator: User, mt_prospect: Clinic, api, clock):
        program = api(administrator)
        clock.shift(timedelta(minutes=6))
        answer = program.post(f"{API}/invitations/", NINA | {"role": "manager"})
        assert (answer.status_code, codes(answer)) == (403, ["confirm-first"])
        assert program.post(f"{API}/invitations/", NINA).status_code == 201


class TestRoles:
    def give(self, person: User) -> dict[str, Any]:
        return {"person": person.pk, "role": "front_desk", "clinic": "mt-prospect", "first": "2026-12-01"}

    def test_given_listed_and_ended(self, manager: User, therapist: User, api: Callable[..., APIClient]):
        program = api(manager)
        made = program.post(f"{API}/roles/", self.give(therapist) | {"last": "2026-12-31"}).json()
        assert (made["role"], made["first"], made["last"]) == ("front_desk", "2026-12-01", "2026-12-31")
        listed = program.get(f"{API}/roles/?person={therapist.pk}").json()["results"]
        assert [one["role"] for one in listed] == ["front_desk", "therapist"]
        assert program.post(f"{API}/roles/{made['id']}/end/", {"last": "2026-12-24"}).status_code == 204
        assert str(therapist.memberships.get(role="front_desk").last_day) == "2026-12-24"

    def test_nobody_changes_their_own_and_the_past_stays(self, administrator: User, therapist: User, api):
        program = api(administrator)
        own = {"person": administrator.pk, "role": "clinical_lead", "first": "2026-12-01"}
        assert codes(program.post(f"{API}/roles/", own)) == ["own-role"]
        past = program.post(f"{API}/roles/", self.give(therapist) | {"first": "2026-11-24"})
        assert (past.status_code, codes(past)) == (422, ["past"])

    def test_leaving_and_coming_back(self, administrator: User, therapist: User, api, sign_in):
        program, browser = api(administrator), sign_in(therapist)
        assert program.post(f"{API}/people/{therapist.pk}/leave/").status_code == 204
        assert browser.get("/").status_code == 302
        assert codes(program.post(f"{API}/people/{therapist.pk}/leave/")) == ["left-already"]
        assert program.post(f"{API}/people/{therapist.pk}/return/").status_code == 204
        therapist.refresh_from_db()
        assert therapist.is_active

    @pytest.mark.parametrize("act", ["give", "end", "leave", "return"])
    def test_each_is_confirmed_first(self, administrator: User, therapist: User, api, clock, act: str):
        program, role = api(administrator), therapist.memberships.get()
        clock.shift(timedelta(minutes=6))
        answer = {
            "give": lambda: program.post(f"{API}/roles/", self.give(therapist)),
            "end": lambda: program.post(f"{API}/roles/{role.pk}/end/", {"last": "2026-12-24"}),
            "leave": lambda: program.post(f"{API}/people/{therapist.pk}/leave/"),
            "return": lambda: program.post(f"{API}/people/{therapist.pk}/return/"),
        }[act]()
        assert (answer.status_code, codes(answer)) == (403, ["confirm-first"])


def test_own_sessions(therapist: User, manager: User):
    here, there, foreign = Client(), Client(), Client()
    for browser, person in ((here, therapist), (there, therapist), (foreign, manager)):
        browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    listed = here.get(f"{API}/sessions/").json()["results"]
    assert sorted(one["current"] for one in listed) == [False, True]
    mine, other = (next(one["id"] for one in listed if one["current"] is current) for current in (True, False))
    alien = UserSession.objects.get(user=manager).pk
    assert here.delete(f"{API}/sessions/{alien}/").status_code == 404
    assert codes(here.delete(f"{API}/sessions/{mine}/")) == ["this-one"]
    assert here.delete(f"{API}/sessions/{other}/").status_code == 204
    assert there.get("/").status_code == 302

"""API tokens: shown once, narrowed to what they were made for, never stronger than their owner, never for what asks again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts import tokens
from accounts.leaving import let_go
from accounts.models import ApiToken, Clinic, TokenScope, User
from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from intranet.core.rest import scope_of
from tests import factories
from tests.conftest import CAST
from tests.policies.routes import routes
from tests.races import outcomes

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PAGE = "/people/me/tokens/"
ALL = list(TokenScope)


@pytest.fixture(autouse=True)
def clock(at: datetime):
    with time_machine.travel(at, tick=False) as clock:
        yield clock


def make(by: User, at: datetime, *scopes: TokenScope, name: str = "Wall display", days: int = 90) -> str:
    return tokens.make(name=name, scopes=scopes or ALL, days=days, by=by, at=at)[1]


def program(text: str) -> APIClient:
    client = APIClient(enforce_csrf_checks=True)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


class TestMaking:
    def test_its_letters_are_found_by_scanners_and_kept_nowhere(self, therapist: User, at: datetime):
        token, text = tokens.make(name="Wall  display", scopes=ALL, days=90, by=therapist, at=at)
        assert re.fullmatch(r"emery_token_[\w-]{43}", text)
        assert (token.name, token.expires_at) == ("Wall display", at + timedelta(days=90))
        assert text not in str(list(ApiToken.objects.values()) + list(Entry.objects.values()))
        assert Entry.objects.get(verb="token.made").changes["scopes"] == [scope.value for scope in ALL]

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"days": 366}, "between 1 and 365"),
            ({"days": 0}, "between 1 and 365"),
            ({"scopes": []}, "what the token is for|cannot be blank"),
            ({"scopes": ["roles:write"]}, "what the token is for|cannot be blank"),
            ({"name": " "}, "cannot be blank"),
            ({"name": "wall DISPLAY"}, "of this name already"),
        ],
    )
    def test_what_no_token_is(self, therapist: User, at: datetime, changes: dict[str, Any], words: str):
        make(therapist, at)
        with pytest.raises(ValidationError, match=words):
            tokens.make(**({"name": "Other", "scopes": ALL, "days": 90} | changes), by=therapist, at=at)

    def test_at_most_twenty(self, therapist: User, at: datetime):
        for number in range(20):
            make(therapist, at, name=f"Program {number}")
        with pytest.raises(Refused, match="You have 20 tokens"):
            make(therapist, at)

    @pytest.mark.parametrize("changes", [{"scopes": []}, {"days": 367}])
    def test_the_database_refuses_it_as_well(self, therapist: User, at: datetime, changes: dict[str, Any]):
        row = ApiToken(
            user=therapist,
            name="x",
            digest="0" * 64,
            scopes=changes.get("scopes", ["inbox:read"]),
            created_at=at,
            expires_at=at + timedelta(days=changes.get("days", 1)),
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()

    def test_a_role_that_demands_a_second_step_has_one_first(self, manager: User, at: datetime, settings):
        settings.SECOND_STEP_OPTIONAL = False
        with pytest.raises(Forbidden, match="needs a second step"):
            make(manager, at)
        TOTP.activate(manager, SECRET)
        make(manager, at)

    @pytest.mark.django_db(transaction=True)
    def test_of_24_at_once_with_one_name_one_is_made(self, therapist: User, at: datetime):
        def press() -> None:
            try:
                make(therapist, at)
            except ValidationError as error:
                raise Conflict.because("name-taken", error.messages[0]) from None

        assert sorted(outcomes([press] * 24)) == ["done"] + ["name-taken"] * 23


class TestUse:
    def test_it_opens_its_area_for_reading_or_writing(self, manager: User, at: datetime, mt_prospect: Clinic):
        reader = program(make(manager, at, TokenScope.SCHEDULE_READ, name="Reader"))
        writer = program(make(manager, at, TokenScope.SCHEDULE_WRITE, name="Writer"))
        shift = {
            "clinic": "mt-prospect",
            "position": "therapist",
            "start": "2026-12-07T09:00:00-06:00",
            "end": "2026-12-07T12:00:00-06:00",
        }
        lists, new = reverse("api:shift-list"), reverse("api:roster-shift-list")
        assert (reader.get(lists).status_code, reader.post(new, shift, format="json").status_code) == (200, 403)
        assert (writer.get(lists).status_code, writer.post(new, shift, format="json").status_code) == (403, 201)
        said = reader.get(reverse("api:announcement-list"))
        assert (said["Content-Type"], said.json()["reasons"]) == (
            "application/problem+json",
            [{"code": "scope-missing", "message": said.json()["detail"]}],
        )

    @pytest.mark.parametrize(
        "route", [route for route in routes() if route.name.startswith("api:")], ids=lambda r: r.name
    )
    def test_what_names_no_area_takes_no_token(self, route: Any, administrator: User, at: datetime):
        """With every scope there is, each operation: open by its area, or refused as something to do by hand."""
        key = program(make(administrator, at))
        view = getattr(route.view, "cls", None)
        actions = getattr(route.view, "actions", None) or {"get": "get"}
        kwargs = getattr(route.view, "initkwargs", {})
        for method in set(actions) - {"head"}:
            area = kwargs.get("program_area", getattr(view, "program_area", None))
            answer = getattr(key, method)(route.address, {}, format="json")
            by_hand = answer.status_code == 403 and answer.json().get("reasons", [{}])[0].get("code") == "by-hand"
            assert by_hand is not bool(area), (route.name, method, answer.content)

    def test_every_scope_opens_something(self):
        found = set()
        for route in routes():
            view = getattr(route.view, "cls", None)
            for method in getattr(route.view, "actions", None) or {}:
                shown = type("Shown", (), {"program_area": getattr(view, "program_area", None)})
                shown.program_area = getattr(route.view, "initkwargs", {}).get("program_area", shown.program_area)
                found.add(scope_of(shown, method.upper()))
        assert found - {""} >= {scope.value for scope in TokenScope}

    @pytest.mark.parametrize("who", CAST)
    def test_it_sees_what_its_owner_sees(
        self, cast: dict[str, User], at: datetime, api: Callable[..., APIClient], who: str
    ):
        key, browser = program(make(cast[who], at)), api(cast[who])
        for name in ("person-list", "protocol-list", "roster-shift-list", "announcement-list", "inbox-list"):
            address = reverse(f"api:{name}")
            assert (key.get(address).status_code, key.get(address).content) == (
                browser.get(address).status_code,
                browser.get(address).content,
            )

    def test_a_role_that_ends_is_gone_with_the_next_request(self, therapist: User, at: datetime):
        key = program(make(therapist, at))
        assert key.get(reverse("api:person-list")).status_code == 200
        factories.as_if_never(therapist.memberships.all())
        assert key.get(reverse("api:person-list")).status_code == 403

    def test_it_ends_with_the_account_and_stays_ended(self, therapist: User, administrator: User, at: datetime):
        key = program(make(therapist, at))
        let_go(therapist, by=administrator, at=at)
        assert key.get(reverse("api:person-list")).status_code == 401
        User.objects.filter(pk=therapist.pk).update(is_active=True)
        factories.membership(user=therapist, role=Role.FRONT_DESK, clinic=Clinic.objects.get())
        assert key.get(reverse("api:person-list")).status_code == 401
        assert ApiToken.objects.get().revoked_by == administrator

    def test_a_second_step_that_is_demanded_later_closes_it(self, manager: User, at: datetime, settings):
        settings.SECOND_STEP_OPTIONAL = False
        TOTP.activate(manager, SECRET)
        key = program(make(manager, at))
        assert key.get(reverse("api:person-list")).status_code == 200
        manager.authenticator_set.all().delete()
        answer = key.get(reverse("api:person-list"))
        assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (403, "second-step-missing")

    def test_its_day_is_over(self, therapist: User, at: datetime, clock: Any):
        key = program(make(therapist, at, days=1))
        clock.shift(timedelta(days=1) - timedelta(seconds=1))
        assert key.get(reverse("api:person-list")).status_code == 200
        clock.shift(timedelta(seconds=1))
        assert key.get(reverse("api:person-list")).status_code == 401

    def test_its_last_use_is_noted_once_a_minute(self, therapist: User, at: datetime, clock: Any):
        key = program(make(therapist, at))
        for seconds in (0, 59, 61):
            clock.move_to(at + timedelta(seconds=seconds))
            key.get(reverse("api:person-list"))
        assert ApiToken.objects.get().last_used_at == at + timedelta(seconds=61)

    def test_it_opens_no_page(self, therapist: User, at: datetime):
        answer = program(make(therapist, at)).get("/people/")
        assert (answer.status_code, answer.url.split("?")[0]) == (302, reverse("account_login"))

    def test_what_is_wrong_is_counted_for_all_processes_and_holds_nobody_else_up(
        self, therapist: User, at: datetime, settings
    ):
        settings.WRONG_TOKENS = "3/5m/ip"
        good, address = make(therapist, at), reverse("api:person-list")
        wrong = [program(tokens.PREFIX + "x" * 43), program("x" * 43), program(good + "x"), program("")]
        assert [key.get(address).status_code for key in wrong] == [401, 401, 401, 429]
        spoofed = program("nothing").get(address, HTTP_X_FORWARDED_FOR="198.51.100.7")
        assert (spoofed.status_code, spoofed["Content-Type"]) == (429, "application/problem+json")
        assert program(good).get(address).status_code == 200

    def test_no_log_says_it(self, therapist: User, at: datetime, caplog: pytest.LogCaptureFixture):
        text = make(therapist, at)
        program(text).get(reverse("api:roster-shift-list"))
        program(text + "x").get(reverse("api:person-list"))
        assert text not in caplog.text
        assert text not in str(list(Entry.objects.values()))


class TestPages:
    def test_it_is_shown_once(self, therapist: User, sign_in: Callable[..., Client]):
        browser = sign_in(therapist)
        asked = {"name": "Wall display", "scopes": ["schedule:read"], "days": "90"}
        answer = browser.post(PAGE, asked)
        [text] = re.findall(r"emery_token_[\w-]{43}", answer.content.decode())
        assert (answer.status_code, "no-store" in answer["Cache-Control"]) == (200, True)
        again = browser.get(PAGE).content.decode()
        assert ("Wall display" in again, "emery_token_" in again) == (True, False)
        assert text not in str(dict(browser.session))
        twice = browser.post(PAGE, asked)
        assert (twice.status_code, "of this name already" in twice.content.decode()) == (422, True)

    def test_it_is_made_after_the_password(self, therapist: User, sign_in: Callable[..., Client], clock: Any):
        browser = sign_in(therapist)
        clock.shift(timedelta(minutes=6))
        answer = browser.post(PAGE, {"name": "Wall display", "scopes": ["schedule:read"], "days": "90"})
        assert (answer.url.split("?")[0], ApiToken.objects.count()) == ("/accounts/reauthenticate/", 0)
        done = browser.post("/accounts/reauthenticate/", {"password": factories.PASSWORD, "next": PAGE})
        assert "emery_token_" in done.content.decode()

    def test_one_revokes_ones_own(self, therapist: User, floater: User, at: datetime, sign_in: Callable[..., Client]):
        key = program(make(therapist, at))
        address = reverse("accounts:token-revoke", args=[ApiToken.objects.get().pk])
        assert sign_in(floater).post(address).status_code == 404
        assert sign_in(therapist).post(address).url == PAGE
        assert key.get(reverse("api:person-list")).status_code == 401
        assert "was revoked already" in sign_in(therapist).post(address).content.decode()

    def test_an_administrator_revokes_those_of_others(
        self, therapist: User, administrator: User, at: datetime, sign_in: Callable[..., Client]
    ):
        key = program(make(therapist, at))
        browser = sign_in(administrator)
        shown = browser.get(reverse("accounts:tokens-of-everybody")).content.decode()
        assert ("Avery Testwell" in shown, "Wall display" in shown) == (True, True)
        browser.post(reverse("accounts:token-revoke", args=[ApiToken.objects.get().pk]))
        assert key.get(reverse("api:person-list")).status_code == 401
        entry = Entry.objects.get(verb="token.revoked")
        assert (entry.actor, entry.changes) == (administrator, {"of": "Avery Testwell"})

    @pytest.mark.parametrize("count", [1, 3])
    def test_the_list_takes_as_many_queries(
        self, cast: dict[str, User], at: datetime, sign_in, django_assert_num_queries, count: int
    ):
        for name in CAST[:count]:
            make(cast[name], at)
        browser = sign_in(cast["administrator"])
        browser.get(reverse("accounts:tokens-of-everybody"))
        with django_assert_num_queries(QUERIES):
            browser.get(reverse("accounts:tokens-of-everybody"))


QUERIES = 8


def test_the_document_says_which_scope_an_operation_needs(administrator: User, api: Callable[..., APIClient]):
    document = api(administrator).get(reverse("api:schema"), HTTP_ACCEPT="application/vnd.oai.openapi+json").json()
    paths = document["paths"]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert {"token": []} in paths["/api/v1/shifts/"]["get"]["security"]
    assert "`schedule:read`" in paths["/api/v1/shifts/"]["get"]["description"]
    signs = paths["/api/v1/protocols/{slug}/acknowledge/"]["post"]
    assert ({"token": []} in signs["security"], "No token does this" in signs["description"]) == (False, True)


@pytest.mark.django_db
@pytest.mark.parametrize(("who", "offered"), [("therapist", False), ("manager", True), ("clinical_lead", False)])
def test_planning_the_roster_is_offered_to_those_who_plan_it(cast: dict[str, User], sign_in, who: str, offered: bool):
    browser, sent = sign_in(cast[who]), {"name": "Board", "scopes": ["schedule:write"], "days": "90"}
    body = browser.get(reverse("accounts:tokens")).content.decode()
    assert ("Plan and publish the roster" in body) is offered
    answer = browser.post(reverse("accounts:tokens"), sent)
    assert (answer.status_code, ApiToken.objects.filter(name="Board").exists()) == (200 if offered else 422, offered)

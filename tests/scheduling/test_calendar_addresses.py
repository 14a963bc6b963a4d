"""The private address of one's calendar: shown once, replaced, revoked, gone with its owner, and never in a log."""

from __future__ import annotations

import logging
import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from rest_framework.test import APIClient

from accounts import tokens
from accounts.leaving import bring_back, let_go
from accounts.models import Clinic, TokenScope, User
from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.access import Forbidden
from intranet.core.logs import WithoutKeys
from scheduling import calendar_addresses
from scheduling.models import CalendarFeed, PublishedShift
from tests import factories as people
from tests.factories import as_if_never
from tests.races import outcomes
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

PAGE, REVOKE, API = "/schedule/calendar/", "/schedule/calendar/revoke/", "/api/v1/calendar-address/"


@pytest.fixture(autouse=True)
def clock(at: datetime):
    with time_machine.travel(at, tick=False) as clock:
        yield clock


def address_in(response) -> str:
    assert response.status_code == 200
    return re.search(r'value="(http://testserver/calendar/[\w-]{43}\.ics)"', response.content.decode())[1]


@pytest.fixture
def address(therapist: User, at: datetime) -> str:
    return f"/calendar/{calendar_addresses.new_address(therapist, at=at)[1]}.ics"


class TestTheAddress:
    def test_it_is_shown_once_and_kept_nowhere(self, sign_in, therapist: User):
        browser = sign_in(therapist)
        address = address_in(browser.post(PAGE))
        key = address.split("/")[-1].removesuffix(".ics")
        assert key not in str(list(CalendarFeed.objects.values()) + list(Entry.objects.values()))
        for page in (PAGE, "/schedule/"):
            assert key not in browser.get(page).content.decode()
        assert Client().get(address).status_code == 200
        assert Entry.objects.get(verb="calendar-feed.made").actor == therapist

    def test_a_new_one_ends_the_old_one(self, sign_in, therapist: User):
        browser = sign_in(therapist)
        old, new = address_in(browser.post(PAGE)), address_in(browser.post(PAGE))
        assert [Client().get(one).status_code for one in (old, new)] == [404, 200]

    def test_a_revoked_one_is_gone(self, sign_in, therapist: User, address: str):
        browser = sign_in(therapist)
        page = browser.post(REVOKE, follow=True)
        assert "The calendar address was revoked." in page.content.decode()
        assert Client().get(address).status_code == 404
        assert browser.post(REVOKE).status_code == 422

    def test_my_schedule_says_when_it_was_last_used(self, sign_in, therapist: User, address: str):
        browser = sign_in(therapist)
        assert "Not used yet" in browser.get("/schedule/").content.decode()
        Client().get(address)
        body = browser.get("/schedule/").content.decode()
        assert "Last used" in body
        assert "Calendar programs refresh when they like" in body

    def test_its_use_is_noted_once_a_minute(self, therapist: User, address: str, at: datetime, clock):
        for passed, noted in ((0, at), (30, at), (61, at + timedelta(seconds=61))):
            clock.move_to(at + timedelta(seconds=passed))
            Client().get(address)
            assert CalendarFeed.objects.get().last_used_at == noted

    def test_administrators_have_none(self, administrator: User, sign_in, at: datetime):
        assert sign_in(administrator).post(PAGE).status_code == 403
        with pytest.raises(Forbidden, match="no schedule to show"):
            calendar_addresses.new_address(administrator, at=at)

    @pytest.mark.django_db(transaction=True)
    def test_of_24_at_once_one_is_left(self, therapist: User, at: datetime):
        done = outcomes([lambda: calendar_addresses.new_address(User.objects.get(pk=therapist.pk), at=at)] * 24)
        assert done == ["done"] * 24
        assert CalendarFeed.objects.working().count() == 1


class TestWhoLeaves:
    def test_somebody_deactivated_finds_nothing_also_after_coming_back(
        self, therapist: User, administrator: User, mt_prospect: Clinic, address: str, at: datetime
    ):
        assert Client().get(address).status_code == 200
        let_go(therapist, by=administrator, at=at)
        assert Client().get(address).status_code == 404
        bring_back(therapist, by=administrator)
        people.membership(user=therapist, role=Role.THERAPIST, clinic=mt_prospect, start=at.date())
        assert Client().get(address).status_code == 404

    def test_somebody_switched_off_by_other_means_finds_nothing(self, therapist: User, address: str):
        User.objects.filter(pk=therapist.pk).update(is_active=False)
        assert Client().get(address).status_code == 404

    def test_somebody_without_a_role_finds_nothing(self, therapist: User, address: str):
        as_if_never(therapist.memberships)
        assert Client().get(address).status_code == 404


class TestReading:
    def test_it_is_a_calendar_and_no_file_to_keep(self, address: str):
        response = Client().get(address)
        assert response["Content-Type"] == "text/calendar; charset=utf-8"
        assert response["Cache-Control"] == "private"
        assert "Content-Disposition" not in response
        assert "Set-Cookie" not in response.headers
        assert response.cookies == {}
        assert re.fullmatch(r'"[0-9a-f]{40}"', response["ETag"])
        assert response["Last-Modified"] == "Wed, 25 Nov 2026 06:00:00 GMT"
        assert Client().post(address).status_code == 405
        assert Client().head(address)["ETag"] == response["ETag"]

    def test_what_has_not_changed_is_not_sent_again(self, address: str, mt_prospect, therapist: User):
        first = Client().get(address)
        assert Client().get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
        assert Client().get(address, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 304
        factories.published(clinic=mt_prospect, staff=therapist)
        PublishedShift.objects.update(published_at=datetime(2026, 11, 25, 15, tzinfo=UTC))
        assert Client().get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200
        assert Client().get(address, headers={"If-Modified-Since": first["Last-Modified"]}).status_code == 200

    def test_the_key_is_looked_up_before_anything_else(self, sign_in, therapist: User, address: str):
        etag = Client().get(address)["ETag"]
        sign_in(therapist).post(REVOKE)
        for headers in ({"If-None-Match": etag}, {"If-None-Match": "*"}, {"If-Match": '"other"'}):
            assert Client().get(address, headers=headers).status_code == 404

    def test_the_window_that_moves_at_midnight_is_a_change(
        self, address: str, mt_prospect, therapist: User, clock, at: datetime
    ):
        """Also for a program that asks by date alone: a shift may have come into the window."""
        factories.published(clinic=mt_prospect, day=at.date() + timedelta(days=180), staff=therapist)
        before = Client().get(address)
        assert b"VEVENT" not in before.content
        clock.move_to(at + timedelta(days=1))
        after = Client().get(address, headers={"If-Modified-Since": before["Last-Modified"]})
        assert b"VEVENT" in after.content

    def test_a_shift_of_another_person_is_never_in_it(self, address: str, mt_prospect, floater: User, therapist: User):
        factories.published(clinic=mt_prospect, staff=floater)
        mine = factories.published(clinic=mt_prospect, day=date(2026, 12, 2), staff=therapist)
        body = Client().get(address).content.decode()
        assert re.findall(r"UID:([\w-]+)@", body) == [str(mine.shift_id)]

    def test_guessing_is_slowed_down_and_a_key_that_works_is_not(self, address: str):
        answers = [Client().get(f"/calendar/wrong{number}.ics").status_code for number in range(21)]
        assert answers == [404] * 20 + [429]
        assert Client().get(address).status_code == 200


class TestLogs:
    def test_no_line_holds_the_key(self, address: str, caplog: pytest.LogCaptureFixture, sign_in, therapist: User):
        sign_in(therapist).post(REVOKE)
        with caplog.at_level(logging.DEBUG):
            assert Client().get(address).status_code == 404
        lines = [record.getMessage() for record in caplog.records if WithoutKeys().filter(record)]
        assert "Not Found: /calendar/…" in lines
        assert address.split("/")[-1].removesuffix(".ics") not in "".join(lines)


class TestApi:
    def test_the_whole_life_of_an_address(self, api, therapist: User):
        program = api(therapist)
        assert program.get(API).status_code == 404
        made = program.post(API)
        assert made.status_code == 201
        assert set(made.json()) == {"made_at", "last_used_at", "address"}
        assert Client().get(made.json()["address"]).status_code == 200
        assert program.get(API).json() == {
            "made_at": "2026-11-25T10:00:00-06:00",
            "last_used_at": "2026-11-25T10:00:00-06:00",
        }
        assert program.post(f"{API}revoke/").status_code == 204
        assert Client().get(made.json()["address"]).status_code == 404
        assert program.post(f"{API}revoke/").json()["reasons"][0]["code"] == "no-address"

    def test_no_token_makes_one(self, therapist: User, at: datetime):
        text = tokens.make(name="Display", scopes=list(TokenScope), days=9, by=therapist, at=at)[1]
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
        assert client.post(API).status_code == 403
        assert CalendarFeed.objects.count() == 0

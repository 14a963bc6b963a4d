"""Receipts: that somebody who was told of a publication has seen it, and never by only being looked at by a program."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Clinic, User
from scheduling.models import PublicationReceipt, PublicationRecipient, RosterWeek
from scheduling.publishing import publish
from scheduling.seen import note_seen, seen_counts, unseen
from tests.races import outcomes
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

URL, SEEN, API = "/schedule/", "/schedule/seen/", "/api/v1/my-publications/"
NEW = "New since you last looked"


@pytest.fixture(autouse=True)
def _today(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


def told(by: User, at: datetime, *, monday=factories.MONDAY) -> RosterWeek:
    week = RosterWeek.objects.get(monday=monday)
    publish(week, version=week.version, by=by, at=at, reason="So.")
    return week


@pytest.fixture
def notice(mt_prospect: Clinic, manager: User, therapist: User, floater: User, at: datetime) -> PublicationRecipient:
    factories.shift(clinic=mt_prospect, staff=therapist)
    factories.shift(clinic=mt_prospect, day=factories.MONDAY + timedelta(days=1), staff=therapist)
    factories.shift(clinic=mt_prospect, staff=floater, times="10-14")
    told(manager, at)
    return PublicationRecipient.objects.get(person=therapist)


def test_the_page_says_what_is_new_until_it_was_seen(sign_in, notice: PublicationRecipient, therapist: User, at):
    browser = sign_in(therapist)
    body = browser.get(URL).content.decode()
    assert NEW in body
    assert "Mt. Prospect, week of Nov 30, 2026: 2 changes for you, published by Dana Mockridge" in body
    assert f'name="up_to" value="{notice.pk}"' in body
    assert browser.post(SEEN, {"up_to": notice.pk}).url == URL
    assert NEW not in browser.get(URL).content.decode()
    assert list(PublicationReceipt.objects.values_list("recipient", "at")) == [(notice.pk, at)]


def test_looking_writes_nothing(sign_in, notice: PublicationRecipient, therapist: User):
    """A GET may come from a preview or a prefetch."""
    sign_in(therapist).get(URL)
    assert sign_in(therapist).get(SEEN).status_code == 405
    assert PublicationReceipt.objects.count() == 0


def test_with_script_nothing_on_the_page_changes(sign_in, notice: PublicationRecipient, therapist: User):
    answer = sign_in(therapist).post(SEEN, {"up_to": notice.pk}, headers={"HX-Request": "true"})
    assert (answer.status_code, PublicationReceipt.objects.count()) == (204, 1)


def test_what_came_after_the_page_was_shown_stays_unseen(
    mt_prospect: Clinic, notice: PublicationRecipient, manager: User, therapist: User, at: datetime
):
    later = factories.MONDAY + timedelta(days=7)
    factories.shift(clinic=mt_prospect, day=later, staff=therapist)
    told(manager, at, monday=later)
    assert note_seen(therapist, up_to=notice.pk, at=at) == 1
    assert [one.publication.week.monday for one in unseen(therapist)] == [later]


def test_nobody_sees_for_somebody_else(sign_in, notice: PublicationRecipient, therapist: User, assistant: User):
    sign_in(assistant).post(SEEN, {"up_to": notice.pk})
    assert unseen(therapist) == [notice]


@pytest.mark.parametrize("up_to", ["", "x", "-1", "0", str(2**63)])
def test_nonsense_is_not_there(sign_in, therapist: User, up_to: str):
    assert sign_in(therapist).post(SEEN, {"up_to": up_to}).status_code == 404


def test_a_publication_knows_how_many_have_seen_it(notice: PublicationRecipient, therapist: User, at: datetime):
    assert seen_counts([notice.publication_id]) == {notice.publication_id: (0, 2)}
    note_seen(therapist, up_to=notice.pk, at=at)
    assert seen_counts([notice.publication_id]) == {notice.publication_id: (1, 2)}


@pytest.mark.django_db(transaction=True)
def test_of_24_at_once_one_is_written(notice: PublicationRecipient, therapist: User, at: datetime):
    assert outcomes([lambda: note_seen(therapist, up_to=notice.pk, at=at)] * 24) == ["done"] * 24
    assert PublicationReceipt.objects.count() == 1


def test_it_costs_the_same_for_1_and_for_3_publications(
    mt_prospect: Clinic, manager: User, therapist: User, at: datetime, sign_in
):
    browser, costs = sign_in(therapist), []
    for weeks in ([2], [3, 4]):
        for number in weeks:
            monday = factories.MONDAY + timedelta(days=7 * number)
            factories.shift(clinic=mt_prospect, day=monday, staff=therapist)
            told(manager, at, monday=monday)
        with CaptureQueriesContext(connection) as captured:
            body = browser.get(URL).content.decode()
        assert body.count("1 change for you") == weeks[-1] - 1
        costs.append(len(captured))
    assert costs[0] == costs[1]


def test_over_the_api(api, notice: PublicationRecipient, therapist: User, assistant: User):
    program = api(therapist)
    [row] = program.get(API).json()["results"]
    assert row == {
        "id": notice.pk,
        "clinic": "mt-prospect",
        "monday": "2026-11-30",
        "published_by": "Dana Mockridge",
        "published_at": "2026-11-25T10:00:00-06:00",
        "changed": 2,
        "seen_at": None,
    }
    assert api(assistant).get(API).json()["results"] == []
    assert program.post(f"{API}seen/", {"up_to": notice.pk}).status_code == 204
    assert program.get(API).json()["results"][0]["seen_at"] == "2026-11-25T10:00:00-06:00"
    assert program.post(f"{API}seen/", {"up_to": 0}).status_code == 400

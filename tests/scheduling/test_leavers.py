"""Shifts to come of somebody who left become open, at the own clinics, after a manager has looked."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.leaving import ahead, left_to_do, let_go
from accounts.models import User
from accounts.roles import Role
from intranet.core.access import Conflict
from scheduling.leavers import open_shifts, shifts_left
from scheduling.models import PublishedShift, Shift
from tests.factories import membership
from tests.scheduling import factories
from tests.scheduling.factories import MONDAY, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(at):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def planned(mt_prospect, oakbrook, floater, administrator, at):
    """The floater works today, on two days at one clinic and on one at the other, and leaves."""
    days = [
        (mt_prospect, TODAY),
        (mt_prospect, MONDAY),
        (mt_prospect, MONDAY + timedelta(days=8)),
        (oakbrook, MONDAY + timedelta(days=1)),
    ]
    shifts = [factories.shift(clinic=clinic, day=day, staff=floater) for clinic, day in days]
    let_go(floater, by=administrator, at=at)
    floater.refresh_from_db()
    return shifts


def versions(shifts):
    return {shift.pk: shift.version for shift in shifts}


def test_a_manager_sees_those_to_come_at_the_own_clinic(planned, floater, manager, manager_oakbrook, therapist, at):
    _, soon, later, elsewhere = planned
    assert list(shifts_left(floater, manager, at)) == [soon, later]
    assert list(shifts_left(floater, manager_oakbrook, at)) == [elsewhere]
    assert list(shifts_left(floater, therapist, at)) == []


def test_the_persons_page_leads_there(planned, floater, manager, clinical_lead, sign_in, at):
    [task] = left_to_do(floater, manager, at)
    assert (task.words, task.path) == (
        "2 shifts to come are still planned for Theo Fictus",
        reverse("scheduling:leaver", args=[floater.pk]),
    )
    assert left_to_do(floater, clinical_lead, at) == []
    assert f'href="{task.path}"' in sign_in(manager).get(floater.get_absolute_url()).content.decode()


def test_what_is_ticked_becomes_open_and_the_rest_stays(planned, floater, manager, sign_in, at):
    now, soon, later, elsewhere = planned
    browser, address = sign_in(manager), reverse("scheduling:leaver", args=[floater.pk])
    assert browser.post(address, {"shift": f"{soon.pk}:{soon.version}"}).status_code == 302
    left = {shift.pk: shift.staff for shift in Shift.objects.select_related("staff")}
    assert left == {now.pk: floater, soon.pk: None, later.pk: floater, elsewhere.pk: floater}
    assert "1 shift at your clinics" in browser.get(address).content.decode()


def test_staff_see_it_with_the_next_publication(mt_prospect, therapist, manager, at):
    published = factories.published(clinic=mt_prospect, day=MONDAY, staff=therapist)
    let_go(therapist, by=manager, at=at)
    open_shifts(therapist, versions([published.shift]), by=manager, at=at)
    assert (Shift.objects.get().staff, PublishedShift.objects.get().staff) == (None, therapist)


def test_all_or_none(planned, floater, manager, at):
    _, soon, later, _ = planned
    Shift.objects.filter(pk=later.pk).update(version=later.version + 1)
    with pytest.raises(Conflict):
        open_shifts(floater, versions([soon, later]), by=manager, at=at)
    assert Shift.objects.filter(staff=None).count() == 0


@pytest.mark.parametrize("which", ["started", "elsewhere", "unknown"])
def test_a_shift_that_is_not_on_the_list_is_refused(planned, floater, manager, at, which: str):
    now, soon, _, elsewhere = planned
    other = {"started": now.pk, "elsewhere": elsewhere.pk, "unknown": uuid4()}[which]
    with pytest.raises(Conflict):
        open_shifts(floater, {soon.pk: soon.version, other: 1}, by=manager, at=at)
    assert Shift.objects.filter(staff=None).count() == 0


@pytest.mark.parametrize(
    ("sent", "status", "sentence"),
    [
        ([], 422, "Tick the shifts that should become open."),
        (["nonsense"], 409, "Look at the list again: a shift of it cannot be read."),
        ([f"{uuid4()}:x"], 409, "The list has changed meanwhile. Look at it again. Nothing was changed."),
    ],
)
def test_what_cannot_be_read_is_said(planned, floater, manager, sign_in, sent, status: int, sentence: str):
    answer = sign_in(manager).post(reverse("scheduling:leaver", args=[floater.pk]), {"shift": sent})
    assert (answer.status_code, sentence in answer.content.decode()) == (status, True)
    assert Shift.objects.filter(staff=None).count() == 0


def test_there_is_no_such_page_about_somebody_who_is_here(therapist, manager, sign_in):
    assert sign_in(manager).get(reverse("scheduling:leaver", args=[therapist.pk])).status_code == 404


def test_more_shifts_take_no_more_queries_to_look_at(
    mt_prospect, therapist, manager, sign_in, django_assert_num_queries, django_assert_max_num_queries, at
):
    browser, address = sign_in(manager), reverse("scheduling:leaver", args=[therapist.pk])
    factories.shift(clinic=mt_prospect, day=MONDAY, staff=therapist)
    let_go(therapist, by=manager, at=at)
    with django_assert_max_num_queries(60) as first:
        browser.get(address)
    for week in range(1, 6):
        factories.shift(clinic=mt_prospect, day=MONDAY + timedelta(days=7 * week), staff=therapist)
    with django_assert_num_queries(len(first)):
        browser.get(address)


@pytest.fixture
def expected(mt_prospect, oakbrook, floater):
    """The floater is here, planned at one clinic and on the published roster of the other."""
    factories.shift(clinic=mt_prospect, day=MONDAY, staff=floater)
    factories.published(clinic=oakbrook, day=MONDAY + timedelta(days=1), staff=floater)
    factories.shift(clinic=oakbrook, day=MONDAY + timedelta(days=2), staff=floater)  # a draft of the other manager's


def test_before_access_ends_the_shifts_to_come_are_listed(expected, floater, manager, administrator, clinical_lead, at):
    def told(viewer, clinic=None):
        return [(found.total, found.lines) for found in ahead(floater, viewer, at, clinic)]

    here, there = "Mon, Nov 30, 7:00 AM – 3:30 PM, Mt. Prospect", "Tue, Dec 1, 7:00 AM – 3:30 PM, Oakbrook Terrace"
    assert told(manager) == [(2, [here, there])]
    assert told(administrator) == [(1, [there])]
    assert told(manager, clinic=floater.memberships.get(clinic__slug="mt-prospect").clinic) == [(1, [here])]


def test_the_list_stands_before_the_button(expected, floater, administrator, sign_in, at):
    browser, role = sign_in(administrator), floater.memberships.get(clinic__slug="oakbrook-terrace")
    for address in (
        reverse("accounts:leave", args=[floater.pk]),
        reverse("accounts:role-end", args=[role.pk]),
    ):
        body = browser.get(address).content.decode()
        assert 0 < body.index("Tue, Dec 1, 7:00 AM") < body.index('<button class="danger">')


def test_a_long_list_is_cut_and_counted(mt_prospect, therapist, manager, at, django_assert_max_num_queries):
    for week in range(15):
        factories.shift(clinic=mt_prospect, day=MONDAY + timedelta(days=7 * week), staff=therapist)
    with django_assert_max_num_queries(8):
        [found] = ahead(therapist, manager, at)
    assert (found.total, len(found.lines), found.more) == (15, 12, 3)


def test_whoever_makes_no_roster_locks_nothing(planned, floater, clinical_lead, sign_in, at):
    _, soon, _, _ = planned
    answer = sign_in(clinical_lead).post(
        reverse("scheduling:leaver", args=[floater.pk]), {"shift": f"{soon.pk}:{soon.version}"}
    )
    assert answer.status_code == 403
    with CaptureQueriesContext(connection) as captured, pytest.raises(Conflict):
        open_shifts(floater, versions([soon]), by=clinical_lead, at=at)
    assert [query["sql"] for query in captured if "FOR UPDATE" in query["sql"]] == []


def test_the_shifts_of_two_clinics_become_open_together(planned, floater, manager, oakbrook, at):
    _, soon, _, elsewhere = planned
    membership(user=manager, role=Role.MANAGER, clinic=oakbrook, start=at.date())
    both = User.objects.get(pk=manager.pk)
    assert open_shifts(floater, versions([soon, elsewhere]), by=both, at=at) == 2
    assert set(Shift.objects.filter(staff=None)) == {soon, elsewhere}

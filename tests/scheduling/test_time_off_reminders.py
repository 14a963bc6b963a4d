"""Who is reminded of requests for time off, when, and in which words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection

from accounts.models import User
from accounts.roles import Role
from intranet.reminders import registry
from intranet.reminders.owing import owed
from scheduling.asking_off import withdraw_time_off
from scheduling.deciding_off import approve_time_off
from scheduling.models import TimeOff
from scheduling.time_off_reminders import TimeOffAsked, TimeOffDecided, TimeOffGivenBack, TimeOffUndecided, when_off
from tests import factories as people
from tests.factories import as_if_always
from tests.scheduling import factories
from tests.scheduling.factories import MONDAY, TODAY

pytestmark = pytest.mark.django_db

SELECT = "SELECT recipient_id, occasion, due_at, not_after FROM owed ORDER BY recipient_id, due_at"
DAY = timedelta(days=1)


def rows(kind: registry.Kind, at) -> list[tuple]:
    query = owed(kind, at)
    with connection.cursor() as cursor:
        cursor.execute(query.sql + SELECT, query.params)
        return cursor.fetchall()


def recipients(kind: registry.Kind, at) -> list[str]:
    return [User.objects.get(pk=row[0]).name for row in rows(kind, at)]


@pytest.fixture
def wanted(mt_prospect, therapist, manager, manager_oakbrook, at) -> TimeOff:
    """Asked for just now, two weeks ahead."""
    day = MONDAY + timedelta(days=14)
    return factories.time_off(person=therapist, clinic=mt_prospect, day=day, days=2, requested_at=at, reason="Canary")


def test_they_are_kinds_of_reminders():
    codes = {kind.code for kind in registry.registered()}
    assert codes >= {"time-off-asked", "time-off-undecided", "time-off-decided", "time-off-given-back"}


class TestGivenBack:
    def test_the_managers_hear_that_granted_days_are_worked_again(self, wanted, therapist, manager, at):
        assert rows(TimeOffGivenBack(), at) == []
        granted = approve_time_off(wanted, {}, version=1, by=manager, at=at)
        later = at + DAY
        withdraw_time_off(granted, version=2, by=therapist, at=later)
        assert rows(TimeOffGivenBack(), later) == [(manager.pk, "given-back", later, wanted.end)]
        assert rows(TimeOffGivenBack(), wanted.end) == []
        wanted.refresh_from_db()
        message = TimeOffGivenBack().write(wanted, manager, "given-back", later)
        assert message.paragraphs[0].startswith("Avery Testwell gives back the time off that Dana Mockridge approved: ")

    def test_a_request_that_is_taken_back_is_no_news(self, wanted, therapist, at):
        withdraw_time_off(wanted, version=1, by=therapist, at=at)
        assert rows(TimeOffGivenBack(), at) == []


class TestAsked:
    def test_the_manager_hears_of_it_at_once_and_again_after_two_days(self, wanted, manager, at):
        second = at + 2 * DAY
        assert rows(TimeOffAsked(), at) == [
            (manager.pk, "asked", at, second),
            (manager.pk, "waiting-2", second, wanted.end),
        ]
        assert rows(TimeOffAsked(), second) == [(manager.pk, "waiting-2", second, wanted.end)]

    def test_days_that_come_sooner_end_it_sooner(self, mt_prospect, therapist, manager, at):
        soon = factories.time_off(person=therapist, clinic=mt_prospect, day=TODAY + DAY, requested_at=at)
        assert rows(TimeOffAsked(), at) == [(manager.pk, "asked", at, soon.end)]
        assert rows(TimeOffAsked(), soon.end) == []

    @pytest.mark.parametrize("state", ["withdrawn", "approved", "declined"])
    def test_what_is_decided_or_withdrawn_is_over(self, wanted, manager, at, state):
        TimeOff.objects.update(state=state, decided_by=manager, decided_at=at)
        assert rows(TimeOffAsked(), at) == []

    def test_each_manager_of_the_persons_clinics(self, mt_prospect, floater, manager, manager_oakbrook, at):
        factories.time_off(person=floater, clinic=mt_prospect, requested_at=at)
        assert recipients(TimeOffAsked(), at) == ["Dana Mockridge"] * 2 + ["Rosa Sampleton"] * 2

    def test_about_the_lead_every_manager_and_about_a_manager_the_others(
        self, mt_prospect, clinical_lead, manager, manager_oakbrook, at
    ):
        for person, told in (
            (clinical_lead, {manager.name, manager_oakbrook.name}),
            (manager, {manager_oakbrook.name}),
        ):
            time_off = factories.time_off(person=person, clinic=mt_prospect, requested_at=at)
            assert set(recipients(TimeOffAsked(), at)) == told
            time_off.delete()

    def test_nobody_who_manages_it_no_more_or_not_yet(self, wanted, mt_prospect, manager, at):
        as_if_always(manager.memberships, period=(date(2024, 1, 1), TODAY))
        new = people.person(name="Nova New")
        people.membership(user=new, role=Role.MANAGER, clinic=mt_prospect, start=TODAY + DAY)
        assert recipients(TimeOffAsked(), at) == ["Rosa Sampleton"] * 2  # nobody of the clinic's own: every manager
        assert set(recipients(TimeOffAsked(), at + DAY)) == {"Nova New"}

    def test_nothing_about_somebody_who_left(self, wanted, therapist, at):
        User.objects.filter(pk=therapist.pk).update(is_active=False)
        assert rows(TimeOffAsked(), at) == []

    def test_the_words_say_when_and_never_why(self, wanted, manager, at):
        message = TimeOffAsked().write(wanted, manager, "asked", at)
        assert (message.title, message.path) == ("Time off to decide", f"/roster/time-off/{wanted.pk}/")
        assert message.paragraphs == [
            "Avery Testwell asks for time off: Monday, December 14, 2026 to Tuesday, December 15, 2026.",
            "Asked on Wednesday, November 25, 2026. The page says which shifts and hours it touches.",
        ]
        assert TimeOffAsked().write(wanted, manager, "waiting-2", at).title == "Time off still to decide"

    def test_it_concerns_managers(self, manager, therapist, administrator):
        assert [TimeOffAsked().concerns(one) for one in (manager, therapist, administrator)] == [True, False, False]


class TestUndecided:
    def test_administrators_hear_of_it_after_five_days(self, wanted, administrator, at):
        fifth = at + 5 * DAY
        assert rows(TimeOffUndecided(), at) == [(administrator.pk, "waiting-5", fifth, wanted.end)]
        assert rows(TimeOffUndecided(), wanted.end) == []

    def test_not_when_the_days_come_sooner(self, mt_prospect, therapist, administrator, at):
        factories.time_off(person=therapist, clinic=mt_prospect, day=TODAY + 3 * DAY, requested_at=at)
        assert rows(TimeOffUndecided(), at) == []

    def test_not_once_it_is_decided(self, wanted, administrator, manager, at):
        TimeOff.objects.update(state="declined", decided_by=manager, decided_at=at)
        assert rows(TimeOffUndecided(), at) == []

    def test_the_words_name_whoever_decides_and_lead_to_a_page_that_administrators_have(
        self, wanted, administrator, sign_in, at
    ):
        message = TimeOffUndecided().write(wanted, administrator, "waiting-5", at)
        assert message.paragraphs == [
            "Avery Testwell asked on Wednesday, November 25, 2026 for Monday, December 14, 2026 to Tuesday, December 15, "
            "2026. Dana Mockridge decides.",
            "You cannot decide it yourself. Ask them, or give somebody else the role.",
        ]
        assert sign_in(administrator).get(message.path).status_code == 200
        assert [TimeOffUndecided().concerns(one) for one in (administrator, wanted.person)] == [True, False]


class TestDecided:
    @pytest.mark.parametrize("state", ["approved", "declined"])
    def test_the_person_hears_of_it_for_a_week(self, wanted, therapist, manager, at, state):
        TimeOff.objects.update(state=state, decided_by=manager, decided_at=at)
        assert rows(TimeOffDecided(), at) == [(therapist.pk, state, at, at + 7 * DAY)]
        assert rows(TimeOffDecided(), at + 7 * DAY) == []

    @pytest.mark.parametrize("state", ["requested", "withdrawn"])
    def test_not_before_and_not_once_it_is_withdrawn(self, wanted, at, state):
        TimeOff.objects.update(state=state)
        assert rows(TimeOffDecided(), at) == []

    def test_not_to_whoever_has_no_role_any_more(self, wanted, therapist, manager, at):
        TimeOff.objects.update(state="approved", decided_by=manager, decided_at=at)
        as_if_always(therapist.memberships, period=(date(2024, 1, 1), TODAY))
        assert rows(TimeOffDecided(), at) == []

    def test_the_words_hold_the_answer(self, wanted, therapist, manager, at):
        wanted.decided_by, wanted.answer = manager, "Two are away."
        message = TimeOffDecided().write(wanted, therapist, "declined", at)
        assert (message.title, message.path) == ("Your time off is declined", "/schedule/time-off/")
        assert message.paragraphs == [
            "Dana Mockridge declined your time off: Monday, December 14, 2026 to Tuesday, December 15, 2026.",
            "The answer of Dana Mockridge: Two are away.",
        ]


def test_a_part_of_a_day_is_said_with_its_zone(mt_prospect, therapist):
    start, end = factories.span(mt_prospect, MONDAY, "9-12")
    time_off = factories.time_off(person=therapist, clinic=mt_prospect, period=(start, end), whole_days=False)
    time_off.refresh_from_db()
    assert when_off(time_off) == "Monday, November 30, 2026, 9:00 AM – 12:00 PM CST"

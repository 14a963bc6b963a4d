"""Who held which role on a past day stays on record: what the database refuses, whoever asks."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from accounts.hiring import Place, give_role, take_role
from accounts.leaving import let_go
from accounts.models import Membership, RoleEnd, User
from accounts.roles import Role
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 25)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _now(at: datetime):
    with time_machine.travel(at, tick=False):
        yield


def sql(statement: str, *values: object) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for no deferred check
        cursor.execute(statement, values)
        return int(cursor.rowcount)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM accounts_membership",
        "UPDATE accounts_membership SET period = daterange('2020-01-01', NULL)",
        "UPDATE accounts_membership SET period = daterange(lower(period), lower(period) + 30)",
        "UPDATE accounts_membership SET period = daterange(lower(period), '2027-01-01')",
        "UPDATE accounts_membership SET period = daterange(lower(period), lower(period) + 1), ended_at = '2024-01-01'",
        "UPDATE accounts_membership SET role = 'front_desk'",
        "UPDATE accounts_membership SET user_id = (SELECT max(id) FROM accounts_user)",
        "UPDATE accounts_membership SET id = id + 1000",
        "TRUNCATE accounts_membership CASCADE",
    ],
)
def test_a_role_that_has_begun_stays(therapist: User, manager: User, statement: str):
    with pytest.raises(DatabaseError, match="role"):
        sql(statement)


def test_a_role_ends_only_as_its_end_is_on_record(therapist: User, administrator: User, at: datetime):
    take_role(therapist.memberships.get(), end=TODAY + 9 * DAY, by=administrator, at=at)
    said = RoleEnd.objects.get()
    assert (said.until, said.cut_off, said.by, said.at) == (TODAY + 9 * DAY, False, administrator, at)
    for last in (TODAY + 5 * DAY, TODAY + 20 * DAY, None):
        with pytest.raises(DatabaseError, match="only ended"):
            sql(
                "UPDATE accounts_membership SET period = daterange(lower(period), %s) WHERE user_id = %s",
                last,
                therapist.pk,
            )
    take_role(therapist.memberships.get(), end=TODAY + 5 * DAY, by=administrator, at=at + timedelta(hours=1))
    assert therapist.memberships.get().last_day == TODAY + 4 * DAY
    assert [one.until for one in RoleEnd.objects.all()] == [TODAY + 5 * DAY, TODAY + 9 * DAY]


def test_what_was_cut_off_stays_so(therapist: User, administrator: User, at: datetime):
    let_go(therapist, by=administrator, at=at)
    assert [(one.until, one.cut_off) for one in RoleEnd.objects.all()] == [(TODAY + DAY, True), (TODAY + DAY, False)]
    with pytest.raises(DatabaseError, match="only ended"):
        sql("UPDATE accounts_membership SET ended_at = NULL WHERE user_id = %s", therapist.pk)


def end(held: Membership, until: date, at: datetime) -> RoleEnd:
    with transaction.atomic():
        return RoleEnd.objects.create(membership=held, until=until, by=None, at=at)


@pytest.mark.parametrize("until", [TODAY - 3 * DAY, TODAY + 400 * DAY])
def test_no_end_is_said_of_the_past_or_after_the_last_day(therapist: User, at: datetime, until: date):
    held = therapist.memberships.get()
    end(held, TODAY + 300 * DAY, at - timedelta(hours=2))
    held.period = type(held.period)(held.period.lower, TODAY + 300 * DAY)
    held.save()
    with pytest.raises(DatabaseError, match="today or later"):
        end(held, until, at)


def test_no_end_is_said_before_another_that_is_on_record(therapist: User, at: datetime):
    held = therapist.memberships.get()
    end(held, TODAY + 9 * DAY, at)
    with pytest.raises(DatabaseError, match="today or later"):
        end(held, TODAY + 9 * DAY, at - timedelta(seconds=1))


def test_only_what_was_taken_before_it_began_is_removed(therapist: User, administrator: User, oakbrook, at: datetime):
    held = give_role(therapist, Place(Role.MANAGER, oakbrook), start=TODAY + 5 * DAY, by=administrator, at=at)
    pk = held.pk
    with pytest.raises(DatabaseError, match="never removed"):
        sql("DELETE FROM accounts_membership WHERE id = %s", pk)
    take_role(held, end=TODAY, by=administrator, at=at)
    assert not Membership.objects.filter(pk=pk).exists()
    assert RoleEnd.objects.get(membership_id=pk).by == administrator


def test_what_has_begun_is_not_said_to_have_never_begun(therapist: User, at: datetime):
    with pytest.raises(DatabaseError, match="today or later"):
        end(therapist.memberships.get(), factories.HIRED, at)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE accounts_roleend SET until = '2024-02-01'", "DELETE FROM accounts_roleend", "TRUNCATE accounts_roleend"],
)
def test_what_is_on_record_stays(therapist: User, administrator: User, at: datetime, statement: str):
    take_role(therapist.memberships.get(), end=TODAY + 9 * DAY, by=administrator, at=at)
    with pytest.raises(DatabaseError, match="evidence"):
        sql(statement)

"""The demo's people: the credentials in every state, and invitations in every state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from accounts.credentials import State, state_on
from accounts.defaults import load_credential_types
from accounts.models import Credential, Invitation
from accounts.standing import Scope
from intranet.core.time import local_day
from intranet.demo import people as demo_people
from intranet.home.starting import checklists, new_people

pytestmark = pytest.mark.django_db  # or else there is no test database when this file runs alone
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=ZoneInfo("America/Chicago"))


@pytest.fixture(scope="module", autouse=True)
def _people(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Loaded once for the tests of this module, which only read them. As in a demo that was loaded for the hundredth
    time: nothing depends on the numbers of the rows."""
    with django_db_blocker.unblock(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval(pg_get_serial_sequence('accounts_user', 'id'), 5000)")
        types = load_credential_types()
        clinics = demo_people.load_clinics()
        demo_people.load_skills(types)
        staff = demo_people.load_staff(clinics, today=local_day(NOW, clinics["M"].zone))
        demo_people.load_trainings(staff, types, now=NOW)
        demo_people.load_credentials(staff, types, now=NOW)
        demo_people.load_invitations(staff, clinics, now=NOW)
        yield
        transaction.set_rollback(True)


def test_credentials_are_there_in_every_state_that_one_on_file_can_have():
    states = {state_on(credential, NOW.date()) for credential in Credential.objects.all()}
    assert states == {State.IN_FORCE, State.EXPIRING, State.EXPIRED, State.NOT_VERIFIED, State.SENT_BACK}


def test_invitations_are_there_in_every_state_that_needs_nobody_new(mailoutbox):
    waiting = list(Invitation.objects.waiting())
    assert sorted(invitation.is_open(NOW) for invitation in waiting) == [False, True]
    assert Invitation.objects.exclude(revoked_at=None).count() == 1
    assert mailoutbox == []


def test_two_starters_have_come_different_ways():
    found = {person.name: person for person in new_people(NOW)}
    assert sorted(found) == ["Fay Imitation", "Nell Beginner"]
    lists = checklists(list(found.values()), NOW, protocols=Scope(everywhere=True))
    assert {one.person.name: (one.done, one.total) for one in lists} == {
        "Fay Imitation": (2, 5),
        "Nell Beginner": (4, 9),
    }

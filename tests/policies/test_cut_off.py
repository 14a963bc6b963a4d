"""A role that is cut off during a day counts for nothing in the rest of that day: nobody is reminded because of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from psycopg.types.range import Range

from accounts.roles import Role
from intranet.core.time import organisation_day
from protocols.publishing import Readers
from tests import factories as people
from tests.intranet.announcements import factories as announcements
from tests.owing import said
from tests.protocols import factories as protocols
from tests.scheduling import factories as roster

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def asking(mt_prospect, clinical_lead, therapist, at):
    announcements.announcement(by=clinical_lead, at=at - 7 * DAY, to=[mt_prospect], due_on=at.date())


@pytest.fixture
def version(approver, clinical_lead, therapist, at):
    asked = [Readers(Role.THERAPIST, None, True)]
    protocols.published(by=approver, lead=clinical_lead, at=at - 10 * DAY, readers=asked)


@pytest.fixture
def ending(therapist, at):
    people.credential(
        type=people.credential_type(lead_days=[30]), user=therapist, start=date(2025, 1, 1), end=at.date() + 20 * DAY
    )


@pytest.fixture
def shift_today(mt_prospect, therapist, at):
    roster.published(clinic=mt_prospect, day=at.date(), times="18-20", staff=therapist)


def reminded(kind: str, at: datetime) -> set[int]:
    return {row[0] for row in said(kind, at)}


def cut_off(person, at: datetime) -> None:
    tomorrow = organisation_day(at) + DAY
    people.as_if_always(person.memberships.all(), period=Range(people.HIRED, tomorrow), ended_at=at)


@pytest.mark.parametrize(
    ("kind", "cause", "whom"),
    [
        ("announcement-to-acknowledge", "asking", "therapist"),
        ("announcement-overdue", "asking", "manager"),
        ("protocol-to-acknowledge", "version", "therapist"),
        ("acknowledgement-late", "version", "manager"),
        ("staff-credential-expiring", "ending", "manager"),
        ("shift-tomorrow", "shift_today", "therapist"),
    ],
)
def test_whose_role_was_cut_off_is_reminded_of_nothing(
    kind: str, cause: str, whom: str, at: datetime, request: pytest.FixtureRequest
):
    person = request.getfixturevalue(whom)
    request.getfixturevalue(cause)
    assert person.pk in reminded(kind, at)
    cut_off(person, at)
    assert person.pk not in reminded(kind, at)


@pytest.mark.parametrize("kind", ["announcement-overdue", "acknowledgement-late", "staff-credential-expiring"])
def test_nobody_manages_whose_role_at_the_clinic_was_cut_off(
    kind: str, therapist, approver, manager, asking, version, ending, at: datetime
):
    assert manager.pk in reminded(kind, at)
    cut_off(therapist, at)
    cut_off(approver, at)
    assert manager.pk not in reminded(kind, at)

"""Who works by a protocol in the next days and has not acknowledged it hears so every morning, and so do the managers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.roles import Role
from intranet.reminders.registry import DAY, find
from protocols.publishing import Readers
from scheduling.models import PublishedShift
from tests import factories as people
from tests.protocols import factories as protocols
from tests.scheduling import factories
from tests.scheduling.test_reminders import local, rows

pytestmark = pytest.mark.django_db
OWN, STAFF = "unread-before-shift", "staff-unread-before-shift"


@pytest.fixture
def version(approver, clinical_lead, therapist, floater, needling, sign_off, at):
    """In force and not acknowledged: it governs needling. Both therapists are signed off."""
    version = protocols.published(
        by=approver, lead=clinical_lead, at=at, title="Needling", readers=[Readers(Role.THERAPIST, None, True)]
    )
    for person in (therapist, floater):
        sign_off(person)
    return protocols.governing(version, needling, by=clinical_lead, at=at)


@pytest.fixture
def shift(version, mt_prospect, therapist, needling):
    return factories.published(clinic=mt_prospect, times="7-12", staff=therapist, skill=needling)


def test_on_the_mornings_of_three_days_before_and_of_the_day_itself(shift, version, therapist, at):
    later = factories.published(clinic=shift.clinic, times="13-17", staff=therapist, skill=shift.skill)
    found = rows(find(OWN), at)
    assert [(row[0], row[1], row[2], local(row[3])) for row in found] == [
        (therapist.pk, version.pk, f"unread 2026-11-{day}", f"{name} Nov {day} 08:00")
        for day, name in ((27, "Fri"), (28, "Sat"), (29, "Sun"), (30, "Mon"))
    ]
    assert [row[4] for row in found[2:]] == [later.start - 5 * timedelta(hours=1), later.start]


def test_not_after_the_shift_has_begun(shift, at):
    assert [row[2] for row in rows(find(OWN), at)][-1] == "unread 2026-11-29"
    assert rows(find(OWN), shift.start) == []


def test_nothing_once_it_is_acknowledged_or_the_shift_is_anothers(shift, version, therapist, floater, at):
    PublishedShift.objects.update(staff=floater)
    assert {row[0] for row in rows(find(OWN), at)} == {floater.pk}
    protocols.acknowledgement(version=version, by=floater, at=at)
    assert rows(find(OWN), at) == []
    assert rows(find(STAFF), at) == []


def test_nothing_for_a_shift_without_a_procedure(version, mt_prospect, therapist, at):
    factories.published(clinic=mt_prospect, staff=therapist)
    assert rows(find(OWN), at) == []


def test_the_managers_of_the_clinic_get_one_list(shift, version, floater, manager, manager_oakbrook, at):
    factories.published(clinic=shift.clinic, times="13-17", staff=floater, skill=shift.skill)
    moment = at + 4 * DAY
    found = rows(find(STAFF), at)
    assert {(row[0], row[1]) for row in found} == {(manager.pk, version.pk)}
    assert [row[2] for row in found] == [f"unread 2026-11-{day}" for day in (27, 28, 29, 30)]
    message = find(STAFF).write(version, manager, "unread 2026-11-29", moment)
    assert message.title == "“Needling” is not acknowledged before shifts that need it"
    assert list(message.paragraphs) == [
        "Who has not acknowledged version 1 and is to work by it:",
        "Avery Testwell, Monday, November 30, 2026, 7:00 AM – 12:00 PM CST at Mt. Prospect.",
        "Theo Fictus, Monday, November 30, 2026, 1:00 PM – 5:00 PM CST at Mt. Prospect.",
        "Until they have acknowledged it, they may not work these shifts.",
    ]


def test_a_manager_is_not_told_here_of_the_own_shift(shift, therapist, mt_prospect, at):
    people.membership(user=therapist, role=Role.MANAGER, clinic=mt_prospect, start=date(2026, 1, 1))
    assert rows(find(STAFF), at) == []
    assert {row[0] for row in rows(find(OWN), at)} == {therapist.pk}


def test_the_words_name_the_shifts(shift, version, therapist, at):
    message = find(OWN).write(version, therapist, "unread 2026-11-29", at)
    assert message.title == "Acknowledge “Needling” before your next shift that needs it"
    assert list(message.paragraphs) == [
        "You have not acknowledged version 1, and are to work by it:",
        "Monday, November 30, 2026, 7:00 AM – 12:00 PM CST at Mt. Prospect",
        "Until you have acknowledged it, you may not work these shifts.",
    ]
    assert message.path == version.get_absolute_url()

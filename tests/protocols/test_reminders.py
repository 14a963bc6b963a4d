from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.roles import Role
from intranet.reminders.registry import find
from protocols import publishing
from protocols.publishing import Readers
from tests import factories as people
from tests.factories import membership
from tests.owing import said
from tests.protocols import factories

pytestmark = pytest.mark.django_db
MIDNIGHT = datetime(2026, 11, 25, 6, tzinfo=UTC)


def step(row):
    """Which of the steps a row is, without the last day that its words name."""
    return row[2].partition(" by ")[0]


def owed(code, at):
    """What the kind says is owed, as (person, version, occasion, due, not after)."""
    return sorted(said(code, at), key=lambda row: (row[0], row[3]))


@pytest.fixture
def version(approver, therapist, clinical_lead, mt_prospect, at):
    """Published at `at` for the therapist, due in 14 days."""
    return factories.published(
        by=approver, lead=clinical_lead, at=at, title="Falls", readers=[Readers(Role.THERAPIST, mt_prospect, True)]
    )


def test_everything_up_to_the_last_day_is_planned(version, therapist, at):
    rows = owed("protocol-to-acknowledge", at)
    assert [(step(row), row[3] - at) for row in rows] == [
        ("day-0", timedelta(0)),
        ("day-3", timedelta(days=3)),
        ("day-7", timedelta(days=7)),
        ("day-10", timedelta(days=10)),
        ("last-day", timedelta(days=13, hours=22)),  # Dec 9, 8 in the morning
    ]
    assert {row[:2] for row in rows} == {(therapist.pk, version.pk)}


def test_a_reminder_stays_owed_until_the_next_one(version, at):
    occasions = [(step(row), row[4] - at) for row in owed("protocol-to-acknowledge", at + timedelta(days=4))]
    assert occasions[0] == ("day-3", timedelta(days=7))
    assert [name for name, _ in occasions] == ["day-3", "day-7", "day-10", "last-day"]


def test_high_risk_has_fewer_days(approver, therapist, clinical_lead, at):
    factories.published(
        by=approver, lead=clinical_lead, at=at, due_days=5, readers=[Readers(Role.THERAPIST, None, True)]
    )
    rows = [row for row in owed("protocol-to-acknowledge", at) if row[0] == therapist.pk]
    assert [step(row) for row in rows] == ["day-0", "day-3", "last-day"]


def test_nothing_is_owed_once_it_is_acknowledged(version, therapist, at):
    factories.acknowledgement(version=version, by=therapist, at=at)
    assert owed("protocol-to-acknowledge", at) == []


def test_nothing_is_owed_for_what_is_withdrawn_or_replaced(version, approver, clinical_lead, therapist, at):
    later = at + timedelta(days=2)
    two = factories.next_version(
        after=version, by=approver, lead=clinical_lead, at=later, readers=[Readers(Role.THERAPIST, None, True)]
    )
    assert {row[1] for row in owed("protocol-to-acknowledge", later)} == {two.pk}
    publishing.withdraw(two, by=clinical_lead, at=later + timedelta(days=1), reason="Wrong.")
    assert owed("protocol-to-acknowledge", later + timedelta(days=1)) == []


def test_nothing_is_owed_to_those_who_left(version, therapist, at):
    people.as_if_always(therapist.memberships.all(), period=("2024-01-01", "2026-11-20"))
    assert owed("protocol-to-acknowledge", at) == []


def test_a_new_starter_is_asked_from_the_first_day(version, assistant, mt_prospect, at):
    membership(user=assistant, role=Role.THERAPIST, clinic=mt_prospect, start=(at + timedelta(days=20)).date())
    rows = [row for row in owed("protocol-to-acknowledge", at + timedelta(days=21)) if row[0] == assistant.pk]
    assert [step(row) for row in rows][:2] == ["day-0", "day-3"]
    assert rows[0][3] == MIDNIGHT + timedelta(days=20)


def test_another_last_day_is_told_anew(version, therapist, mt_prospect, at):
    """The words of a reminder name the last day; one that names an earlier day than the true one is no longer owed."""
    assert {row[2] for row in owed("protocol-to-acknowledge", at)} >= {"day-0 by 2026-12-09", "last-day by 2026-12-09"}
    later = at + timedelta(days=2)
    people.as_if_always(therapist.memberships.all(), period=(later.date(), None))
    assert {row[2].partition(" by ")[2] for row in owed("protocol-to-acknowledge", later)} == {"2026-12-11"}


def test_the_words_of_a_reminder(version, therapist, approver, clinical_lead, at):
    message = find("protocol-to-acknowledge").write(version, therapist, "day-3", at + timedelta(days=3))
    assert message.title == "Acknowledge “Falls” by Wed, Dec 9"
    assert list(message.paragraphs) == [
        "Version 1 of “Falls” is in force.",
        "The last day to acknowledge it is Wednesday, Dec 9, 2026 (Chicago time).",
    ]
    assert (message.path, message.action) == (version.get_absolute_url(), "Read and acknowledge version 1")
    assert therapist.name not in message.title


def test_the_words_say_what_changed_and_from_when(version, therapist, approver, clinical_lead, at):
    two = factories.next_version(
        after=version,
        by=approver,
        lead=clinical_lead,
        at=at,
        effective=at.date() + timedelta(days=9),
        readers=[Readers(Role.THERAPIST, None, True)],
    )
    message = find("protocol-to-acknowledge").write(two, therapist, "day-0", at)
    assert list(message.paragraphs)[:2] == [
        "Version 2 of “Falls” comes into force on Dec 4, 2026.",
        "What changed: Other words.",
    ]


def test_the_manager_hears_of_it_when_it_is_late(version, therapist, manager, manager_oakbrook, at):
    assert owed("acknowledgement-late", at) == []
    rows = owed("acknowledgement-late", at + timedelta(days=2))
    assert [(row[0], row[1], row[2]) for row in rows] == [(manager.pk, version.pk, "late-2026-12-09")]
    assert rows[0][3] == datetime(2026, 12, 10, 14, tzinfo=UTC)  # 8 in the morning after the last day
    factories.acknowledgement(version=version, by=therapist, at=at)
    assert owed("acknowledgement-late", at + timedelta(days=2)) == []


def test_each_manager_hears_of_the_own_people_only(version, therapist, floater, manager, manager_oakbrook, at):
    late = at + timedelta(days=15)
    assert {row[0] for row in owed("acknowledgement-late", late) if row[2].startswith("late")} == {manager.pk}
    message = find("acknowledgement-late").write(version, manager, "late-2026-12-09", late)
    assert message.title == "Late acknowledgements of “Falls”"
    assert list(message.paragraphs) == [
        "The last day was Wednesday, Dec 9, 2026.",
        "2 people have not acknowledged version 1: Avery Testwell and Theo Fictus.",
    ]


def test_a_manager_is_not_told_of_the_own_lateness(approver, clinical_lead, manager, at):
    factories.published(by=approver, lead=clinical_lead, at=at, readers=[Readers(Role.MANAGER, None, True)])
    late = at + timedelta(days=15)
    assert {row[0] for row in owed("acknowledgement-late", late)} == {clinical_lead.pk}
    assert [row[0] for row in owed("protocol-to-acknowledge", late)] == [manager.pk]


def test_the_clinical_lead_hears_of_it_a_week_later(version, therapist, floater, manager, clinical_lead, at):
    late = at + timedelta(days=15)
    [row] = {row for row in owed("acknowledgement-late", late) if row[0] == clinical_lead.pk}
    assert row[1:4] == (version.pk, "lead-2026-12-09", datetime(2026, 12, 16, 14, tzinfo=UTC))
    message = find("acknowledgement-late").write(version, clinical_lead, "lead-2026-12-09", row[3])
    assert message.paragraphs[1] == "2 people have not acknowledged version 1: Avery Testwell and Theo Fictus."
    assert message.why == (
        "You get this because you lead the clinical work, and it was due 7 days ago and is still not acknowledged."
    )
    for person in (therapist, floater):
        factories.acknowledgement(version=version, by=person, at=late)
    assert owed("acknowledgement-late", late) == []


def test_a_clinical_lead_is_not_told_of_the_own_lateness(approver, clinical_lead, at):
    factories.published(by=approver, lead=clinical_lead, at=at, readers=[Readers(Role.CLINICAL_LEAD, None, True)])
    late = at + timedelta(days=15)
    assert [row[0] for row in owed("protocol-to-acknowledge", late)] == [clinical_lead.pk]
    assert owed("acknowledgement-late", late) == []


def test_the_manager_is_told_of_those_whose_last_day_it_was(
    approver, clinical_lead, manager, therapist, floater, assistant, mt_prospect, at
):
    """The assistant came later and has another last day; the manager has the same one, and is not told of that."""
    readers = [Readers(role, mt_prospect, True) for role in (Role.THERAPIST, Role.FRONT_DESK, Role.MANAGER)]
    version = factories.published(by=approver, lead=clinical_lead, at=at, readers=readers)
    membership(user=assistant, role=Role.FRONT_DESK, clinic=mt_prospect, start=(at + timedelta(days=2)).date())
    late = at + timedelta(days=17)
    rows = [row for row in owed("acknowledgement-late", late) if row[0] == manager.pk]
    assert {row[2]: row[3] for row in rows} == {
        "late-2026-12-09": datetime(2026, 12, 10, 14, tzinfo=UTC),
        "late-2026-12-11": datetime(2026, 12, 12, 14, tzinfo=UTC),
    }
    told = {row[2]: find("acknowledgement-late").write(version, manager, row[2], late).paragraphs[1] for row in rows}
    assert told == {
        "late-2026-12-09": "2 people have not acknowledged version 1: Avery Testwell and Theo Fictus.",
        "late-2026-12-11": "1 person has not acknowledged version 1: Bea Dummond.",
    }

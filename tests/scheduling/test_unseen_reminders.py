"""Who is reminded of changes that nobody has looked at: the person after two days, then whoever published them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.roles import Role
from intranet.reminders import registry
from scheduling import assigning, claiming
from scheduling.models import Publication, PublicationRecipient, RosterWeek
from scheduling.publishing import publish
from scheduling.seen import newest, note_seen, told
from scheduling.unseen_reminders import RosterUnseen, StaffRosterUnseen
from tests import factories as people
from tests.scheduling import factories
from tests.scheduling.test_reminders import local, rows

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
SUNDAY = date(2026, 12, 6)
NEXT_MONDAY = date(2026, 12, 7)
PUBLISHED = "Wednesday, November 25, 2026, 10:00 AM CST"


def publish_week(by, at, *, monday=factories.MONDAY) -> Publication:
    week = RosterWeek.objects.get(monday=monday)
    return publish(week, version=week.version, by=by, at=at, reason="So.")


@pytest.fixture
def shown(mt_prospect, therapist, manager, at) -> Publication:
    """A shift on Monday, five days after it was published, and one on Sunday."""
    factories.shift(clinic=mt_prospect, times="7-12", staff=therapist)
    factories.shift(clinic=mt_prospect, times="7-12", day=SUNDAY, staff=therapist)
    return publish_week(manager, at)


class TestThePerson:
    def test_is_reminded_after_two_days_until_the_last_shift_begins(self, shown, therapist, at):
        last = factories.span(shown.week.clinic, SUNDAY, "7-12")[0]
        assert rows(RosterUnseen(), at) == [(therapist.pk, shown.pk, "48 hours", at + 48 * HOUR, last)]
        assert rows(RosterUnseen(), last) == []

    def test_not_once_it_was_seen(self, shown, therapist, at):
        note_seen(therapist, up_to=newest(list(told(therapist))), at=at)
        assert rows(RosterUnseen(), at) == []

    def test_not_of_shifts_that_begin_before(self, mt_prospect, therapist, manager, at):
        factories.shift(clinic=mt_prospect, day=date(2026, 11, 27), times="7-9", staff=therapist)
        publish_week(manager, at, monday=date(2026, 11, 23))
        assert rows(RosterUnseen(), at) == []

    def test_also_of_a_shift_that_was_taken_away(self, shown, therapist, manager, at):
        gone = therapist.shifts.get(period__startswith__gt=at + timedelta(days=8))
        assigning.make_open(gone, version=1, by=manager, at=at)
        second = publish_week(manager, at + HOUR)
        assert [(row[1], row[4]) for row in rows(RosterUnseen(), at)] == [
            (shown.pk, gone.start),
            (second.pk, gone.start),
        ]

    def test_not_of_what_they_did_themselves(self, mt_prospect, therapist, at):
        claiming.claim(factories.published(clinic=mt_prospect, times="7-12"), sequence=0, by=therapist, at=at)
        assert PublicationRecipient.objects.filter(person=therapist).exists()
        assert rows(RosterUnseen(), at) == []

    def test_not_whoever_has_left(self, shown, therapist, at):
        people.as_if_never(therapist.memberships.all())
        assert rows(RosterUnseen(), at) == []

    def test_reads_what_changed_and_when(self, shown, therapist, at):
        message = RosterUnseen().write(shown, therapist, "48 hours", at + 48 * HOUR)
        assert message.title == "Not seen yet: roster of Mt. Prospect, Nov 30 – Dec 6"
        assert list(message.paragraphs) == [
            f"2 changes to your shifts, published on {PUBLISHED}:",
            "New: Monday, November 30, 2026, 7:00 AM – 12:00 PM CST at Mt. Prospect.",
            "New: Sunday, December 6, 2026, 7:00 AM – 12:00 PM CST at Mt. Prospect.",
            "Once you have opened your schedule, your managers know that you have seen it.",
        ]


class TestWhoeverPublished:
    def test_hears_of_it_after_three_days(self, shown, manager, at):
        people.staff(name="Mo Second", role=Role.MANAGER, clinics=[shown.week.clinic])
        [(recipient, subject, occasion, due, until)] = rows(StaffRosterUnseen(), at)
        assert (recipient, subject, occasion, due) == (manager.pk, shown.pk, "72 hours", at + 72 * HOUR)
        assert local(until) == "Mon Dec 14 00:00"

    def test_a_day_before_the_first_shift_when_that_is_earlier(
        self, shown, mt_prospect, therapist, floater, manager, at
    ):
        """One published on Friday: each person in a message of their day."""
        factories.shift(clinic=mt_prospect, times="13-15", staff=floater)
        second = publish_week(manager, at + 48 * HOUR)
        assert [(row[1], row[2], local(row[3])) for row in rows(StaffRosterUnseen(), at)] == [
            (shown.pk, "72 hours", "Sat Nov 28 10:00"),
            (second.pk, "day before 2026-11-30", "Sun Nov 29 13:00"),
        ]

    def test_never_before_people_had_four_hours(self, mt_prospect, therapist, manager, at):
        factories.shift(clinic=mt_prospect, day=date(2026, 11, 26), times="7-12", staff=therapist)
        publish_week(manager, at, monday=date(2026, 11, 23))
        [(*_, occasion, due, _until)] = rows(StaffRosterUnseen(), at)
        assert (occasion, due) == ("day before 2026-11-26", at + 4 * HOUR)

    def test_not_once_everybody_has_seen_it(self, shown, therapist, at):
        note_seen(therapist, up_to=newest(list(told(therapist))), at=at)
        assert rows(StaffRosterUnseen(), at) == []

    def test_the_managers_of_the_clinic_hear_where_no_manager_published(self, shown, manager, at):
        people.as_if_never(manager.memberships.all())
        second = people.staff(name="Mo Second", role=Role.MANAGER, clinics=[shown.week.clinic])
        assert [row[0] for row in rows(StaffRosterUnseen(), at)] == [second.pk]

    def test_is_not_told_of_themselves(self, mt_prospect, therapist, at):
        people.membership(user=therapist, role=Role.MANAGER, clinic=mt_prospect)
        factories.shift(clinic=mt_prospect, staff=therapist)
        publish_week(therapist, at)
        assert (rows(RosterUnseen(), at), rows(StaffRosterUnseen(), at)) == ([], [])

    def test_reads_who_and_is_led_to_what_changed(self, shown, mt_prospect, floater, manager, sign_in, at):
        message = StaffRosterUnseen().write(shown, manager, "72 hours", at + 72 * HOUR)
        assert message.title == "Not seen yet by 1 person: roster of Mt. Prospect, Nov 30 – Dec 6"
        assert list(message.paragraphs) == [
            f"Published on {PUBLISHED}. Who has not opened their schedule since, as of "
            "Saturday, November 28, 2026, 10:00 AM CST:",
            "Avery Testwell: the first shift that changed is on Monday, November 30, 2026, 7:00 AM CST.",
            "Call them, or tell them when you meet.",
        ]
        assert sign_in(manager).get(message.path).status_code == 200


def test_only_those_whom_it_concerns_can_get_them(therapist, manager):
    kinds = [RosterUnseen(), StaffRosterUnseen()]
    assert {kind.code for kind in kinds} <= {kind.code for kind in registry.registered()}
    assert [[kind.concerns(who) for kind in kinds] for who in (therapist, manager)] == [[True, False], [True, True]]

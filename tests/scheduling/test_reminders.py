"""Who is reminded of what in the roster, when, and in which words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from accounts.models import User
from accounts.roles import Role
from intranet.reminders import locks, registry
from intranet.reminders.handing_over import claim, pass_fence
from intranet.reminders.models import Delivery, Reminder
from intranet.reminders.owing import owed
from intranet.reminders.planning import plan
from intranet.reminders.releasing import release
from intranet.reminders.runs import begin
from scheduling import assigning, publishing
from scheduling.models import DETAILS, Publication, PublishedShift, RosterWeek
from scheduling.plans import Plan
from scheduling.reminders import RosterPublished, ShiftSoon, ShiftTomorrow
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

CHICAGO = ZoneInfo("America/Chicago")
SELECT = "SELECT recipient_id, subject_id, occasion, due_at, not_after FROM owed ORDER BY due_at, recipient_id"


def rows(kind: registry.Kind, at: datetime) -> list[tuple[int, int, str, datetime, datetime]]:
    query = owed(kind, at)
    with connection.cursor() as cursor:
        cursor.execute(query.sql + SELECT, query.params)
        return cursor.fetchall()


def local(moment: datetime) -> str:
    return f"{moment.astimezone(CHICAGO):%a %b %d %H:%M}"


class TestShiftTomorrow:
    def test_it_is_due_at_six_on_the_evening_before_until_the_shift_starts(self, mt_prospect, therapist, at):
        shift = factories.published(clinic=mt_prospect, times="7-15:30", staff=therapist)
        [(recipient, subject, occasion, due, not_after)] = rows(ShiftTomorrow(), at)
        assert (recipient, subject, occasion) == (therapist.pk, shift.pk, "2026-11-30 #0")
        assert (local(due), not_after) == ("Sun Nov 29 18:00", shift.start)

    @pytest.mark.parametrize(
        ("day", "due_utc"),
        [
            (date(2026, 11, 1), datetime(2026, 10, 31, 23, tzinfo=UTC)),
            (date(2026, 11, 2), datetime(2026, 11, 2, 0, tzinfo=UTC)),
            (date(2027, 3, 14), datetime(2027, 3, 14, 0, tzinfo=UTC)),
            (date(2027, 3, 15), datetime(2027, 3, 14, 23, tzinfo=UTC)),
        ],
    )
    def test_six_in_the_evening_is_the_clinics_around_the_clock_change(self, mt_prospect, therapist, day, due_utc):
        factories.published(clinic=mt_prospect, day=day, staff=therapist)
        [(*_, due, _end)] = rows(ShiftTomorrow(), due_utc - timedelta(days=3))
        assert due == due_utc

    def test_each_clinic_has_its_own_evening(self, at):
        denver = people.clinic(name="Denver", letter="D", number=3, time_zone="America/Denver")
        person = people.staff(name="Dee Vere", role=Role.THERAPIST, clinics=[denver])
        factories.published(clinic=denver, staff=person)
        [(*_, due, _end)] = rows(ShiftTomorrow(), at)
        assert local(due) == "Sun Nov 29 19:00"

    def test_nobody_hears_of_drafts_open_withdrawn_past_or_far_shifts(self, mt_prospect, therapist, at):
        factories.shift(clinic=mt_prospect, staff=therapist)
        factories.published(clinic=mt_prospect)
        factories.published(clinic=mt_prospect, day=date(2026, 12, 1), staff=therapist, withdrawn_at=at)
        factories.published(clinic=mt_prospect, day=date(2026, 11, 24), staff=therapist)
        factories.published(clinic=mt_prospect, day=date(2026, 12, 20), staff=therapist)
        assert rows(ShiftTomorrow(), at) == []

    def test_somebody_who_left_is_not_called_in(self, mt_prospect, therapist, floater, at):
        factories.published(clinic=mt_prospect, staff=therapist)
        factories.published(clinic=mt_prospect, staff=floater)
        assert len(rows(ShiftTomorrow(), at)) == 2
        User.objects.filter(pk=therapist.pk).update(is_active=False)
        people.as_if_never(floater.memberships.filter(clinic=mt_prospect))
        assert rows(ShiftTomorrow(), at) == []

    def test_what_a_publication_changes_is_a_new_occasion_and_nothing_else_is(
        self, mt_prospect, manager, therapist, floater, at
    ):
        shift = factories.published(clinic=mt_prospect, times="7-12", staff=therapist).shift

        def occasion(**changes: object) -> str:
            shift.refresh_from_db()
            changed = replace(Plan.of(shift), **changes)
            assigning.change_shift(shift, changed, version=shift.version, by=manager, at=at)
            shift.week.refresh_from_db()
            publishing.publish(shift.week, version=shift.week.version, by=manager, at=at)
            [row] = [row for row in rows(ShiftTomorrow(), at) if row[0] == therapist.pk]
            return row[2]

        start, end = factories.span(mt_prospect, factories.MONDAY, "9-12")
        following, until = factories.span(mt_prospect, date(2026, 12, 1), "9-12")
        assert occasion(start=start) == "2026-11-30 #1"
        assert occasion(end=end + timedelta(minutes=30)) == "2026-11-30 #2"
        assert occasion(note="Bring the keys") == "2026-11-30 #3"
        factories.shift(clinic=mt_prospect, staff=floater)
        publishing.publish(shift.week, version=shift.week.version, by=manager, at=at)
        assert [row[2] for row in rows(ShiftTomorrow(), at) if row[0] == therapist.pk] == ["2026-11-30 #3"]
        assert occasion(start=following, end=until) == "2026-12-01 #4"

    @pytest.mark.parametrize("change", [name for name in DETAILS if name != "staff_id"])
    def test_the_words_say_all_that_a_publication_can_change(self, mt_prospect, therapist, needling, at, change):
        shift = factories.published(clinic=mt_prospect, staff=therapist)
        before = ShiftTomorrow().write(shift, therapist, "2026-11-30 #0", at)
        other = {
            "period": factories.span(mt_prospect, factories.MONDAY, "7-15"),
            "position": "aide",
            "break_minutes": 45,
            "skill_id": needling.pk,
            "note": "Bring the keys",
        }
        PublishedShift.objects.filter(pk=shift.pk).update(**{change: other[change]})
        assert ShiftTomorrow().write(shift, therapist, "2026-11-30 #1", at).paragraphs != before.paragraphs

    def test_the_words_are_right_whenever_they_are_read(self, mt_prospect, therapist, floater, needling, sign_off, at):
        sign_off(therapist)
        shift = factories.published(
            clinic=mt_prospect, times="22-6", staff=therapist, skill=needling, note="Bring the keys", break_minutes=30
        )
        factories.published(clinic=mt_prospect, times="20-23", staff=floater)
        message = ShiftTomorrow().write(shift, therapist, "2026-11-30 #0", at)
        assert message.title == "Your shift on Monday, November 30"
        assert list(message.paragraphs) == [
            "You work Monday, November 30, 2026, 10:00 PM – Tuesday 6:00 AM CST at Mt. Prospect, as a therapist.",
            "Unpaid break: 30 min.",
            "The shift needs clearance for Dry needling, neck.",
            "Note: Bring the keys",
            "With you, as of Wednesday 10:00 AM: Theo Fictus.",
        ]
        assert (message.path, message.action) == ("/schedule/", "See your schedule")


class TestRosterPublished:
    def publish(self, week: RosterWeek, by: User, at: datetime) -> Publication:
        week.refresh_from_db()
        return publishing.publish(week, version=week.version, by=by, at=at, reason="Agreed.")

    def test_each_person_whose_shifts_changed_hears_once(self, mt_prospect, manager, therapist, floater, at):
        week = factories.shift(clinic=mt_prospect, staff=therapist).week
        factories.shift(clinic=mt_prospect, day=date(2026, 12, 1), staff=therapist)
        publication = self.publish(week, manager, at)
        later = at + timedelta(hours=1)
        assert rows(RosterPublished(), later) == [
            (therapist.pk, publication.pk, "published", at, at + timedelta(days=7))
        ]
        factories.shift(clinic=mt_prospect, staff=floater)
        second = self.publish(week, manager, later)
        told = [(row[0], row[1]) for row in rows(RosterPublished(), later + timedelta(hours=1))]
        assert told == [(therapist.pk, publication.pk), (floater.pk, second.pk)]
        assert rows(RosterPublished(), at + timedelta(days=8)) == []

    def test_it_says_what_is_new_what_changed_and_what_is_gone(self, mt_prospect, manager, therapist, floater, at):
        retimed = factories.shift(clinic=mt_prospect, times="7-12", staff=therapist)
        given = factories.shift(clinic=mt_prospect, day=date(2026, 12, 1), times="7-12", staff=therapist)
        noted = factories.shift(clinic=mt_prospect, day=date(2026, 12, 2), times="7-12", staff=therapist)
        self.publish(retimed.week, manager, at)
        start, end = factories.span(mt_prospect, factories.MONDAY, "8-13")
        assigning.move_shift(retimed, start=start, end=end, version=1, by=manager, at=at)
        assigning.assign(given, floater, version=1, by=manager, at=at)
        noted.refresh_from_db()
        plan = replace(Plan.of(noted), note="Room 2")
        assigning.change_shift(noted, plan, version=1, by=manager, at=at)
        assigning.create_shift(
            factories.plan(clinic=mt_prospect, day=date(2026, 12, 3), times="7-12", staff=therapist), by=manager, at=at
        )
        publication = self.publish(retimed.week, manager, at)
        message = RosterPublished().write(publication, therapist, "published", at)
        where = "7:00 AM – 12:00 PM CST at Mt. Prospect"
        assert message.title == "Roster of Mt. Prospect, Nov 30 – Dec 6"
        assert sorted(message.paragraphs) == sorted(
            [
                "Dana Mockridge published 4 changes to your shifts on Wednesday, November 25, 2026, 10:00 AM CST.",
                f"Changed from Monday, November 30, 2026, {where} to "
                "Monday, November 30, 2026, 8:00 AM – 1:00 PM CST at Mt. Prospect.",
                f"No longer yours: Tuesday, December 1, 2026, {where}.",
                f"Details changed: Wednesday, December 2, 2026, {where}.",
                f"New: Thursday, December 3, 2026, {where}.",
            ]
        )
        theirs = RosterPublished().write(publication, floater, "published", at)
        assert list(theirs.paragraphs)[1:] == [f"New: Tuesday, December 1, 2026, {where}."]


def test_both_kinds_are_registered():
    assert {"shift-tomorrow", "roster-published"} <= {kind.code for kind in registry.registered()}


class TestThroughTheLedger:
    """The same kinds, planned and released as in a tick."""

    def test_a_shift_is_reminded_of_once_on_the_evening_before(self, mt_prospect, therapist, at):
        factories.published(clinic=mt_prospect, staff=therapist)
        evening = datetime(2026, 11, 29, 18, 0, tzinfo=CHICAGO)
        for moment in (at, evening - timedelta(minutes=1)):
            plan(moment)
            release(moment)
            assert inbox(therapist) == []
        for moment in (evening, evening + timedelta(minutes=5)):
            plan(moment)
            release(moment)
            assert inbox(therapist) == ["Your shift on Monday, November 30"]

    def test_a_shift_taken_away_before_the_evening_is_not(self, mt_prospect, manager, therapist, at):
        shift = factories.published(clinic=mt_prospect, staff=therapist).shift
        plan(at)
        assigning.make_open(shift, version=1, by=manager, at=at)
        plan(at)
        assert Reminder.objects.get(kind="shift-tomorrow").state == Reminder.State.SCHEDULED
        shift.week.refresh_from_db()
        publishing.publish(shift.week, version=shift.week.version, by=manager, at=at)
        plan(at)
        assert Reminder.objects.get(kind="shift-tomorrow").state == Reminder.State.CANCELLED

    @pytest.mark.parametrize("day", [date(2026, 11, 30), date(2026, 11, 1)], ids=["ordinary", "clocks go back"])
    def test_after_the_evening_the_new_hours_are_told_and_the_old_ones_stay_unsent(
        self, mt_prospect, manager, therapist, day
    ):
        shift = factories.published(clinic=mt_prospect, day=day, times="7-15:30", staff=therapist).shift
        evening = datetime.combine(day - timedelta(days=1), time(18), tzinfo=CHICAGO)
        plan(evening)
        release(evening)
        [old] = Delivery.objects.all()
        start, end = factories.span(mt_prospect, day, "11-19")
        assigning.move_shift(shift, start=start, end=end, version=1, by=manager, at=evening)
        self.publish(shift.week, manager, evening)
        later = evening + timedelta(minutes=5)
        plan(later)
        release(later)
        mine = Reminder.objects.filter(kind="shift-tomorrow").order_by("pk")
        assert [(row.state, row.unread, hours(row)) for row in mine] == [
            ("released", False, "7:00 AM – 3:30 PM"),
            ("released", True, "11:00 AM – 7:00 PM"),
        ]
        run = begin("manual", later)
        passed = {mail.pk: pass_fence(mail, run, later) for mail in claim(run, later)}
        locks.free_run(run.pk)
        assert passed == {mail.pk: mail.pk != old.pk for mail in Delivery.objects.all()}
        assert [[item.reminder for item in mail.items.all()] for mail in Delivery.objects.filter(pk=old.pk)] == [
            [mine[0]]
        ]
        old.refresh_from_db()
        assert (old.state, old.reason) == ("cancelled", "No longer true.")

    def test_a_publication_that_leaves_the_shift_alone_reminds_nobody_again(
        self, mt_prospect, manager, therapist, floater
    ):
        shift = factories.published(clinic=mt_prospect, staff=therapist)
        evening = datetime(2026, 11, 29, 18, 0, tzinfo=CHICAGO)
        plan(evening)
        release(evening)
        factories.shift(clinic=mt_prospect, day=date(2026, 12, 2), staff=floater)
        self.publish(shift.week, manager, evening)
        plan(evening)
        release(evening)
        assert inbox(therapist) == ["Your shift on Monday, November 30"]

    @pytest.mark.parametrize(
        ("times", "mailed_at"),
        [("6-12", time(21)), ("7-12", time(21)), ("7:30-12", time(7))],
    )
    def test_a_shift_published_late_in_the_evening_is_mailed_before_it_starts(
        self, mt_prospect, manager, therapist, times, mailed_at
    ):
        late = datetime(2026, 11, 29, 21, 0, tzinfo=CHICAGO)
        factories.shift(clinic=mt_prospect, times=times, staff=therapist)
        self.publish(RosterWeek.objects.get(), manager, late)
        for moment in (late, datetime(2026, 11, 30, 7, 0, tzinfo=CHICAGO)):
            plan(moment)
            release(moment)
        [mail] = Delivery.objects.filter(reminders__kind="shift-tomorrow")
        assert mail.created_at.astimezone(CHICAGO).time() == mailed_at

    def publish(self, week: RosterWeek, by: User, at: datetime) -> None:
        week.refresh_from_db()
        publishing.publish(week, version=week.version, by=by, at=at, reason="Agreed.")

    def test_a_publication_is_told_at_once(self, mt_prospect, manager, therapist, at):
        week = factories.shift(clinic=mt_prospect, staff=therapist).week
        publishing.publish(week, version=0, by=manager, at=at)
        plan(at)
        release(at)
        assert inbox(therapist) == ["Roster of Mt. Prospect, Nov 30 – Dec 6"]


def hours(reminder: Reminder) -> str:
    """`7:00 AM – 3:30 PM` from the first paragraph."""
    return reminder.paragraphs[0].split(", ")[3].partition(" C")[0]


def inbox(person: User) -> list[str]:
    return list(
        Reminder.objects.filter(recipient=person, state=Reminder.State.RELEASED).values_list("title", flat=True)
    )


class TestShiftSoon:
    def test_it_is_due_two_hours_before_the_shift(self, mt_prospect, therapist, at):
        shift = factories.published(clinic=mt_prospect, staff=therapist)
        two_hours = timedelta(hours=2)
        assert rows(ShiftSoon(), at) == [
            (therapist.pk, shift.pk, "2 hours #0", shift.start - two_hours, shift.start),
        ]
        message = ShiftSoon().write(shift, therapist, "2 hours #0", shift.start - two_hours)
        assert message.title == "Your shift at 7:00 AM CST, Monday, November 30"

    def test_not_of_what_was_published_later_than_that(self, mt_prospect, therapist, at):
        shift = factories.published(clinic=mt_prospect, staff=therapist)
        PublishedShift.objects.update(published_at=shift.start - timedelta(hours=1))
        assert rows(ShiftSoon(), at) == []

    def test_nobody_is_woken_by_its_mail_where_the_morning_is_too_late(self, mt_prospect, therapist):
        shift = factories.published(clinic=mt_prospect, staff=therapist)
        early = shift.start - timedelta(hours=2)
        plan(early)
        release(early)
        assert Reminder.objects.get(kind="shift-soon").state == "released"
        assert not Delivery.objects.filter(items__reminder__kind="shift-soon").exists()


class TestAtNight:
    """A change of what begins within a day is mailed at night, too; every other one waits for the morning."""

    def publish(self, clinic, manager, therapist, night, day):
        factories.shift(clinic=clinic, day=day, times="10-12", staff=therapist)
        week = RosterWeek.objects.get()
        publishing.publish(week, version=week.version, by=manager, at=night, reason="So.")
        plan(night)
        release(night)
        return Reminder.objects.get(kind="roster-published", recipient=therapist)

    def test_a_shift_of_the_next_morning(self, mt_prospect, therapist, manager):
        night = datetime(2026, 11, 29, 22, tzinfo=CHICAGO)
        reminder = self.publish(mt_prospect, manager, therapist, night, factories.MONDAY)
        assert reminder.item.delivery.not_before == night

    def test_a_shift_of_later_in_the_week(self, mt_prospect, therapist, manager):
        night = datetime(2026, 11, 29, 22, tzinfo=CHICAGO)
        reminder = self.publish(mt_prospect, manager, therapist, night, date(2026, 12, 1))
        assert reminder.mail_due_at == datetime(2026, 11, 30, 7, tzinfo=CHICAGO)

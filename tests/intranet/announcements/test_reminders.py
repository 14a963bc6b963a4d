"""Whom the reminders find: those who owe an answer, and their managers once it is late."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from intranet.announcements.acknowledging import acknowledge, note_opened
from intranet.announcements.correcting import Wording, correct
from intranet.announcements.publishing import withdraw
from intranet.announcements.reminders import (
    AnnouncementAppeared,
    AnnouncementOverdue,
    AnnouncementToAcknowledge,
    UrgentAnnouncement,
)
from intranet.reminders import registry
from intranet.reminders.models import Reminder
from intranet.reminders.planning import plan
from intranet.reminders.upcoming import lines, own_coming
from tests import factories as people
from tests.conftest import CHICAGO
from tests.intranet.announcements import factories
from tests.intranet.reminders import factories as inbox

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def asking(mt_prospect, oakbrook, clinical_lead, therapist, therapist_oakbrook, at):
    """Due on Friday, two days after `at`."""
    return factories.announcement(by=clinical_lead, at=at, to=[mt_prospect, oakbrook], due_on=at.date() + 2 * DAY)


def planned(kind, at: datetime) -> list[tuple[str, str, datetime]]:
    """(recipient, occasion, due) of what a tick plans for a kind."""
    plan(at)
    found = Reminder.objects.filter(kind=kind.code, state="scheduled").order_by("due_at", "recipient__name")
    return [(one.recipient.name, one.occasion, one.due_at) for one in found]


def test_both_kinds_are_registered():
    assert isinstance(registry.find("announcement-to-acknowledge"), AnnouncementToAcknowledge)
    assert isinstance(registry.find("announcement-overdue"), AnnouncementOverdue)


def test_it_reminds_at_once_after_a_day_and_after_three(asking, therapist_oakbrook, at):
    acknowledge(asking, by=therapist_oakbrook, at=at)
    assert planned(AnnouncementToAcknowledge, at) == [
        ("Avery Testwell", "published", at),
        ("Avery Testwell", "24h", at + DAY),
        ("Avery Testwell", "72h", at + 3 * DAY),
    ]


def test_urgent_ones_remind_sooner(mt_prospect, manager, therapist, at):
    factories.announcement(by=manager, at=at, to=[mt_prospect], due_on=at.date(), urgent=True)
    occasions = [(occasion, due - at) for _, occasion, due in planned(AnnouncementToAcknowledge, at)]
    assert occasions == [("published", 0 * HOUR), ("4h", 4 * HOUR), ("24h", DAY)]


def test_a_step_gives_way_to_the_next(asking, therapist_oakbrook, at):
    acknowledge(asking, by=therapist_oakbrook, at=at)
    steps = {
        hours: [occasion for _, occasion, _ in planned(AnnouncementToAcknowledge, at + hours * HOUR)]
        for hours in (0, 23, 24, 71, 72, 1000)
    }
    assert steps == {
        0: ["published", "24h", "72h"],
        23: ["published", "24h", "72h"],
        24: ["24h", "72h"],
        71: ["24h", "72h"],
        72: ["72h"],
        1000: [],  # a month past the due date
    }


def test_one_that_ends_within_two_weeks_reminds_too(mt_prospect, manager, therapist, at):
    ends = at.date() + 10 * DAY
    factories.announcement(by=manager, at=at, to=[mt_prospect], due_on=ends - 8 * DAY, last_day=ends)
    assert len(planned(AnnouncementToAcknowledge, at)) == 3


@pytest.mark.parametrize("who", ["therapist", "manager"])
def test_before_it_appears_nobody_reads_of_it_in_what_comes_up(request, clinical_lead, mt_prospect, api, at, who):
    appears, person = at + DAY, request.getfixturevalue(who)
    people.staff(name="Another Therapist", role=Role.THERAPIST, clinics=[mt_prospect])
    news = factories.announcement(
        by=clinical_lead, at=at, to=[mt_prospect], appears=appears, due_on=appears.date(), title="Canary"
    )
    plan(at)
    planned = Reminder.objects.filter(recipient=person, state="scheduled")
    assert {one.subject_id for one in planned} == {news.pk}
    assert list(own_coming(person, at)) == []
    address = f"/inbox/coming-up/{planned.first().pk}/"
    assert api(person).get(address).status_code == 404
    assert [line.about for line in lines(own_coming(person, appears))] == ["Canary"] * planned.count()


def test_a_scheduled_one_is_planned_for_the_moment_at_which_it_appears(mt_prospect, manager, therapist, at):
    appears = at + 2 * DAY
    factories.announcement(by=manager, at=at, to=[mt_prospect], appears=appears, due_on=appears.date())
    assert planned(AnnouncementToAcknowledge, at)[0] == ("Avery Testwell", "published", appears)


def test_whoever_comes_later_is_asked_then(asking, mt_prospect, at):
    starts = at.date() + DAY
    starter = people.person(name="New Starter")
    people.membership(user=starter, role=Role.THERAPIST, clinic=mt_prospect, start=starts)
    midnight = datetime(2026, 11, 26, tzinfo=CHICAGO)
    found = [row for row in planned(AnnouncementToAcknowledge, at + DAY) if row[0] == "New Starter"]
    assert found == [
        ("New Starter", "published", midnight),
        ("New Starter", "24h", midnight + DAY),
        ("New Starter", "72h", midnight + 3 * DAY),
    ]


def test_nobody_is_asked_without_a_reason(mt_prospect, manager, assistant, therapist, at):
    factories.announcement(by=manager, at=at, to=[mt_prospect])
    assert planned(AnnouncementToAcknowledge, at) == []
    assert planned(AnnouncementOverdue, at) == []


def test_an_answer_or_a_withdrawal_cancels_what_was_planned(asking, clinical_lead, therapist, at):
    plan(at)
    acknowledge(asking, by=therapist, at=at)
    assert {name for name, _, _ in planned(AnnouncementToAcknowledge, at)} == {"Priya Fakenham"}
    withdraw(asking, by=clinical_lead, at=at)
    assert planned(AnnouncementToAcknowledge, at) == []


def test_managers_hear_of_their_own_clinic_on_the_morning_after(
    asking, manager, manager_oakbrook, therapist, therapist_oakbrook, at
):
    acknowledge(asking, by=therapist_oakbrook, at=at)
    morning = datetime(2026, 11, 28, 8, tzinfo=CHICAGO)
    assert planned(AnnouncementOverdue, at) == [("Dana Mockridge", "due", morning)]
    acknowledge(asking, by=therapist, at=at)
    assert planned(AnnouncementOverdue, at) == []


def test_somebody_at_both_clinics_is_reminded_once(asking, floater, at):
    assert [row[1] for row in planned(AnnouncementToAcknowledge, at) if row[0] == "Theo Fictus"] == [
        "published",
        "24h",
        "72h",
    ]


def test_the_words_name_the_day_and_the_zone(asking, therapist, manager, at):
    first = AnnouncementToAcknowledge().write(asking, therapist, "published", at)
    assert first.title == asking.title
    assert first.paragraphs[1] == "The last day to acknowledge it is Friday, Nov 27, 2026 (Chicago time)."
    assert first.path == asking.get_absolute_url()
    assert AnnouncementToAcknowledge().write(asking, therapist, "24h", at).title == f"Reminder: {asking.title}"
    late = AnnouncementOverdue().write(asking, manager, "due", at + 3 * DAY)
    assert late.paragraphs == [
        "The last day to acknowledge it was Friday, Nov 27, 2026 (Chicago time).",
        "Of your clinic, 1 person has not acknowledged it yet.",
    ]
    assert late.path == f"/announcements/{asking.pk}/receipts/"


class TestWhatOnlyTells:
    def test_it_reaches_everybody_but_its_author_once(self, mt_prospect, manager, therapist, floater, at):
        roles = [Role.THERAPIST, Role.MANAGER]
        factories.announcement(by=manager, at=at, to=[mt_prospect], roles=roles)
        assert planned(AnnouncementAppeared, at) == [
            ("Avery Testwell", "appeared", at),
            ("Theo Fictus", "appeared", at),
        ]
        assert planned(UrgentAnnouncement, at) == []

    def test_whoever_has_had_it_before_them_is_not_told(self, mt_prospect, manager, therapist, floater, at):
        news = factories.announcement(by=manager, at=at, to=[mt_prospect])
        note_opened([news], by=therapist, at=at)
        assert planned(AnnouncementAppeared, at) == [("Theo Fictus", "appeared", at)]

    def test_an_urgent_one_cannot_be_switched_off_and_comes_at_night(self, mt_prospect, manager, therapist, at):
        factories.announcement(by=manager, at=at, to=[mt_prospect], urgent=True)
        assert planned(UrgentAnnouncement, at) == [("Avery Testwell", "appeared", at)]
        assert planned(AnnouncementAppeared, at) == []
        assert (UrgentAnnouncement.optional, UrgentAnnouncement.heeds_quiet_hours) == (False, False)

    def test_whoever_comes_later_is_told_what_is_new_and_not_what_is_old(self, mt_prospect, manager, therapist, at):
        factories.announcement(by=manager, at=at - 15 * DAY, to=[mt_prospect])
        factories.announcement(by=manager, at=at - 2 * DAY, to=[mt_prospect], title="Parking")
        people.membership(
            user=(starter := people.person(name="New Comer")),
            role=Role.THERAPIST,
            clinic=mt_prospect,
            start=at.date(),
        )
        assert {name for name, _, _ in planned(AnnouncementAppeared, at)} == {"Avery Testwell", starter.name}
        assert Reminder.objects.filter(recipient=starter).count() == 1

    def test_it_ends_with_the_announcement(self, mt_prospect, manager, therapist, at):
        news = factories.announcement(by=manager, at=at, to=[mt_prospect])
        plan(at)
        withdraw(news, by=manager, at=at)
        plan(at)
        assert Reminder.objects.get(kind=AnnouncementAppeared.code).state == "cancelled"


def test_what_it_says_and_that_it_is_urgent_stand_in_the_mail(asking, therapist, at):
    asking.urgent = True
    message = AnnouncementToAcknowledge().write(asking, therapist, "published", at)
    assert message.title == f"Urgent: {asking.title}"
    assert message.paragraphs[0] == f"{asking.author} asks you to acknowledge this: {asking.words}"
    assert asking.words == "Words."


class TestSettledRows:
    """The inbox says of what is over whether it was withdrawn or corrected."""

    @pytest.fixture
    def settled(self, asking, therapist, at) -> Reminder:
        """The reminder of `asking`, in the inbox and settled."""
        return inbox.released(
            kind="announcement-to-acknowledge",
            recipient=therapist,
            subject_type=AnnouncementToAcknowledge.subject,
            subject_id=asking.pk,
            occasion="published",
            at=at,
            not_after=at + 9 * DAY,
            settled_at=at,
        )

    def badges(self, browser) -> list[str]:
        page = browser.get("/inbox/").content.decode()
        return [word for word in ("Withdrawn", "Corrected", "Done or no longer applies") if f">{word}<" in page]

    def test_done_withdrawn_or_corrected(self, asking, settled, sign_in, api, therapist, clinical_lead, at):
        browser, program = sign_in(therapist), api(therapist)
        assert self.badges(browser) == ["Done or no longer applies"]
        assert program.get("/api/v1/inbox/").json()["results"][0]["ended"] == ""
        kept = Wording(title=asking.title, body="<p>On Friday.</p>", note="The day.", due_on=asking.due_on)
        corrected = correct(asking, replace(kept, resets_receipts=True), token=asking.token, by=clinical_lead, at=at)
        assert self.badges(browser) == ["Corrected"]
        Reminder.objects.update(occasion="published-edition-2")
        assert self.badges(browser) == ["Done or no longer applies"]
        withdraw(corrected, by=clinical_lead, at=at)
        assert self.badges(browser) == ["Withdrawn"]
        assert program.get("/api/v1/inbox/").json()["results"][0]["ended"] == "Withdrawn"

    def test_many_rows_take_as_much_asking_as_one(self, mt_prospect, settled, sign_in, api, manager, therapist, at):
        def queries() -> list[int]:
            found = []
            for client, path in ((browser, "/inbox/"), (program, "/api/v1/inbox/")):
                with CaptureQueriesContext(connection) as captured:
                    assert client.get(path).status_code == 200
                found.append(len(captured))
            return found

        browser, program = sign_in(therapist), api(therapist)
        queries()
        with_one = queries()
        for _ in range(2):
            other = factories.announcement(by=manager, at=at, to=[mt_prospect], due_on=at.date() + DAY)
            row = Reminder.objects.get(pk=settled.pk)
            row.pk, row.subject_id = None, other.pk
            row.save()
        assert queries() == with_one

"""Who is told that a shift may be lost, when, and in which words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.models import Profession
from accounts.roles import Role
from intranet.reminders import registry
from intranet.reminders.models import Reminder
from intranet.reminders.ticking import tick
from scheduling import assigning, lost_clearance
from scheduling.clearance_reminders import ClearancesLost, ShiftMayBeLost
from scheduling.models import LostClearance, PublishedShift
from tests import factories as people
from tests.scheduling import factories
from tests.scheduling.test_reminders import rows

pytestmark = pytest.mark.django_db

MORNING = "Monday, November 30, 2026, 7:00 AM – 12:00 PM CST at Mt. Prospect"
ENDED = "Avery’s competency for Dry needling, neck was ended on Nov 25, 2026."


@pytest.fixture
def lost(mt_prospect, therapist, needling, sign_off, at):
    sign_off(therapist)
    factories.published(clinic=mt_prospect, times="7-12", staff=therapist, skill=needling)
    therapist.competencies.update(ended_at=at)
    lost_clearance.look_through_all(at)
    return LostClearance.objects.get()


class TestTheHolder:
    def test_is_told_at_once_until_the_shift_begins(self, lost, therapist, at):
        start = lost.shift.start
        assert rows(ShiftMayBeLost(), at) == [(therapist.pk, lost.pk, "lost #0", at, start)]
        assert rows(ShiftMayBeLost(), start) == []

    def test_not_of_drafts(self, lost, at):
        PublishedShift.objects.all().delete()
        assert rows(ShiftMayBeLost(), at) == []

    def test_not_while_the_managers_change_it(self, lost, mt_prospect, manager, therapist, at):
        therapist.competencies.update(ended_at=None)
        start, end = factories.span(mt_prospect, factories.MONDAY, "8-12")
        assigning.move_shift(lost.shift, start=start, end=end, version=1, by=manager, at=at)
        assert rows(ShiftMayBeLost(), at) == []

    def test_not_once_it_is_right_or_somebody_elses(self, lost, therapist, manager, at):
        assigning.make_open(lost.shift, version=1, by=manager, at=at)
        assert rows(ShiftMayBeLost(), at) == []
        LostClearance.objects.update(over_at=at)
        assert rows(ShiftMayBeLost(), at) == []

    def test_reads_what_is_missing(self, lost, therapist, at):
        message = ShiftMayBeLost().write(lost, therapist, "lost #0", at)
        assert message.title == "You may lose your shift on Monday, November 30"
        assert list(message.paragraphs) == [
            f"You may not work it as things stand: {MORNING}, as a therapist, for Dry needling, neck.",
            ENDED,
            "Put it right before then, or talk to your manager, who was told as well.",
        ]
        assert (message.path, message.action) == (f"/people/{therapist.pk}/", "See your file")

    @pytest.mark.parametrize(
        ("code", "path"),
        [("not-acknowledged", "/protocols/?mine=on"), ("not-here", "/schedule/"), ("protocol-suspended", "/schedule/")],
    )
    def test_is_led_to_where_it_can_be_put_right(self, lost, therapist, code, path, at):
        lost.reasons = [{"code": code, "message": "Why."}]
        assert ShiftMayBeLost().write(lost, therapist, "lost #0", at).path == path


class TestTheManagers:
    def test_are_told_of_what_is_found_later_on_the_day(self, lost, mt_prospect, manager, floater, at):
        factories.shift(clinic=mt_prospect, times="13-15", staff=floater)
        people.as_if_never(floater.memberships.filter(clinic=mt_prospect))
        later = at + timedelta(hours=1)
        assert lost_clearance.look_through_all(later) == 1
        looks = ["found 2026-11-25 16:00", "found 2026-11-25 17:00"]
        assert [row[2] for row in rows(ClearancesLost(), later)] == looks
        first, second = (ClearancesLost().write(mt_prospect, manager, look, later).paragraphs for look in looks)
        assert first[0].startswith("Avery Testwell")
        assert second[0].startswith("Theo Fictus")

    def test_are_told_once_for_a_clinic_and_look(
        self, lost, mt_prospect, oakbrook, manager, manager_oakbrook, clinical_lead, floater, at
    ):
        other = people.staff(name="Mo Second", role=Role.MANAGER, clinics=[mt_prospect])
        factories.shift(clinic=mt_prospect, times="13-15", staff=floater)
        people.as_if_never(floater.memberships.filter(clinic=mt_prospect))
        tomorrow = at + timedelta(days=1)
        lost_clearance.look_through_all(tomorrow)
        week = timedelta(days=7)
        assert rows(ClearancesLost(), tomorrow) == [
            (manager.pk, mt_prospect.pk, "found 2026-11-25 16:00", at, at + week),
            (other.pk, mt_prospect.pk, "found 2026-11-25 16:00", at, at + week),
            (manager.pk, mt_prospect.pk, "found 2026-11-26 16:00", tomorrow, tomorrow + week),
            (other.pk, mt_prospect.pk, "found 2026-11-26 16:00", tomorrow, tomorrow + week),
        ]
        message = ClearancesLost().write(mt_prospect, manager, "found 2026-11-26 16:00", tomorrow)
        assert message.paragraphs[0] == (
            "Theo Fictus, Monday, November 30, 2026, 1:00 PM – 3:00 PM CST at Mt. Prospect: "
            "Theo does not work at Mt. Prospect on Mon, Nov 30."
        )

    def test_not_of_what_is_over_or_begun(self, lost, manager, at):
        assert rows(ClearancesLost(), lost.shift.start) == []
        LostClearance.objects.update(over_at=at)
        assert rows(ClearancesLost(), at) == []

    def test_read_the_list(self, lost, mt_prospect, manager, at):
        message = ClearancesLost().write(mt_prospect, manager, "found 2026-11-25 16:00", at)
        assert message.title == "1 shift at Mt. Prospect whose holder may not work it"
        assert list(message.paragraphs) == [
            f"Avery Testwell, {MORNING}: {ENDED}",
            "Whoever has seen the shift on the published roster is told as well.",
        ]
        assert message.path == f"/roster/shifts/{lost.shift_id}/"

    def test_a_long_list_ends_with_how_many_more(self, lost, mt_prospect, manager, at, sign_in):
        for day in range(1, 14):
            one = factories.shift(
                clinic=mt_prospect, day=factories.MONDAY + timedelta(days=day), times="7-9", staff=lost.person
            )
            LostClearance.objects.create(shift=one, person=lost.person, reasons=lost.reasons, found_at=at)
        message = ClearancesLost().write(mt_prospect, manager, "found 2026-11-25 16:00", at)
        assert message.title == "14 shifts at Mt. Prospect whose holder may not work them"
        assert message.paragraphs[-2] == "And 2 more."
        assert message.path == "/roster/?clinic=mt-prospect&show=problems&week=2026-11-30"
        assert sign_in(manager).get(message.path).status_code == 200


def test_only_those_whom_it_concerns_can_get_them(therapist, manager, administrator):
    kinds = [ShiftMayBeLost(), ClearancesLost()]
    assert {kind.code for kind in kinds} <= {kind.code for kind in registry.registered()}
    concerned = {
        who.name: [kind.code for kind in kinds if kind.concerns(who)] for who in (therapist, manager, administrator)
    }
    assert concerned == {
        "Avery Testwell": ["shift-clearance-lost"],
        "Dana Mockridge": ["shift-clearance-lost", "staff-clearance-lost"],
        "Ada Nonesuch": [],
    }


def test_a_tick_finds_and_the_next_one_tells_both(mt_prospect, therapist, manager, needling, sign_off, at):
    sign_off(therapist)
    factories.published(clinic=mt_prospect, day=date(2026, 12, 1), staff=therapist, skill=needling)
    therapist.competencies.update(ended_at=at)
    tick(at, "manual")
    tick(at + timedelta(seconds=15), "manual")
    told = Reminder.objects.filter(kind__endswith="clearance-lost", state="released")
    assert set(told.values_list("kind", "recipient__name")) == {
        ("shift-clearance-lost", "Avery Testwell"),
        ("staff-clearance-lost", "Dana Mockridge"),
    }
    therapist.competencies.update(ended_at=None)
    tick(at + timedelta(seconds=30), "manual")
    tick(at + timedelta(seconds=45), "manual")
    assert (told.count(), told.filter(settled_at=None).count()) == (2, 0)


def test_whose_profession_is_another_by_now_is_told(mt_prospect, manager, at):
    aide = people.staff(name="Al Aide", role=Role.THERAPIST, clinics=[mt_prospect], profession=Profession.AIDE)
    factories.published(clinic=mt_prospect, staff=aide)
    assert lost_clearance.look_through_all(at) == 1
    [(*_, due, _until)] = rows(ShiftMayBeLost(), at)
    assert due == at

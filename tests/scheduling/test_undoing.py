"""What was done on the board can be taken back, as long as nothing else has happened to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
import time_machine
from django.db.models import F

from accounts.roles import Role
from intranet.core.access import Conflict, Refused
from scheduling import assigning, pending, publishing
from scheduling.making_templates import Cycle, Line, add_week_template
from scheduling.models import AcceptedWarning, RosterWeek, RuleCode, Shift
from scheduling.moving import (
    Done,
    by_days,
    change_several,
    copy_shift,
    deleted,
    for_person,
    place_shift,
    remove_shift,
    replan_shift,
)
from scheduling.plans import Plan
from scheduling.positions import Position
from scheduling.rules import Rule, rules_of, set_rule
from scheduling.undoing import UNDO_FOR, from_ticket, ticket, undo
from scheduling.usual_shifts import UsualShift, add_usual_shift
from tests.factories import membership
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

MONDAY, TUESDAY = factories.MONDAY, factories.MONDAY + timedelta(days=1)


def take_back(done: list[Done], by, at):
    """By way of the ticket, as the button does."""
    return undo(from_ticket(ticket(done, by=by), by=by), by=by, at=at)


def plans() -> list[Plan]:
    return [Plan.of(one) for one in Shift.objects.planned().select_related("clinic", "staff", "skill")]


def test_a_move_goes_back(mt_prospect, manager, therapist, floater, needling, sign_off, at):
    sign_off(therapist)
    sign_off(floater)
    shift = factories.shift(clinic=mt_prospect, staff=therapist, skill=needling, note="Room 2")
    before = plans()
    _, done = place_shift(shift, day=TUESDAY, staff=floater, version=1, by=manager, at=at)
    assert plans() != before
    [(_, again)] = take_back([done], manager, at)
    assert (plans(), again.pk, again.version) == (before, shift.pk, 3)


def test_a_copy_goes(mt_prospect, manager, therapist, at):
    shift = factories.shift(clinic=mt_prospect, staff=therapist)
    _, done = copy_shift(shift, day=TUESDAY, staff=None, by=manager, at=at)
    assert [again for _, again in take_back([done], manager, at)] == [None]
    assert list(Shift.objects.values_list("pk", flat=True)) == [shift.pk]


def test_a_draft_that_was_deleted_is_made_again(mt_prospect, manager, therapist, at):
    shift = factories.shift(clinic=mt_prospect, staff=therapist, note="Room 2")
    before = plans()
    assigning.delete_shift(shift, version=1, by=manager, at=at)
    take_back([Done(shift.pk, 2, before[0], gone=True)], manager, at)
    assert plans() == before


def test_a_deleted_draft_comes_back_once_and_as_the_same(mt_prospect, manager, therapist, at):
    usual = add_usual_shift(mt_prospect, UsualShift("Early", Position.THERAPIST, time(7), time(11)), by=manager)
    line = add_week_template(mt_prospect, Cycle("Week", 1, MONDAY, [Line(1, 0, usual, 2)]), by=manager).lines.get()
    plan = factories.plan(clinic=mt_prospect, staff=therapist)
    shift = assigning.create_shift(plan, by=manager, at=at, line=line, place=1)
    done = Done.deleted(shift, 1)
    assigning.delete_shift(shift, version=1, by=manager, at=at)
    take_back([done], manager, at)
    again = Shift.objects.get()
    assert (again.pk, again.template_line_id, again.template_place) == (shift.pk, shift.template_line_id, 1)
    with pytest.raises(Conflict):
        take_back([done], manager, at)
    assert Shift.objects.count() == 1


def test_a_published_shift_that_was_deleted_is_the_same_again_and_nobody_is_told(mt_prospect, manager, therapist, at):
    shift = factories.published(clinic=mt_prospect, staff=therapist).shift
    plan = Plan.of(shift)
    assigning.delete_shift(shift, version=1, by=manager, at=at)
    week = RosterWeek.objects.get()
    assert len(pending.pending_changes(week)) == 1
    [(_, again)] = take_back([Done(shift.pk, 2, plan, gone=True)], manager, at)
    assert (again.pk, pending.pending_changes(week)) == (shift.pk, [])


def test_several_go_back_together(mt_prospect, manager, therapist, at):
    days = [MONDAY, TUESDAY, TUESDAY + timedelta(days=1)]
    shifts = [factories.shift(clinic=mt_prospect, day=day, staff=therapist) for day in days]
    before = plans()
    changed = change_several({shift.pk: 1 for shift in shifts}, by_days(1), by=manager, at=at)
    take_back([done for _, done in changed], manager, at)
    assert plans() == before
    gone = change_several({shift.pk: 3 for shift in shifts}, deleted, by=manager, at=at)
    assert plans() == []
    take_back([done for _, done in gone], manager, at)
    assert plans() == before


def test_what_somebody_else_changed_since_stays(mt_prospect, manager, therapist, floater, at):
    shift = factories.shift(clinic=mt_prospect, staff=therapist)
    moved, done = place_shift(shift, day=TUESDAY, staff=therapist, version=1, by=manager, at=at)
    assigning.assign(moved, floater, version=2, by=manager, at=at)
    before = plans()
    with pytest.raises(Conflict):
        take_back([done], manager, at)
    assert plans() == before


@pytest.mark.parametrize("seen_by_staff", [True, False])
def test_a_place_that_is_taken_since_stays_taken(mt_prospect, manager, therapist, at, seen_by_staff):
    make = factories.published if seen_by_staff else factories.shift
    made = make(clinic=mt_prospect, staff=therapist)
    shift = made.shift if seen_by_staff else made
    plan = Plan.of(shift)
    assigning.delete_shift(shift, version=1, by=manager, at=at)
    factories.shift(clinic=mt_prospect, times="9-12", staff=therapist)
    with pytest.raises(Conflict, match="Avery already works 9a–12p on Mon, Nov 30"):
        take_back([Done(shift.pk, 2, plan, gone=True)], manager, at)
    assert Shift.objects.planned().count() == 1


def test_what_is_deleted_since_is_said(mt_prospect, manager, therapist, at):
    shift = factories.shift(clinic=mt_prospect, staff=therapist)
    _, done = place_shift(shift, day=TUESDAY, staff=None, version=1, by=manager, at=at)
    Shift.objects.all().delete()
    with pytest.raises(Conflict, match="Somebody deleted the shift since"):
        take_back([done], manager, at)


def test_a_restored_shift_is_restored_once(mt_prospect, manager, therapist, at):
    shift = factories.published(clinic=mt_prospect, staff=therapist).shift
    done = Done(shift.pk, 2, Plan.of(shift), gone=True)
    assigning.delete_shift(shift, version=1, by=manager, at=at)
    take_back([done], manager, at)
    with pytest.raises(Conflict, match="planned this shift again meanwhile"):
        take_back([done], manager, at)


def test_a_ticket_is_for_its_person_and_an_hour(mt_prospect, manager, manager_oakbrook, therapist, at):
    shift = factories.shift(clinic=mt_prospect, staff=therapist)
    done = [Done(shift.pk, 1, Plan.of(shift))]
    with time_machine.travel(at, tick=False):
        text = ticket(done, by=manager)
        assert from_ticket(text, by=manager) == done
    for moment, text_in, by in (
        (at, text, manager_oakbrook),
        (at, text[:-1], manager),
        (at, "", manager),
        (at + UNDO_FOR + timedelta(seconds=2), text, manager),
    ):
        with time_machine.travel(moment, tick=False), pytest.raises(Refused, match="can be undone for an hour"):
            from_ticket(text_in, by=by)


class TestWhatSpeaksAgainstIt:
    """Undo goes back to what somebody had decided, and decides nothing new."""

    FRIDAY, SATURDAY = MONDAY + timedelta(days=4), MONDAY + timedelta(days=5)
    WEEK = range(5)

    @pytest.fixture
    def week(self, mt_prospect, manager, therapist, at) -> list[Shift]:
        """Five days of ten hours for Avery: of the last one somebody had to say why."""
        plans = [self.plan(mt_prospect, number, therapist) for number in self.WEEK]
        return [assigning.create_shift(plan, by=manager, at=at, reason="She asked for it.") for plan in plans]

    def plan(self, clinic, number: int, staff, times: str = "7-17:30") -> Plan:
        return factories.plan(clinic=clinic, day=MONDAY + timedelta(days=number), times=times, staff=staff)

    def accepted(self) -> list[tuple[Shift, str, str, str]]:
        """What is planned all the same now, with the reasons."""
        rows = AcceptedWarning.objects.filter(shift_version=F("shift__version")).select_related("by", "shift")
        return [(row.shift, row.message, row.reason, row.by.name) for row in rows.order_by("shift__period", "pk")]

    def decided(self, shift: Shift) -> list[tuple[Shift, str, str, str]]:
        return [(shift, "10 h over 40 h in the week.", "She asked for it.", "Dana Mockridge")]

    @pytest.fixture
    def forty_hours(self, mt_prospect, therapist) -> list[Shift]:
        return [
            factories.shift(clinic=mt_prospect, day=MONDAY + timedelta(days=number), staff=therapist)
            for number in self.WEEK
        ]

    def test_hours_that_came_since_are_for_somebody_to_decide(
        self, mt_prospect, oakbrook, manager, manager_oakbrook, therapist, floater, forty_hours, at
    ):
        membership(user=therapist, role=Role.THERAPIST, clinic=oakbrook)
        _, done = place_shift(forty_hours[-1], day=self.FRIDAY, staff=floater, version=1, by=manager, at=at)
        saturday = factories.plan(clinic=oakbrook, day=self.SATURDAY, staff=therapist)
        assigning.create_shift(saturday, by=manager_oakbrook, at=at)
        before = plans()
        with pytest.raises(Refused) as refused:
            take_back([done], manager, at)
        assert [one.code for one in refused.value.verdict.reasons] == ["over-hours", "undecided"]
        assert str(refused.value) == (
            "Avery Testwell, 7a–3:30p on Fri, Dec 4: 8 h over 40 h in the week. "
            "Nobody has decided about this. Make the change by hand and say why. Nothing was changed."
        )
        assert (plans(), self.accepted()) == (before, [])

    @pytest.mark.parametrize("number", WEEK)
    def test_a_changed_shift_has_its_reason_again(self, week, manager, floater, at, number):
        """Whichever day of the long week it was, and also when the change had a reason of its own."""
        changed = replace(Plan.of(week[number]), staff=floater, break_minutes=0)
        _, done = replan_shift(week[number], changed, version=1, by=manager, at=at, reason="He covers for her.")
        take_back([done], manager, at)
        assert self.accepted() == self.decided(week[-1])

    @pytest.mark.parametrize("seen_by_staff", [True, False])
    def test_a_deleted_shift_has_its_reason_again(self, week, manager, at, seen_by_staff):
        if seen_by_staff:
            planned = week[0].week
            planned.refresh_from_db()
            publishing.publish(planned, version=planned.version, by=manager, at=at, reason="So.")
        done = remove_shift(week[-1], version=1, by=manager, at=at)
        assert self.accepted() == []
        take_back([done], manager, at)
        assert self.accepted() == self.decided(week[-1])

    @pytest.mark.parametrize("deed", ["delete", "give"])
    @pytest.mark.parametrize("more", [[], [(5, "7-11")]], ids=["equal-days", "and-a-short-one"])
    def test_several_have_theirs_again_whatever_comes_back_first(
        self, week, mt_prospect, manager, therapist, floater, at, deed, more
    ):
        more = [self.plan(mt_prospect, number, therapist, times) for number, times in more]
        week += [assigning.create_shift(plan, by=manager, at=at, reason="Her Saturday.") for plan in more]
        before, reasons = plans(), self.accepted()
        aim = deleted if deed == "delete" else for_person(floater)
        done = change_several({shift.pk: 1 for shift in week}, aim, by=manager, at=at, reason="Ill.")
        take_back([one for _, one in done], manager, at)
        assert (plans(), self.accepted()) == (before, reasons)

    @pytest.mark.parametrize("deed", ["delete", "give"])
    def test_several_say_each_new_concern_once(self, forty_hours, mt_prospect, manager, therapist, floater, at, deed):
        aim = deleted if deed == "delete" else for_person(floater)
        done = change_several({shift.pk: 1 for shift in forty_hours}, aim, by=manager, at=at)
        assigning.create_shift(self.plan(mt_prospect, 5, therapist, "7-11"), by=manager, at=at)
        before = plans()
        with pytest.raises(Refused) as refused:
            take_back([one for _, one in done], manager, at)
        assert [one.code for one in refused.value.verdict.reasons] == ["over-hours", "undecided"]
        assert plans() == before

    def test_a_rule_that_was_stricter_already_changes_nothing_and_one_that_came_since_does(
        self, forty_hours, mt_prospect, manager, floater, at
    ):
        self.week_of(mt_prospect, 38, manager)
        _, done = place_shift(forty_hours[-1], day=self.FRIDAY, staff=floater, version=1, by=manager, at=at)
        [(_, again)] = take_back([done], manager, at)
        assert self.accepted() == []
        _, done = place_shift(again, day=self.FRIDAY, staff=floater, version=3, by=manager, at=at)
        self.week_of(mt_prospect, 36, manager)
        with pytest.raises(Refused, match="4 h over 36 h in the week"):
            take_back([done], manager, at)

    def week_of(self, clinic, hours: int, by) -> None:
        present: Rule = rules_of(clinic)[RuleCode.WEEK]
        set_rule(clinic, replace(present, amount=hours * 60), seen=present.fingerprint, by=by)

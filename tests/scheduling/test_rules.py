"""What the rules of a clinic say about a shift, and how its managers change them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from scheduling import assigning
from scheduling.eligibility import may_work
from scheduling.models import AcceptedWarning, Availability, RosterRule, RuleCode, RuleLevel, Shift, Wish
from scheduling.plans import Plan
from scheduling.rules import USUAL, Rule, rules_of, set_rule
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

MONDAY = factories.MONDAY


def said(verdict) -> list[str]:
    return [reason.message for reason in (*verdict.reasons, *verdict.warnings)]


def usual(code: RuleCode) -> Rule:
    return Rule.of(USUAL[code])


def rule(clinic, code: RuleCode, **fields) -> None:
    """A row, past the action."""
    values = {"level": RuleLevel.WARNS, "amount": USUAL[code].amount, "source": "Policy", "checked_on": MONDAY}
    RosterRule.objects.create(clinic=clinic, code=code, **(values | fields))


def week_of_shifts(clinic, person, days: range, times: str = "8-12") -> None:
    for number in days:
        factories.shift(clinic=clinic, day=MONDAY + timedelta(days=number), times=times, staff=person)


def test_the_seventh_day_in_a_row_is_a_concern_and_the_sixth_is_none(mt_prospect, therapist, at):
    week_of_shifts(mt_prospect, therapist, range(5))
    sixth = factories.plan(clinic=mt_prospect, day=MONDAY + timedelta(days=5), times="8-12", staff=therapist)
    assert said(may_work(sixth, therapist, at)) == []
    week_of_shifts(mt_prospect, therapist, range(5, 6))
    seventh = replace(sixth, start=sixth.start + timedelta(days=1), end=sixth.end + timedelta(days=1))
    assert said(may_work(seventh, therapist, at)) == ["7 days in a row, without a free day."]


def test_days_in_a_row_are_counted_across_weeks_and_in_the_middle(mt_prospect, therapist, at):
    week_of_shifts(mt_prospect, therapist, range(4, 7))
    week_of_shifts(mt_prospect, therapist, range(8, 11))
    between = factories.plan(clinic=mt_prospect, day=MONDAY + timedelta(days=7), times="8-12", staff=therapist)
    assert said(may_work(between, therapist, at)) == ["7 days in a row, without a free day."]


def test_a_night_shift_takes_both_of_its_days(mt_prospect, therapist, at):
    week_of_shifts(mt_prospect, therapist, range(5), times="22-6")
    next_day = factories.plan(clinic=mt_prospect, day=MONDAY + timedelta(days=6), times="20-23", staff=therapist)
    assert "7 days in a row, without a free day." in said(may_work(next_day, therapist, at))


def test_most_hours_refuse(mt_prospect, manager, therapist, at):
    week_of_shifts(mt_prospect, therapist, range(4), times="7-22")
    plan = factories.plan(clinic=mt_prospect, day=date(2026, 12, 4), times="8-12", staff=therapist)
    with pytest.raises(Refused) as refused:
        assigning.create_shift(plan, by=manager, at=at, reason="Needed.")
    assert [reason.code for reason in refused.value.verdict.reasons] == ["too-many-hours"]


def test_hours_at_both_clinics_count(mt_prospect, oakbrook, floater, at):
    week_of_shifts(mt_prospect, floater, range(2), times="8-20")
    for number in (2, 3):
        factories.shift(clinic=oakbrook, day=MONDAY + timedelta(days=number), times="8-17", staff=floater)
    plan = factories.plan(clinic=mt_prospect, day=date(2026, 12, 4), times="8-12", staff=floater)
    assert said(may_work(plan, floater, at)) == ["4 h over 40 h in the week."]


@pytest.mark.parametrize(
    ("times", "unpaid", "words"),
    [
        ("7-14:29", 0, []),
        ("7-14:30", 20, []),
        ("7-14:30", 15, ["7 h 30 min with 15 min of break; 20 min are asked for."]),
        ("7-19", 39, ["12 h with 39 min of break; 40 min are asked for."]),
        ("7-19", 40, []),
    ],
)
def test_meals(mt_prospect, manager, therapist, at, times, unpaid, words):
    plan = factories.plan(clinic=mt_prospect, times=times, staff=therapist, break_minutes=unpaid)
    if not words:
        assigning.create_shift(plan, by=manager, at=at)
        return
    with pytest.raises(assigning.NeedsReason) as refused:
        assigning.create_shift(plan, by=manager, at=at)
    assert [reason.message for reason in refused.value.verdict.reasons] == [*words, "Say why you plan it all the same."]


def test_an_open_shift_needs_no_reason(mt_prospect, manager, at):
    plan = factories.plan(clinic=mt_prospect, times="7-19", break_minutes=0)
    assert assigning.create_shift(plan, by=manager, at=at).staff is None
    assert AcceptedWarning.objects.count() == 0


class TestReasons:
    """Nothing forbids it, something speaks against it."""

    @pytest.fixture
    def shift(self, mt_prospect, manager, therapist, at) -> Shift:
        """Planned on a day on which the therapist is not available, and why."""
        Availability.objects.create(
            person=therapist, wish=Wish.UNAVAILABLE, days=(MONDAY, MONDAY + timedelta(days=1)), added_at=at
        )
        plan = factories.plan(clinic=mt_prospect, staff=therapist)
        return assigning.create_shift(plan, by=manager, at=at, reason=" She  offered. ")

    def accepted(self, shift: Shift) -> list[tuple[int, str, str]]:
        rows = AcceptedWarning.objects.filter(shift=shift, shift_version=shift.version)
        return list(rows.values_list("shift_version", "message", "reason"))

    def test_the_reason_stays_with_the_shift(self, shift):
        assert self.accepted(shift) == [(1, "Avery is not available on Monday.", "She  offered.")]

    def test_without_one_nothing_is_planned(self, mt_prospect, manager, therapist, shift, at):
        plan = factories.plan(clinic=mt_prospect, times="16-20", staff=therapist)
        with pytest.raises(assigning.NeedsReason) as refused:
            assigning.create_shift(plan, by=manager, at=at, reason="   ")
        assert [reason.field for reason in refused.value.verdict.reasons] == ["", "reason"]
        assert Shift.objects.count() == 1

    def test_what_was_accepted_holds_while_the_words_stay_the_same(self, shift, manager, at):
        noted = replace(Plan.of(shift), note="Room 2")
        later = assigning.change_shift(shift, noted, version=1, by=manager, at=at)
        assert self.accepted(later) == [(2, "Avery is not available on Monday.", "She  offered.")]

    def test_for_somebody_else_it_asks_again_in_the_same_words(self, mt_prospect, therapist, floater, manager, at):
        for person in (therapist, floater):
            for number in range(5):
                factories.shift(clinic=mt_prospect, day=MONDAY + timedelta(days=number), staff=person)
        extra = factories.plan(clinic=mt_prospect, day=MONDAY + timedelta(days=5), times="7-12", staff=therapist)
        shift = assigning.create_shift(extra, by=manager, at=at, reason="She offered.")
        with pytest.raises(assigning.NeedsReason):
            assigning.change_shift(shift, replace(extra, staff=floater), version=1, by=manager, at=at)

    def test_another_concern_asks_again(self, shift, manager, at):
        longer = replace(Plan.of(shift), break_minutes=0)
        with pytest.raises(assigning.NeedsReason):
            assigning.change_shift(shift, longer, version=1, by=manager, at=at)
        changed = assigning.change_shift(shift, longer, version=1, by=manager, at=at, reason="Paid meal.")
        assert {reason for _, _, reason in self.accepted(changed)} == {"Paid meal."}

    def test_what_bars_is_said_and_no_reason_asked_for(self, mt_prospect, manager, therapist, shift, at):
        plan = factories.plan(clinic=mt_prospect, times="14-18", staff=therapist)
        with pytest.raises(Conflict) as refused:
            assigning.create_shift(plan, by=manager, at=at)
        assert [reason.code for reason in refused.value.verdict.reasons] == ["double-booking"]


class TestOfAClinic:
    def test_the_usual_rules_hold_until_somebody_looked_at_them(self, mt_prospect):
        assert [rule for rule in rules_of(mt_prospect) if not rule.is_usual] == []

    def test_a_rule_that_is_off_says_nothing_and_one_that_refuses_bars(self, mt_prospect, manager, therapist, at):
        plan = factories.plan(clinic=mt_prospect, times="7-14:30", staff=therapist, break_minutes=0)
        rule(mt_prospect, RuleCode.MEAL, level=RuleLevel.REFUSES, amount=20, threshold=450)
        with pytest.raises(Refused) as refused:
            assigning.create_shift(plan, by=manager, at=at, reason="Needed.")
        assert [reason.code for reason in refused.value.verdict.reasons] == ["meal"]
        RosterRule.objects.update(level=RuleLevel.OFF)
        assert assigning.create_shift(plan, by=manager, at=at).staff == therapist

    def test_rules_of_one_clinic_are_not_those_of_the_other(self, mt_prospect, oakbrook):
        rule(oakbrook, RuleCode.REST, amount=11 * 60)
        assert (rules_of(mt_prospect)[RuleCode.REST].amount, rules_of(oakbrook)[RuleCode.REST].amount) == (600, 660)

    def test_a_longer_way_between_the_clinics_bars(self, mt_prospect, oakbrook, manager, floater, at):
        rule(mt_prospect, RuleCode.TRAVEL, level=RuleLevel.REFUSES, amount=90)
        factories.shift(clinic=oakbrook, times="7-12", staff=floater)
        plan = factories.plan(clinic=mt_prospect, times="13-17", staff=floater)
        with pytest.raises(Refused) as refused:
            assigning.create_shift(plan, by=manager, at=at)
        assert "the way between the clinics takes 1 h 30 min" in str(refused.value)

    def test_a_manager_sets_a_rule_and_it_is_on_record(self, mt_prospect, manager):
        seen = usual(RuleCode.REST)
        wanted = replace(seen, amount=11 * 60, source="Staff meeting of May 4", checked_on=MONDAY)
        set_rule(mt_prospect, wanted, seen=seen.fingerprint, by=manager)
        assert rules_of(mt_prospect)[RuleCode.REST] == wanted
        entry = Entry.objects.get(verb="roster-rule.set")
        assert (entry.clinic_ids, entry.changes["amount"]) == ([mt_prospect.pk], ["10 hours", "11 hours"])

    def test_the_second_of_two_managers_is_told(self, mt_prospect, manager):
        seen = usual(RuleCode.REST)
        set_rule(mt_prospect, replace(seen, amount=660), seen=seen.fingerprint, by=manager)
        with pytest.raises(Conflict):
            set_rule(mt_prospect, replace(seen, amount=540), seen=seen.fingerprint, by=manager)

    @pytest.mark.parametrize(
        ("code", "wrong", "field"),
        [
            (RuleCode.REST, {"amount": 24 * 60}, "amount"),
            (RuleCode.REST, {"source": " "}, "source"),
            (RuleCode.MEAL, {"threshold": 5}, "threshold"),
            (RuleCode.TRAVEL, {"level": RuleLevel.WARNS}, "level"),
            (RuleCode.TRAVEL, {"amount": 30}, "amount"),
        ],
    )
    def test_a_rule_has_to_make_sense(self, mt_prospect, manager, code, wrong, field):
        seen = usual(code)
        with pytest.raises(Refused) as refused:
            set_rule(mt_prospect, replace(seen, **wrong), seen=seen.fingerprint, by=manager)
        assert [reason.field for reason in refused.value.verdict.reasons] == [field]

    @pytest.mark.parametrize("who", ["therapist", "front_desk", "clinical_lead", "manager_oakbrook"])
    def test_others_may_not(self, request, mt_prospect, who):
        seen = usual(RuleCode.REST)
        with pytest.raises(Forbidden):
            set_rule(mt_prospect, replace(seen, amount=660), seen=seen.fingerprint, by=request.getfixturevalue(who))

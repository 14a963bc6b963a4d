"""Usual shifts and week templates: kept by the managers of the clinic, the second of two is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from accounts.models import Profession, User
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from scheduling.making_templates import (
    Cycle,
    Line,
    add_week_template,
    change_week_template,
    lines_of,
    possible_people,
    retire_week_template,
    usual_shifts_of,
)
from scheduling.models import ShiftTemplate, TemplateLine, WeekTemplate
from scheduling.positions import Position
from scheduling.usual_shifts import UsualShift, add_usual_shift, change_usual_shift, retire_usual_shift
from tests import factories as people
from tests.races import outcomes
from tests.scheduling import factories

pytestmark = pytest.mark.django_db
MONDAY = factories.MONDAY
EARLY = UsualShift("Early", Position.THERAPIST, time(7), time(15, 30), 30)


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[tuple[str, str]]:
    return [(reason.code, reason.field) for reason in refused.value.verdict.reasons]


@pytest.fixture
def early(mt_prospect, manager):
    return add_usual_shift(mt_prospect, EARLY, by=manager)


class TestUsualShifts:
    def test_one_is_added_changed_and_retired_on_record(self, mt_prospect, manager, early):
        later = replace(EARLY, starts=time(8), ends=time(16, 30))
        changed = change_usual_shift(early, later, seen=EARLY.fingerprint, by=manager)
        assert (UsualShift.of(changed), usual_shifts_of(mt_prospect)) == (later, [early])
        retire_usual_shift(early, by=manager)
        assert usual_shifts_of(mt_prospect) == []
        found = list(Entry.objects.filter(verb__startswith="usual-shift").order_by("pk").values_list("verb", "changes"))
        assert found == [
            ("usual-shift.added", {"name": "Early"}),
            ("usual-shift.changed", {"starts": ["07:00:00", "08:00:00"], "ends": ["15:30:00", "16:30:00"]}),
            ("usual-shift.retired", {"name": "Early"}),
        ]

    def test_everything_against_it_is_said_at_once(self, mt_prospect, manager, early, needling):
        wrong = UsualShift("Early", Position.FRONT_DESK, time(7), time(6), 24 * 60, needling)
        with pytest.raises(Refused) as refused:
            add_usual_shift(mt_prospect, wrong, by=manager)
        assert codes(refused) == [
            ("name-taken", "name"),
            ("too-long", "ends"),
            ("break-too-long", "break_minutes"),
            ("skill-position", "skill"),
        ]
        with pytest.raises(Refused) as refused:
            add_usual_shift(mt_prospect, UsualShift("", Position.AIDE, time(7), time(7)), by=manager)
        assert codes(refused) == [("no-name", "name"), ("no-length", "ends")]

    def test_a_night_is_usual_too_and_a_name_is_free_again_after_retiring(self, mt_prospect, manager, early):
        retire_usual_shift(early, by=manager)
        night = add_usual_shift(mt_prospect, replace(EARLY, starts=time(22), ends=time(6)), by=manager)
        assert usual_shifts_of(mt_prospect) == [night]

    def test_one_in_a_template_is_not_retired(self, mt_prospect, manager, early):
        template = add_week_template(mt_prospect, Cycle("Usual", 1, MONDAY, [Line(1, 0, early)]), by=manager)
        with pytest.raises(Refused) as refused:
            retire_usual_shift(early, by=manager)
        assert str(refused.value) == "Early is in the week template “Usual”. Take it out there first."
        retire_week_template(template, by=manager)
        retire_usual_shift(early, by=manager)
        assert ShiftTemplate.objects.get().retired is True

    def test_nobody_overwrites_what_they_have_not_seen(self, manager, early):
        change_usual_shift(early, replace(EARLY, break_minutes=45), seen=EARLY.fingerprint, by=manager)
        with pytest.raises(Conflict):
            change_usual_shift(early, replace(EARLY, name="Morning"), seen=EARLY.fingerprint, by=manager)
        early.refresh_from_db()
        assert (early.name, early.break_minutes) == ("Early", 45)

    def test_other_managers_keep_out(self, mt_prospect, manager_oakbrook, administrator, early):
        for by in (manager_oakbrook, administrator):
            with pytest.raises(Forbidden):
                add_usual_shift(mt_prospect, replace(EARLY, name="Late"), by=by)
            with pytest.raises(Forbidden):
                change_usual_shift(early, replace(EARLY, name="Late"), seen=EARLY.fingerprint, by=by)
            with pytest.raises(Forbidden):
                retire_usual_shift(early, by=by)
        assert [row.name for row in ShiftTemplate.objects.filter(retired=False)] == ["Early"]


class TestWeekTemplates:
    def test_a_template_is_saved_as_a_whole(self, mt_prospect, manager, therapist, early):
        lines = [Line(2, 4, early, 1, therapist), Line(1, 0, early, 3)]
        template = add_week_template(mt_prospect, Cycle("Usual", 2, MONDAY, lines), by=manager)
        assert lines_of(template) == [Line(1, 0, early, 3), Line(2, 4, early, 1, therapist)]
        wanted = Cycle("Winter", 1, MONDAY + timedelta(days=7), [Line(1, 1, early)])
        changed = change_week_template(template, wanted, version=1, by=manager)
        assert (changed.name, changed.weeks, changed.anchor, changed.version) == ("Winter", 1, wanted.anchor, 2)
        assert lines_of(changed) == [Line(1, 1, early)]
        assert [entry.verb for entry in Entry.objects.filter(verb__startswith="week-template").order_by("pk")] == [
            "week-template.added",
            "week-template.changed",
        ]

    def test_a_line_names_somebody_of_the_clinic_or_who_was_named_before(
        self, mt_prospect, manager, therapist, therapist_oakbrook, early
    ):
        stranger = Cycle("Usual", 1, MONDAY, [Line(1, 0, early, 1, therapist_oakbrook)])
        with pytest.raises(Refused) as refused:
            add_week_template(mt_prospect, stranger, by=manager)
        assert str(refused.value) == f"Monday, Early: {therapist_oakbrook} does not work at Mt. Prospect."
        known = Cycle("Usual", 1, MONDAY, [Line(1, 0, early, 1, therapist)])
        template = add_week_template(mt_prospect, known, by=manager)
        User.objects.filter(pk=therapist.pk).update(is_active=False)
        assert change_week_template(template, replace(known, name="Winter"), version=1, by=manager).name == "Winter"
        with pytest.raises(Refused):
            change_week_template(template, stranger, version=2, by=manager)

    def test_a_line_that_stays_keeps_its_row_first_for_its_person(
        self, mt_prospect, manager, therapist, floater, early
    ):
        lines = [Line(1, 0, early, 1, therapist), Line(1, 0, early, 1, floater)]
        template = add_week_template(mt_prospect, Cycle("Usual", 1, MONDAY, lines), by=manager)
        rows = {row.person: row.pk for row in TemplateLine.objects.all()}
        wanted = Cycle("Usual", 1, MONDAY, [Line(1, 0, early, 2), Line(1, 0, early, 1, floater)])
        change_week_template(template, wanted, version=1, by=manager)
        assert {row.person: row.pk for row in TemplateLine.objects.all()} == {
            None: rows[therapist],
            floater: rows[floater],
        }

    def test_every_line_that_makes_no_sense_is_named(self, mt_prospect, oakbrook, manager, manager_oakbrook, therapist):
        early = add_usual_shift(mt_prospect, EARLY, by=manager)
        theirs = add_usual_shift(oakbrook, EARLY, by=manager_oakbrook)
        lines = [Line(2, 0, early), Line(1, 1, early, 21), Line(1, 2, early, 2, therapist), Line(1, 3, theirs)]
        with pytest.raises(Refused) as refused:
            add_week_template(mt_prospect, Cycle("", 1, MONDAY + timedelta(days=1), lines), by=manager)
        assert [str(reason) for reason in refused.value.verdict.reasons] == [
            "Say what this template is called.",
            "A cycle begins on a Monday.",
            "Monday, Early: the cycle has no week 2.",
            "Tuesday, Early: choose 1 to 20.",
            "Wednesday, Early: Avery Testwell works it once. Take another line for more people.",
            "Thursday, Early: choose a usual shift of Mt. Prospect that is not retired.",
        ]
        assert WeekTemplate.objects.count() == 0

    def test_a_name_is_used_once(self, mt_prospect, manager):
        add_week_template(mt_prospect, Cycle("Usual", 1, MONDAY), by=manager)
        with pytest.raises(Refused) as refused:
            add_week_template(mt_prospect, Cycle("Usual", 9, MONDAY), by=manager)
        assert codes(refused) == [("name-taken", "name"), ("cycle-length", "weeks")]

    def test_the_second_manager_is_told(self, mt_prospect, manager, early):
        template = add_week_template(mt_prospect, Cycle("Usual", 1, MONDAY), by=manager)
        change_week_template(template, Cycle("Usual", 1, MONDAY, [Line(1, 0, early)]), version=1, by=manager)
        with pytest.raises(Conflict) as refused:
            change_week_template(template, Cycle("Mine", 1, MONDAY), version=1, by=manager)
        assert codes(refused) == [("changed-meanwhile", "")]
        assert lines_of(template) == [Line(1, 0, early)]

    def test_other_managers_keep_out(self, mt_prospect, manager, manager_oakbrook):
        template = add_week_template(mt_prospect, Cycle("Usual", 1, MONDAY), by=manager)
        with pytest.raises(Forbidden):
            add_week_template(mt_prospect, Cycle("Theirs", 1, MONDAY), by=manager_oakbrook)
        with pytest.raises(Forbidden):
            change_week_template(template, Cycle("Theirs", 1, MONDAY), version=1, by=manager_oakbrook)
        with pytest.raises(Forbidden):
            retire_week_template(template, by=manager_oakbrook)
        assert list(WeekTemplate.objects.values_list("name", "retired")) == [("Usual", False)]

    def test_who_works_at_the_clinic_can_be_named(
        self, mt_prospect, therapist, floater, manager, therapist_oakbrook, administrator
    ):
        gone = people.staff(name="Gone Leaver", role="therapist", clinics=[mt_prospect], profession=Profession.PT)
        gone.is_active = False
        gone.save()
        assert possible_people(mt_prospect, MONDAY) == [therapist, floater]

    @pytest.mark.django_db(transaction=True)
    def test_of_eight_who_change_a_template_at_once_one_does(self, mt_prospect, manager):
        early = add_usual_shift(mt_prospect, EARLY, by=manager)
        template = add_week_template(mt_prospect, Cycle("Usual", 1, MONDAY), by=manager)

        def press(number: int):
            wanted = Cycle("Usual", 1, MONDAY, [Line(1, number % 7, early)] * (number + 1))
            return lambda: change_week_template(template, wanted, version=1, by=manager)

        assert sorted(outcomes([press(number) for number in range(8)])) == ["changed-meanwhile"] * 7 + ["done"]
        template.refresh_from_db()
        days = {line.weekday for line in lines_of(template)}
        assert (template.version, len(days)) == (2, 1)

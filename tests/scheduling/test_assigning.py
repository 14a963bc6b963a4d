"""Making, changing and giving out shifts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.models import Profession
from accounts.roles import Role
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from scheduling import assigning
from scheduling.eligibility import may_work
from scheduling.models import PublishedShift, RosterWeek, Shift, ShiftState
from scheduling.plans import Plan
from scheduling.positions import Position
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

WEDNESDAY = date(2026, 12, 2)


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [reason.code for reason in refused.value.verdict.reasons]


def test_a_manager_makes_a_shift(mt_prospect, manager, therapist, at):
    shift = assigning.create_shift(
        factories.plan(clinic=mt_prospect, staff=therapist, break_minutes=30), by=manager, at=at
    )
    assert Plan.of(Shift.objects.get()) == factories.plan(clinic=mt_prospect, staff=therapist, break_minutes=30)
    assert (shift.week.monday, shift.week.version, shift.version) == (factories.MONDAY, 1, 1)
    entry = Entry.objects.get(verb="shift.created")
    assert (entry.actor_id, entry.clinic_ids, entry.changes["staff"]) == (
        manager.pk,
        [mt_prospect.pk],
        "Avery Testwell",
    )


def test_a_manager_of_another_clinic_makes_none(mt_prospect, manager_oakbrook, at):
    with pytest.raises(Forbidden) as refused:
        assigning.create_shift(factories.plan(clinic=mt_prospect), by=manager_oakbrook, at=at)
    assert str(refused.value) == "The roster of Mt. Prospect is made by the managers of Mt. Prospect."
    assert Shift.objects.count() == 0


@pytest.mark.parametrize("who", ["therapist", "floater", "assistant", "front_desk", "clinical_lead", "administrator"])
def test_nobody_else_makes_one(request, mt_prospect, who, at):
    with pytest.raises(Forbidden):
        assigning.create_shift(factories.plan(clinic=mt_prospect), by=request.getfixturevalue(who), at=at)


def test_a_double_booking_names_the_other_shift(mt_prospect, oakbrook, manager, floater, at):
    factories.shift(clinic=oakbrook, day=WEDNESDAY, times="11:30-20", staff=floater)
    with pytest.raises(Conflict) as refused:
        assigning.create_shift(
            factories.plan(clinic=mt_prospect, day=WEDNESDAY, times="13-17", staff=floater), by=manager, at=at
        )
    assert str(refused.value) == (
        "Theo Fictus was not assigned. Theo already works 11:30a–8p on Wed, Dec 2 at Oakbrook Terrace. "
        "Nothing was changed."
    )
    assert codes(refused) == ["double-booking"]
    assert Shift.objects.count() == 1
    assert RosterWeek.objects.filter(clinic=mt_prospect).count() == 0


def test_an_impossible_journey_names_the_other_shift(mt_prospect, oakbrook, manager, floater, at):
    factories.shift(clinic=oakbrook, day=WEDNESDAY, times="7-12", staff=floater)
    with pytest.raises(Conflict) as refused:
        assigning.create_shift(
            factories.plan(clinic=mt_prospect, day=WEDNESDAY, times="12:30-17", staff=floater), by=manager, at=at
        )
    assert str(refused.value) == (
        "Theo Fictus was not assigned. Theo already works 7a–12p on Wed, Dec 2 at Oakbrook Terrace: 30 min between "
        "the shifts, and the way between the clinics takes 45 min. Nothing was changed."
    )


def test_moving_into_another_shift_says_that_the_shift_was_not_changed(mt_prospect, manager, therapist, at):
    factories.shift(clinic=mt_prospect, times="13-17", staff=therapist)
    shift = factories.shift(clinic=mt_prospect, times="7-12", staff=therapist)
    start, end = factories.span(mt_prospect, factories.MONDAY, "8-14")
    with pytest.raises(Conflict) as refused:
        assigning.move_shift(shift, start=start, end=end, version=1, by=manager, at=at)
    assert str(refused.value) == (
        "The shift of Avery Testwell was not changed. Avery already works 1p–5p on Mon, Nov 30 at Mt. Prospect. "
        "Nothing was changed."
    )
    shift.refresh_from_db()
    assert shift.period.lower == factories.span(mt_prospect, factories.MONDAY, "7-12")[0]


def test_every_reason_is_given_at_once(mt_prospect, manager, therapist, needling, at):
    factories.shift(clinic=mt_prospect, times="7-12", staff=therapist)
    shift = factories.shift(clinic=mt_prospect, times="9-12", skill=needling)
    with pytest.raises(Refused) as refused:
        assigning.assign(shift, therapist, version=1, by=manager, at=at)
    assert codes(refused) == ["competency-missing", "double-booking"]
    assert str(refused.value) == (
        "Avery has no competency for Dry needling, neck. Avery already works 7a–12p on Mon, Nov 30 at Mt. Prospect."
    )
    assert [reason.code for reason in may_work(Plan.of(shift), therapist, at, shift_id=shift.pk).reasons] == codes(
        refused
    )


def test_of_whoever_works_elsewhere_the_file_stays_with_their_managers(
    mt_prospect, oakbrook, therapist_oakbrook, needling, at
):
    factories.shift(clinic=oakbrook, times="7-12", staff=therapist_oakbrook)
    shift = factories.shift(clinic=mt_prospect, times="9-12", skill=needling)
    verdict = may_work(Plan.of(shift), therapist_oakbrook, at, shift_id=shift.pk)
    assert [reason.code for reason in verdict.reasons] == ["not-here", "double-booking"]


def test_a_cleared_person_takes_a_needling_shift(mt_prospect, manager, therapist, needling, sign_off, at):
    sign_off(therapist)
    shift = factories.shift(clinic=mt_prospect, skill=needling)
    assert bool(may_work(Plan.of(shift), therapist, at, shift_id=shift.pk))
    assert assigning.assign(shift, therapist, version=1, by=manager, at=at).staff == therapist


def test_a_competency_that_ends_during_the_shift_is_refused_by_the_database(
    mt_prospect, manager, therapist, needling, sign_off, at
):
    start, _ = factories.span(mt_prospect, factories.MONDAY, "8-9")
    sign_off(therapist, start=start)
    shift = factories.shift(clinic=mt_prospect, times="7-15:30", skill=needling)
    with pytest.raises(Refused) as refused:
        assigning.assign(shift, therapist, version=1, by=manager, at=at)
    assert str(refused.value) == (
        "Avery Testwell was not assigned. Avery is not signed off for Dry needling, neck for the whole shift. "
        "Nothing was changed."
    )


def test_the_profession_has_to_fit(mt_prospect, manager, assistant, at):
    shift = factories.shift(clinic=mt_prospect)
    with pytest.raises(Refused) as refused:
        assigning.assign(shift, assistant, version=1, by=manager, at=at)
    assert [reason.message for reason in refused.value.verdict.reasons] == [
        "This shift is for a therapist; Bea’s profession is PTA.",
        "Bea has no therapist role at Mt. Prospect on Mon, Nov 30.",
    ]


def test_an_assistant_may_stand_in_for_an_aide_and_not_the_reverse(mt_prospect, manager, assistant, at):
    aide = people.staff(name="Mia Fauxley", role=Role.ASSISTANT, clinics=[mt_prospect], profession=Profession.AIDE)
    as_aide = factories.shift(clinic=mt_prospect, position=Position.AIDE)
    as_assistant = factories.shift(clinic=mt_prospect, position=Position.ASSISTANT)
    assert assigning.assign(as_aide, assistant, version=1, by=manager, at=at).staff == assistant
    with pytest.raises(Refused) as refused:
        assigning.assign(as_assistant, aide, version=1, by=manager, at=at)
    assert codes(refused) == ["profession"]


def test_a_membership_counts_on_the_day_of_the_shift(mt_prospect, manager, at):
    leaver = people.person(name="Gus Notreal", profession=Profession.PT)
    people.membership(user=leaver, role=Role.THERAPIST, clinic=mt_prospect, end=date(2026, 12, 1))
    monday = factories.shift(clinic=mt_prospect)
    tuesday = factories.shift(clinic=mt_prospect, day=date(2026, 12, 1))
    assert assigning.assign(monday, leaver, version=1, by=manager, at=at).staff == leaver
    with pytest.raises(Refused) as refused:
        assigning.assign(tuesday, leaver, version=1, by=manager, at=at)
    assert codes(refused) == ["not-here"]


def test_somebody_deactivated_takes_nothing(mt_prospect, manager, therapist, at):
    therapist.is_active = False
    therapist.save(update_fields=["is_active"])
    shift = factories.shift(clinic=mt_prospect)
    with pytest.raises(Refused) as refused:
        assigning.assign(shift, therapist, version=1, by=manager, at=at)
    assert codes(refused) == ["inactive"]


@pytest.mark.parametrize(
    ("quicker", "who"),
    [("other", "Dana Mockridge changed this shift"), ("manager", "You changed this shift in another window")],
)
def test_a_stale_form_loses_and_says_who_was_quicker(mt_prospect, manager, therapist, at, quicker, who):
    other = people.person(name="Dana Mockridge")
    people.membership(user=other, role=Role.MANAGER, clinic=mt_prospect)
    shift = factories.shift(clinic=mt_prospect)
    assigning.assign(shift, therapist, version=1, by=other if quicker == "other" else manager, at=at)
    with pytest.raises(Conflict) as refused:
        assigning.make_open(shift, version=1, by=manager, at=at)
    assert str(refused.value) == (
        f"{who} at 10:00 AM. Look at it as it is now, then decide again. Nothing was changed."
    )
    shift.refresh_from_db()
    assert (shift.staff, shift.version) == (therapist, 2)


def test_a_save_that_changes_nothing_creates_nothing(mt_prospect, manager, therapist, at):
    shift = factories.shift(clinic=mt_prospect, staff=therapist)
    assigning.assign(shift, therapist, version=1, by=manager, at=at)
    shift.refresh_from_db()
    assert (shift.version, Entry.objects.filter(verb="shift.changed").count()) == (1, 0)


def test_a_change_is_written_as_a_whole_and_audited(mt_prospect, manager, therapist, floater, at):
    shift = factories.shift(clinic=mt_prospect, staff=therapist)
    plan = factories.plan(clinic=mt_prospect, day=WEDNESDAY, times="9-17:30", staff=floater, break_minutes=30)
    assigning.change_shift(shift, plan, version=1, by=manager, at=at)
    assert Plan.of(Shift.objects.get()) == plan
    changes = Entry.objects.get(verb="shift.changed").changes
    assert changes["staff"] == ["Avery Testwell", "Theo Fictus"]
    assert sorted(changes) == ["end", "staff", "start"]


def test_a_shift_moves_to_another_week(mt_prospect, manager, at):
    shift = factories.shift(clinic=mt_prospect)
    start, end = factories.span(mt_prospect, factories.MONDAY + timedelta(days=7), "7-15:30")
    moved = assigning.move_shift(shift, start=start, end=end, version=1, by=manager, at=at)
    assert moved.week.monday == date(2026, 12, 7)
    assert dict(RosterWeek.objects.values_list("monday", "version")) == {date(2026, 11, 30): 1, date(2026, 12, 7): 1}


def test_a_shift_stays_at_its_clinic(mt_prospect, oakbrook, manager, at):
    people.membership(user=manager, role=Role.MANAGER, clinic=oakbrook)
    shift = factories.shift(clinic=mt_prospect)
    with pytest.raises(Refused) as refused:
        assigning.change_shift(shift, factories.plan(clinic=oakbrook), version=1, by=manager, at=at)
    assert codes(refused) == ["other-clinic"]


def test_past_weeks_are_locked(mt_prospect, manager, at):
    last_week = factories.shift(clinic=mt_prospect, day=date(2026, 11, 16))
    earlier = factories.plan(clinic=mt_prospect, day=date(2026, 11, 18))
    with pytest.raises(Refused) as refused:
        assigning.create_shift(earlier, by=manager, at=at)
    assert str(refused.value) == (
        "The shift was not saved. The week of Nov 16, 2026 at Mt. Prospect is over and locked. Nothing was changed."
    )
    start, end = factories.span(mt_prospect, factories.MONDAY, "7-15:30")
    for attempt in (
        lambda: assigning.move_shift(last_week, start=start, end=end, version=1, by=manager, at=at),
        lambda: assigning.delete_shift(last_week, version=1, by=manager, at=at),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert codes(refused) == ["week-is-past"]
    assert Shift.objects.get().day == date(2026, 11, 16)


def test_the_present_week_is_open(mt_prospect, manager, at):
    shift = assigning.create_shift(factories.plan(clinic=mt_prospect, day=date(2026, 11, 23)), by=manager, at=at)
    assert shift.day == date(2026, 11, 23)


def test_a_shift_nobody_has_seen_is_deleted_for_good(mt_prospect, manager, at):
    shift = factories.shift(clinic=mt_prospect)
    assigning.delete_shift(shift, version=1, by=manager, at=at)
    assert Shift.objects.count() == 0
    assert Entry.objects.filter(verb="shift.deleted", target_id=str(shift.pk)).count() == 1


def test_a_published_shift_is_cancelled_and_stays_visible_until_published(mt_prospect, manager, therapist, at):
    shift = factories.published(clinic=mt_prospect, staff=therapist).shift
    assigning.delete_shift(shift, version=1, by=manager, at=at)
    shift.refresh_from_db()
    assert shift.state == ShiftState.CANCELLED
    assert PublishedShift.objects.standing().count() == 1
    with pytest.raises(Conflict) as refused:
        assigning.delete_shift(shift, version=2, by=manager, at=at)
    assert str(refused.value) == "You deleted this shift in another window. Nothing was changed."


def test_a_shift_deleted_meanwhile_is_a_conflict(mt_prospect, manager, therapist, at):
    shift = factories.shift(clinic=mt_prospect)
    Shift.objects.all().delete()
    with pytest.raises(Conflict) as refused:
        assigning.assign(shift, therapist, version=1, by=manager, at=at)
    assert codes(refused) == ["deleted-meanwhile"]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"times": "6-22:30"}, "too-long", "ends"),
        ({"times": "7-7:10"}, "too-short", "ends"),
        ({"times": "7-8", "break_minutes": 60}, "break-too-long", "break_minutes"),
    ],
)
def test_a_shift_that_makes_no_sense_is_refused_at_its_field(mt_prospect, manager, at, change, code, field):
    with pytest.raises(Refused) as refused:
        assigning.create_shift(factories.plan(clinic=mt_prospect, **change), by=manager, at=at)
    assert [(reason.code, reason.field) for reason in refused.value.verdict.reasons] == [(code, field)]


def test_what_would_end_before_it_begins_is_refused_also_for_somebody(mt_prospect, manager, therapist, at):
    """A program may send any two moments; so may one that shortens a shift too much."""
    shift = factories.shift(clinic=mt_prospect, times="7-12", staff=therapist)
    with pytest.raises(Refused) as refused:
        assigning.move_shift(shift, start=shift.end, end=shift.start, version=1, by=manager, at=at)
    assert [reason.code for reason in refused.value.verdict.reasons] == ["too-short"]


def test_a_skill_goes_with_a_position_that_may_do_it(mt_prospect, manager, needling, at):
    desk = factories.plan(clinic=mt_prospect, position=Position.FRONT_DESK, skill=needling)
    with pytest.raises(Refused) as refused:
        assigning.create_shift(desk, by=manager, at=at)
    assert [(reason.code, reason.field) for reason in refused.value.verdict.reasons] == [("skill-position", "skill")]

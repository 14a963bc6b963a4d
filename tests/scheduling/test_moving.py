"""Moving and copying shifts on the board, one or several at once."""

from __future__ import annotations

from datetime import UTC, date, timedelta

import pytest

from intranet.core.access import Conflict, Refused
from scheduling import assigning, moving
from scheduling.models import AcceptedWarning, Availability, RosterWeek, Shift, Wish
from scheduling.moving import by_days, change_several, copy_shift, deleted, for_person, on_day, opened, place_shift
from scheduling.plans import Plan
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

MONDAY, TUESDAY = factories.MONDAY, factories.MONDAY + timedelta(days=1)


def refused(error: type[Refused] = Refused):
    return pytest.raises(error)


def reasons(caught) -> list[str]:
    return [str(reason) for reason in caught.value.verdict.reasons]


@pytest.mark.parametrize(
    ("times", "day", "hours"),
    [
        ("7-15:30", date(2026, 12, 3), 8.5),
        ("22-6", date(2027, 3, 13), 7),  # the clocks go forward in that night
        ("22-6", date(2026, 10, 31), 9),  # and back
        ("7-15:30", date(2027, 3, 14), 8.5),
    ],
)
def test_on_another_day_the_clocks_of_the_clinic_count(mt_prospect, times, day, hours):
    plan = on_day(factories.plan(clinic=mt_prospect, times=times), day)
    assert plan.span == factories.span(mt_prospect, day, times)
    length = plan.end.astimezone(UTC) - plan.start.astimezone(UTC)
    assert length == timedelta(hours=hours)


def test_on_its_own_day_a_shift_keeps_its_moments(mt_prospect):
    """In the hour that comes twice, a clock time alone would not tell which one is meant."""
    night = factories.plan(clinic=mt_prospect, day=date(2026, 10, 31), times="20-1:30")
    later = Plan(mt_prospect, night.position, night.start, night.end.replace(fold=1))
    assert on_day(later, date(2026, 10, 31)) is later


def test_a_shift_goes_to_another_day_and_person(mt_prospect, manager, therapist, floater, at):
    shift = factories.shift(clinic=mt_prospect, staff=therapist, note="Room 2")
    moved, done = place_shift(shift, day=TUESDAY, staff=floater, version=1, by=manager, at=at)
    assert Plan.of(moved) == factories.plan(clinic=mt_prospect, day=TUESDAY, staff=floater, note="Room 2")
    assert (moved.pk, done.shift_id, done.version, done.before) == (shift.pk, shift.pk, 2, Plan.of(shift))


def test_a_copy_leaves_the_first_where_it_is(mt_prospect, manager, therapist, at):
    shift = factories.shift(clinic=mt_prospect, staff=therapist, note="Room 2")
    made, done = copy_shift(shift, day=TUESDAY, staff=None, by=manager, at=at)
    shift.refresh_from_db()
    assert (shift.version, shift.day, shift.staff) == (1, MONDAY, therapist)
    assert Plan.of(made) == factories.plan(clinic=mt_prospect, day=TUESDAY, note="Room 2")
    assert (done.shift_id, done.before) == (made.pk, None)


class TestSeveral:
    @pytest.fixture
    def shifts(self, mt_prospect, therapist) -> list[Shift]:
        """Three days in a row of one person."""
        days = (MONDAY + timedelta(days=number) for number in range(3))
        return [factories.shift(clinic=mt_prospect, day=day, staff=therapist) for day in days]

    @staticmethod
    def seen(shifts: list[Shift], version: int = 1):
        return {shift.pk: version for shift in shifts}

    @pytest.mark.parametrize("days", [1, -1, 2, 7])
    def test_move_although_each_is_in_the_way_of_another(self, shifts, manager, at, days):
        at -= timedelta(days=7)  # so that the week before is not over
        changed = change_several(self.seen(shifts), by_days(days), by=manager, at=at)
        found = Shift.objects.select_related("clinic").order_by("period")
        assert [shift.day for shift in found] == [shift.day + timedelta(days=days) for shift in shifts]
        assert {done.shift_id for _, done in changed} == {shift.pk for shift in shifts}

    def test_become_open_go_to_somebody_and_are_deleted(self, shifts, manager, floater, at):
        change_several(self.seen(shifts), opened, by=manager, at=at)
        assert set(Shift.objects.values_list("staff", "version")) == {(None, 2)}
        change_several(self.seen(shifts, 2), for_person(floater), by=manager, at=at)
        assert set(Shift.objects.values_list("staff", "version")) == {(floater.pk, 3)}
        change_several(self.seen(shifts[:2], 3), deleted, by=manager, at=at)
        assert list(Shift.objects.values_list("pk", flat=True)) == [shifts[2].pk]

    def test_are_changed_all_or_not_at_all_with_every_reason(self, shifts, mt_prospect, oakbrook, manager, floater, at):
        factories.shift(clinic=oakbrook, times="7-12", staff=floater)
        factories.shift(clinic=oakbrook, day=TUESDAY, times="7-12", staff=floater)
        with refused(Conflict) as caught:
            change_several(self.seen(shifts), for_person(floater), by=manager, at=at)
        assert reasons(caught) == [
            "Avery Testwell, 7a–3:30p on Mon, Nov 30: Theo Fictus was not assigned. "
            "Theo already works 7a–12p on Mon, Nov 30 at Oakbrook Terrace.",
            "Avery Testwell, 7a–3:30p on Tue, Dec 1: Theo Fictus was not assigned. "
            "Theo already works 7a–12p on Tue, Dec 1 at Oakbrook Terrace.",
        ]
        assert set(Shift.objects.filter(clinic=mt_prospect).values_list("version", flat=True)) == {1}

    def test_need_one_reason_for_all(self, shifts, mt_prospect, manager, floater, at):
        for number in range(3, 6):
            factories.shift(clinic=mt_prospect, day=MONDAY + timedelta(days=number), times="7-17", staff=floater)
        with refused(assigning.NeedsReason) as caught:
            change_several(self.seen(shifts), for_person(floater), by=manager, at=at)
        assert reasons(caught)[-1] == "Say why you plan it all the same."
        assert reasons(caught)[:-1] == [
            "Avery Testwell, 7a–3:30p on Tue, Dec 1: 4 h 30 min over 40 h in the week.",
            "Avery Testwell, 7a–3:30p on Wed, Dec 2: 4 h 30 min over 40 h in the week.",
        ]
        assert AcceptedWarning.objects.count() == 0
        change_several(self.seen(shifts), for_person(floater), by=manager, at=at, reason="Agreed.")
        assert set(AcceptedWarning.objects.values_list("reason", flat=True)) == {"Agreed."}

    def test_that_wait_for_a_reason_are_in_nobodys_way(self, shifts, mt_prospect, therapist, manager, floater, at):
        """Monday could go to Tuesday if Tuesday went on, which it may with a reason."""
        wish = {"person": therapist, "wish": Wish.UNAVAILABLE, "added_at": at}
        Availability.objects.create(days=(MONDAY + timedelta(days=3), MONDAY + timedelta(days=4)), **wish)
        with refused(assigning.NeedsReason) as caught:
            change_several(self.seen(shifts), by_days(1), by=manager, at=at)
        assert reasons(caught) == [
            "Avery Testwell, 7a–3:30p on Wed, Dec 2: Avery is not available on Thursday.",
            "Say why you plan it all the same.",
        ]
        assert set(Shift.objects.values_list("version", flat=True)) == {1}
        assert AcceptedWarning.objects.count() == 0
        factories.shift(clinic=mt_prospect, day=MONDAY + timedelta(days=3), staff=therapist)
        with refused(Conflict) as caught:
            change_several(self.seen(shifts), by_days(1), by=manager, at=at)
        assert "already works 7a–3:30p on Thu, Dec 3" in reasons(caught)[-1]
        Shift.objects.filter(period__startswith__gt=shifts[2].end).delete()
        change_several(self.seen(shifts), by_days(1), by=manager, at=at, reason="Agreed.")
        assert AcceptedWarning.objects.get().reason == "Agreed."

    def test_that_somebody_changed_are_a_conflict(self, shifts, manager, floater, at):
        Shift.objects.filter(pk=shifts[0].pk).update(version=2)
        with refused(Conflict) as caught:
            change_several(self.seen(shifts), opened, by=manager, at=at)
        assert "Somebody changed this shift at" in reasons(caught)[0]
        assert Shift.objects.filter(staff=None).count() == 0

    def test_of_another_clinic_do_not_exist(self, shifts, manager_oakbrook, at):
        with refused(Conflict) as caught:
            change_several(self.seen(shifts), deleted, by=manager_oakbrook, at=at)
        assert reasons(caught) == ["One of these shifts is gone. Look at the board again. Nothing was changed."]
        assert Shift.objects.count() == 3

    def test_are_some_and_not_too_many(self, shifts, manager, at, monkeypatch):
        monkeypatch.setattr(moving, "MOST_AT_ONCE", 2)
        for chosen, code in (([], "none-ticked"), (shifts, "too-many")):
            with refused() as caught:
                change_several(self.seen(chosen), deleted, by=manager, at=at)
            assert caught.value.verdict.reasons[0].code == code

    def test_count_as_changes_of_both_weeks(self, shifts, mt_prospect, manager, at):
        change_several(self.seen(shifts), by_days(7), by=manager, at=at)
        versions = dict(RosterWeek.objects.values_list("monday", "version"))
        assert versions == {MONDAY: 3, MONDAY + timedelta(days=7): 3}

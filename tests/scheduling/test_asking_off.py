"""Asking for time off, what to know before, and taking it back."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
import time_machine

from accounts.models import User
from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from intranet.core.time import minutes_between
from scheduling.asking_off import Wanted, ask_for_time_off, known_about, may_be_asked, withdraw_time_off
from scheduling.deciding_off import approve_time_off, decline_time_off
from scheduling.models import Occupancy, TimeOff
from tests.factories import as_if_never
from tests.scheduling import factories
from tests.scheduling.factories import MONDAY, TODAY

pytestmark = pytest.mark.django_db

FORWARD = date(2027, 3, 14)
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _today(at):
    with time_machine.travel(at, tick=False):
        yield


def codes(refused) -> list[tuple[str, str]]:
    return [(reason.code, reason.field) for reason in refused.value.verdict.reasons]


def test_whole_days_are_those_of_the_persons_clinic(therapist, at):
    time_off = ask_for_time_off(Wanted(MONDAY, TUESDAY, reason="  A   wedding "), by=therapist, at=at)
    start, end = time_off.start.astimezone(therapist.zone), time_off.end.astimezone(therapist.zone)
    assert (f"{start:%a %d %H:%M}", f"{end:%a %d %H:%M}") == ("Mon 30 00:00", "Wed 02 00:00")
    assert (time_off.state, time_off.whole_days, time_off.reason) == ("requested", True, "A wedding")
    assert Occupancy.objects.count() == 0


def test_the_day_on_which_the_clocks_change_is_25_hours_long(therapist, at):
    sunday = date(2027, 11, 7)
    time_off = ask_for_time_off(Wanted(sunday, sunday), by=therapist, at=at)
    assert minutes_between(time_off.start, time_off.end) == 25 * 60


def test_a_part_of_a_day_has_times(therapist, at):
    time_off = ask_for_time_off(Wanted(MONDAY, MONDAY, time(9), time(12)), by=therapist, at=at)
    assert (time_off.whole_days, time_off.end - time_off.start) == (False, timedelta(hours=3))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(TUESDAY, MONDAY), [("ends-before-it-begins", "last_day")]),
        (Wanted(TODAY - timedelta(days=1), MONDAY), [("past", "first_day")]),
        (Wanted(TODAY, TODAY), []),
        (Wanted(MONDAY, MONDAY + timedelta(days=365)), []),
        (Wanted(MONDAY, MONDAY + timedelta(days=366)), [("too-long", "last_day")]),
        (Wanted(TODAY + timedelta(days=733), TODAY + timedelta(days=733)), [("too-far", "first_day")]),
        (Wanted(MONDAY, MONDAY, time(9)), [("one-time", "ends")]),
        (Wanted(MONDAY, MONDAY, None, time(9)), [("one-time", "starts")]),
        (Wanted(MONDAY, TUESDAY, time(9), time(12)), [("several-days", "last_day")]),
        (Wanted(MONDAY, MONDAY, time(12), time(12)), [("ends-before-it-begins", "ends")]),
        # The clocks go from 2 to 3 that night.
        (Wanted(FORWARD, FORWARD, time(2, 30), time(3, 15)), [("no-such-time", "starts")]),
        (Wanted(FORWARD, FORWARD, time(1), time(2, 30)), [("no-such-time", "ends")]),
        (Wanted(FORWARD, FORWARD, time(1), time(3)), []),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(therapist, at, wanted, expected):
    verdict = may_be_asked(wanted, therapist, at)
    assert [(reason.code, reason.field) for reason in verdict.reasons] == expected
    if expected:
        with pytest.raises(Refused):
            ask_for_time_off(wanted, by=therapist, at=at)
        assert not known_about(wanted, therapist, at)


def test_the_same_days_are_asked_for_once(mt_prospect, therapist, floater, at):
    factories.time_off(person=therapist, clinic=mt_prospect, day=TUESDAY)
    with pytest.raises(Conflict) as refused:
        ask_for_time_off(Wanted(MONDAY, TUESDAY), by=therapist, at=at)
    assert codes(refused) == [("asked-already", "first_day")]
    ask_for_time_off(Wanted(MONDAY, TUESDAY), by=floater, at=at)


def test_administrators_have_no_time_off(administrator, at):
    with pytest.raises(Forbidden):
        ask_for_time_off(Wanted(MONDAY, MONDAY), by=administrator, at=at)


def test_blackouts_and_published_shifts_are_known_before(mt_prospect, oakbrook, therapist, floater, at):
    factories.blackout(clinic=mt_prospect, first=MONDAY, last=TUESDAY, reason="New equipment")
    factories.blackout(clinic=oakbrook, first=TUESDAY, last=TUESDAY, reason="Stocktaking")
    factories.blackout(clinic=mt_prospect, first=MONDAY + timedelta(days=2), last=MONDAY + timedelta(days=2))
    shift = factories.published(clinic=mt_prospect, day=TUESDAY, staff=therapist)
    factories.shift(clinic=mt_prospect, day=MONDAY, staff=therapist)  # a draft: nothing that she may know of
    factories.published(clinic=mt_prospect, day=TUESDAY, staff=floater)
    known = known_about(Wanted(MONDAY, TUESDAY), therapist, at)
    words = "Mt. Prospect grants no time off Mon, Nov 30 – Tue, Dec 1: New equipment."
    assert ([str(one) for one in known.blackouts], known.shifts) == ([words], [shift])
    both = known_about(Wanted(TUESDAY, TUESDAY), floater, at)
    assert [str(one) for one in both.blackouts][1] == (
        "Oakbrook Terrace grants no time off on Tue, Dec 1: Stocktaking."
    )
    assert known_about(Wanted(TUESDAY, TUESDAY), therapist, at).fingerprint != both.fingerprint


def test_a_blackout_does_not_hinder_asking(mt_prospect, therapist, at):
    factories.blackout(clinic=mt_prospect)
    assert ask_for_time_off(Wanted(MONDAY, MONDAY), by=therapist, at=at).state == "requested"


class TestWithdrawing:
    def test_a_request_and_granted_days_can_be_taken_back(self, mt_prospect, therapist, manager, at):
        asked = factories.time_off(person=therapist, clinic=mt_prospect)
        granted = factories.time_off(person=therapist, clinic=mt_prospect, day=TUESDAY, decided_by=manager)
        for time_off in (asked, granted):
            assert withdraw_time_off(time_off, version=1, by=therapist, at=at).state == "withdrawn"
        assert Occupancy.objects.count() == 0
        factories.shift(clinic=mt_prospect, day=TUESDAY, staff=therapist)

    def test_days_that_are_over_cannot(self, mt_prospect, therapist, at):
        over = factories.time_off(person=therapist, clinic=mt_prospect, day=TODAY - timedelta(days=1))
        with pytest.raises(Refused, match="This time off is over"):
            withdraw_time_off(over, version=1, by=therapist, at=at)

    def test_what_was_declined_cannot(self, mt_prospect, therapist, manager, at):
        time_off = factories.time_off(person=therapist, clinic=mt_prospect)
        declined = decline_time_off(time_off, version=1, by=manager, at=at, answer="Two are away.")
        with pytest.raises(Refused, match="This time off is declined"):
            withdraw_time_off(declined, version=2, by=therapist, at=at)

    def test_only_whoever_asked_does_it(self, mt_prospect, therapist, manager, at):
        time_off = factories.time_off(person=therapist, clinic=mt_prospect)
        with pytest.raises(Forbidden):
            withdraw_time_off(time_off, version=1, by=manager, at=at)

    def test_who_was_quicker_is_named(self, mt_prospect, therapist, manager, at):
        time_off = factories.time_off(person=therapist, clinic=mt_prospect)
        approve_time_off(time_off, {}, version=1, by=manager, at=at)
        with pytest.raises(Conflict, match="Dana Mockridge approved this request meanwhile"):
            withdraw_time_off(time_off, version=1, by=therapist, at=at)
        assert TimeOff.objects.get().state == "approved"


def test_the_trail_says_who_and_when_and_never_why(mt_prospect, therapist, manager, at):
    time_off = ask_for_time_off(Wanted(MONDAY, MONDAY, reason="Canary"), by=therapist, at=at)
    decline_time_off(time_off, version=1, by=manager, at=at, answer="Canary")
    again = ask_for_time_off(Wanted(MONDAY, MONDAY, reason="Canary"), by=therapist, at=at)
    approve_time_off(again, {}, version=1, by=manager, at=at, answer="Canary")
    withdraw_time_off(again, version=2, by=therapist, at=at)
    entries = Entry.objects.filter(target_type="scheduling.timeoff").order_by("pk")
    assert [(one.verb, one.actor_name, one.clinic_ids) for one in entries] == [
        ("time-off.asked", therapist.name, [mt_prospect.pk]),
        ("time-off.declined", manager.name, [mt_prospect.pk]),
        ("time-off.asked", therapist.name, [mt_prospect.pk]),
        ("time-off.approved", manager.name, [mt_prospect.pk]),
        ("time-off.withdrawn", therapist.name, [mt_prospect.pk]),
    ]
    assert "Canary" not in str(list(entries.values()))


def test_the_person_behind_is_looked_up_afresh(therapist, at):
    """Roles that have ended count no more, also for somebody whose page is still open."""
    gone = User.objects.get(pk=therapist.pk)
    as_if_never(gone.memberships)
    with pytest.raises(Forbidden):
        ask_for_time_off(Wanted(MONDAY, MONDAY), by=gone, at=at)

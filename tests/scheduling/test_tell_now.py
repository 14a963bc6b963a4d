"""One shift is saved and told at once, without the rest of its week."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import time_machine

from intranet.core.access import Conflict, Forbidden, Refused
from scheduling import assigning, pending, publishing
from scheduling.models import Occasion, Publication, PublishedShift, RosterWeek, RuleCode, RuleLevel
from scheduling.positions import Position
from scheduling.rules import USUAL, Rule, set_rule
from tests.conftest import CHICAGO
from tests.scheduling import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def seen(mt_prospect, therapist, at) -> PublishedShift:
    """A shift of a published week."""
    one = factories.published(clinic=mt_prospect, staff=therapist)
    RosterWeek.objects.update(published_at=at)
    one.shift.refresh_from_db()
    return one


def moved(seen: PublishedShift, by, at):
    start, end = factories.span(seen.clinic, factories.MONDAY, "9-17:30")
    return assigning.move_shift(seen.shift, start=start, end=end, version=1, by=by, at=at)


def hours(seen: PublishedShift) -> str:
    seen.refresh_from_db()
    return f"{seen.start.astimezone(CHICAGO):%H:%M}"


def test_only_this_shift_is_shown(mt_prospect, manager, therapist, floater, seen, at):
    other = factories.shift(clinic=mt_prospect, staff=floater)
    shift = moved(seen, manager, at)
    [publication] = publishing.tell_now(shift, version=2, by=manager, at=at)
    assert (hours(seen), publication.occasion) == ("09:00", Occasion.SHIFT)
    assert list(publication.recipients.values_list("person", flat=True)) == [therapist.pk]
    assert [one.shift for one in pending.pending_changes(shift.week)] == [other]


def test_what_changed_meanwhile_is_not_told(manager, seen, at):
    shift = moved(seen, manager, at)
    with pytest.raises(Conflict):
        publishing.tell_now(shift, version=1, by=manager, at=at)
    assert (hours(seen), Publication.objects.count()) == ("07:00", 0)


def test_a_week_that_nobody_has_seen_is_published_first(mt_prospect, manager, therapist, at):
    shift = factories.shift(clinic=mt_prospect, staff=therapist)
    with pytest.raises(Refused) as refused:
        publishing.tell_now(shift, version=1, by=manager, at=at)
    assert [reason.code for reason in refused.value.verdict.reasons] == ["never-published"]


def test_nothing_new_is_nothing_to_tell(manager, seen, at):
    with pytest.raises(Refused) as refused:
        publishing.tell_now(seen.shift, version=1, by=manager, at=at)
    assert str(refused.value) == "Staff see this shift already as it is planned."


def test_late_changes_need_a_reason(manager, seen):
    late = datetime(2026, 11, 29, 18, 0, tzinfo=CHICAGO)
    shift = moved(seen, manager, late)
    with pytest.raises(assigning.NeedsReason):
        publishing.tell_now(shift, version=2, by=manager, at=late)
    [publication] = publishing.tell_now(shift, version=2, by=manager, at=late, reason="Somebody is ill.")
    assert publication.reason == "Somebody is ill."


def test_to_another_week_are_two_publications(mt_prospect, manager, therapist, seen, at):
    following = factories.week(clinic=mt_prospect, monday=factories.MONDAY + timedelta(days=7))
    RosterWeek.objects.update(published_at=at)
    start, end = factories.span(mt_prospect, following.monday, "7-15:30")
    shift = assigning.move_shift(seen.shift, start=start, end=end, version=1, by=manager, at=at)
    told = publishing.tell_now(shift, version=2, by=manager, at=at)
    assert [one.week.monday for one in told] == [factories.MONDAY, following.monday]
    seen.refresh_from_db()
    assert (seen.week, seen.withdrawn_at) == (following, None)


@pytest.mark.parametrize("who", ["therapist", "clinical_lead", "manager_oakbrook"])
def test_others_may_not(request, manager, seen, who, at):
    shift = moved(seen, manager, at)
    with pytest.raises(Forbidden):
        publishing.tell_now(shift, version=2, by=request.getfixturevalue(who), at=at)


def test_the_sheet_saves_and_tells_or_does_neither(sign_in, manager, therapist, seen, at):
    address = f"/roster/shifts/{seen.shift_id}/"
    form = {
        "version": 1,
        "day": "2026-11-30",
        "starts": "09:00",
        "ends": "17:30",
        "position": "therapist",
        "break_minutes": 30,
        "tell": "1",
    }
    with time_machine.travel(at, tick=False):
        browser = sign_in(manager)
        assert "Save and tell now" in browser.get(address).content.decode()
        answer = browser.post(address, form, follow=True)
        assert "Staff see it now; whoever it concerns is told." in answer.content.decode()
        assert hours(seen) == "09:00"
        RosterWeek.objects.update(published_at=None)
        refused = browser.post(address, form | {"version": 2, "starts": "08:00"})
    assert refused.status_code == 422
    seen.shift.refresh_from_db()
    assert (seen.shift.version, hours(seen)) == (2, "09:00")


def test_over_the_api(api, manager, seen, at):
    moved(seen, manager, at)
    with time_machine.travel(at, tick=False):
        client = api(manager)
        url = f"/api/v1/roster-shifts/{seen.shift_id}/tell/"
        assert client.post(url, {"version": 1}).status_code == 409
        answer = client.post(url, {"version": 2})
    assert (answer.status_code, [one["kind"] for one in answer.json()]) == (200, ["retime"])


def test_a_clinic_may_refuse_late_changes(mt_prospect, manager, seen):
    usual = Rule.of(USUAL[RuleCode.LATE_CHANGE])
    strict = replace(usual, level=RuleLevel.REFUSES, source="House rule")
    set_rule(mt_prospect, strict, seen=usual.fingerprint, by=manager)
    late = datetime(2026, 11, 29, 18, 0, tzinfo=CHICAGO)
    shift = moved(seen, manager, late)
    with pytest.raises(Refused) as refused:
        publishing.tell_now(shift, version=2, by=manager, at=late, reason="Somebody is ill.")
    assert [reason.code for reason in refused.value.verdict.reasons] == ["late-change"]
    assert (hours(seen), Publication.objects.count()) == ("07:00", 0)


def test_whoever_leaves_an_assistant_alone_says_why(mt_prospect, manager, assistant, seen, at):
    factories.shift(clinic=mt_prospect, staff=assistant, position=Position.ASSISTANT, times="7-11")
    shift = moved(seen, manager, at)
    with pytest.raises(assigning.NeedsReason) as asked:
        publishing.tell_now(shift, version=2, by=manager, at=at)
    assert "no therapist works 7a–9a" in str(asked.value.verdict.reasons[0])
    assert publishing.tell_now(shift, version=2, by=manager, at=at, reason="By phone until nine.")


@pytest.mark.usefixtures("therapist")
def test_the_page_has_a_field_for_the_reason_that_it_asks_for(mt_prospect, manager, seen, sign_in):
    late = datetime(2026, 11, 29, 18, 0, tzinfo=CHICAGO)
    with time_machine.travel(late, tick=False):
        browser, address = sign_in(manager), f"/roster/shifts/{seen.shift_id}/"
        sent = {"clinic": mt_prospect.slug, "day": "2026-11-30", "starts": "09:00", "ends": "17:30", "version": 1}
        sent |= {"position": "therapist", "staff": seen.staff_id, "break_minutes": 30, "tell": "1"}
        answer = browser.post(address, sent)
        page = answer.content.decode()
        assert (answer.status_code, "Say why staff see it all the same." in page) == (422, True)
        assert 'name="reason"' in page
        assert browser.post(address, sent | {"reason": "Somebody is ill."}).status_code == 302
    assert hours(seen) == "09:00"

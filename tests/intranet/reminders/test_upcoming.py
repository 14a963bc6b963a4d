"""The next seven days: what is owed and not told yet, and what other times would make of it."""

from __future__ import annotations

import pytest
import time_machine

from intranet.reminders import registry
from intranet.reminders.planning import plan
from intranet.reminders.registry import DAY, HOUR
from intranet.reminders.upcoming import Effect, all_coming, by_day, effect_of
from tests.conftest import CHICAGO
from tests.factories import as_if_always
from tests.intranet.reminders import factories
from tests.intranet.reminders.test_lead_times import Laddered

pytestmark = pytest.mark.django_db
PAGE, API = "/inbox/coming-up/", "/api/v1/coming-up/"


@pytest.fixture(autouse=True)
def _now(at):
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def kind(at, therapist):
    kind = Laddered(at)
    registry.register(kind)
    yield kind
    registry.unregister(kind.code)


class TestWhatWouldBeSent:
    def test_it_is_what_the_next_plan_would_hold(self, planted, therapist, floater, at):
        planted.owe(therapist, "planned", due=at + DAY)
        plan(at)
        planted.owe(floater, "to be planned", due=at + 2 * DAY)
        planted.owe(floater, "too far", due=at + 7 * DAY)
        planted.owe(floater, "over", due=at - 2 * HOUR, until=at - HOUR)
        assert [(row.occasion, row.recipient_id) for row in all_coming(at)] == [
            ("planned", therapist.pk),
            ("to be planned", floater.pk),
        ]
        planted.forgive("planned")
        assert [row.occasion for row in all_coming(at)] == ["to be planned"]

    def test_what_was_told_is_not_told_again(self, planted, therapist, at, run_tick, mailbox):
        planted.owe(therapist, "told", due=at)
        planted.owe(therapist, "to come", due=at + HOUR)
        run_tick(at)
        assert [row.occasion for row in all_coming(at)] == ["to come"]

    def test_days_are_those_of_the_clocks_and_what_is_late_counts_for_today(
        self, planted, urgent, therapist, floater, at
    ):
        planted.owe(therapist, "late", due=at - DAY)
        planted.owe(floater, "at night", due=at + 13.5 * HOUR)
        planted.owe(floater, "again", due=at + 13.75 * HOUR)
        urgent.owe(therapist, "next day", due=at + 14.5 * HOUR)
        found = [
            (day, [(of_kind.kind.code, of_kind.number, len(of_kind.people)) for of_kind in kinds])
            for day, kinds in by_day(all_coming(at), CHICAGO, at.date())
        ]
        assert found == [(at.date(), [("planted", 3, 2)]), (at.date() + DAY, [("planted-urgent", 1, 1)])]

    def test_the_statements_stay_the_same(self, planted, therapist, floater, at, django_assert_num_queries):
        for number in (1, 3):
            planted.owe(therapist, f"{number}", due=at + HOUR, times=number)
            with django_assert_num_queries(1):
                assert len(all_coming(at)) >= number


class TestWhatOtherTimesWouldDo:
    def test_nothing_changes(self, kind, at):
        assert effect_of(kind, {"first": 2 * DAY}, at) == Effect(0, 0, 0, 0)
        assert Effect(0, 0, 0, 0).sentences == ["No reminder that is planned for the next 14 days changes."]

    def test_planned_ones_move_come_at_once_or_not_at_all(self, kind, at):
        assert effect_of(kind, {"first": 3 * DAY}, at) == Effect(moved=1, at_once=0, added=0, dropped=0)
        assert effect_of(kind, {"first": None}, at) == Effect(moved=0, at_once=0, added=0, dropped=1)
        later = at + DAY + HOUR
        assert effect_of(kind, {"first": DAY}, later) == Effect(moved=0, at_once=1, added=0, dropped=0)
        assert Effect(moved=1, at_once=2, added=0, dropped=3).sentences == [
            "1 planned reminder comes at another time.",
            "2 reminders go out within a minute: the time has come already.",
            "3 planned reminders are no longer sent in the next 14 days.",
        ]

    def test_looking_writes_nothing(self, kind, at, django_assert_num_queries):
        with django_assert_num_queries(3):  # the times once, and the set twice
            effect_of(kind, {"first": 3 * DAY}, at)

    def test_what_was_told_neither_moves_nor_comes_again(self, kind, at, run_tick, mailbox):
        run_tick(at + 2 * DAY)
        assert effect_of(kind, {"first": 3 * DAY}, at + 2 * DAY) == Effect(0, 0, 0, 0)


class TestTheTab:
    def test_it_shows_ones_own_by_day(self, planted, therapist, floater, at, sign_in, api):
        planted.owe(therapist, "mine", due=at + 3 * HOUR)
        planted.owe(floater, "another's", due=at + 4 * HOUR)
        planted.owe(therapist, "later", due=at + 8 * DAY)
        plan(at)
        page = sign_in(therapist).get(PAGE)
        [(day, [line])] = page.context["days"]
        assert (day, line.due_at, line.about) == (at.date(), at + 3 * HOUR, "")
        assert api(therapist).get(API).json() == [
            {"kind": "planted", "kind_label": "Planted", "about": "", "due_at": "2026-11-25T13:00:00-06:00"}
        ]
        assert api(therapist).get(f"{API}?kind=planted").status_code == 400

    def test_the_tabs_of_the_inbox_are_there_with_their_counts(self, therapist, at, sign_in):
        factories.released(recipient=therapist, at=at)
        inbox, coming = (sign_in(therapist).get(address).context["tabs"] for address in ("/inbox/", PAGE))
        assert inbox == coming
        assert ("unread", "Unread", 1) in coming

    def test_its_words_are_written_as_they_would_be_now(self, planted, therapist, floater, at, sign_in):
        planted.owe(therapist, "mine", due=at + 3 * HOUR)
        plan(at)
        [(_, [line])] = sign_in(therapist).get(PAGE).context["days"]
        address = f"{PAGE}{line.reminder.pk}/"
        page = sign_in(therapist).get(address)
        assert page.context["message"].title == "Planted: mine"
        assert b"You get this because a test wants it." in page.content
        assert sign_in(floater).get(address).status_code == 404

    def test_what_cannot_be_written_yet_says_so(self, planted, therapist, at, sign_in):
        planted.owe(therapist, "hard", due=at + 3 * HOUR)
        planted.owe(therapist, "untrue by now", due=at + 4 * HOUR)
        plan(at)
        planted.unwritable.add("hard")
        planted.forgive("untrue by now")
        [(_, rows)] = sign_in(therapist).get(PAGE).context["days"]
        pages = [sign_in(therapist).get(f"{PAGE}{row.reminder.pk}/") for row in rows]
        assert [page.context["message"] for page in pages] == [None, None]
        assert all(b"What it says is written when it comes." in page.content for page in pages)

    def test_what_is_in_the_inbox_is_not_coming(self, planted, therapist, at, sign_in):
        reminder = factories.released(recipient=therapist, at=at)
        assert sign_in(therapist).get(PAGE).context["days"] == []
        assert sign_in(therapist).get(f"{PAGE}{reminder.pk}/").status_code == 404

    def test_whose_roles_have_ended_sees_nothing(self, planted, therapist, at, api):
        planted.owe(therapist, "mine", due=at + HOUR)
        plan(at)
        as_if_always(therapist.memberships.all(), period=("2024-01-01", "2026-11-20"))
        assert api(therapist).get(API).status_code == 403

    @pytest.mark.parametrize("number", [1, 3])
    def test_the_queries_stay_the_same(self, planted, therapist, at, sign_in, django_assert_max_num_queries, number):
        planted.owe(therapist, due=at + HOUR, times=number)
        plan(at)
        browser = sign_in(therapist)
        with django_assert_max_num_queries(15):
            assert len(browser.get(PAGE).context["days"][0][1]) == number

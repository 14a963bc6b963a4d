"""The week board: what each person sees of it, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Clinic, Profession, User
from accounts.roles import Role
from scheduling import assigning, pending
from scheduling.board import Board
from scheduling.models import Availability, RosterRule, RosterWeek, RuleCode, RuleLevel, TimeOff, Wish
from scheduling.rows import PROBLEMS, UNDER, Look
from tests import factories as people
from tests.scheduling import factories

pytestmark = pytest.mark.django_db

URL = "/roster/?week=2026-11-30"
TUESDAY, SUNDAY = date(2026, 12, 1), date(2026, 12, 6)


@pytest.fixture(autouse=True)
def _today(at: datetime) -> Iterator[None]:
    with time_machine.travel(at, tick=False):
        yield


def page(browser, url: str = URL) -> str:
    response = browser.get(url)
    assert response.status_code == 200
    return response.content.decode()


def look(**choices: object) -> Look:
    return replace(Look(monday=factories.MONDAY), **choices)


@pytest.fixture
def drafts(mt_prospect: Clinic, oakbrook: Clinic, therapist: User, therapist_oakbrook: User) -> None:
    """At each clinic one shift that staff see and one that they do not; the drafts have canaries."""
    factories.published(clinic=mt_prospect, times="7:05-12", staff=therapist)
    factories.published(clinic=oakbrook, times="7:10-12", staff=therapist_oakbrook)
    factories.shift(clinic=mt_prospect, day=TUESDAY, times="6:13-12", staff=therapist, note="canary")
    factories.shift(clinic=oakbrook, day=TUESDAY, times="6:17-12", staff=therapist_oakbrook, note="canary")


SEEN = ["7:05a–12p", "7:10a–12p"]


@pytest.mark.parametrize(
    ("who", "more"),
    [
        ("therapist", []),
        ("therapist_oakbrook", []),
        ("floater", []),
        ("assistant", []),
        ("front_desk", []),
        ("clinical_lead", []),
        ("administrator", []),
        ("manager", ["6:13a–12p"]),
        ("manager_oakbrook", ["6:17a–12p"]),
    ],
)
@pytest.mark.parametrize("view", ["", "&view=day&day=2026-12-01", "&clinic=mt-prospect", "&clinic=oakbrook-terrace"])
def test_drafts_are_for_the_managers_of_their_clinic(request, sign_in, drafts, who, more, view):
    text = page(sign_in(request.getfixturevalue(who)), URL + view)
    chosen = {"&clinic=mt-prospect": ["7:05a–12p", "6:13a–12p"], "&clinic=oakbrook-terrace": ["7:10a–12p", "6:17a–12p"]}
    expected = [times for times in SEEN + more if times in chosen.get(view, SEEN + more)]
    assert [times for times in [*SEEN, "6:13a–12p", "6:17a–12p"] if times in text] == expected
    assert "canary" not in text


def test_what_changed_since_it_was_published_is_a_draft_with_a_mark(mt_prospect, manager, therapist, at):
    shift = factories.published(clinic=mt_prospect, staff=therapist).shift
    start, end = factories.span(mt_prospect, factories.MONDAY, "8-16")
    assigning.move_shift(shift, start=start, end=end, version=1, by=manager, at=at)
    [chip] = Board(manager, look(), at).row_of(therapist.pk).chips
    assert (chip.draft, chip.changed, chip.editable) == (True, True, True)
    [seen] = Board(therapist, look(), at).row_of(therapist.pk).chips
    assert (seen.draft, seen.changed, seen.editable) == (False, False, False)
    assert seen.shift.start != chip.shift.start


def test_the_counter_says_what_the_publication_will_hold(mt_prospect, oakbrook, manager, therapist, floater, at):
    kept = factories.published(clinic=mt_prospect, staff=therapist).shift
    gone = factories.published(clinic=mt_prospect, times="16-20", staff=floater).shift
    moved = factories.published(clinic=mt_prospect, day=TUESDAY, staff=therapist).shift
    factories.shift(clinic=mt_prospect, day=TUESDAY)
    factories.shift(clinic=oakbrook)
    assigning.delete_shift(gone, version=1, by=manager, at=at)
    moved.refresh_from_db()
    start, end = factories.span(mt_prospect, date(2026, 12, 8), "7-12")
    assigning.move_shift(moved, start=start, end=end, version=1, by=manager, at=at)
    for monday, expected in ((factories.MONDAY, 3), (date(2026, 12, 7), 1)):
        week = RosterWeek.objects.get(clinic=mt_prospect, monday=monday)
        assert Board(manager, Look(monday=monday), at).unpublished_count == expected
        assert len(pending.pending_changes(week)) == expected
    assert kept.version == 1


def test_a_shift_whose_holder_lost_clearance_needs_attention(
    sign_in, mt_prospect, manager, therapist, needling, sign_off, at
):
    sign_off(therapist)
    factories.published(clinic=mt_prospect, staff=therapist, skill=needling)
    browser = sign_in(manager)
    assert "needs attention:" not in page(browser)
    therapist.competencies.update(ended_at=at)
    text = page(browser)
    assert "1 shift needs attention" in text
    assert "needs attention: Avery’s competency for Dry needling, neck was ended on Nov 25, 2026." in text


def test_hours_count_at_all_clinics_and_say_what_is_elsewhere(mt_prospect, oakbrook, manager, floater, at):
    factories.shift(clinic=mt_prospect, times="7-15:30", staff=floater, break_minutes=30)
    factories.published(clinic=oakbrook, day=TUESDAY, times="7-12", staff=floater)
    factories.shift(clinic=oakbrook, day=date(2026, 12, 2), times="7-12", staff=floater)
    row = Board(manager, look(clinic=mt_prospect), at).row_of(floater.pk)
    assert (row.minutes, row.elsewhere, len(row.chips)) == (480 + 300, 300, 1)


def test_filters_show_who_is_meant(mt_prospect, manager, therapist, floater, assistant, at):
    for day in range(6):
        on = date(2026, 11, 30 + day) if day == 0 else date(2026, 12, day)
        factories.shift(clinic=mt_prospect, day=on, times="8-16", staff=therapist)
    board = {show: Board(manager, look(show=show), at) for show in ("everyone", PROBLEMS, UNDER)}
    assert {show: [row.person.name for row in one.rows] for show, one in board.items()} == {
        "everyone": ["Avery Testwell", "Theo Fictus", "Bea Dummond"],
        PROBLEMS: ["Avery Testwell"],
        UNDER: ["Theo Fictus", "Bea Dummond"],
    }
    assert [row.person for row in Board(manager, look(find="THEO"), at).rows] == [floater]


def test_people_stand_in_groups_and_managers_without_shifts_do_not(
    mt_prospect, manager, therapist, assistant, front_desk, at
):
    groups = Board(manager, look(), at).groups
    assert [(one.group.label, [row.person for row in one.rows]) for one in groups] == [
        ("Therapists", [therapist]),
        ("Assistants and aides", [assistant]),
        ("Front desk", [front_desk]),
    ]


def test_sunday_is_shown_when_somebody_works_then(mt_prospect, manager, therapist, at):
    assert len(Board(manager, look(), at).days) == 6
    factories.shift(clinic=mt_prospect, day=SUNDAY, times="22-6", staff=therapist)
    board = Board(manager, look(), at)
    assert board.days[-1] == SUNDAY
    assert board.row_of(therapist.pk).minutes == 90
    following = Board(manager, Look(monday=date(2026, 12, 7)), at).row_of(therapist.pk)
    assert (following.minutes, following.chips) == (360, [])


def test_a_past_week_is_read_only(sign_in, mt_prospect, manager, therapist, at):
    factories.shift(clinic=mt_prospect, day=date(2026, 11, 18), staff=therapist)
    text = page(sign_in(manager), "/roster/?week=2026-11-16")
    assert "Past week, locked" in text
    assert "/roster/shifts/" not in text


def test_staff_get_nothing_to_change(sign_in, mt_prospect, therapist):
    factories.published(clinic=mt_prospect, staff=therapist)
    text = page(sign_in(therapist))
    assert "/roster/shifts/" not in text
    assert "Publish" not in text.replace("Published shifts", "")
    assert "hours-cell" not in text


@pytest.mark.parametrize("week", ["2026-12-02", "2026-12-06", "2026-11-30"])
def test_any_day_leads_to_its_week(sign_in, manager, week):
    assert "Nov 30 – Dec 5, 2026" in page(sign_in(manager), f"/roster/?week={week}")


class TestWhatIsNotPublished:
    def test_of_another_clinic_is_no_shortfall(self, sign_in, mt_prospect, oakbrook, manager, at):
        for clinic in (mt_prospect, oakbrook):
            factories.opening(clinic=clinic)
            factories.need(clinic=clinic)
        own, other = Board(manager, look(), at).coverage
        assert [(len(row.days[0].gaps), row.days[0].unknown) for row in (own, other)] == [(1, False), (0, True)]
        assert [day.closed for day in other.days] == [False] * 5 + [True]
        browser = sign_in(manager)
        for view in ("", "&view=day&day=2026-11-30"):
            text = page(browser, URL + view)
            assert "Oakbrook Terrace: not published yet" in text
            assert "Mt. Prospect: not published yet" not in text

    def test_is_said_to_staff_by_day_and_from_what_is_published_alone(self, sign_in, mt_prospect, therapist, at):
        factories.opening(clinic=mt_prospect, weekdays=range(6))
        factories.shift(clinic=mt_prospect, day=SUNDAY, staff=therapist)
        browser = sign_in(therapist)
        assert "Mt. Prospect: not published yet" in page(browser)
        RosterWeek.objects.filter(clinic=mt_prospect).update(published_at=at)
        factories.published(clinic=mt_prospect, day=date(2026, 12, 3), staff=therapist)
        assert "Mt. Prospect: Fri and Sat are not published yet" in page(browser)


class TestTheWeekThatOpens:
    def test_on_a_closed_sunday_it_is_the_coming_one(self, sign_in, mt_prospect, manager):
        factories.opening(clinic=mt_prospect)
        with time_machine.travel(datetime(2026, 11, 29, 18, tzinfo=UTC), tick=False):
            browser = sign_in(manager)
            assert browser.get("/roster/").context["look"].monday == factories.MONDAY
            assert ">Coming week</a>" not in page(browser, "/roster/")
            assert ">Coming week</a>" in page(browser, "/roster/?week=2026-11-23&view=day")

    def test_on_a_sunday_on_which_somebody_is_open_it_is_not_over(self, sign_in, mt_prospect, manager):
        factories.opening(clinic=mt_prospect, weekdays=range(7))
        with time_machine.travel(datetime(2026, 11, 29, 18, tzinfo=UTC), tick=False):
            assert sign_in(manager).get("/roster/").context["look"].monday == date(2026, 11, 23)

    def test_from_another_one_a_link_leads_back_to_it(self, sign_in, manager):
        browser = sign_in(manager)
        assert ">This week</a>" in page(browser)
        assert ">This week</a>" not in page(browser, "/roster/")


@pytest.mark.parametrize(
    "query",
    ["week=soon", "week=9999-12-31", "week=0001-01-01", "clinic=nowhere", "show=all", "view=month", "day=2026-13-01"],
)
def test_an_address_that_means_nothing_is_not_found(sign_in, manager, query):
    assert sign_in(manager).get(f"/roster/?{query}").status_code == 404


def test_what_is_typed_is_escaped(sign_in, manager):
    text = page(sign_in(manager), URL + '&find="><script>alert(1)</script>')
    assert "<script>alert" not in text


class TestAFullWeek:
    @pytest.fixture
    def shifts(self, mt_prospect, therapist):
        for number in range(5):
            day = factories.MONDAY + timedelta(days=number)
            factories.shift(clinic=mt_prospect, day=day, times="7-15", staff=therapist)

    @staticmethod
    def rule(clinic, hours: int, level: RuleLevel = RuleLevel.WARNS) -> None:
        RosterRule.objects.create(
            clinic=clinic, code=RuleCode.WEEK, level=level, amount=hours * 60, source="Policy", checked_on=TUESDAY
        )

    @pytest.mark.usefixtures("shifts")
    def test_is_what_the_rules_of_the_clinic_say(self, sign_in, mt_prospect, manager, therapist, at):
        assert Board(manager, look(), at).row_of(therapist.pk).is_over is False
        self.rule(mt_prospect, 35)
        row = Board(manager, look(), at).row_of(therapist.pk)
        assert (row.is_over, row.full_week, row.scale, row.over_from) == (True, 2100, 2625, 2101)
        assert "37.5 hours of 40, over 35" in page(sign_in(manager))

    @pytest.mark.usefixtures("shifts")
    def test_has_no_end_where_nobody_looks_at_it(self, mt_prospect, manager, therapist, at):
        self.rule(mt_prospect, 35, RuleLevel.OFF)
        row = Board(manager, look(), at).row_of(therapist.pk)
        assert (row.is_over, row.hours_words) == (False, "37.5 hours of 40")

    def test_of_two_clinics_is_the_strictest(self, mt_prospect, oakbrook, manager, therapist, floater, at):
        self.rule(mt_prospect, 38)
        self.rule(oakbrook, 36)
        board = Board(manager, look(clinic=mt_prospect), at)
        assert {row.person: row.full_week for row in board.rows} == {therapist: 38 * 60, floater: 36 * 60}


class TestAbsences:
    @pytest.fixture(autouse=True)
    def _away(self, mt_prospect, oakbrook, manager, manager_oakbrook, therapist, therapist_oakbrook):
        for person, clinic, by in (
            (therapist, mt_prospect, manager),
            (therapist_oakbrook, oakbrook, manager_oakbrook),
        ):
            factories.time_off(person=person, clinic=clinic, decided_by=by, reason="canary")
            factories.time_off(person=person, clinic=clinic, day=TUESDAY, reason="canary")
            for weekday, wish in ((2, Wish.UNAVAILABLE), (3, Wish.PREFERRED_OFF), (4, Wish.PREFERRED)):
                Availability.objects.create(
                    person=person,
                    wish=wish,
                    days=DateRange(factories.MONDAY, None),
                    weekday=weekday,
                    starts=time(7) if weekday == 2 else None,
                    ends=time(12) if weekday == 2 else None,
                    note="canary",
                    added_at=factories.CREATED,
                )

    @pytest.mark.parametrize(
        ("who", "whose"),
        [
            ("manager", "therapist"),
            ("manager_oakbrook", "therapist_oakbrook"),
            ("therapist", None),
            ("clinical_lead", None),
            ("administrator", None),
        ],
    )
    def test_stand_in_the_cells_of_the_own_people_alone(self, request, sign_in, at, who, whose):
        viewer = request.getfixturevalue(who)
        board = Board(viewer, look(), at)
        found = {row.person: [[one.words for one in cell.away] for cell in row.cells] for row in board.rows}
        away = [["Time off"], ["Time off?"], ["Not available 7a–12p"], ["Prefers off"], [], []]
        expected = request.getfixturevalue(whose) if whose else None
        assert [person for person, words in found.items() if any(words)] == ([expected] if expected else [])
        assert found.get(expected, away) == away

    @pytest.mark.parametrize("view", ["", "&view=day&day=2026-11-30"])
    @pytest.mark.parametrize("who", ["manager", "therapist", "therapist_oakbrook"])
    def test_their_reasons_stand_nowhere(self, request, sign_in, who, view):
        text = page(sign_in(request.getfixturevalue(who)), URL + view)
        assert ("Time off" in text) == (who == "manager")
        assert "canary" not in text

    def test_nothing_is_added_on_a_day_that_somebody_has_off(self, sign_in, manager, therapist):
        text = page(sign_in(manager))
        links = [f"day=2026-{day}&amp;staff={therapist.pk}" in text for day in ("11-30", "12-02", "12-04")]
        assert links == [False, True, True]

    def test_a_request_leads_to_its_decision(self, sign_in, manager, therapist):
        asked = TimeOff.objects.requested().get(person=therapist)
        assert f'href="{reverse("scheduling:time-off-request", args=[asked.pk])}"' in page(sign_in(manager))


class TestACrowd:
    @pytest.fixture(autouse=True)
    def _crowd(self, mt_prospect, oakbrook, manager_oakbrook):
        for clinic in (mt_prospect, oakbrook):
            for _ in range(20):
                self.join(clinic)

    @staticmethod
    def join(clinic) -> None:
        people.membership(user=people.person(profession=Profession.PT), role=Role.THERAPIST, clinic=clinic)

    @pytest.mark.parametrize(
        ("who", "clinic"),
        [
            ("manager", "mt-prospect"),
            ("manager_oakbrook", "oakbrook-terrace"),
            ("therapist_oakbrook", "oakbrook-terrace"),
        ],
    )
    def test_sees_the_own_clinic_first(self, request, sign_in, mt_prospect, who, clinic):
        self.join(mt_prospect)
        browser = sign_in(request.getfixturevalue(who))
        assert browser.get(URL).context["look"].clinic.slug == clinic
        assert browser.get(f"{URL}&clinic=all").context["look"].clinic is None

    def test_is_one_from_41_people_on(self, sign_in, mt_prospect, manager):
        browser = sign_in(manager)
        assert browser.get(URL).context["look"].clinic is None
        self.join(mt_prospect)
        assert browser.get(URL).context["look"].clinic == mt_prospect


def crowd(clinics: list[Clinic], number: int, needling, sign_off) -> None:
    """People at both clinics, each with a skill shift, a draft and a shift at the other clinic."""
    for _ in range(number):
        person = people.person(profession=Profession.PT)
        for clinic in clinics:
            people.membership(user=person, role=Role.THERAPIST, clinic=clinic)
        sign_off(person)
        factories.published(clinic=clinics[0], staff=person, skill=needling)
        factories.shift(clinic=clinics[0], day=TUESDAY, staff=person)
        factories.published(clinic=clinics[1], day=date(2026, 12, 2), staff=person)


@pytest.mark.parametrize("who", ["manager", "therapist"])
@pytest.mark.parametrize("view", ["", "&view=day"])
def test_the_board_costs_the_same_for_10_and_for_200_people(
    request, sign_in, mt_prospect, oakbrook, needling, sign_off, who, view
):
    browser = sign_in(request.getfixturevalue(who))
    factories.opening(clinic=mt_prospect)
    factories.need(clinic=mt_prospect)
    costs = []
    for more in (10, 190):
        crowd([mt_prospect, oakbrook], more, needling, sign_off)
        with CaptureQueriesContext(connection) as captured:
            page(browser, f"{URL}&clinic=all{view}")
        costs.append(len(captured))
    assert costs[0] == costs[1]

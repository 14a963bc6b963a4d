"""Special days and days without time off: kept by managers and administrators, nothing is ever deleted by them."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden, Refused
from scheduling.models import Blackout, Shift, SpecialDay
from scheduling.special_days import add_blackout, add_special_day, affected, remove_blackout, remove_special_day
from tests.races import outcomes
from tests.scheduling import factories

pytestmark = pytest.mark.django_db
MONDAY = factories.MONDAY
DAY = timedelta(days=1)
AUTUMN = date(2027, 11, 7)  # its night is an hour longer


@pytest.fixture(autouse=True)
def _now(at):
    with time_machine.travel(at, tick=False):
        yield


def holiday(clinic, **fields) -> SpecialDay:
    return SpecialDay(clinic=clinic, **({"day": MONDAY, "name": "Founders’ Day"} | fields))


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[tuple[str, str]]:
    return [(reason.code, reason.field) for reason in refused.value.verdict.reasons]


class TestSpecialDays:
    def test_one_is_added_and_removed_on_record_and_shifts_stay(self, mt_prospect, manager, at):
        shift = factories.shift(clinic=mt_prospect)
        special = add_special_day(holiday(mt_prospect, name=" Founders’  Day "), by=manager, at=at)
        assert affected([special], manager) == {special.pk: [shift]}
        remove_special_day(special, by=manager)
        assert (SpecialDay.objects.count(), Shift.objects.planned().count()) == (0, 1)
        found = list(Entry.objects.filter(verb__startswith="special-day").order_by("pk").values_list("verb", "changes"))
        facts = {"day": "2026-11-30", "name": "Founders’ Day"}
        assert found == [("special-day.added", facts), ("special-day.removed", facts)]

    def test_a_shift_lies_outside_where_a_part_of_it_does(self, mt_prospect, oakbrook, manager):
        shifts = {
            (day, times): factories.shift(clinic=mt_prospect, day=MONDAY + day * DAY, times=times)
            for day, times in (
                (-1, "22-6"),
                (-1, "7-15"),
                (0, "7-12"),
                (0, "6-12"),
                (0, "9-13"),
                (0, "22-6"),
                (1, "7-12"),
            )
        }
        factories.shift(clinic=oakbrook, times="9-13")
        short = factories.special_day(clinic=mt_prospect, times="7-12")
        outside = [(-1, "22-6"), (0, "6-12"), (0, "9-13"), (0, "22-6")]
        assert affected([short], manager) == {short.pk: [shifts[key] for key in outside]}

    def test_a_night_that_ends_at_midnight_is_of_its_own_day_also_when_the_clocks_change(self, mt_prospect, manager):
        evening = factories.shift(clinic=mt_prospect, day=AUTUMN, times="16-0")
        closed = [factories.special_day(clinic=mt_prospect, day=AUTUMN + number * DAY) for number in range(-1, 2)]
        assert list(affected(closed, manager).values()) == [[], [evening], []]

    def test_who_sees_no_drafts_sees_none_here(self, mt_prospect, manager, administrator, manager_oakbrook):
        factories.shift(clinic=mt_prospect)
        special = factories.special_day(clinic=mt_prospect)
        assert [len(affected([special], who)[special.pk]) for who in (manager, administrator, manager_oakbrook)] == [
            1,
            0,
            0,
        ]

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"name": " "}, [("no-name", "name")]),
            ({"name": "", "opens": time(9)}, [("no-name", "name"), ("one-time", "closes")]),
            ({"opens": time(9), "closes": time(9)}, [("ends-before-it-begins", "closes")]),
            ({"opens": time(0), "closes": time(0)}, [("ends-before-it-begins", "closes")]),
            ({"day": factories.TODAY - DAY}, [("past", "day")]),
        ],
    )
    def test_everything_against_it_is_said(self, mt_prospect, manager, fields, expected, at):
        with pytest.raises(Refused) as refused:
            add_special_day(holiday(mt_prospect, **fields), by=manager, at=at)
        assert (codes(refused), SpecialDay.objects.count()) == (expected, 0)

    def test_a_day_is_special_once(self, mt_prospect, oakbrook, manager, manager_oakbrook, at):
        add_special_day(holiday(mt_prospect), by=manager, at=at)
        add_special_day(holiday(oakbrook), by=manager_oakbrook, at=at)
        with pytest.raises(Conflict) as refused:
            add_special_day(holiday(mt_prospect), by=manager, at=at)
        assert codes(refused) == [("special-already", "day")]

    def test_managers_of_the_clinic_and_administrators_keep_them(
        self, mt_prospect, manager, administrator, manager_oakbrook, clinical_lead, at
    ):
        for by in (manager_oakbrook, clinical_lead):
            with pytest.raises(Forbidden):
                add_special_day(holiday(mt_prospect), by=by, at=at)
        special = add_special_day(holiday(mt_prospect), by=administrator, at=at)
        for by in (manager_oakbrook, clinical_lead):
            with pytest.raises(Forbidden):
                remove_special_day(special, by=by)
        remove_special_day(special, by=manager)
        assert SpecialDay.objects.count() == 0

    def test_today_is_not_over_before_midnight_at_the_clinic(self, mt_prospect, manager, at):
        evening = at.replace(hour=23, minute=59)  # tomorrow already in New York, and in UTC
        add_special_day(holiday(mt_prospect, day=factories.TODAY), by=manager, at=evening)
        with pytest.raises(Refused) as refused:
            add_special_day(holiday(mt_prospect, day=factories.TODAY), by=manager, at=evening + timedelta(minutes=1))
        assert codes(refused) == [("past", "day")]

    @pytest.mark.django_db(transaction=True)
    def test_of_eight_who_add_the_same_day_one_does(self, mt_prospect, manager, at):
        found = outcomes([lambda: add_special_day(holiday(mt_prospect), by=manager, at=at)] * 8)
        assert sorted(found) == ["done"] + ["special-already"] * 7


class TestBlackouts:
    def test_days_are_added_and_removed_on_record(self, mt_prospect, manager, at):
        blackout = add_blackout(mt_prospect, MONDAY, MONDAY + 4 * DAY, " Surveyors  visit ", by=manager, at=at)
        assert (blackout.first, blackout.last, blackout.reason) == (MONDAY, MONDAY + 4 * DAY, "Surveyors visit")
        remove_blackout(blackout, by=manager)
        assert Blackout.objects.count() == 0
        assert [entry.verb for entry in Entry.objects.filter(verb__startswith="blackout").order_by("pk")] == [
            "blackout.added",
            "blackout.removed",
        ]

    def test_everything_against_it_is_said(self, mt_prospect, manager, at):
        with pytest.raises(Refused) as refused:
            add_blackout(mt_prospect, MONDAY, MONDAY - DAY, " ", by=manager, at=at)
        assert codes(refused) == [("ends-before-it-begins", "last"), ("no-reason", "reason")]

    def test_days_that_are_over_are_refused_and_days_that_are_not_quite_are_not(self, mt_prospect, manager, at):
        first = factories.TODAY - 3 * DAY
        with pytest.raises(Refused) as refused:
            add_blackout(mt_prospect, first, factories.TODAY - DAY, "Surveyors", by=manager, at=at)
        assert codes(refused) == [("past", "last")]
        assert add_blackout(mt_prospect, first, factories.TODAY, "Surveyors", by=manager, at=at).last == factories.TODAY

    def test_only_managers_of_the_clinic_keep_them(self, mt_prospect, manager, administrator, manager_oakbrook, at):
        blackout = add_blackout(mt_prospect, MONDAY, MONDAY, "Surveyors", by=manager, at=at)
        for by in (administrator, manager_oakbrook):
            with pytest.raises(Forbidden):
                add_blackout(mt_prospect, MONDAY, MONDAY, "Surveyors", by=by, at=at)
            with pytest.raises(Forbidden):
                remove_blackout(blackout, by=by)
        assert Blackout.objects.count() == 1


class TestPage:
    @pytest.fixture
    def address(self, mt_prospect):
        return reverse("scheduling:days", args=[mt_prospect.slug])

    def test_a_holiday_is_added_with_the_shifts_that_it_hits(self, mt_prospect, manager, therapist, sign_in, address):
        shift = factories.shift(clinic=mt_prospect, staff=therapist)
        browser = sign_in(manager)
        body = browser.post(address, {"day": "2026-11-30", "name": "Founders’ Day"}, follow=True).content.decode()
        said = (
            "Founders’ Day on Nov 30, 2026 is added. 1 shift lies outside its hours",
            "Avery Testwell, Mon, Nov 30, 7a–3:30p",
        )
        assert [words in body for words in (*said, reverse("scheduling:shift", args=[shift.pk]))] == [True] * 3
        special = SpecialDay.objects.get()
        browser.post(reverse("scheduling:special-day-remove", args=[special.pk]))
        assert (SpecialDay.objects.count(), Shift.objects.planned().count()) == (0, 1)

    def test_what_is_wrong_is_said_and_kept(self, mt_prospect, manager, sign_in, address):
        browser = sign_in(manager)
        answer = browser.post(address, {"day": "2026-11-30", "name": "Short", "opens": "09:00"})
        body = answer.content.decode()
        assert (answer.status_code, 'value="Short"' in body) == (422, True)
        assert "Give both times, or none for a closed day." in body
        assert browser.post(address, {"name": "Short"}).status_code == 422
        factories.special_day(clinic=mt_prospect)
        assert browser.post(address, {"day": "2026-11-30", "name": "Again"}).status_code == 409

    def test_days_that_are_over_are_refused_at_their_field(self, mt_prospect, manager, sign_in, address):
        browser, add = sign_in(manager), reverse("scheduling:blackout-add", args=[mt_prospect.slug])
        special = browser.post(address, {"day": "2026-11-24", "name": "Yesterday"})
        blackout = browser.post(add, {"first": "2026-11-23", "last": "2026-11-24", "reason": "Surveyors"})
        found = [special.context["form"].errors, blackout.context["blackout_form"].errors]
        assert [special.status_code, blackout.status_code] == [422, 422]
        assert found == [{"day": ["These days are over."]}, {"last": ["These days are over."]}]

    def test_days_without_time_off_are_added_and_removed(self, mt_prospect, manager, sign_in, address):
        browser, add = sign_in(manager), reverse("scheduling:blackout-add", args=[mt_prospect.slug])
        wrong = browser.post(add, {"first": "2026-12-04", "last": "2026-12-01", "reason": "Surveyors"})
        assert (wrong.status_code, "The last day comes before the first one." in wrong.content.decode()) == (422, True)
        assert browser.post(add, {"first": "2026-12-01", "last": ""}).status_code == 422
        sent = {"first": "2026-12-01", "last": "2026-12-04", "reason": "Surveyors"}
        assert "Surveyors" in browser.post(add, sent, follow=True).content.decode()
        blackout = Blackout.objects.get()
        assert (blackout.first, blackout.last) == (date(2026, 12, 1), date(2026, 12, 4))
        browser.post(reverse("scheduling:blackout-remove", args=[blackout.pk]))
        assert Blackout.objects.count() == 0

    def test_an_administrator_keeps_special_days_only(self, mt_prospect, administrator, sign_in, address):
        factories.shift(clinic=mt_prospect)
        factories.special_day(clinic=mt_prospect)
        add_blackout_page = reverse("scheduling:blackout-add", args=[mt_prospect.slug])
        body = sign_in(administrator).get(address).content.decode()
        assert [words in body for words in ("Holiday", add_blackout_page, "lies outside")] == [True, False, False]

    def test_days_that_are_over_are_gone_from_it(self, mt_prospect, manager, sign_in, address):
        for number, name in ((-1, "Yesterday"), (0, "This very day")):
            factories.special_day(clinic=mt_prospect, day=factories.TODAY + number * DAY, name=name)
            last = factories.TODAY + number * DAY
            factories.blackout(clinic=mt_prospect, first=factories.TODAY - 3 * DAY, last=last, reason=f"Until {name}")
        body = sign_in(manager).get(address).content.decode()
        names = ("Yesterday</span>", "This very day</span>", "Until Yesterday", "Until This very day")
        assert [name in body for name in names] == [False, True, False, True]

    @pytest.mark.parametrize("number", [1, 3])
    def test_it_asks_as_much_for_one_as_for_three(self, mt_prospect, manager, therapist, sign_in, address, number, at):
        for one in range(number):
            factories.shift(clinic=mt_prospect, day=MONDAY + one * DAY, staff=therapist)
            factories.special_day(clinic=mt_prospect, day=MONDAY + one * DAY)
            add_blackout(mt_prospect, MONDAY, MONDAY, "Surveyors", by=manager, at=at)
        browser, found = sign_in(manager), []
        for place in (address, "/api/v1/special-days/", "/api/v1/blackouts/"):
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(place).status_code == 200
            found.append(len(queries))
        assert found == [11, 5, 5]


class TestApi:
    def test_the_same_over_the_api(self, api, mt_prospect, manager, front_desk):
        shift = factories.shift(clinic=mt_prospect)
        client = api(manager)
        sent = {"clinic": "mt-prospect", "day": "2026-11-30", "name": "Short", "opens": "08:00", "closes": "12:00"}
        made = client.post("/api/v1/special-days/", sent, format="json").json()
        assert made == sent | {"id": made["id"], "opens": "08:00:00", "closes": "12:00:00", "affected": [str(shift.pk)]}
        again = client.post("/api/v1/special-days/", sent, format="json")
        assert (again.status_code, [one["code"] for one in again.json()["reasons"]]) == (409, ["special-already"])
        days = {"clinic": "mt-prospect", "first": "2026-12-01", "last": "2026-12-04", "reason": "Surveyors"}
        blackout = client.post("/api/v1/blackouts/", days, format="json").json()
        assert blackout == days | {"id": blackout["id"]}
        reader = api(front_desk)
        assert [one["name"] for one in reader.get("/api/v1/special-days/?after=2026-11-30").json()["results"]] == [
            "Short"
        ]
        assert reader.get("/api/v1/special-days/?after=2026-12-01").json()["results"] == []
        assert [one["last"] for one in reader.get("/api/v1/blackouts/?after=2026-12-04").json()["results"]] == [
            "2026-12-04"
        ]
        assert reader.get("/api/v1/blackouts/?after=2026-12-05").json()["results"] == []
        assert client.delete(f"/api/v1/special-days/{made['id']}/").status_code == 204
        assert client.delete(f"/api/v1/blackouts/{blackout['id']}/").status_code == 204

    def test_days_that_are_over_are_refused_over_the_api(self, api, mt_prospect, manager):
        client, clinic = api(manager), {"clinic": "mt-prospect"}
        special = client.post("/api/v1/special-days/", clinic | {"day": "2026-11-24", "name": "Short"}, format="json")
        days = {"first": "2026-11-23", "last": "2026-11-24", "reason": "Surveyors"}
        blackout = client.post("/api/v1/blackouts/", clinic | days, format="json")
        found = [(one.status_code, *[why["field"] for why in one.json()["reasons"]]) for one in (special, blackout)]
        assert found == [(422, "day"), (422, "last")]

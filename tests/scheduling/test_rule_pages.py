"""The rules of a clinic on their pages and in the API."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from intranet.audit.models import Entry
from intranet.core.access import Conflict, Forbidden
from scheduling.models import RosterRule, RuleCode, RuleLevel
from scheduling.rules import USUAL, Rule, back_to_usual, rules_of, set_rule
from tests.races import outcomes

pytestmark = pytest.mark.django_db
REST, MEAL = Rule.of(USUAL[RuleCode.REST]), Rule.of(USUAL[RuleCode.MEAL])
TODAY = date(2026, 11, 25)


@pytest.fixture(autouse=True)
def _now(at):
    with time_machine.travel(at, tick=False):
        yield


def at_page(clinic, code: str = "", tail: str = "") -> str:
    name = "rule-usual" if tail else "rule" if code else "rules"
    return reverse(f"scheduling:{name}", args=[clinic.slug, *([code] if code else [])])


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (RuleCode.REST, "10 hours"),
        (RuleCode.MOST, "60 hours"),
        (RuleCode.DAYS, "6 days"),
        (RuleCode.MEAL, "20 minutes in shifts from 7.5 hours on"),
        (RuleCode.TRAVEL, "45 minutes"),
        (RuleCode.LATE_CHANGE, "24 hours"),
    ],
)
def test_an_amount_is_said_in_the_unit_in_which_people_think(code: RuleCode, words: str):
    assert Rule.of(USUAL[code]).spoken == words


class TestBackToUsual:
    def test_the_usual_rule_holds_again_and_it_is_on_record(self, mt_prospect, manager):
        own = set_rule(mt_prospect, replace(REST, amount=660), seen=REST.fingerprint, by=manager)
        assert back_to_usual(mt_prospect, RuleCode.REST, seen=own.fingerprint, by=manager) == REST
        assert (rules_of(mt_prospect)[RuleCode.REST], RosterRule.objects.count()) == (REST, 0)
        latest = Entry.objects.filter(verb="roster-rule.set").latest("pk")
        assert latest.changes["amount"] == ["11 hours", "10 hours"]

    def test_nobody_takes_back_what_they_have_not_seen(self, mt_prospect, manager, manager_oakbrook):
        own = set_rule(mt_prospect, replace(REST, amount=660), seen=REST.fingerprint, by=manager)
        with pytest.raises(Conflict):
            back_to_usual(mt_prospect, RuleCode.REST, seen=REST.fingerprint, by=manager)
        with pytest.raises(Forbidden):
            back_to_usual(mt_prospect, RuleCode.REST, seen=own.fingerprint, by=manager_oakbrook)
        assert rules_of(mt_prospect)[RuleCode.REST] == own

    @pytest.mark.django_db(transaction=True)
    def test_of_eight_who_saw_the_same_rule_one_changes_it(self, mt_prospect, manager):
        def press(hours: int):
            wanted = replace(REST, amount=hours * 60)
            return lambda: set_rule(mt_prospect, wanted, seen=REST.fingerprint, by=manager)

        assert sorted(outcomes([press(hours) for hours in range(1, 9)])) == ["changed-meanwhile"] * 7 + ["done"]
        assert RosterRule.objects.count() == 1


class TestPages:
    def test_every_rule_is_listed_with_its_source_and_what_is_usual(self, mt_prospect, manager, sign_in):
        set_rule(mt_prospect, replace(REST, amount=660, level=RuleLevel.REFUSES), seen=REST.fingerprint, by=manager)
        body = sign_in(manager).get(at_page(mt_prospect)).content.decode()
        assert [usual.label for usual in USUAL.values() if usual.label not in body] == []
        for words in ("11 hours", "Usual: 10 hours, warns", "Clinic policy", "Checked on Nov 29, 2026"):
            assert words in body, words

    def test_one_is_changed_in_hours(self, mt_prospect, manager, sign_in):
        browser, page = sign_in(manager), at_page(mt_prospect, "meal")
        body = browser.get(page).content.decode()
        assert [f'value="{value}"' in body for value in ("20", "7.5", "2026-11-25")] == [True] * 3
        sent = {
            "level": "refuses",
            "amount": "30",
            "threshold": "6.25",
            "source": " Our  policy ",
            "checked_on": "2026-11-25",
        }
        assert browser.post(page, sent | {"seen": MEAL.fingerprint}).status_code == 302
        assert rules_of(mt_prospect)[RuleCode.MEAL] == Rule(
            RuleCode.MEAL, RuleLevel.REFUSES, 30, "Our policy", TODAY, 375
        )

    @pytest.mark.parametrize(
        ("code", "changes", "sentence"),
        [
            ("rest", {"amount": "17"}, "Choose 0 hours to 16 hours."),
            ("days", {"amount": "2.5"}, "Write whole days."),
            ("meal", {"threshold": "0.5"}, "Choose a length of shift between 1 and 16 hours."),
            ("travel", {"level": "off", "amount": "45"}, "Choose from those offered."),
            ("rest", {"source": ""}, "Where it comes from is missing"),
        ],
    )
    def test_what_makes_no_sense_is_said_and_kept(self, mt_prospect, manager, sign_in, code, changes, sentence):
        seen = Rule.of(USUAL[RuleCode(code)]).fingerprint
        sent = {"level": "refuses", "amount": "6", "threshold": "8", "source": "Mine", "checked_on": "2026-11-25"}
        answer = sign_in(manager).post(at_page(mt_prospect, code), sent | {"seen": seen} | changes)
        assert (answer.status_code, sentence in answer.content.decode(), RosterRule.objects.count()) == (422, True, 0)

    def test_the_second_is_told_and_may_replace_it_then(self, mt_prospect, manager, sign_in):
        own = set_rule(mt_prospect, replace(REST, amount=660), seen=REST.fingerprint, by=manager)
        browser, page = sign_in(manager), at_page(mt_prospect, "rest")
        sent = {"level": "warns", "amount": "9", "source": "Mine", "checked_on": "2026-11-25", "seen": REST.fingerprint}
        answer = browser.post(page, sent)
        body = answer.content.decode()
        assert (answer.status_code, "Somebody changed this rule meanwhile." in body, 'value="9"' in body) == (
            409,
            True,
            True,
        )
        assert browser.post(page, sent | {"seen": own.fingerprint}).status_code == 302
        assert rules_of(mt_prospect)[RuleCode.REST].amount == 540

    def test_back_to_usual(self, mt_prospect, manager, sign_in):
        own = set_rule(mt_prospect, replace(REST, amount=660), seen=REST.fingerprint, by=manager)
        browser, page = sign_in(manager), at_page(mt_prospect, "rest", "usual")
        assert browser.post(page, {"seen": REST.fingerprint}).status_code == 409
        assert own.fingerprint in browser.get(at_page(mt_prospect, "rest")).content.decode()
        assert browser.post(page, {"seen": own.fingerprint}).status_code == 302
        assert RosterRule.objects.count() == 0

    def test_there_is_no_other_rule(self, mt_prospect, manager, sign_in):
        assert sign_in(manager).get(at_page(mt_prospect, "naps")).status_code == 404

    @pytest.mark.parametrize("number", [1, 3])
    def test_the_list_asks_as_much_for_one_as_for_three(self, mt_prospect, manager, sign_in, number):
        for code in list(RuleCode)[:number]:
            usual = Rule.of(USUAL[code])
            set_rule(mt_prospect, replace(usual, source="Mine"), seen=usual.fingerprint, by=manager)
        browser, found = sign_in(manager), []
        for place in (at_page(mt_prospect), "/api/v1/roster-rules/mt-prospect/"):
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(place).status_code == 200
            found.append(len(queries))
        assert found == [9, 5]


def test_the_same_over_the_api(api, mt_prospect, administrator):
    client, place = api(administrator), "/api/v1/roster-rules/mt-prospect/"
    rest = next(one for one in client.get(place).json() if one["code"] == "rest")
    assert {name: rest[name] for name in ("level", "amount", "unit", "threshold", "is_usual", "seen")} == {
        "level": "warns",
        "amount": 600,
        "unit": "minutes",
        "threshold": None,
        "is_usual": True,
        "seen": REST.fingerprint,
    }
    wanted = {"level": "refuses", "amount": 660, "source": "Policy", "checked_on": "2026-11-25", "seen": rest["seen"]}
    changed = client.put(f"{place}rest/", wanted).json()
    assert (changed["amount"], changed["level"], changed["usual"]["amount"]) == (660, "refuses", 600)
    assert client.put(f"{place}rest/", wanted).status_code == 409
    assert client.put(f"{place}naps/", wanted).status_code == 404
    again = client.post(f"{place}rest/usual/", {"seen": changed["seen"]}).json()
    assert (again["is_usual"], RosterRule.objects.count()) == (True, 0)

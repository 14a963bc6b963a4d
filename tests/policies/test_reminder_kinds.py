"""Every kind of reminder: it finds somebody, says why, names nobody in its title, and lets go when its cause is gone."""

from __future__ import annotations

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from intranet.reminders import lead_times, registry
from intranet.reminders.lead_times import Times
from intranet.reminders.models import Reminder
from intranet.reminders.owing import owed, still_true
from intranet.reminders.planning import plan_kind
from intranet.reminders.releasing import words_of
from intranet.reminders.upcoming import lines
from intranet.reminders.weighing import Weight, weight_of
from tests import factories
from tests.policies.reminder_scenarios import SCENARIOS, World

pytestmark = pytest.mark.django_db
KINDS = [kind.code for kind in registry.registered()]
# What a kind looks up before its one statement, in its scenario: who approves, which procedures are asked for. It does
# not grow with what is owed.
LOOKS_UP = {
    "approval-waiting": 5,
    "assistant-unsupervised": 4,
    "credential-expiring": 1,
    "open-shift": 1,
    "protocol-suspended": 1,
    "shift-offered": 1,
}


@pytest.fixture
def world(cast, mt_prospect, at):
    with time_machine.travel(at, tick=False):
        yield World(cast, mt_prospect, factories.skill(name="Dry needling, neck"), at)


def reminders(code: str, scenario) -> tuple[list[Reminder], list[Reminder], object]:
    """What the kind plans in its scenario, of these what is due for whom it was made, and when that is."""
    who, at = next(scenario)
    plan_kind(registry.find(code), at)
    planned = list(Reminder.objects.filter(kind=code).select_related("recipient"))
    return planned, [one for one in planned if one.recipient == who and one.due_at <= at], at


@pytest.mark.parametrize("code", KINDS)
def test_it_finds_somebody_and_lets_go_when_the_cause_is_gone(code: str, world: World):
    scenario = SCENARIOS[code](world)
    _, due, at = reminders(code, scenario)
    assert due != []
    assert still_true(due, at) == {one.pk for one in due}
    next(scenario, None)
    assert still_true(due, at) == set()


@pytest.mark.parametrize("code", KINDS)
def test_what_does_not_wait_for_the_morning_says_in_which_case(code: str):
    kind = registry.find(code)
    decides = type(kind).may_wait is not registry.Kind.may_wait
    assert bool(kind.any_hour_when) == decides
    assert kind.heeds_quiet_hours or not decides


def test_the_kinds_have_every_weight():
    """A digest that held duties alone would need no order."""
    assert {weight_of(kind) for kind in registry.registered()} == set(Weight)


@pytest.mark.parametrize("code", KINDS)
def test_its_words_say_why_and_its_title_names_nobody(code: str, world: World):
    """The title is the subject of a mail, which anybody may see on a screen."""
    kind = registry.find(code)
    planned, due, at = reminders(code, SCENARIOS[code](world))
    names = {part for person in User.objects.all() for part in person.name.split()}
    for one in {row.pk: row for row in [*planned, *due]}.values():
        subject = kind.model._base_manager.get(pk=one.subject_id)
        message = kind.write(subject, one.recipient, one.occasion, max(at, one.due_at))
        title, body, _, action, why = words_of(message)
        assert names & set(title.replace("’s", "").replace(",", "").split()) == set()
        assert why.startswith("You get this because ")
        assert why.endswith(".")
        assert len(why.split()) > 6
        assert body
        assert action


@pytest.mark.parametrize("code", KINDS)
def test_it_is_one_set_and_what_it_is_about_costs_nothing_more(code: str, world: World):
    planned, _, at = reminders(code, SCENARIOS[code](world))
    kind = registry.find(code)
    with CaptureQueriesContext(connection) as queries:
        owed(kind, at).execute("SELECT subject_id FROM owed")
    lookups = sum("reminders_steptime" not in query["sql"] for query in queries) - 1
    assert (code, lookups) == (code, LOOKS_UP.get(code, 0))
    with CaptureQueriesContext(connection) as queries:
        assert len(lines(planned)) == len(planned)
    assert len(queries) == 1


@pytest.mark.parametrize("code", [code for code in KINDS if any(not step.fixed for step in registry.find(code).steps)])
def test_a_step_that_comes_later_repeats_nothing_that_was_told(code: str, world: World):
    kind = registry.find(code)
    _, due, at = reminders(code, SCENARIOS[code](world))
    told = Reminder.objects.filter(kind=code, due_at__lte=at)
    told.update(state="released", released_at=at, title="Told", path="/")
    for step in kind.steps:
        amounts = {step.code: step.default + (-step.unit if step.before else step.unit)}
        if not lead_times.may_be(kind, amounts):
            continue
        with lead_times.using(Times({}).with_amounts(kind, amounts)):
            assert (step.code, plan_kind(kind, at)["planned"]) == (step.code, 0)
    assert not told.exclude(state="released").exists()
    assert set(told) >= set(due)


@pytest.mark.parametrize("code", KINDS)
def test_it_says_of_itself_what_administrators_and_the_page_of_the_documents_need(code: str):
    kind = registry.find(code)
    assert kind.cause.endswith(".")
    assert kind.who
    for step in kind.steps:
        assert step.least <= step.default <= step.most
        assert not step.default % step.unit
        assert len(step.code) <= 40
        assert step.label


def test_no_scenario_is_for_a_kind_that_is_gone():
    assert set(SCENARIOS) == set(KINDS)

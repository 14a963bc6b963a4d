"""The harness notices what it is there for: with the promise broken on purpose, or the ledger tampered with, it says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from django.db import connection

from tests.faults.arena import Arena, Fault, Outcome
from tests.faults.faults import FAULTS
from tests.faults.stories_of_mail import no_try_burned
from tests.intranet.reminders.mail_server import CUT

FORGET_ONE = (
    "DELETE FROM reminders_attempt WHERE delivery_id = (SELECT min(id) FROM reminders_delivery)",
    "DELETE FROM reminders_deliveryitem WHERE delivery_id = (SELECT min(id) FROM reminders_delivery)",
    "DELETE FROM reminders_delivery WHERE id = (SELECT min(id) FROM reminders_delivery)",
)

pytestmark = [pytest.mark.fault, pytest.mark.django_db]


@pytest.fixture
def sabotaged(arena: Arena) -> Iterator[Callable[[str], Arena]]:
    """The same arena, with processes that do one thing wrong."""

    def sabotage(deed: str) -> Arena:
        arena.end_processes()
        arena.sabotage = deed
        return arena

    yield sabotage
    arena.end_processes()
    arena.sabotage = ""


def story(tell: Callable[[Arena], None], **allowed: int) -> Fault:
    return Fault("a-story", "what a test tells", tell, **allowed)


def said(outcome: Outcome, words: str) -> bool:
    return any(words in violation for violation in outcome.violations)


def killed_at_the_dot(arena: Arena) -> None:
    """A dispatcher dies after the dot, and the mail server has taken the message."""
    arena.owe(4)
    ticker = arena.ticker()
    arena.once("at_dot", lambda address: ticker.kill(), after=3)
    ticker.tick(arena.now)
    ticker.bury()
    arena.struck()
    arena.tick_until_settled()


def killed_and_cut_at_the_dot(arena: Arena) -> None:
    """The same, and the mail server has kept nothing."""

    def strike(address: str) -> str:
        ticker.kill()
        return CUT

    arena.owe(4)
    ticker = arena.ticker()
    arena.once("at_dot", strike, after=3)
    ticker.tick(arena.now)
    ticker.bury()
    arena.struck()
    arena.tick_until_settled()


def test_a_death_at_the_dot_keeps_the_promise_when_nothing_is_tampered_with(arena: Arena):
    for tell in (killed_at_the_dot, killed_and_cut_at_the_dot):
        outcome = arena.run(story(tell, doubts=1, ticks=1), seed=1)
        assert not outcome.violations, str(outcome)
        assert outcome.doubts == 1


def test_without_the_last_look_what_was_cancelled_is_told(sabotaged: Callable[[str], Arena]):
    outcome = sabotaged("no_last_look").run(FAULTS["cancelled-before-the-fence"], seed=1)
    assert said(outcome, "what had vanished was told")


def test_without_the_last_look_somebody_who_left_gets_mail(sabotaged: Callable[[str], Arena]):
    outcome = sabotaged("no_last_look").run(FAULTS["left-before-the-fence"], seed=1)
    assert said(outcome, "got mail after leaving")


def test_a_second_copy_without_a_doubt_is_unexplained(sabotaged: Callable[[str], Arena]):
    outcome = sabotaged("no_doubt").run(story(killed_at_the_dot, doubts=1), seed=1)
    assert said(outcome, "Unexplained: 2 copies")
    assert (outcome.duplicates, outcome.explained, outcome.lost) == (1, 0, 0)


def test_what_counts_as_sent_before_the_server_has_it_is_lost(sabotaged: Callable[[str], Arena]):
    outcome = sabotaged("sent_before_the_dot").run(story(killed_and_cut_at_the_dot, doubts=1), seed=1)
    assert outcome.lost > 0
    assert said(outcome, "Lost: ")
    assert said(outcome, "Called sent, and not in the mail server's log")


def test_a_mail_that_is_deleted_behind_its_back_counts_as_lost(arena: Arena):
    def delete_one(arena: Arena) -> None:
        arena.owe(2)
        arena.mail_server_goes()
        arena.tick()
        arena.mail_server_comes()
        without_triggers(*FORGET_ONE)
        arena.tick_until_settled()

    outcome = arena.run(story(delete_one), seed=1)
    assert outcome.lost == 1
    assert said(outcome, "Lost: [owed-")


def test_a_mail_that_is_forgotten_after_it_was_sent_is_unknown(arena: Arena):
    def forget_one(arena: Arena) -> None:
        arena.owe(2)
        arena.tick_until_settled()
        without_triggers(*FORGET_ONE)

    assert said(arena.run(story(forget_one), seed=1), "Unknown to the ledger")


def test_a_reminder_that_is_planned_twice_is_told_and_shown_twice(arena: Arena):
    def plan_again(arena: Arena) -> None:
        arena.owe(2)
        arena.tick_until_settled()
        without_triggers(
            "ALTER TABLE reminders_reminder DROP CONSTRAINT reminder_is_decided_once",
            "ALTER TABLE reminders_reminder ADD CONSTRAINT reminder_is_decided_once UNIQUE (id)",
        )
        arena.tick()

    outcome = arena.run(story(plan_again), seed=1)
    assert said(outcome, "2 times in the inbox")
    assert said(outcome, "in 2 mails")


def test_more_doubts_than_strikes_are_too_many(arena: Arena):
    fault = FAULTS["taken-then-cut"]
    outcome = arena.run(replace(fault, doubts=0), seed=1)
    assert said(outcome, "doubts after")


def test_a_recovery_that_takes_longer_than_declared_is_told(arena: Arena):
    outcome = arena.run(replace(FAULTS["smtp-refused"], ticks=0), seed=1)
    assert said(outcome, "Recovered after")


def test_a_try_that_is_burned_is_told(arena: Arena):
    def burn(arena: Arena) -> None:
        arena.owe(2)
        first = arena.once("at_recipient", lambda address: "451 4.7.1 Come again", after=0)
        arena.tick_until_settled()
        assert first.is_set()
        no_try_burned(arena)

    assert said(arena.run(story(burn), seed=1), "have lost a try")


def test_a_broken_run_says_how_to_repeat_it(arena: Arena):
    outcome = arena.run(story(lambda arena: arena.require(False, "it went wrong")), seed=17)
    assert said(outcome, "it went wrong")
    assert "make soak FAULTS=a-story SEED=17 SEEDS=1" in str(outcome)


def without_triggers(*statements: str) -> None:
    """As nobody can who is not the owner of the database: not even the application."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("RESET session_replication_role")
